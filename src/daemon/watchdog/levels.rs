//! Levels of caps that are reached: latched, written down and told, each once.

use std::collections::BTreeSet;

use super::sessions::Touched;
use super::{Look, Watchdog};
use crate::ledger::LedgerError;
use crate::model::{Action, ActionKind, LIMIT, Notice, Permille, SessionKey};
use crate::notice::words;
use crate::policy::{Decision, notice_key};

/// Who writes the audit rows of this process.
pub(super) const BY: &str = "daemon";

/// A limit that was reached just now: index of its decision, and the session that crossed it.
pub(super) struct Crossed {
    pub decision: usize,
}

impl Watchdog {
    /// Latches what is reached for the first time in its period; tells which limits were.
    pub(super) fn latch(
        &mut self,
        look: &mut Look<'_>,
        decisions: &[Decision],
        touched: &Touched,
        looping: &BTreeSet<SessionKey>,
    ) -> Result<Vec<Crossed>, LedgerError> {
        let mut crossed = Vec::new();
        for (index, decision) in decisions.iter().enumerate() {
            let new = self.new_levels(look, decision)?;
            let Some(&highest) = new.last() else { continue };
            let culprit = touched.spender_of(decision);
            let project = culprit.as_ref().map(|(_, project)| &**project);
            let notice = words::of_level(decision, highest, project, &self.zone, look.now);
            // A tool's result may be what closes the circle: no call of the session has come then.
            let own = looping.iter().find(|session| session.session_id == decision.subject);
            let own = own.filter(|_| decision.cap.measure.is_loop());
            let session = culprit.as_ref().map(|(session, _)| session).or(own).cloned();
            self.store(look, decision, &new, session.as_ref(), &notice)?;
            if highest == LIMIT {
                crossed.push(Crossed { decision: index });
            }
        }
        Ok(crossed)
    }

    /// Levels reached that are not latched, ascending.
    fn new_levels(
        &mut self,
        look: &Look<'_>,
        decision: &Decision,
    ) -> Result<Vec<Permille>, LedgerError> {
        let latches = &self.standing(look)?.latches;
        let is_latched = |level: Permille| {
            latches.iter().any(|latch| {
                latch.level == level
                    && latch.cap == decision.cap.name
                    && latch.subject == decision.subject
                    && latch.window.start == decision.window.start
                    && latch.limit >= decision.limit
            })
        };
        Ok(decision.levels().filter(|level| !is_latched(*level)).collect())
    }

    fn store(
        &mut self,
        look: &mut Look<'_>,
        decision: &Decision,
        levels: &[Permille],
        session: Option<&SessionKey>,
        notice: &Notice,
    ) -> Result<(), LedgerError> {
        // Whoever has the key tells: a hook may have been first, while no daemon ran.
        let highest = levels.last().copied().unwrap_or(LIMIT);
        let ours = look.inbox.claim(&notice_key(decision, highest), look.now)?;
        let channels = if ours { self.channels() } else { Vec::new() };
        let now = look.now;
        let latency = now.since(look.arrived);
        look.writer.together(|writer| {
            for &level in levels {
                let latch = decision.latch(level, now, session.cloned());
                if !writer.latch(&latch)? {
                    continue;
                }
                let kind = if level == LIMIT { ActionKind::Breach } else { ActionKind::Warn };
                writer.record(&Action {
                    cap: Some(decision.cap.name.clone()),
                    session: session.cloned(),
                    evidence: decision.headline(level),
                    outcome: "told".into(),
                    latency_ms: Some(latency),
                    overshoot: (level == LIMIT).then(|| decision.overshoot().to_pico()),
                    ..Action::new(now, kind, BY)
                })?;
            }
            writer.store_notice(notice, &channels).map(|_| ())
        })?;
        self.standing = None;
        Ok(())
    }
}
