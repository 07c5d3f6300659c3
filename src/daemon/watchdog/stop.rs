//! Sessions that must not go on: flagged, blocked, or handed to the guard that ends processes.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use super::alerts::project_of;
use super::levels::{BY, Crossed};
use super::sessions::Touched;
use super::{Look, Watchdog};
use crate::agents;
use crate::enforce::{Demand, How, INTERRUPTED, Step, run_agent_stop};
use crate::guard::who;
use crate::ledger::{Charged, LedgerError};
use crate::model::{Action, ActionKind, AgentId, CapAction, Mark, Notice, SessionKey};
use crate::notice::words;
use crate::policy::{Decision, verdict};

/// Lines land about 100 ms after the call they are of, and later on a busy machine.
const LATE_LINES_MS: i64 = 2_000;

/// How long an agent's own command may take to stop a background worker.
const AGENT_STOP_WITHIN: Duration = Duration::from_secs(10);

impl Watchdog {
    /// Acts on the sessions that spent just now, and where a limit was reached just now, on every
    /// session that it is about.
    pub(super) fn stop(
        &mut self,
        look: &mut Look<'_>,
        decisions: &[Decision],
        touched: &Touched,
        looping: &BTreeSet<SessionKey>,
        crossed: &[Crossed],
    ) -> Result<(), LedgerError> {
        for session in touched.sessions() {
            let stopped = self.hook_stops.get(session);
            if stopped.is_some_and(|&at| look.now.since(at) > LATE_LINES_MS) {
                self.hook_stops.remove(session);
            }
        }
        self.look_after_demanded(look, decisions)?;
        let mut candidates: BTreeMap<SessionKey, Vec<Charged>> = BTreeMap::new();
        for session in touched.sessions() {
            candidates.insert(session.clone(), touched.charged(session).cloned().collect());
        }
        for session in looping {
            if !candidates.contains_key(session) {
                let charges = self.charges_of(look, session)?;
                candidates.insert(session.clone(), charges);
            }
        }
        for crossing in crossed {
            let decision = &decisions[crossing.decision];
            for (session, charges) in self.sums.sessions_of(look.writer, decision)? {
                candidates.entry(session).or_insert(charges);
            }
        }
        for (session, charges) in candidates {
            let Some(index) = held_to(decisions, &charges) else { continue };
            let just_now = crossed.iter().any(|crossing| crossing.decision == index);
            // The line of the call that a hook stopped at comes after the stop.
            let is_stopped = self.hook_stops.contains_key(&session);
            let goes_on = touched.is_touched(&session) && !just_now && !is_stopped;
            self.stop_one(look, &decisions[index], session, charges, goes_on)?;
        }
        Ok(())
    }

    fn charges_of(
        &mut self,
        look: &Look<'_>,
        session: &SessionKey,
    ) -> Result<Vec<Charged>, LedgerError> {
        let spends = look.writer.session_spend(session)?;
        let to = |spend: &crate::ledger::Spend| {
            self.sums.charged(look.writer, spend.attribution).cloned()
        };
        spends.iter().map(to).collect()
    }

    /// `goes_on`: it spent after the limit was reached.
    fn stop_one(
        &mut self,
        look: &mut Look<'_>,
        decision: &Decision,
        session: SessionKey,
        charges: Vec<Charged>,
        goes_on: bool,
    ) -> Result<(), LedgerError> {
        match decision.cap.action {
            CapAction::Notify => Ok(()),
            // Only those that spend: the others did nothing yet.
            CapAction::Flag => self.mark(look, decision, session, ActionKind::Flag),
            CapAction::Block => self.mark(look, decision, session, ActionKind::Block),
            CapAction::Kill => self.demand(look, decision, session, charges, goes_on),
        }
    }

