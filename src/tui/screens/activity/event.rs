//! Something that was told or done, from the audit trail or the outbox.

use std::sync::Arc;

use crate::model::{Action, ActionKind, Millis, Notice, SessionKey};

/// What events are about, as they are picked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Levels that were reached, and what else the person was told.
    Alerts,
    /// Sessions that were stopped, or could not be.
    Stops,
    /// Flags and blocks.
    Marks,
    /// Snoozes, raises, and caps that a new config loosened.
    Lifts,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 4] = [Self::Alerts, Self::Stops, Self::Marks, Self::Lifts];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Stops => "stops",
            Self::Marks => "flags and blocks",
            Self::Lifts => "lifted caps",
        }
    }

    const fn of(kind: ActionKind) -> Self {
        match kind {
            ActionKind::Warn | ActionKind::Breach | ActionKind::Loop => Self::Alerts,
            ActionKind::HookStop
            | ActionKind::Signal
            | ActionKind::AgentStop
            | ActionKind::Ended
            | ActionKind::Unlocated => Self::Stops,
            ActionKind::Flag | ActionKind::Block | ActionKind::Unblock => Self::Marks,
            ActionKind::Snooze | ActionKind::Raise | ActionKind::Loosened => Self::Lifts,
        }
    }
}

/// What an event is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// A row of the audit trail.
    Action(Box<Action>),
    /// A notice of what no row tells.
    Notice(Box<Notice>),
}

/// Tells an event from every other: when, what, and which of several of that moment.
pub type EventId = (Millis, &'static str, u32);

/// Something that was told or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Tells it from every other.
    pub id: EventId,
    /// What it is about: the session's project and the head of its id, or the cap; safe to show.
    pub about: String,
    /// What it is from.
    pub from: From,
}

impl Event {
    /// When.
    pub fn at(&self) -> Millis {
        self.id.0
    }

    /// What it belongs to.
    pub fn group(&self) -> Group {
        match &self.from {
            From::Action(action) => Group::of(action.kind),
            From::Notice(_) => Group::Alerts,
        }
    }

    /// The row of the audit trail.
    pub fn action(&self) -> Option<&Action> {
        match &self.from {
            From::Action(action) => Some(action),
            From::Notice(_) => None,
        }
    }

    /// Its session.
    pub fn session(&self) -> Option<&SessionKey> {
        self.action().and_then(|action| action.session.as_ref())
    }

    /// The command that takes its session up again.
    pub fn resume(&self) -> Option<&str> {
        self.action().and_then(|action| action.resume.as_deref())
    }

    /// Its cap.
    pub fn cap(&self) -> Option<&Arc<str>> {
        self.action().and_then(|action| action.cap.as_ref())
    }

    /// The word in the table.
    pub fn word(&self) -> &'static str {
        self.action().map_or("NOTE", |action| word(action.kind))
    }

    /// What happened, in words.
    pub fn meaning(&self) -> &'static str {
        self.action().map_or("you were told of something", |action| meaning(action.kind))
    }

    /// Work was stopped, or a limit was reached.
    pub fn is_grave(&self) -> bool {
        match &self.from {
            From::Notice(notice) => notice.urgent,
            From::Action(action) => matches!(
                action.kind,
                ActionKind::Breach
                    | ActionKind::HookStop
                    | ActionKind::Signal
                    | ActionKind::AgentStop
                    | ActionKind::Unlocated
            ),
        }
    }
}

const fn word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Warn => "WARN",
        ActionKind::Breach => "LIMIT",
        ActionKind::Loop => "LOOP",
        ActionKind::Flag => "FLAG",
        ActionKind::Block => "BLOCK",
        ActionKind::Unblock => "UNBLOCK",
        ActionKind::Signal => "SIGNAL",
        ActionKind::HookStop | ActionKind::AgentStop => "STOP",
        ActionKind::Ended => "ENDED",
        ActionKind::Unlocated => "NO PID",
        ActionKind::Snooze => "SNOOZE",
        ActionKind::Raise => "RAISE",
        ActionKind::Loosened => "LOOSER",
    }
}

const fn meaning(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Warn => "a cap came to a level that you are told of",
        ActionKind::Breach => "a cap's limit was reached",
        ActionKind::Loop => "a session does the same again and again",
        ActionKind::Flag => "a session was flagged",
        ActionKind::Block => "a session was blocked",
        ActionKind::Unblock => "a session's marks were taken back",
        ActionKind::HookStop => "its hook stopped a session's step",
        ActionKind::Signal => "a session's process was to be ended by a signal",
        ActionKind::AgentStop => "a session was stopped by its agent's own means",
        ActionKind::Ended => "a session's process ended, or would not",
        ActionKind::Unlocated => "a session was to be stopped, and no process was certain",
        ActionKind::Snooze => "a cap was snoozed",
        ActionKind::Raise => "a cap was raised",
        ActionKind::Loosened => "a new config loosened a cap",
    }
}
