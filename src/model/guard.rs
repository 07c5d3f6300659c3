//! What the guard speaks of: caps' answers, latches, lifts, processes and the audit trail.
//!
//! Plain values that the ledger stores, the hook and the daemon exchange and every screen shows.
//! None holds prompt or tool text.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AgentId, Millis, PicoUsd};

/// A session, as its agent names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionKey {
    /// The agent.
    pub agent: AgentId,
    /// The agent's id of the session.
    pub session_id: Arc<str>,
}

/// What happens to a session that breaks a cap; the greater one is stricter.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum CapAction {
    /// Tells the person, nothing else.
    Notify,
    /// Marks the session in the ledger and on every screen.
    #[default]
    Flag,
    /// Has the hook stop the session's next step.
    Block,
    /// Blocks, and ends the process of a session that goes on.
    Kill,
}

impl CapAction {
    /// Every action, the mildest first.
    pub const ALL: [Self; 4] = [Self::Notify, Self::Flag, Self::Block, Self::Kill];

    /// The word in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Flag => "flag",
            Self::Block => "block",
            Self::Kill => "kill",
        }
    }

    /// The session must not go on.
    pub const fn stops(self) -> bool {
        matches!(self, Self::Block | Self::Kill)
    }
}

impl fmt::Display for CapAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CapAction {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|action| action.name() == text).ok_or(())
    }
}

/// How far a cap is used, in thousandths of its limit: 800 is a warning at 80 %, 1000 the limit.
pub type Permille = u16;

/// The level of a broken cap.
pub const LIMIT: Permille = 1000;

/// A level of a cap that was reached in a period. Stored once, and in force until the period
/// ends, whatever happens to the process that noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    /// Name of the cap.
    pub cap: Arc<str>,
    /// Whose spend it is: the developer, project, branch, model, agent or session.
    pub subject: Arc<str>,
    /// The period.
    pub window: Range<Millis>,
    /// Which level.
    pub level: Permille,
    /// The limit that was in force.
    pub limit: PicoUsd,
    /// What was spent.
    pub spent: PicoUsd,
    /// What was set aside for calls without a price, beside that.
    pub reserve: PicoUsd,
    /// When it was noticed.
    pub at: Millis,
    /// The session whose call crossed the line.
    pub session: Option<SessionKey>,
}

/// A person's word that a cap is to be lifted for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// Name of the cap.
    pub cap: Arc<str>,
    /// How far.
    pub what: LiftBy,
    /// From when.
    pub at: Millis,
    /// Why, in the person's words.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// How far a cap is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LiftBy {
    /// It stops nothing until then.
    Snooze {
        /// Until when.
        until: Millis,
    },
    /// Its limit is this much more, for the period that holds this instant.
    Raise {
        /// How much more.
        amount: PicoUsd,
        /// End of the period it is for.
        until: Millis,
    },
}

impl LiftBy {
    /// When it ends by itself.
    pub const fn until(self) -> Millis {
        match self {
            Self::Snooze { until } | Self::Raise { until, .. } => until,
        }
    }
}

/// What a session is marked with, by a cap or by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The session.
    pub session: SessionKey,
    /// `Flag` or `Block`.
    pub action: CapAction,
    /// The cap that did it; none: a person.
    pub cap: Option<Arc<str>>,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Millis,
}

/// Tells a process from every other that ever had its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessKey {
    /// The kernel's id of the boot.
    pub boot_id: Arc<str>,
    /// Process id.
    pub pid: u32,
    /// When it started, in the kernel's ticks since boot (field 22 of `/proc/<pid>/stat`).
    pub start_time: u64,
}

/// A hook saw which process a session lives in: its own ancestor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The session.
    pub session: SessionKey,
    /// The agent's process.
    pub process: ProcessKey,
    /// Its executable.
    pub exe: PathBuf,
    /// The session's transcript, by the agent's word.
    pub transcript: Option<PathBuf>,
    /// When.
    pub at: Millis,
}

