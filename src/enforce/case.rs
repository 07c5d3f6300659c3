//! One session that must not go on: waiting, being stopped, or just stopped.

use std::collections::BTreeSet;

use super::demand::{Demand, Relocate, Step};
use super::locate::Located;
use super::plan::{Context, Target};
use super::table::ProcessTable;
use crate::agents::{LiveKind, Status};
use crate::model::{ActionKind, Millis, ProcessKey};

/// How long a hook has to stop a session in mid-turn.
const HOOK_MS: i64 = 10_000;
/// How soon a process that was signalled is looked at again.
const POLL_MS: i64 = 50;
/// How long a background worker's supervisor is watched for starting it again, after 10 to 12 s.
const RESPAWN_MS: i64 = 20_000;
const RESPAWN_POLL_MS: i64 = 1_000;
/// How long a session is known as ended: its last lines are written after its end.
const QUIET_MS: i64 = 30_000;

#[derive(Debug)]
pub(super) struct Case {
    pub demand: Demand,
    pub located_at: Millis,
    pub touched: Millis,
    /// Further calls priced after the breach.
    pub priced: u32,
    /// Turns that ended with such a call since the session's hook stopped anything.
    missed: u32,
    pub stage: Stage,
    pub targets: Vec<Target>,
    /// Until when a worker's return is watched for.
    pub watch: Option<Millis>,
    /// The cap was lifted in the meantime.
    pub withdrawn: bool,
    /// Why nothing could be done, said once.
    pub told: BTreeSet<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// To be stopped then; none: when it makes a call.
    Waiting(Option<Millis>),
    /// Being stopped; to be looked at then.
    Stopping(Millis),
    /// Stopped. Known until then, so that its last lines stop nothing.
    Quiet(Millis),
}

/// When the session is to be stopped; none: when it makes a call.
fn due(demand: &Demand, priced: u32, now: Millis) -> Option<Millis> {
    if demand.person.is_some() || priced > 0 {
        return Some(now);
    }
    let wait = if demand.with_hook && demand.hook_stops_turn { HOOK_MS } else { 0 };
    demand.in_turn.then(|| now.plus(wait))
}

impl Case {
    pub(super) fn new(demand: Demand, now: Millis) -> Self {
        Self {
            stage: Stage::Waiting(due(&demand, 0, now)),
            demand,
            located_at: now,
            touched: now,
            priced: 0,
            missed: 0,
            targets: Vec::new(),
            watch: None,
            withdrawn: false,
            told: BTreeSet::new(),
        }
    }

    /// The clock has stepped back by so many milliseconds.
    pub(super) fn put_back(&mut self, ms: i64) {
        self.stage = match self.stage {
            Stage::Waiting(due) => Stage::Waiting(due.map(|due| due.minus(ms))),
            Stage::Stopping(next) => Stage::Stopping(next.minus(ms)),
            Stage::Quiet(until) => Stage::Quiet(until.minus(ms)),
        };
        let (breached_at, watch) = (&mut self.demand.breached_at, self.watch.as_mut());
        for at in [breached_at, &mut self.located_at, &mut self.touched].into_iter().chain(watch) {
            *at = at.minus(ms);
        }
        self.targets.iter_mut().for_each(|target| target.put_back(ms));
    }

    /// Sets the time at which it is stopped, while it waits. A turn that goes on keeps the time
    /// that it was given.
    pub(super) fn schedule(&mut self, now: Millis) {
        if let Stage::Waiting(before) = self.stage {
            let next = due(&self.demand, self.priced, now);
            let kept = before.filter(|_| next.is_some());
            self.stage = Stage::Waiting(kept.into_iter().chain(next).min());
        }
    }

    /// The turn has ended. Where there is a hook, that meets the next prompt; unless it let one
    /// pass already: then it is not called any more, or not at prompts.
    pub(super) fn turn_ended(&mut self) {
        if self.priced > 0 {
            self.missed = self.missed.saturating_add(1);
            self.mistrust_hook();
        }
        if self.demand.with_hook {
            self.priced = 0;
        }
    }

    /// The hook stopped the session: it is at work.
    pub(super) fn hook_stopped(&mut self) {
        self.missed = 0;
        self.demand.with_hook = true;
    }

    /// The first call after the breach may have been in flight. A second turn was let begin.
    pub(super) fn mistrust_hook(&mut self) {
        self.demand.with_hook &= self.missed < 2;
    }

    /// Processes of the session that are not being ended yet.
    pub(super) fn add(&mut self, located: impl IntoIterator<Item = Located>) -> bool {
        let before = self.targets.len();
        for found in located {
            if found.is_certain() && self.targets.iter().all(|t| *t.key() != found.process.key) {
                self.targets.push(Target::new(found));
            }
        }
        self.targets.len() > before
    }

