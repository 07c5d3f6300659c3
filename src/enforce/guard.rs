//! Which session is stopped when: the state machine between a broken cap and a signal.
//!
//! Pure but for the process table that it is handed: time is an argument, nothing waits, and what
//! takes long is handed out as a [`Step`]. The daemon feeds it and calls [`Guard::tick`] at
//! [`Guard::deadline`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::case::{Case, Stage, after};
use super::locate::Located;
use super::plan::millis;
use super::stop::AgentStop;
use super::table::ProcessTable;
use crate::model::{Action, ActionKind, Millis, PicoUsd, ProcessKey, SessionKey};

/// How long a session is waited for that was not stopped. A further call makes a new demand.
const FORGOTTEN_MS: i64 = 3_600_000;

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
    /// A row of the audit trail about it.
    pub(super) fn row(&self, now: Millis, kind: ActionKind, outcome: impl Into<String>) -> Action {
        Action {
            cap: self.cap.clone(),
            session: Some(self.session.clone()),
            evidence: self.evidence.clone(),
            outcome: outcome.into(),
            latency_ms: Some(now.0.saturating_sub(self.breached_at.0)),
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
    /// The agent is to stop it by its own means, and [`Guard::agent_stop_done`] to be told.
    Stop(AgentStop),
}

/// The sessions that must not go on.
#[derive(Debug, Default)]
pub struct Guard {
    cases: BTreeMap<SessionKey, Case>,
    rows: Vec<Action>,
}

/// Where a session is now: [`super::locate()`] with what the ledger knows. The processes are those
/// known to the guard.
pub type Relocate<'a> = dyn FnMut(&SessionKey, &[ProcessKey]) -> Vec<Located> + 'a;

impl Guard {
    /// A guard without sessions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a session on, or takes in what is new of one: a breach, a new turn, a new process.
    pub fn demand(&mut self, demand: Demand, now: Millis) {
        let Some(case) = self.cases.get_mut(&demand.session) else {
            self.cases.insert(demand.session.clone(), Case::new(demand, now));
            return;
        };
        case.touched = now;
        match case.stage {
            Stage::Quiet(_) => {
                // The last lines of what was ended; or it runs again over its cap. A server has
                // not ended: there a turn has to be under way again.
                let runs = |one: &Located| one.is_certain() && (demand.in_turn || !one.is_hosted());
                if demand.located.iter().any(runs) {
                    *case = Case::new(demand, now);
                }
            }
            Stage::Waiting(_) => {
                let breached_at = case.demand.breached_at.min(demand.breached_at);
                case.demand = Demand { breached_at, ..demand };
                case.mistrust_hook();
                case.located_at = now;
                case.schedule(now);
            }
            Stage::Stopping(_) => {
                if case.add(demand.located) {
                    case.stage = Stage::Stopping(now);
                }
            }
        }
    }

    /// A further call of a session was priced after the breach: no hook stopped it. If that call
    /// ended the turn, [`Self::turn`] says so afterwards.
    pub fn call_priced(&mut self, session: &SessionKey, now: Millis) {
        let Some(case) = self.cases.get_mut(session) else { return };
        case.touched = now;
        if let Stage::Waiting(_) = case.stage {
            case.priced = case.priced.saturating_add(1);
            case.demand.in_turn = true;
            case.stage = Stage::Waiting(Some(now));
        }
    }

    /// A hook stopped the session's turn. It is left alone until it makes another call.
    pub fn hook_stopped(&mut self, session: &SessionKey, now: Millis) {
        if let Some(case) = self.cases.get_mut(session) {
            case.hook_stopped();
        }
        self.turn(session, false, now);
    }

    /// A session's turn began or ended.
    pub fn turn(&mut self, session: &SessionKey, in_turn: bool, now: Millis) {
        let Some(case) = self.cases.get_mut(session) else { return };
        case.touched = now;
        case.demand.in_turn = in_turn;
        // A hook meets the next prompt. Without one a call was the last warning.
        if !in_turn {
            case.turn_ended();
        }
        case.schedule(now);
    }

    /// The cap was lifted. What was already told to end is ended, but not watched for a return.
    pub fn withdraw(&mut self, session: &SessionKey) {
        match self.cases.get_mut(session) {
            Some(case) if matches!(case.stage, Stage::Stopping(_)) => {
                case.withdrawn = true;
                case.watch = None;
            }
            _ => drop(self.cases.remove(session)),
        }
    }

    /// The agent has stopped a session by its own means, or could not.
    pub fn agent_stop_done(&mut self, stop: &AgentStop, result: &Result<(), String>, now: Millis) {
        let Some(case) = self.cases.get_mut(&stop.session) else { return };
        let demand = &case.demand;
        let Some(target) = case.targets.iter_mut().find(|target| *target.key() == stop.process)
        else {
            return;
        };
        target.asked(result, after(now, millis(demand.grace)));
        case.stage = Stage::Stopping(now);
        let outcome = result
            .as_ref()
            .map_or_else(|why| format!("failed: {why}"), |()| stop.outcome().to_owned());
        let mut row = demand.row(now, ActionKind::AgentStop, outcome);
        row.process = Some(stop.process.clone());
        row.signal = Some(stop.words());
        self.rows.push(row);
    }

    /// When to be called next; none: when something happens.
    pub fn deadline(&self) -> Option<Millis> {
        self.cases.values().filter_map(Case::deadline).min()
    }

    /// The session is waited for, being stopped, or was stopped just now.
    pub fn knows(&self, session: &SessionKey) -> bool {
        self.cases.contains_key(session)
    }

    /// The session is waited for: its turn decides when it is stopped.
    pub fn waits_for(&self, session: &SessionKey) -> bool {
        self.cases.get(session).is_some_and(|case| matches!(case.stage, Stage::Waiting(_)))
    }

    /// Sessions that the guard knows of.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Some session is being stopped.
    pub fn is_at_work(&self) -> bool {
        self.cases.values().any(|case| matches!(case.stage, Stage::Stopping(_)))
    }

    /// Some process was told to end and has not yet.
    pub fn is_ending(&self) -> bool {
        self.cases.values().any(Case::is_ending)
    }

    /// It knows of none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Does what is due.
    pub fn tick(
        &mut self,
        now: Millis,
        table: &dyn ProcessTable,
        relocate: &mut Relocate<'_>,
    ) -> Vec<Step> {
        let mut steps: Vec<Step> = self.rows.drain(..).map(Step::Row).collect();
        for case in self.cases.values_mut() {
            case.tick(now, table, relocate, &mut steps);
        }
        self.cases.retain(|_, case| match case.stage {
            Stage::Quiet(until) => now < until,
            Stage::Waiting(_) => now.0.saturating_sub(case.touched.0) < FORGOTTEN_MS,
            Stage::Stopping(_) => true,
        });
        steps
    }
}