/// What an audit row tells of. The name is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// A cap reached a warning level.
    Warn,
    /// A cap was broken.
    Breach,
    /// A session was flagged.
    Flag,
    /// A session was blocked, by hand or by a cap.
    Block,
    /// A block or flag was taken back.
    Unblock,
    /// A hook stopped a session's step.
    HookStop,
    /// A signal was sent, or refused to be sent.
    Signal,
    /// A session was stopped by its agent's own means: a background worker, or one in a server.
    AgentStop,
    /// A session's process has ended, or would not.
    Ended,
    /// Nothing could be done: no certain process.
    Unlocated,
    /// A cap was snoozed.
    Snooze,
    /// A cap was raised.
    Raise,
    /// A new config loosened a cap.
    Loosened,
    /// An agent goes round and round.
    Loop,
}

impl ActionKind {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Breach => "breach",
            Self::Flag => "flag",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::HookStop => "hook_stop",
            Self::Signal => "signal",
            Self::AgentStop => "agent_stop",
            Self::Ended => "ended",
            Self::Unlocated => "unlocated",
            Self::Snooze => "snooze",
            Self::Raise => "raise",
            Self::Loosened => "loosened",
            Self::Loop => "loop",
        }
    }

    /// The kind with a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Warn,
            Self::Breach,
            Self::Flag,
            Self::Block,
            Self::Unblock,
            Self::HookStop,
            Self::Signal,
            Self::AgentStop,
            Self::Ended,
            Self::Unlocated,
            Self::Snooze,
            Self::Raise,
            Self::Loosened,
            Self::Loop,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// A row of the audit trail: what was done, to what, why, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// When.
    pub at: Millis,
    /// What.
    pub kind: ActionKind,
    /// The cap, if one asked for it.
    pub cap: Option<Arc<str>>,
    /// The session, if it was about one.
    pub session: Option<SessionKey>,
    /// What led to it: amounts, the call that crossed the line, a person's reason.
    pub evidence: String,
    /// The process.
    pub process: Option<ProcessKey>,
    /// The signal's name (`SIGINT`), or the command.
    pub signal: Option<String>,
    /// How it ended: `sent`, `exited`, `refused: …`.
    pub outcome: String,
    /// From the breaching line's arrival to this step.
    pub latency_ms: Option<i64>,
    /// Spent beyond the limit.
    pub overshoot: Option<PicoUsd>,
    /// The command that takes the session up again.
    pub resume: Option<String>,
    /// Who: `daemon`, `hook`, or a person's login name.
    pub by: String,
}

impl Action {
    /// A row with nothing but what every one has.
    pub fn new(at: Millis, kind: ActionKind, by: &str) -> Self {
        Self {
            at,
            kind,
            cap: None,
            session: None,
            evidence: String::new(),
            process: None,
            signal: None,
            outcome: String::new(),
            latency_ms: None,
            overshoot: None,
            resume: None,
            by: by.to_owned(),
        }
    }
}

/// Something to tell the person, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Tells it from every other: nothing is told twice under one key.
    pub key: String,
    /// When.
    pub at: Millis,
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// Work is stopped, or about to be.
    pub urgent: bool,
}

/// What a process that does not write the ledger leaves for the one that does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A hook saw a session's process.
    Sighting(Sighting),
    /// A hook or a command did something.
    Action(Action),
    /// A hook found a cap broken while nobody collected: by calls that the ledger does not have.
    Latch(Latch),
    /// A person lifted a cap.
    Lift(Lift),
    /// A person marked a session.
    Mark(Mark),
    /// A person took a session's marks back.
    Unmark(SessionKey),
    /// A notice to be told; `told` if it was told already.
    Notice {
        /// The notice.
        notice: Notice,
        /// It was shown.
        told: bool,
    },
    /// Telling a notice that was left here, by one channel.
    Delivered {
        /// The notice's key.
        key: String,
        /// The channel.
        channel: String,
        /// When.
        at: Millis,
        /// Why it was not told.
        error: Option<String>,
    },
    /// A hook failed and let the agent go on (or not).
    Failure {
        /// When.
        at: Millis,
        /// What went wrong.
        what: String,
    },
}
