//! The screen's state. Drawing reads it, [`App::update`] is all that changes it.
//!
//! What keys lead to is in `typing`, what each command does in `obey`, what comes from outside in
//! `news`, and what every screen may look at in `shell`.

mod news;
mod obey;
mod shell;
mod typing;

use std::fmt;

pub use self::shell::{Collector, Notice, Shell};
use super::Setting;
use super::action::Action;
use super::deed::Request;
use super::follow::{Picture, Question};
use super::keys::Here;
use super::look::Look;
use super::mode::Mode;
use super::screens::{self, PageObject, Screen};
use crate::model::Millis;

/// Milliseconds after which what is shown of the time is another: a minute.
const TICK: i64 = 60_000;

/// Everything the screen shows.
pub struct App {
    /// What every screen may look at.
    pub shell: Shell,
    /// What keys go to.
    pub mode: Mode,
    /// Something to say to the user, until the next key.
    pub message: Option<String>,
    /// The newest picture, while the one that is shown is held still.
    pub frozen: Option<Option<Box<Picture>>>,
    /// The screen is to be left.
    pub quit: bool,
    /// Deeds that were asked for and have not been heard of: quitting cuts none of them short.
    pub under_way: usize,
    pages: Vec<(Screen, Box<dyn PageObject>)>,
    /// The screens that `Esc` leads back to, the present one last.
    stack: Vec<Screen>,
    /// What the follower is to read is another than it was told.
    unasked: bool,
    /// What is to be done outside.
    requests: Vec<Request>,
    /// What is to be put into the terminal's clipboard.
    copy: Option<String>,
    /// Columns and rows.
    size: (u16, u16),
}

impl App {
    /// The state before anything is known.
    pub fn new(setting: Setting, look: Look, now: Millis) -> Self {
        Self {
            pages: screens::make(),
            shell: Shell {
                setting,
                look,
                now,
                board: None,
                collector: Collector::Starting,
                trouble: None,
                closed: Vec::new(),
                unreadable: None,
                refused: None,
            },
            mode: Mode::Normal,
            message: None,
            frozen: None,
            quit: false,
            under_way: 0,
            stack: vec![Screen::Live],
            unasked: true,
            requests: Vec::new(),
            copy: None,
            size: (80, 24),
        }
    }

    /// The screen that is shown.
    pub fn screen(&self) -> Screen {
        self.stack.last().copied().unwrap_or(Screen::Live)
    }

    /// The state of the screen that is shown.
    pub fn page(&self) -> &dyn PageObject {
        &*self.pages[self.number()].1
    }

    fn page_mut(&mut self) -> &mut dyn PageObject {
        let number = self.number();
        &mut *self.pages[number].1
    }

    fn number(&self) -> usize {
        let screen = self.screen();
        self.pages.iter().position(|(known, _)| *known == screen).unwrap_or(0)
    }

    /// Where keys are pressed.
    pub fn here(&self) -> Here {
        Here { has_rows: self.page().rows().is_some(), named: self.page().commands() }
    }

    /// What the follower is to read from now on, where that is another than before.
    pub fn question(&mut self) -> Option<Question> {
        let screen = self.screen();
        let anew = self.page_mut().ask_anew();
        let ask = match anew {
            Some(ask) => ask,
            None if self.unasked => self.page().ask(),
            None => return None,
        };
        self.unasked = false;
        Some(Question { screen, ask })
    }

    /// What is to be done outside.
    pub fn take_requests(&mut self) -> Vec<Request> {
        let requests = std::mem::take(&mut self.requests);
        let deeds = requests.iter().filter(|request| !matches!(request, Request::Find(_)));
        self.under_way += deeds.count();
        requests
    }

    /// What is to be put into the terminal's clipboard.
    pub fn take_copy(&mut self) -> Option<String> {
        self.copy.take()
    }

    /// Takes in what happened. Tells whether the screen is to be drawn anew.
    pub fn update(&mut self, action: Action) -> bool {
        match action {
            Action::Key(key) => self.press(key),
            Action::Command(command) => self.obey(command),
            Action::Tick(now) => self.tick(now),
            Action::Resized { columns, rows } => {
                self.size = (columns, rows);
                true
            }
            Action::Picture(picture) => self.take_picture(picture),
            Action::Unreadable(why) => self.cannot_read(&why),
            Action::Collector(notice) => self.hear_collector(notice),
            Action::Given(given) => self.give(*given),
            Action::Refused(why) => self.refuse(&why),
            Action::Reply(reply) => self.hear_reply(&reply),
        }
    }

    fn tick(&mut self, now: Millis) -> bool {
        let moved = now.0.div_euclid(TICK) != self.shell.now.0.div_euclid(TICK);
        if moved {
            self.shell.now = now;
        }
        moved
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("screen", &self.screen())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
