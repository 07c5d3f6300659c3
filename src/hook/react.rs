//! What follows from how the caps of a session stand: what the agent is told, what is noted of it,
//! and whom else it is told.

use std::sync::Arc;

use super::answer::{Answer, takes_context};
use super::run::Run;
use super::standing::Standing;
use super::words;
use crate::agents::{self, Moment};
use crate::model::{Action, ActionKind, Mark, PicoUsd};
use crate::policy::{Decision, notice_key};

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
        self.answer = Answer::Stop(decision.stop_reason(self.setting.zone));
        let overshoot = decision.overshoot().0;
        self.note_stop(Action {
            cap: Some(Arc::clone(&decision.cap.name)),
            evidence: format!("{}: {}", self.moment.name(), decision.amounts()),
            overshoot: Some(PicoUsd(i64::try_from(overshoot).unwrap_or(i64::MAX))),
            ..Action::new(self.setting.now, ActionKind::HookStop, "hook")
        });
    }

    pub(super) fn stop_by_hand(&mut self, mark: &Mark) {
        self.answer = Answer::Stop(words::BY_HAND.to_owned());
        self.note_stop(Action {
            evidence: format!("{}: blocked by {}", self.moment.name(), mark.by),
            ..Action::new(self.setting.now, ActionKind::HookStop, "hook")
        });
    }

    fn note_stop(&mut self, action: Action) {
        // The start of a session is not stopped, only commented.
        if self.moment == Moment::SessionStart {
            return;
        }
        let noted = self.desk.act(Action {
            session: Some(self.session.clone()),
            process: self.process.clone(),
            outcome: "answered".to_owned(),
            resume: agents::resume_command(self.session.agent, &self.session.session_id, None),
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
