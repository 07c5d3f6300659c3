//! What the rows tell beside calls: prompts, tools and what came of them, compactions, requests that
//! failed. A copy tells nothing: what was done was done in the session that it is copied from.

use super::answer::millis;
use super::record::{At, Data, Row};
use super::rows::{Rows, is_copy, key};
use super::tool;
use crate::model::{CallId, Deed, DeedOf, Event, Millis, ThreadDeeds, TurnSource};

impl Rows {
    fn told(&mut self, row: &Row<'_>) -> &mut ThreadDeeds {
        let (session_id, agent_id) = self.place(row);
        self.deeds.thread(&session_id, agent_id.as_deref())
    }

    /// Words of a person, or of the agent that started a subagent.
    pub(super) fn tell_prompt(&mut self, row: &Row<'_>, message: &Data<'_>, at: Option<Millis>) {
        let Some(at) = at.filter(|_| !is_copy(row, message)) else { return };
        let by_agent = row.subagent.0.is_some();
        let source = if by_agent { TurnSource::Automated } else { TurnSource::Human };
        self.told(row).tell(at, Deed::Turn(source), DeedOf::Line(key(row)));
    }

    pub(super) fn tell_compaction(
        &mut self,
        row: &Row<'_>,
        message: &Data<'_>,
        at: Option<Millis>,
        is_auto: bool,
    ) {
        let Some(at) = at.filter(|_| !is_copy(row, message)) else { return };
        self.told(row).tell(at, Deed::Compaction { is_auto }, DeedOf::Line(key(row)));
    }

    /// The tools of a step that has ended, and what they gave.
    pub(super) fn tell_step(
        &mut self,
        row: &Row<'_>,
        message: &Data<'_>,
        call: Option<&CallId>,
        at: Option<Millis>,
        parts: &[Data<'_>],
    ) {
        let (Some(call), Some(ended)) = (call, at.filter(|_| !is_copy(row, message))) else {
            return;
        };
        let place = call.place(row.subagent.0.is_some());
        let told = self.told(row);
        for part in parts {
            let Some(used) = tool::used(part) else { continue };
            let (began, done) = times(part);
            let began = began.unwrap_or(ended).min(ended);
            told.tell(began, Deed::ToolUse(used), DeedOf::Call(place));
            if let Some(result) = tool::result(part) {
                let done = done.unwrap_or(ended).min(ended);
                told.tell(done, Deed::ToolResult(result), DeedOf::Use);
            }
        }
    }

    /// Whether the agent goes on after a step.
    pub(super) fn tell_end_of_step(
        &mut self,
        row: &Row<'_>,
        message: &Data<'_>,
        at: Option<Millis>,
        reason: Option<&str>,
    ) {
        let Some(at) = at.filter(|_| !is_copy(row, message)) else { return };
        let goes_on = matches!(reason, Some("tool-calls" | "unknown") | None);
        self.told(row).hear(at, !goes_on);
    }

    /// An answer that failed; one that a person broke off did not.
    pub(super) fn tell_failure(
        &mut self,
        row: &Row<'_>,
        message: &Data<'_>,
        at: Option<Millis>,
        events: &mut Vec<Event>,
    ) {
        let Some(failure) = message.error.0.as_ref().filter(|_| !is_copy(row, message)) else {
            return;
        };
        let kind = failure.name.non_empty().or(failure.kind.non_empty()).unwrap_or_default();
        if let Some(at) = at {
            self.told(row).hear(at, true);
        }
        if kind.to_ascii_lowercase().contains("abort") {
            return;
        }
        let (session_id, agent_id) = self.place(row);
        let status = failure.data.0.as_ref().and_then(|data| data.status.0);
        events.push(Event::ApiError {
            session_id,
            agent_id,
            timestamp: at,
            key: key(row),
            status: status.and_then(|status| u16::try_from(status).ok()),
        });
    }
}

/// When a tool began and ended.
fn times(part: &Data<'_>) -> (Option<Millis>, Option<Millis>) {
    let of_state = part.state.0.as_ref().and_then(|state| state.time.0).unwrap_or_default();
    let of_2 = part.time.0.unwrap_or_default();
    let either = |one: At, other: At| millis(Some(one.0.max(other.0)));
    (either(of_state.start, of_2.created), either(of_state.end, of_2.completed))
}
