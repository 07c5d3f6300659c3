//! What the guard is told, and what it hands out: a session that must not go on, and steps.

use std::sync::Arc;
use std::time::Duration;

use super::locate::Located;
use super::stop::AgentStop;
use crate::model::{Action, ActionKind, Millis, PicoUsd, ProcessKey, SessionKey};

/// A session must not go on.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The session.
    pub session: SessionKey,
    /// The cap; none when a person asked.
    pub cap: Option<Arc<str>>,
    /// The person who asked, by hand: at once, whether it is idle or not.
    pub person: Option<String>,
    /// From the first signal to the one that cannot be ignored.
    pub grace: Duration,
    /// A hook is at work in the session, and stops it more gently than a signal.
    pub with_hook: bool,
    /// That hook stops a turn that is under way. Else it only meets the next prompt, and is not
    /// waited for.
    pub hook_stops_turn: bool,
    /// It is in mid-turn. An idle session spends nothing and is never signalled.
    pub in_turn: bool,
    /// What led to it, for the audit trail.
    pub evidence: String,
    /// Spent beyond the limit.
    pub overshoot: Option<PicoUsd>,
    /// When the line arrived that crossed the limit.
    pub breached_at: Millis,
    /// The command that takes the session up again.
    pub resume: Option<String>,
    /// Where it lives, as of now.
    pub located: Vec<Located>,
}

impl Demand {
    /// When what was told at that time to end is ended for good.
    pub(super) fn after_grace(&self, told: Millis) -> Millis {
        told.plus(i64::try_from(self.grace.as_millis()).unwrap_or(i64::MAX))
    }

    /// A row of the audit trail about it.
    pub(super) fn row(&self, now: Millis, kind: ActionKind, outcome: impl Into<String>) -> Action {
        Action {
            cap: self.cap.clone(),
            session: Some(self.session.clone()),
            evidence: self.evidence.clone(),
            outcome: outcome.into(),
            latency_ms: Some(now.since(self.breached_at)),
            overshoot: self.overshoot,
            resume: self.resume.clone(),
            ..Action::new(now, kind, self.person.as_deref().unwrap_or("daemon"))
        }
    }
}

/// What came of a tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something was done, for the audit trail.
    Row(Action),
    /// The agent is to stop it by its own means, and [`Guard::agent_stop_done`](super::Guard::agent_stop_done) to be told.
    Stop(AgentStop),
}

/// Where a session is now: [`super::locate()`] with what the ledger knows. The processes are those
/// known to the guard.
pub type Relocate<'a> = dyn FnMut(&SessionKey, &[ProcessKey]) -> Vec<Located> + 'a;