    /// Once for each session and period. A block is no mark of the session: it ends with the
    /// period, and the latch holds it.
    fn mark(
        &mut self,
        look: &mut Look<'_>,
        decision: &Decision,
        session: SessionKey,
        kind: ActionKind,
    ) -> Result<(), LedgerError> {
        let (cap, start) = (&decision.cap.name, decision.window.start);
        let key = (cap.clone(), decision.subject.clone(), start, session.clone());
        if self.done.contains_key(&key) {
            return Ok(());
        }
        self.done.retain(|_, end| look.now < *end);
        self.done.insert(key, decision.window.end);
        let (now, latency) = (look.now, look.now.since(look.arrived));
        let evidence = decision.amounts();
        let has_hook = self.sessions.has_hook(look.writer, &self.table, &session)?;
        let step = if stops_turn(session.agent) { "step" } else { "prompt" };
        let row = Action {
            cap: Some(cap.clone()),
            session: Some(session.clone()),
            evidence: evidence.clone(),
            outcome: match kind {
                ActionKind::Flag => "flagged".into(),
                _ if has_hook => format!("its hook stops it at its next {step}"),
                _ => "nothing stops it: no hook of it was heard".into(),
            },
            latency_ms: Some(latency),
            overshoot: Some(decision.overshoot().to_pico()),
            ..Action::new(now, kind, BY)
        };
        let mark = (kind == ActionKind::Flag).then(|| Mark {
            session,
            action: CapAction::Flag,
            cap: Some(cap.clone()),
            reason: evidence,
            by: BY.into(),
            at: now,
        });
        look.writer.together(|writer| match &mark {
            // Marked already: by hand, or in an earlier life of this process.
            Some(mark) if !writer.mark(mark)? => Ok(()),
            _ => writer.record(&row),
        })
    }

    fn demand(
        &mut self,
        look: &mut Look<'_>,
        decision: &Decision,
        session: SessionKey,
        charges: Vec<Charged>,
        goes_on: bool,
    ) -> Result<(), LedgerError> {
        let located = self.sessions.locate(look.writer, &self.table, &session, &[])?;
        let in_turn = self.is_in_turn(look, &session)?
            || located.iter().any(|found| found.how == How::Arguments);
        // A session of long ago: there is nothing to stop.
        if located.is_empty() && !goes_on && !self.guard.knows(&session) {
            return Ok(());
        }
        self.guard.demand(
            Demand {
                cap: Some(decision.cap.name.clone()),
                person: None,
                grace: decision.cap.grace,
                with_hook: self.sessions.has_hook(look.writer, &self.table, &session)?,
                hook_stops_turn: stops_turn(session.agent),
                in_turn,
                evidence: decision.amounts(),
                overshoot: Some(decision.overshoot().to_pico()),
                breached_at: look.arrived,
                resume: agents::resume_command(
                    session.agent,
                    &session.session_id,
                    charges.first().map(|to| &*to.project).filter(|project| !project.is_empty()),
                ),
                located,
                session: session.clone(),
            },
            look.now,
        );
        if goes_on {
            self.guard.call_priced(&session, look.now);
            // That call may have been the turn's last.
            self.guard.turn(&session, in_turn, look.now);
        }
        self.demanded.insert(session, charges);
        Ok(())
    }

    /// What the guard waits for may have come: a turn ended, a cap was lifted.
    fn look_after_demanded(
        &mut self,
        look: &Look<'_>,
        decisions: &[Decision],
    ) -> Result<(), LedgerError> {
        let mut kept = std::mem::take(&mut self.demanded);
        kept.retain(|session, _| self.guard.knows(session));
        for (session, charges) in &kept {
            let held = held_to(decisions, charges);
            if held.is_none_or(|index| decisions[index].cap.action != CapAction::Kill) {
                self.guard.withdraw(session);
                continue;
            }
            // Of one that is being stopped nobody asks any more.
            if self.guard.waits_for(session) {
                let in_turn = self.is_in_turn(look, session)?;
                self.guard.turn(session, in_turn, look.now);
            }
        }
        self.demanded = kept;
        Ok(())
    }