    pub(super) fn is_ending(&self) -> bool {
        matches!(self.stage, Stage::Stopping(_)) && self.targets.iter().any(|one| !one.is_over())
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        match self.stage {
            Stage::Waiting(due) => due,
            Stage::Stopping(next) => Some(next),
            Stage::Quiet(until) => Some(until),
        }
    }

    pub(super) fn tick(
        &mut self,
        now: Millis,
        table: &dyn ProcessTable,
        relocate: &mut Relocate<'_>,
        steps: &mut Vec<Step>,
    ) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.stage {
            Stage::Quiet(_) => {}
            Stage::Waiting(_) => {
                if self.begin(now, table, relocate, steps) {
                    self.go_on(now, table, relocate, steps);
                } else {
                    self.stage = Stage::Waiting(None);
                }
            }
            Stage::Stopping(_) => self.go_on(now, table, relocate, steps),
        }
    }

    /// Picks the processes to end; false when there is none.
    fn begin(
        &mut self,
        now: Millis,
        table: &dyn ProcessTable,
        relocate: &mut Relocate<'_>,
        steps: &mut Vec<Step>,
    ) -> bool {
        // Sessions move between processes: what was located earlier is asked again.
        if self.located_at != now {
            self.demand.located = relocate(&self.demand.session, &[]);
            self.located_at = now;
        }
        let alive =
            self.demand.located.iter().filter(|found| table.is_alive(&found.process.key)).cloned();
        let (certain, doubtful): (Vec<_>, Vec<_>) = alive.partition(Located::is_certain);
        for found in &doubtful {
            let why = found.why_not.as_deref().unwrap_or_default();
            let outcome = format!("process {}: {why}", found.process.key.pid);
            self.tell_once(now, steps, Some(&found.process.key), outcome);
        }
        if certain.is_empty() {
            if doubtful.is_empty() {
                self.tell_once(now, steps, None, "no process was found".to_owned());
            }
            self.priced = 0;
            return false;
        }
        let in_turn = self.demand.in_turn;
        let is_busy = |found: &&Located| {
            !found.status.is_some_and(Status::waits) && (in_turn || !found.is_hosted())
        };
        let busy: Vec<Located> = certain.iter().filter(is_busy).cloned().collect();
        let even_idle = self.demand.person.is_some() || (busy.is_empty() && self.spends_idle());
        self.add(if even_idle { certain } else { busy })
    }

    /// It makes calls though its agent calls it idle: subagents in the background do. One such call
    /// may have been the turn's last, and a hook then meets the next prompt.
    fn spends_idle(&self) -> bool {
        self.priced > u32::from(self.demand.with_hook)
    }

    fn tell_once(
        &mut self,
        now: Millis,
        steps: &mut Vec<Step>,
        process: Option<&ProcessKey>,
        why: String,
    ) {
        let mut row = self.demand.row(now, ActionKind::Unlocated, format!("not signalled: {why}"));
        if self.told.insert(why) {
            row.process = process.cloned();
            steps.push(Step::Row(row));
        }
    }

    fn go_on(
        &mut self,
        now: Millis,
        table: &dyn ProcessTable,
        relocate: &mut Relocate<'_>,
        steps: &mut Vec<Step>,
    ) {
        let session = self.demand.session.clone();
        if self.watch.is_some() {
            let known: Vec<ProcessKey> = self.targets.iter().map(|t| t.key().clone()).collect();
            let mut returned = relocate(&session, &known);
            // A person who takes the session up again in a terminal is met like any other.
            returned.retain(|found| {
                matches!(found.kind, LiveKind::Background { .. })
                    || found.status == Some(Status::Busy)
            });
            self.add(returned);
        }
        for target in &mut self.targets {
            let known = [target.key().clone()];
            let mut context = Context {
                table,
                demand: &self.demand,
                now,
                relocate: &mut || relocate(&session, &known),
                steps,
            };
            target.step(&mut context);
            if target.has_ended() && target.is_background() && !self.withdrawn {
                self.watch = Some(now.plus(RESPAWN_MS));
            }
        }
        self.targets.retain(|target| !target.has_ended());
        let is_at_work = self.targets.iter().any(|target| !target.is_over());
        let is_watched = self.watch.is_some_and(|until| now < until);
        self.stage = match (is_at_work, is_watched) {
            (true, _) => Stage::Stopping(now.plus(POLL_MS)),
            (false, true) => Stage::Stopping(now.plus(RESPAWN_POLL_MS)),
            (false, false) => Stage::Quiet(now.plus(QUIET_MS)),
        };
    }
}
