//! What comes from outside: pictures, another config, and what became of what was asked for.

use super::{App, Collector, Notice};
use crate::format::printable;
use crate::tui::Given;
use crate::tui::deed::{About, Answered, Reply};
use crate::tui::follow::Picture;
use crate::tui::mode::Mode;

impl App {
    pub(super) fn take_picture(&mut self, picture: Box<Picture>) -> bool {
        match &mut self.frozen {
            Some(held) => {
                *held = Some(picture);
                false
            }
            None => self.show(*picture),
        }
    }

    pub(super) fn cannot_read(&mut self, why: &str) -> bool {
        let why = Some(printable(why).into_owned());
        let changed = self.shell.unreadable != why;
        self.shell.unreadable = why;
        changed
    }

    pub(super) fn hear_collector(&mut self, notice: Notice) -> bool {
        let before = self.shell.collector.clone();
        let changed = self.shell.hear(notice);
        if let (Collector::Elsewhere(who), true) = (before, changed) {
            self.message = Some(format!("{who} has ended: this screen goes on by itself"));
        }
        changed
    }

    /// Takes a changed config in. What is read with it comes as a picture.
    pub(super) fn give(&mut self, given: Given) -> bool {
        let Given { facts: _, setting, look, news } = given;
        // An open mode keeps what was typed: the keys that end it are the new ones.
        self.shell.setting = setting;
        self.shell.look = look;
        self.shell.refused = None;
        self.message = Some(news.to_owned());
        true
    }

    /// A changed config cannot be used.
    pub(super) fn refuse(&mut self, why: &str) -> bool {
        let why = Some(printable(why).into_owned());
        let changed = self.shell.refused != why;
        if changed {
            // That the one before is in force is no news any more.
            self.message = None;
        }
        self.shell.refused = why;
        changed
    }

    fn show(&mut self, picture: Picture) -> bool {
        let Picture { board, screen, answer } = picture;
        let recovered = self.shell.unreadable.take().is_some();
        let is_new = self.shell.board.as_ref() != Some(&board);
        self.shell.board = Some(board);
        let page = self.pages.iter_mut().find(|(known, _)| *known == screen);
        let changed = page.is_some_and(|(_, page)| page.take(answer));
        recovered || is_new || (changed && screen == self.screen())
    }

    pub(super) fn freeze(&mut self) {
        match self.frozen.take() {
            None => self.frozen = Some(None),
            Some(held) => {
                if let Some(picture) = held {
                    self.show(*picture);
                }
            }
        }
    }

    pub(super) fn hear_reply(&mut self, reply: &Reply) -> bool {
        if !matches!(reply.what, Answered::Found(_)) {
            self.under_way = self.under_way.saturating_sub(1);
        }
        if let (Mode::Act(dialog), About::Session(_)) = (&mut self.mode, &reply.about) {
            dialog.hear(reply);
            return true;
        }
        if let Mode::Lift(form) = &mut self.mode
            && form.hear(reply)
        {
            return true;
        }
        // The dialog was left meanwhile.
        let words = match &reply.what {
            Answered::Found(_) => return false,
            Answered::Done(lines) => lines.last().cloned().unwrap_or_default(),
            Answered::Refused(why) => format!("refused: {why}"),
        };
        self.message = Some(printable(&words).into_owned());
        true
    }
}
