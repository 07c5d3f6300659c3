//! What each command does: to the screen itself, or by the page that is shown.

use tui_input::Input;

use super::App;
use crate::format::printable;
use crate::tui::act::Dialog;
use crate::tui::action::Command;
use crate::tui::lift;
use crate::tui::mode::Mode;
use crate::tui::palette::Palette;
use crate::tui::screens::{self, Outcome, Screen, Target};
use crate::tui::table::List;

impl App {
    /// Does what the user wants.
    pub(super) fn obey(&mut self, command: Command) -> bool {
        if let Mode::Help { above } = &mut self.mode {
            match command {
                Command::Down => *above = above.saturating_add(1),
                Command::Up => *above = above.saturating_sub(1),
                Command::Help | Command::Back => self.mode = Mode::Normal,
                Command::Quit => self.quit = true,
                // What lies under the help cannot be seen to move.
                _ => return false,
            }
            return true;
        }
        let is_covered = self.page().sheet().is_some();
        if is_covered && matches!(command, Command::Filter | Command::Sort | Command::Reverse) {
            // Rows that lie under a sheet cannot be seen to change.
            return false;
        }
        let half_page = isize::from(self.size.1.cast_signed()) / 2;
        match command {
            Command::Quit => self.quit = true,
            Command::Help => self.mode = Mode::Help { above: 0 },
            Command::Back => return self.back(),
            Command::NextScreen => return self.turn(1),
            Command::PreviousScreen => return self.turn(screens::count() - 1),
            Command::Go(screen) => return self.go(screen),
            Command::Palette => self.mode = Mode::Palette(Palette::new(self.here())),
            Command::Freeze => self.freeze(),
            Command::Down => return self.move_by(1),
            Command::Up => return self.move_by(-1),
            Command::HalfPageDown => return self.move_by(half_page),
            Command::HalfPageUp => return self.move_by(-half_page),
            Command::First => return self.move_by(isize::MIN),
            Command::Last => return self.move_by(isize::MAX),
            Command::Filter => {
                let Some(rows) = self.page().rows() else { return false };
                self.mode = Mode::Filter(Input::new(rows.filter().to_owned()));
            }
            Command::Sort => {
                let Some(rows) = self.page().rows() else { return false };
                self.mode = Mode::Sort { at: rows.order() };
            }
            Command::Reverse => {
                let Some(list) = self.page_mut().list() else { return false };
                list.reverse();
                self.page_mut().arrange();
            }
            // Every other is a page's own.
            _ => return self.hand_on(command),
        }
        true
    }

    /// What only the page knows how to do.
    fn hand_on(&mut self, command: Command) -> bool {
        let number = self.number();
        let page = &mut self.pages[number].1;
        if !page.commands().contains(&command) {
            return false;
        }
        match page.obey(command, &self.shell) {
            Outcome::Same => false,
            Outcome::Changed => true,
            Outcome::Rearrange => {
                page.arrange();
                true
            }
            Outcome::Say(words) => {
                self.message = Some(words);
                true
            }
            Outcome::Copy(text) => {
                self.message = Some(format!("copied: {}", printable(&text)));
                self.copy = Some(text);
                true
            }
            Outcome::Open(screen, target) => self.open(screen, &target),
            Outcome::Lift(cap, lift) => {
                self.mode = Mode::Lift(lift::Form::new(cap, lift));
                true
            }
            Outcome::Act(subjects) => {
                let (dialog, requests) = Dialog::new(subjects);
                self.mode = Mode::Act(dialog);
                self.requests.extend(requests);
                true
            }
        }
    }

    fn open(&mut self, screen: Screen, target: &Target) -> bool {
        let Some((_, page)) = self.pages.iter_mut().find(|(known, _)| *known == screen) else {
            return false;
        };
        page.open(target);
        self.go(screen);
        true
    }

    /// One step back: what lies over the screen, the filter, then the tags and the like, then within
    /// the screen, then the screen before.
    fn back(&mut self) -> bool {
        if self.page_mut().sheet_place().is_some_and(|sheet| sheet.take().is_some()) {
            return true;
        }
        if self.page().rows().is_some_and(|rows| !rows.filter().is_empty()) {
            self.filter("");
        } else if self.page_mut().list().is_some_and(List::untag) || self.page_mut().back() {
            return true;
        } else if self.stack.len() > 1 {
            self.stack.pop();
            self.unasked = true;
        } else {
            return false;
        }
        true
    }

    fn turn(&mut self, by: usize) -> bool {
        let number = (self.number() + by) % self.pages.len();
        let screen = self.pages[number].0;
        self.go(screen)
    }

    fn go(&mut self, screen: Screen) -> bool {
        if screen == self.screen() || !screens::exists(screen) {
            return false;
        }
        // No screen is on the way back twice.
        self.stack.retain(|known| *known != screen);
        self.stack.push(screen);
        self.unasked = true;
        true
    }

    pub(super) fn move_by(&mut self, rows: isize) -> bool {
        let size = self.size;
        if let Some(Some(sheet)) = self.page_mut().sheet_place() {
            return sheet.move_by(rows, size);
        }
        self.page_mut().list().is_some_and(|list| list.move_by(rows))
    }

    pub(super) fn filter(&mut self, words: &str) {
        if let Some(list) = self.page_mut().list() {
            list.set_filter(words);
        }
        self.page_mut().arrange();
    }
}
