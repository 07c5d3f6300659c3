//! What follows from how the caps of a session stand: what the agent is told, what is noted of it,
//! and whom else it is told.

use std::sync::Arc;

use super::answer::{Answer, takes_context};
use super::run::Run;
use super::standing::Standing;
use super::words;
use crate::agents::{self, Moment, Words};
use crate::ingest::Projects;
use crate::ledger::LedgerError;
use crate::model::{Action, ActionKind, LIMIT, Mark, SessionKey};
use crate::policy::{Decision, Scope, notice_key};

impl Run<'_, '_> {
    pub(super) fn by_caps(&mut self, standing: &Standing) {
        if let Some(decision) = standing.stop() {
            self.stop_by_cap(decision);
        } else if takes_context(self.moment) {
            self.warn(standing);
        }
        self.tell(standing);
    }

    fn stop_by_cap(&mut self, decision: &Decision) {
        self.latch(decision);
        self.answer = Answer::Stop(decision.stop_reason(self.setting.zone));
        self.note_stop(Action {
            cap: Some(Arc::clone(&decision.cap.name)),
            evidence: format!("{}: {}", self.called_at(), decision.amounts()),
            overshoot: Some(decision.overshoot().to_pico()),
            ..Action::new(self.setting.now, ActionKind::HookStop, "hook")
        });
    }

    /// While nobody collects, the ledger does not have what broke the cap, and this session's
    /// transcript is read by its own hook alone: other sessions are to be held by it all the same.
    fn latch(&mut self, decision: &Decision) {
        let is_of_others = decision.cap.scope != Scope::Session;
        if decision.latched || !is_of_others || (self.setting.is_watched)() {
            return;
        }
        if let Err(error) = self.note_breach(decision) {
            self.trouble.push(error.to_string());
        }
    }

    fn note_breach(&mut self, decision: &Decision) -> Result<(), LedgerError> {
        let (now, session) = (self.setting.now, Some(self.session.clone()));
        self.desk.latch(decision.latch(LIMIT, now, session.clone()))?;
        let key = |level| format!("breach/{}", notice_key(decision, level));
        if self.desk.claim([LIMIT].into_iter(), key)?.is_none() {
            return Ok(());
        }
        self.desk.act(Action {
            cap: Some(Arc::clone(&decision.cap.name)),
            session,
            evidence: decision.headline(LIMIT),
            outcome: "told".to_owned(),
            overshoot: Some(decision.overshoot().to_pico()),
            ..Action::new(now, ActionKind::Breach, "hook")
        })
    }

    pub(super) fn stop_by_hand(&mut self, mark: &Mark) {
        self.answer = Answer::Stop(words::BY_HAND.to_owned());
        self.note_stop(Action {
            evidence: format!("{}: blocked by {}", self.called_at(), mark.by),
            ..Action::new(self.setting.now, ActionKind::HookStop, "hook")
        });
    }

    /// The moment, as the agent calls it.
    fn called_at(&self) -> &'static str {
        let hook = agents::adapter(self.session.agent).hook();
        hook.map_or(Words::CLAUDE, |hook| hook.words).name(self.moment)
    }

    fn note_stop(&mut self, action: Action) {
        // The start of a session is not stopped, only commented.
        if self.moment == Moment::SessionStart {
            return;
        }
        // As the daemon's rows have it.
        let project = self.event.cwd.as_ref().map(|cwd| Projects::default().of(cwd));
        let SessionKey { agent, session_id } = &self.session;
        let resume = agents::resume_command(*agent, session_id, project.as_deref());
        let noted = self.desk.act(Action {
            resume,
            session: Some(self.session.clone()),
            process: self.process.clone(),
            outcome: "answered".to_owned(),
            ..action
        });
        if let Err(error) = noted {
            self.trouble.push(error.to_string());
        }
    }

    /// One line for the model at each level, once.
    fn warn(&mut self, standing: &Standing) {
        let mut lines = Vec::new();
        for decision in standing.own().filter(|decision| decision.snoozed_until.is_none()) {
            let key = |level| format!("context/{}", notice_key(decision, level));
            match self.desk.claim(decision.levels(), key) {
                Ok(Some(level)) => lines.push(words::context(decision, level, self.setting.zone)),
                Ok(None) => {}
                Err(error) => self.trouble.push(error.to_string()),
            }
        }
        if !lines.is_empty() {
            self.answer = Answer::Context(lines.join("\n"));
        }
    }

    /// Has the person told of each level, once, where no daemon does.
    fn tell(&mut self, standing: &Standing) {
        for decision in standing.own() {
            let key = |level| notice_key(decision, level);
            let told = match self.desk.unclaimed(decision.levels(), key) {
                Ok(levels) if levels.is_empty() => continue,
                Ok(_) if (self.setting.is_watched)() => return,
                Ok(levels) => self.desk.claim(levels.into_iter(), key),
                Err(error) => Err(error),
            };
            let told = match told {
                Ok(Some(level)) => (self.setting.tell)(decision, level, standing.whose.project()),
                Ok(None) => Ok(()),
                Err(error) => Err(error.to_string()),
            };
            self.trouble.extend(told.err());
        }
    }
}
