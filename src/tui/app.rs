//! The screen's state. Drawing reads it, [`App::update`] is all that changes it.

use std::fmt;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::act::{Dialog, Pressed};
use super::action::{Action, Command};
use super::board::Board;
use super::deed::{About, Answered, Reply, Request};
use super::follow::{Picture, Question};
use super::keys::{Here, Key};
use super::lift;
use super::look::Look;
use super::mode::Mode;
use super::palette::{Palette, Typed};
use super::screens::{self, Outcome, PageObject, Screen, Target};
use super::table::List;
use super::{Given, Setting};
use crate::format::printable;
use crate::model::Millis;

/// Milliseconds after which what is shown of the time is another: a minute.
const TICK: i64 = 60_000;

/// What the collector says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Reads what was written before the start.
    Reading {
        /// Bytes read so far.
        read_bytes: u64,
        /// Bytes there are to read.
        total_bytes: u64,
    },
    /// Has read everything and follows.
    Live,
    /// Another process collects into this ledger, named as it is to be shown.
    Elsewhere(String),
    /// Could not read something, and goes on.
    Trouble(String),
    /// The system does not let it read these, each with the system's words; it goes on with the
    /// others.
    Unreadable(Vec<String>),
    /// Stopped for good.
    Failed(String),
    /// Ended without a word.
    Gone,
}

/// How collecting stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Collector {
    /// Nothing was heard yet.
    #[default]
    Starting,
    /// See [`Notice::Reading`].
    Reading {
        /// Bytes read so far.
        read_bytes: u64,
        /// Bytes there are to read.
        total_bytes: u64,
    },
    /// See [`Notice::Live`].
    Live,
    /// See [`Notice::Elsewhere`].
    Elsewhere(String),
    /// See [`Notice::Failed`].
    Failed(String),
}

/// What every screen may look at beside its own data.
#[derive(Clone, Debug)]
pub struct Shell {
    /// What the machine and the config say.
    pub setting: Setting,
    /// Styles, keys, columns.
    pub look: Look,
    /// The time that ages are counted from; moves by the minute.
    pub now: Millis,
    /// What every screen shows; none before there is one.
    pub board: Option<Board>,
    /// How collecting stands.
    pub collector: Collector,
    /// The newest thing that could not be read.
    pub trouble: Option<String>,
    /// Folders and files that the system does not let us read, each with its words.
    pub closed: Vec<String>,
    /// Why the ledger cannot be read.
    pub unreadable: Option<String>,
    /// Why the config, which changed, cannot be used.
    pub refused: Option<String>,
}

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
            Action::Tick(now) => {
                let moved = now.0.div_euclid(TICK) != self.shell.now.0.div_euclid(TICK);
                if moved {
                    self.shell.now = now;
                }
                moved
            }
            Action::Resized { columns, rows } => {
                self.size = (columns, rows);
                true
            }
            Action::Picture(picture) => match &mut self.frozen {
                Some(held) => {
                    *held = Some(picture);
                    false
                }
                None => self.show(*picture),
            },
            Action::Unreadable(why) => {
                let why = Some(printable(&why).into_owned());
                let changed = self.shell.unreadable != why;
                self.shell.unreadable = why;
                changed
            }
            Action::Collector(notice) => {
                let before = self.shell.collector.clone();
                let changed = self.shell.hear(notice);
                if let (Collector::Elsewhere(who), true) = (before, changed) {
                    self.message = Some(format!("{who} has ended: this screen goes on by itself"));
                }
                changed
            }
            Action::Given(given) => {
                self.give(*given);
                true
            }
            Action::Refused(why) => {
                let why = Some(printable(&why).into_owned());
                let changed = self.shell.refused != why;
                if changed {
                    // That the one before is in force is no news any more.
                    self.message = None;
                }
                self.shell.refused = why;
                changed
            }
            Action::Reply(reply) => self.hear_reply(&reply),
        }
    }

    /// Takes a changed config in. What is read with it comes as a picture.
    fn give(&mut self, given: Given) {
        let Given { facts: _, setting, look, news } = given;
        // An open mode keeps what was typed: the keys that end it are the new ones.
        self.shell.setting = setting;
        self.shell.look = look;
        self.shell.refused = None;
        self.message = Some(news.to_owned());
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

    fn press(&mut self, event: KeyEvent) -> bool {
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

    fn filter(&mut self, words: &str) {
        if let Some(list) = self.page_mut().list() {
            list.set_filter(words);
        }
        self.page_mut().arrange();
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

    fn obey(&mut self, command: Command) -> bool {
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

    fn freeze(&mut self) {
        match self.frozen.take() {
            None => self.frozen = Some(None),
            Some(held) => {
                if let Some(picture) = held {
                    self.show(*picture);
                }
            }
        }
    }

    fn move_by(&mut self, rows: isize) -> bool {
        let size = self.size;
        if let Some(Some(sheet)) = self.page_mut().sheet_place() {
            return sheet.move_by(rows, size);
        }
        self.page_mut().list().is_some_and(|list| list.move_by(rows))
    }

    fn hear_reply(&mut self, reply: &Reply) -> bool {
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

impl Shell {
    /// Takes in what the collector said; tells whether that is news.
    fn hear(&mut self, notice: Notice) -> bool {
        let collector = match notice {
            // The collector tells of every read; what follows the first is the daily business.
            Notice::Reading { .. } if self.collector == Collector::Live => return false,
            Notice::Reading { read_bytes, total_bytes } => {
                Collector::Reading { read_bytes, total_bytes }
            }
            Notice::Live => Collector::Live,
            Notice::Elsewhere(who) => Collector::Elsewhere(printable(&who).into_owned()),
            Notice::Failed(why) => Collector::Failed(printable(&why).into_owned()),
            // It said why, or the loop ends the screen.
            Notice::Gone => return false,
            Notice::Unreadable(what) => {
                let closed: Vec<String> =
                    what.iter().map(|what| printable(what).into_owned()).collect();
                let changed = self.closed != closed;
                self.closed = closed;
                return changed;
            }
            Notice::Trouble(what) => {
                let what = Some(printable(&what).into_owned());
                let changed = self.trouble != what;
                self.trouble = what;
                return changed;
            }
        };
        // Whatever was in the way is over when the collector is live (again).
        let is_live = collector == Collector::Live;
        let had_trouble = self.trouble.is_some() || !self.closed.is_empty();
        let recovered = is_live && had_trouble;
        if is_live {
            self.trouble = None;
            self.closed.clear();
        }
        let changed = self.collector != collector;
        self.collector = collector;
        changed || recovered
    }

    /// Not everything that was written has been read: every figure may grow.
    pub fn is_behind(&self) -> bool {
        matches!(self.collector, Collector::Reading { .. } | Collector::Failed(_))
    }

    /// The word for dollars: on a plan they are not spent.
    pub fn cost_word(&self) -> &'static str {
        if self.setting.on_plan { "value" } else { "spend" }
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
