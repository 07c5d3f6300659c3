//! Answers that are written like the one before: what differs is read by [`super::repeat`], and the
//! rest of the call is the same.

use std::sync::Arc;

use super::deed::{Moment, tell_uses};
use super::repeat::Values;
use super::state::{Last, State};
use super::usage::{self, REFUSAL};
use super::{prompt, statement};
use crate::model::{Call, CallId, CallKind, CallPlace, Event, Millis};

impl State {
    /// Reads a record that is written like that of the call before: most records with a usage are.
    /// False if it is to be read as any other.
    pub(super) fn reads_alike(
        &mut self,
        record: &[u8],
        offset: u64,
        events: &mut Vec<Event>,
    ) -> bool {
        let Some(last) = &mut self.last else { return false };
        let Some(values) = self.pattern.matched(record) else { return false };
        let Some(timestamp) = values.time.and_then(Millis::parse) else { return false };
        if values.uses.search || self.saved.asked.is_some() {
            return false;
        }
        if !last.is_repeated_by(&values, timestamp) {
            if !last.become_next(&values, timestamp, offset) {
                return false;
            }
            if let Some(runs) = &mut self.saved.runs {
                runs.end();
            }
            self.saved.undated = statement::Undated::default();
            events.push(Event::Call(Box::new(last.call.clone())));
        }
        self.saved.latest = self.saved.latest.max(Some(timestamp));
        let call = &last.call;
        let moment =
            Moment { session_id: &call.session_id, agent_id: call.agent_id.as_deref(), timestamp };
        tell_uses(&mut self.deeds, &mut self.tools, &moment, last.place, &values.uses);
        let is_of_turn = !call.is_sidechain || call.agent_id.is_some();
        if is_of_turn && prompt::is_last(values.stop) {
            moment.end_turn(&mut self.deeds);
        }
        true
    }
}

impl Last {
    /// A line that is otherwise written the same adds nothing but a later time, and perhaps tools.
    fn is_repeated_by(&self, values: &Values<'_>, timestamp: Millis) -> bool {
        let call = &self.call;
        call.timestamp <= timestamp
            && (call.is_final || !is_final(values.stop, values.iterations))
            && values.stop != Some(REFUSAL)
            && values.id == Some(&*call.call_id.id)
            && values.request == call.call_id.request_id.as_deref()
            && values.counts == self.counts
            && *values.iterations == *self.iterations
    }

    /// Becomes the call of a line that is otherwise written the same; false if there is more to it.
    fn become_next(&mut self, values: &Values<'_>, timestamp: Millis, offset: u64) -> bool {
        let Some(id) = values.id.filter(|_| values.stop != Some(REFUSAL)) else { return false };
        // What names no response of its own, or has parts that are billed on their own.
        let is_named = values.request.is_some() || CallId::is_anthropic(id);
        if !is_named || !usage::is_one_step(values.iterations) {
            return false;
        }
        let (usage, assumed) = values.counts.tokens();
        self.qualifiers.assumed = assumed;
        self.call = Call {
            call_id: CallId { id: id.into(), request_id: values.request.map(Arc::from), run: None },
            kind: CallKind::Message,
            timestamp,
            usage,
            qualifiers: self.qualifiers,
            is_final: is_final(values.stop, values.iterations),
            offset,
            ..self.call.clone()
        };
        self.iterations.clear();
        self.iterations.push_str(values.iterations);
        self.counts = values.counts;
        self.place = place_of(&self.call);
        true
    }
}

/// The last usage of a response has been seen.
pub(super) fn is_final(stop_reason: Option<&str>, iterations: &str) -> bool {
    stop_reason.is_some() || iterations.len() > "[]".len()
}

pub(super) fn place_of(call: &Call) -> CallPlace {
    CallPlace { is_background: call.is_background, ..call.call_id.place(call.is_sidechain) }
}