    fn is_in_turn(&mut self, look: &Look<'_>, session: &SessionKey) -> Result<bool, LedgerError> {
        if self.hook_stops.contains_key(session) {
            return Ok(false);
        }
        self.sessions.is_in_turn(look.writer, &self.table, session)
    }

    /// Does what is due on processes, and writes it down.
    pub(super) fn act(
        &mut self,
        look: &mut Look<'_>,
        touched: &Touched,
    ) -> Result<(), LedgerError> {
        while let Ok((stop, outcome)) = self.agent_stops.1.try_recv() {
            self.guard.agent_stop_done(&stop, &outcome, look.now);
        }
        let (sessions, table, writer) = (&mut self.sessions, &self.table, &*look.writer);
        let mut failed = None;
        let steps = self.guard.tick(look.now, table, &mut |session, known| {
            sessions.locate(writer, table, session, known).unwrap_or_else(|error| {
                failed = Some(error);
                Vec::new()
            })
        });
        let mut rows = Vec::new();
        for step in steps {
            match step {
                Step::Row(row) => rows.push(row),
                Step::Stop(stop) => self.run_agent_stop(stop),
            }
        }
        self.write_down(look, &rows, touched)?;
        failed.map_or(Ok(()), Err)
    }

    fn run_agent_stop(&self, stop: crate::enforce::AgentStop) {
        let (done, wake) = (self.agent_stops.0.clone(), self.wake.clone());
        let run = move || {
            let outcome = run_agent_stop(&stop, AGENT_STOP_WITHIN);
            // Nobody wants to know when the daemon has ended.
            let _ = done.send((stop, outcome));
            wake();
        };
        if let Err(error) = thread::Builder::new().name("agent stop".into()).spawn(run) {
            tracing::warn!("cannot start a thread to stop a worker: {error}");
        }
    }

    fn write_down(
        &mut self,
        look: &mut Look<'_>,
        rows: &[Action],
        touched: &Touched,
    ) -> Result<(), LedgerError> {
        if rows.is_empty() {
            return Ok(());
        }
        let notices: Vec<Notice> = rows
            .iter()
            .filter(|row| is_news(row))
            .map(|row| {
                let session = row.session.as_ref();
                let project = session.map(|session| self.project(touched, session));
                words::of_stopped(row, &project.unwrap_or_default())
            })
            .collect();
        let channels = self.channels();
        look.writer.together(|writer| {
            for row in rows {
                writer.record(row)?;
            }
            for notice in &notices {
                writer.store_notice(notice, &channels)?;
            }
            Ok(())
        })
    }

    fn project(&self, touched: &Touched, session: &SessionKey) -> String {
        let known = self.demanded.get(session).and_then(|charges| charges.first());
        known.map_or_else(|| project_of(touched, session), |to| to.project.to_string())
    }
}

/// The hooks of an agent stop a turn that is under way.
fn stops_turn(agent: AgentId) -> bool {
    agents::adapter(agent).hook().is_some_and(|hook| hook.stops_turn)
}

/// What a person wants to know of: the end of a session, or that it could not be ended.
fn is_news(row: &Action) -> bool {
    match row.kind {
        ActionKind::Ended | ActionKind::Unlocated => true,
        ActionKind::AgentStop => row.outcome == INTERRUPTED,
        ActionKind::Signal => row.outcome.starts_with("refused"),
        _ => false,
    }
}

/// The strictest decision that any of a session's calls is held to.
fn held_to(decisions: &[Decision], charges: &[Charged]) -> Option<usize> {
    let strictest = charges
        .iter()
        .filter_map(|to| verdict(decisions, &who(to)))
        .max_by_key(|decision| (decision.cap.action, decision.window.end))?;
    decisions.iter().position(|decision| std::ptr::eq(decision, strictest))
}
