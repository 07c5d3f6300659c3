//! The screen's state. Drawing reads it, [`App::update`] is all that changes it.

use super::Setting;
use super::action::{Action, Command};
use super::snapshot::{Session, Snapshot};
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
    /// Stopped for good.
    Failed(String),
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

/// Everything the screen shows.
#[derive(Clone, Debug)]
pub struct App {
    /// What stays the same.
    pub setting: Setting,
    /// The time that ages are counted from; moves by the minute.
    pub now: Millis,
    /// The newest picture of the ledger; none before there is one.
    pub snapshot: Option<Snapshot>,
    /// How collecting stands.
    pub collector: Collector,
    /// The newest thing that could not be read.
    pub trouble: Option<String>,
    /// Why the ledger cannot be read.
    pub unreadable: Option<String>,
    /// The help lies over the screen.
    pub help: bool,
    /// The screen is to be left.
    pub quit: bool,
    /// Number of the selected session; none: whichever is first.
    selected: Option<i64>,
    rows: u16,
}

impl App {
    /// The state before anything is known.
    pub fn new(setting: Setting, now: Millis) -> Self {
        Self {
            setting,
            now,
            snapshot: None,
            collector: Collector::Starting,
            trouble: None,
            unreadable: None,
            help: false,
            quit: false,
            selected: None,
            rows: 24,
        }
    }

    /// Takes in what happened. Tells whether the screen is to be drawn anew.
    pub fn update(&mut self, action: Action) -> bool {
        match action {
            Action::Command(command) => return self.obey(command),
            Action::Tick(now) => {
                if now.0.div_euclid(TICK) == self.now.0.div_euclid(TICK) {
                    return false;
                }
                self.now = now;
            }
            Action::Resized { rows } => self.rows = rows,
            Action::Picture(snapshot) => {
                let same = self.snapshot.as_ref() == Some(&*snapshot) && self.unreadable.is_none();
                self.unreadable = None;
                self.snapshot = Some(*snapshot);
                return !same;
            }
            Action::Unreadable(why) => {
                let why = Some(printable(&why).into_owned());
                if self.unreadable == why {
                    return false;
                }
                self.unreadable = why;
            }
            Action::Collector(notice) => return self.hear(notice),
        }
        true
    }

    fn obey(&mut self, command: Command) -> bool {
        let half_page = isize::from(self.rows.cast_signed()) / 2;
        match command {
            Command::Quit => self.quit = true,
            Command::Help => self.help = !self.help,
            Command::Back => return std::mem::take(&mut self.help),
            // What lies under the help cannot be seen to move.
            _ if self.help => return false,
            Command::Down => return self.move_by(1),
            Command::Up => return self.move_by(-1),
            Command::HalfPageDown => return self.move_by(half_page),
            Command::HalfPageUp => return self.move_by(-half_page),
            Command::First => return self.move_by(isize::MIN),
            Command::Last => return self.move_by(isize::MAX),
        }
        true
    }

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
            Notice::Trouble(what) => {
                let what = Some(printable(&what).into_owned());
                let changed = self.trouble != what;
                self.trouble = what;
                return changed;
            }
        };
        // Whatever was in the way is over when the collector is live (again).
        let recovered = collector == Collector::Live && self.trouble.take().is_some();
        let changed = self.collector != collector;
        self.collector = collector;
        changed || recovered
    }

    fn move_by(&mut self, rows: isize) -> bool {
        let before = self.selected_row();
        let last = self.sessions().len().saturating_sub(1);
        let row = before.saturating_add_signed(rows).min(last);
        // At the top the selection follows the newest activity, elsewhere its session.
        self.selected = if row == 0 { None } else { Some(self.sessions()[row].number) };
        row != before
    }

    /// Not everything that was written has been read: every figure may grow.
    pub fn is_behind(&self) -> bool {
        matches!(self.collector, Collector::Reading { .. } | Collector::Failed(_))
    }

    /// The sessions, in the order of the screen.
    pub fn sessions(&self) -> &[Session] {
        self.snapshot.as_ref().map_or(&[], |snapshot| &snapshot.sessions)
    }

    /// Where the selected session stands now.
    pub fn selected_row(&self) -> usize {
        let number = self.selected;
        self.sessions().iter().position(|session| Some(session.number) == number).unwrap_or(0)
    }
}
