//! Which session is stopped when: the state machine between a broken cap and a signal.
//!
//! Pure but for the process table that it is handed: time is an argument, nothing waits, and what
//! takes long is handed out as a [`Step`]. The daemon feeds it and calls [`Guard::tick`] at
//! [`Guard::deadline`].

use std::collections::BTreeMap;

use super::case::{Case, Stage};
use super::demand::{Demand, Relocate, Step};
use super::locate::Located;
use super::stop::AgentStop;
use super::table::ProcessTable;
use crate::model::{Action, ActionKind, Millis, SessionKey};

/// How long a session is waited for that was not stopped. A further call makes a new demand.
const FORGOTTEN_MS: i64 = 3_600_000;

/// The sessions that must not go on.
#[derive(Debug, Default)]
pub struct Guard {
    cases: BTreeMap<SessionKey, Case>,
    rows: Vec<Action>,
    /// The time that it was told last.
    told: Option<Millis>,
}

impl Guard {
    /// A guard without sessions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a session on, or takes in what is new of one: a breach, a new turn, a new process.
    pub fn demand(&mut self, demand: Demand, now: Millis) {
        self.follow_clock(now);
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
        self.follow_clock(now);
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
        self.follow_clock(now);
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
        self.follow_clock(now);
        let Some(case) = self.cases.get_mut(&stop.session) else { return };
        let demand = &case.demand;
        let Some(target) = case.targets.iter_mut().find(|target| *target.key() == stop.process)
        else {
            return;
        };
        target.asked(result, demand.after_grace(now));
        case.stage = Stage::Stopping(now);
        let outcome = result
            .as_ref()
            .map_or_else(|why| format!("failed: {why}"), |()| stop.outcome().to_owned());
        let mut row = demand.row(now, ActionKind::AgentStop, outcome);
        row.process = Some(stop.process.clone());
        row.signal = Some(stop.words());
        self.rows.push(row);
    }

    /// A clock that steps back takes what is waited for with it: a process that ignores its signal
    /// does not live on for as long as the clock went back.
    fn follow_clock(&mut self, now: Millis) {
        let back = self.told.replace(now).map_or(0, |told| told.since(now));
        if back > 0 {
            self.cases.values_mut().for_each(|case| case.put_back(back));
        }
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
        self.follow_clock(now);
        let mut steps: Vec<Step> = self.rows.drain(..).map(Step::Row).collect();
        for case in self.cases.values_mut() {
            case.tick(now, table, relocate, &mut steps);
        }
        self.cases.retain(|_, case| match case.stage {
            Stage::Quiet(until) => now < until,
            Stage::Waiting(_) => now.since(case.touched) < FORGOTTEN_MS,
            Stage::Stopping(_) => true,
        });
        steps
    }
}
