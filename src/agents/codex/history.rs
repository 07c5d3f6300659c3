//! Which lines of a thread's file are another thread's: what a fork or a subagent inherits.
//!
//! Older clients copy the parent's events into the child's file and stamp them anew, thousands in
//! a moment; newer ones copy the conversation alone, or refer to it. A copy that is not recognised
//! here has the same name as the parent's call, by its turn and the thread's total, so the ledger
//! counts it once as long as it has the parent; what is decided here is for where it does not.

use serde::{Deserialize, Serialize};

use super::answer::Held;
use crate::model::Millis;

/// Copied lines follow each other at once. A model takes longer than this to answer.
const PAUSE_MS: i64 = 250;

/// So many events between two pauses are no answers of a model.
const BURST: usize = 20;

/// A turn or line is older than the thread, and not by the rounding of its time.
const OLDER_MS: i64 = 2_000;

/// Where the thread's own lines begin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum History {
    /// They have begun.
    #[default]
    Own,
    /// At a line with this number.
    Before(u64),
    /// It is not known yet: the lines since the beginning came without a pause.
    Burst(Burst),
    /// After the pause, with these calls before it. They are history if the client writes a record
    /// of its first answer, because it would have done so of them.
    Paused(Vec<Held>),
}

/// The lines so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Burst {
    /// When the latest line was written.
    latest: Option<Millis>,
    /// Calls among them, until there are so many that none is the thread's own.
    held: Vec<Held>,
    is_history: bool,
    /// A turn has begun among them.
    turn_begun: bool,
}

/// What is to be done with a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is the thread's own.
    Count,
    /// It is not.
    Drop,
    /// It is kept until that is known.
    Hold,
}

impl History {
    /// It may begin with another thread's lines.
    pub(super) fn of_child(start: Option<u64>) -> Self {
        start.map_or_else(|| Self::Burst(Burst::default()), Self::Before)
    }

    /// The time of each line has to be known.
    pub(super) fn is_burst(&self) -> bool {
        matches!(self, Self::Burst(_))
    }

    /// A line was read.
    pub(super) fn line(&mut self, number: Option<u64>, at: Option<Millis>) {
        match self {
            Self::Own | Self::Paused(_) => {}
            Self::Before(start) => {
                if number.is_some_and(|number| number >= *start) {
                    *self = Self::Own;
                }
            }
            Self::Burst(burst) => {
                let pause = match (burst.latest, at) {
                    (Some(latest), Some(at)) => at.since(latest) >= PAUSE_MS,
                    _ => false,
                };
                if pause {
                    *self = Self::Paused(std::mem::take(&mut burst.held));
                } else {
                    burst.latest = at.or(burst.latest);
                }
            }
        }
    }

    /// A first answer of the thread's own that has no record: those before it may be its own, or
    /// copies that only the parent's file can tell from such.
    pub(super) fn release(&mut self) -> Vec<Held> {
        match std::mem::take(self) {
            Self::Paused(held) => held,
            other => {
                *self = other;
                Vec::new()
            }
        }
    }

    /// A turn begins.
    pub(super) fn turn(&mut self) {
        if let Self::Burst(burst) = self {
            burst.turn_begun = true;
        }
    }

    /// Another agent's word has the turn that has just begun: what was before is its history.
    pub(super) fn turn_was_triggered(&mut self) {
        if matches!(self, Self::Burst(burst) if burst.turn_begun) {
            *self = Self::Own;
        }
    }

    /// What becomes of a call that the line tells of.
    pub(super) fn verdict(&self, is_older: bool) -> Verdict {
        match self {
            _ if is_older => Verdict::Drop,
            Self::Own | Self::Paused(_) => Verdict::Count,
            Self::Before(_) => Verdict::Drop,
            Self::Burst(burst) if burst.is_history => Verdict::Drop,
            Self::Burst(_) => Verdict::Hold,
        }
    }

    /// Keeps a call.
    pub(super) fn hold(&mut self, call: Held) {
        if let Self::Burst(burst) = self {
            burst.held.push(call);
            if burst.held.len() >= BURST {
                burst.held.clear();
                burst.is_history = true;
            }
        }
    }
}

/// Something that began then is older than a thread of that time.
pub(super) fn is_older(began: Millis, thread: Millis) -> bool {
    began.0.saturating_add(OLDER_MS) < thread.0
}
