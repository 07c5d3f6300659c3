//! What every screen may look at beside its own data, and how collecting stands.

use crate::format::printable;
use crate::model::Millis;
use crate::tui::Setting;
use crate::tui::board::Board;
use crate::tui::look::Look;

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

impl Shell {
    /// Takes in what the collector said; tells whether that is news.
    pub(super) fn hear(&mut self, notice: Notice) -> bool {
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
