//! Where keys go: to a command, or into what lies over the screen.

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::backend::crossterm::EventHandler as _;

use super::App;
use crate::tui::act::Pressed;
use crate::tui::action::Command;
use crate::tui::keys::Key;
use crate::tui::lift;
use crate::tui::mode::Mode;
use crate::tui::palette::Typed;

impl App {
    /// A key was pressed.
    pub(super) fn press(&mut self, event: KeyEvent) -> bool {
        let Some(key) = Key::of_event(event) else { return false };
        let said = self.message.take().is_some();
        let command = self.shell.look.keys.command(key, self.here());
        let is_letter = matches!(event.code, KeyCode::Char(_)) && event.modifiers.is_empty();
        let changed = match &mut self.mode {
            // Whatever is typed into, this key always leaves.
            _ if command == Some(Command::Quit) && !is_letter => self.obey(Command::Quit),
            Mode::Normal | Mode::Help { .. } => command.is_some_and(|command| self.obey(command)),
            Mode::Filter(_) => self.press_in_filter(event),
            Mode::Sort { .. } => self.press_in_sort(event, command),
            Mode::Palette(palette) => match palette.press(event) {
                Typed::On => true,
                Typed::Left => {
                    self.mode = Mode::Normal;
                    true
                }
                Typed::Chosen(command) => {
                    self.mode = Mode::Normal;
                    self.obey(command);
                    true
                }
            },
            Mode::Lift(form) => match form.press(event) {
                lift::Pressed::Same => false,
                lift::Pressed::Changed => true,
                lift::Pressed::Left => {
                    self.mode = Mode::Normal;
                    true
                }
                lift::Pressed::Asked(request) => {
                    self.requests.push(request);
                    true
                }
            },
            Mode::Act(dialog) => match dialog.press(event) {
                Pressed::Same => false,
                Pressed::Changed => true,
                Pressed::Left => {
                    self.mode = Mode::Normal;
                    true
                }
                Pressed::Asked(requests) => {
                    self.requests.extend(requests);
                    true
                }
            },
        };
        changed || said
    }

    fn press_in_filter(&mut self, event: KeyEvent) -> bool {
        let Mode::Filter(input) = &mut self.mode else { return false };
        let words = match event.code {
            KeyCode::Enter => {
                self.mode = Mode::Normal;
                return true;
            }
            KeyCode::Down => return self.move_by(1),
            KeyCode::Up => return self.move_by(-1),
            KeyCode::Esc => {
                self.mode = Mode::Normal;
                String::new()
            }
            _ => {
                if input.handle_event(&Event::Key(event)).is_none() {
                    return false;
                }
                input.value().to_owned()
            }
        };
        self.filter(&words);
        true
    }

    fn press_in_sort(&mut self, event: KeyEvent, command: Option<Command>) -> bool {
        let Mode::Sort { at } = self.mode else { return false };
        let count = self.page().rows().map_or(0, |rows| rows.orders().len());
        let mut to = at;
        match (event.code, command) {
            (KeyCode::Enter, _) => {
                if let Some(list) = self.page_mut().list() {
                    list.set_order(at);
                }
                self.page_mut().arrange();
                self.mode = Mode::Normal;
                return true;
            }
            (_, Some(Command::Down)) => to = (at + 1).min(count.saturating_sub(1)),
            (_, Some(Command::Up)) => to = at.saturating_sub(1),
            (_, Some(Command::First)) => to = 0,
            (_, Some(Command::Last)) => to = count.saturating_sub(1),
            (_, Some(Command::Back | Command::Sort | Command::Quit)) => {
                self.mode = Mode::Normal;
                return true;
            }
            _ => {}
        }
        self.mode = Mode::Sort { at: to };
        to != at
    }
}
