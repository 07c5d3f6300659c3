//! Answers of a model become calls; lines that are written like the one before are read by
//! [`super::alike`].

use std::sync::Arc;

use super::alike::{is_final, place_of};
use super::deed::{Moment, line_key, moment, tell_uses, tell_uses_of};
use super::raw::Raw;
use super::record::{Message, Record, Usage};
use super::state::{Last, State, positive_usd};
use super::usage::{self, Counts, Part, REFUSAL};
use super::{prompt, statement};
use crate::agents::Unparsed;
use crate::agents::json;
use crate::model::{AgentId, Call, CallId, CallKind, CallPlace, Event, Millis};

/// The model name of records that the client made up itself: errors, interruptions.
const SYNTHETIC: &str = "<synthetic>";

impl State {
    pub(super) fn read_answer(
        &mut self,
        record: &Record<'_>,
        raw: &Raw<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(message) = &record.message.0 else { return Ok(()) };
        if message.model.is(SYNTHETIC) {
            self.read_synthetic(record, events);
            return Ok(());
        }
        let Some(usage) = &message.usage.0 else { return Ok(()) };
        let agent_id = self.agent_of(record.agent_id.non_empty());
        let line = Line {
            uuid: record.uuid.non_empty(),
            request_id: record.request_id.non_empty(),
            timestamp: record.timestamp.as_deref().and_then(Millis::parse),
            is_sidechain: record.is_sidechain.0 || agent_id.is_some(),
            agent_id,
            is_echo: false,
        };
        self.push_calls(record, raw, &line, message, usage, events)
    }

    /// A record that the client made up: the turn is over, one way or the other.
    fn read_synthetic(&mut self, record: &Record<'_>, events: &mut Vec<Event>) {
        if record.is_api_error.0 {
            events.push(Event::ApiError {
                session_id: self.session_of(record),
                agent_id: self.agent_of(record.agent_id.non_empty()),
                timestamp: record.timestamp.as_deref().and_then(Millis::parse),
                key: line_key(record),
                status: record.api_error_status.0.and_then(|code| u16::try_from(code).ok()),
            });
        }
        if let Some(moment) = moment(record, &self.session_id, self.agent_id.as_deref()) {
            moment.end_turn(&mut self.deeds);
        }
    }

    /// A `progress` record repeats a line of a subagent, which has a file of its own.
    pub(super) fn read_echo(
        &mut self,
        record: &Record<'_>,
        raw: &Raw<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(progress) = &record.data.0 else { return Ok(()) };
        let Some(nested) = &progress.message.0 else { return Ok(()) };
        let Some(message) = &nested.message.0 else { return Ok(()) };
        let Some(usage) = message.usage.0.as_ref().filter(|_| !message.model.is(SYNTHETIC)) else {
            return Ok(());
        };
        let timestamp = nested.timestamp.non_empty().or(record.timestamp.non_empty());
        let line = Line {
            uuid: nested.uuid.non_empty().or(record.uuid.non_empty()),
            request_id: nested.request_id.non_empty(),
            timestamp: timestamp.and_then(Millis::parse),
            is_sidechain: true,
            agent_id: self.agent_of(progress.agent_id.non_empty()),
            is_echo: true,
        };
        self.push_calls(record, raw, &line, message, usage, events)
    }

    fn push_calls(
        &mut self,
        record: &Record<'_>,
        raw: &Raw<'_>,
        line: &Line<'_>,
        message: &Message<'_>,
        usage: &Usage<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let timestamp = line.timestamp.or(self.saved.latest).ok_or(Unparsed::NoTimestamp)?;
        let main = usage::message_part(message, usage);
        let iterations = usage.iterations.0.unwrap_or_default();
        let is_final = is_final(message.stop_reason.non_empty(), iterations);
        self.saved.latest = self.saved.latest.max(Some(timestamp));
        let session_id = self.session_of(record);
        let agent_id = line.agent_id.as_deref();
        let moment = Moment { session_id: &session_id, agent_id, timestamp };
        // A side thread in the main one's file neither begins nor ends a turn of it.
        let is_of_turn = !line.is_echo && (!line.is_sidechain || line.agent_id.is_some());
        if is_of_turn {
            self.note_answer(&moment);
        }
        let ends_turn = is_of_turn && prompt::is_last(message.stop_reason.non_empty());
        if self.repeats_last(record, line, message, timestamp, &main, iterations, is_final) {
            // The block that it adds may still use a tool.
            if let (Some(last), Some(body)) = (&self.last, raw.search_body()) {
                self.saved.searches.note_uses(&last.call.call_id, &body);
            }
            let place = self.last.as_ref().map(|last| last.place);
            self.tell(raw, &moment, place.filter(|_| !line.is_echo), ends_turn);
            return Ok(());
        }
        self.saved.begun = true;
        // From now on calls date what is undated.
        self.saved.undated = statement::Undated::default();
        let call_id = self.identify(line, raw.offset, message, timestamp, &main);
        if let Some(body) = raw.search_body() {
            self.saved.searches.note_uses(&call_id, &body);
        }
        let mended;
        let steps = match usage::steps(iterations) {
            None if !iterations.is_empty() => {
                mended = json::mended(iterations);
                usage::steps(&mended)
            }
            steps => steps,
        };
        let steps = steps.unwrap_or_default();
        let mut qualifiers = main.qualifiers;
        qualifiers.longest_prompt = usage::longest_prompt(message, &steps);
        let thread = (Arc::clone(&session_id), line.agent_id.clone());
        let call = Call {
            kind: main.kind,
            model: message.model.non_empty().map(|model| self.models.share(model)),
            qualifiers,
            cwd: record.cwd.non_empty().map(|cwd| self.cwds.share(cwd)),
            git_branch: record.git_branch.non_empty().map(|branch| self.branches.share(branch)),
            is_final,
            is_sidechain: line.is_sidechain,
            is_echo: line.is_echo,
            is_background: record.session_kind.is("bg"),
            reported_cost: positive_usd(record.cost_usd),
            offset: raw.offset,
            ..Call::told(AgentId::Claude, thread, call_id, timestamp, main.usage)
        };
        for part in usage::further_parts(message, usage, &steps) {
            events.push(Event::Call(Box::new(part_call(&call, part))));
        }
        let place = place_of(&call);
        if !self.with_repeats {
            let last = Last {
                call: call.clone(),
                qualifiers: main.qualifiers,
                iterations: iterations.into(),
                counts: Counts::of(usage),
                place,
            };
            self.remember(raw, line, message, last);
        }
        events.push(Event::Call(Box::new(call)));
        self.tell(raw, &moment, Some(place).filter(|_| !line.is_echo), ends_turn);
        Ok(())
    }

    /// Keeps a call for the next line, which may be written alike.
    fn remember(&mut self, raw: &Raw<'_>, line: &Line<'_>, message: &Message<'_>, last: Last) {
        // A line that names no response, or shares its name, is told apart by what may differ.
        let is_named = message.id.non_empty().is_some() && last.call.call_id.run.is_none();
        let is_named = is_named && !message.stop_reason.is(REFUSAL);
        match &raw.places {
            Some(places) if is_named && !line.is_echo => self.pattern.set(raw.record, places),
            _ => self.pattern.forget(),
        }
        self.last = Some(last);
    }

    /// What a line tells beside its call. An echo has a file of its own that tells it.
    fn tell(
        &mut self,
        raw: &Raw<'_>,
        moment: &Moment<'_>,
        place: Option<CallPlace>,
        ends_turn: bool,
    ) {
        let (log, tools) = (&mut self.deeds, &mut self.tools);
        match (place, &raw.places) {
            (None, _) => {}
            (Some(place), Some(places)) => tell_uses(log, tools, moment, place, &places.uses),
            (Some(place), None) => {
                if let Some(body) = raw.tool_body() {
                    tell_uses_of(log, tools, moment, place, &body);
                }
            }
        }
        if ends_turn {
            moment.end_turn(&mut self.deeds);
        }
    }

    /// The record adds nothing to the one before: same call, same counts, no earlier, no more
    /// final. More than half of all records are such, so this looks before anything is built.
    #[expect(clippy::too_many_arguments, reason = "what a call is made of")]
    fn repeats_last(
        &self,
        record: &Record<'_>,
        line: &Line<'_>,
        message: &Message<'_>,
        timestamp: Millis,
        main: &Part,
        iterations: &str,
        is_final: bool,
    ) -> bool {
        let Some(last) = &self.last else { return false };
        let call = &last.call;
        let same = |kept: Option<&str>, read: Option<&str>| kept == read;
        call.timestamp <= timestamp
            && (call.is_final || !is_final)
            && call.usage == main.usage
            && message.id.non_empty() == Some(&*call.call_id.id)
            && same(call.call_id.request_id.as_deref(), line.request_id)
            && call.call_id.run.is_none()
            && last.qualifiers == main.qualifiers
            && *last.iterations == *iterations
            && call.agent_id == line.agent_id
            && call.is_sidechain == line.is_sidechain
            && call.is_echo == line.is_echo
            && call.is_background == record.session_kind.is("bg")
            && record.session_id.non_empty().is_none_or(|id| *id == *call.session_id)
            && same(call.model.as_deref(), message.model.non_empty())
    }

    fn identify(
        &mut self,
        line: &Line<'_>,
        offset: u64,
        message: &Message<'_>,
        timestamp: Millis,
        main: &Part,
    ) -> CallId {
        // Without a uuid, place and time have to name the line.
        let line_name = || match line.uuid {
            Some(uuid) => uuid.to_owned(),
            None => format!("{}@{}+{}", self.session_id, timestamp.0, offset),
        };
        let Some(id) = message.id.non_empty() else {
            return CallId::of(line_name());
        };
        if line.request_id.is_some() || CallId::is_anthropic(id) {
            if let Some(runs) = &mut self.saved.runs {
                runs.end();
            }
            return CallId { id: id.into(), request_id: line.request_id.map(Arc::from), run: None };
        }
        let name = line_name();
        let runs = self.saved.runs.get_or_insert_default();
        let run = runs.assign(id, &name, timestamp, &main.usage);
        CallId { id: id.into(), request_id: None, run: Some(run) }
    }
}

/// What a line says about where its message stands.
struct Line<'a> {
    uuid: Option<&'a str>,
    request_id: Option<&'a str>,
    timestamp: Option<Millis>,
    agent_id: Option<Arc<str>>,
    is_sidechain: bool,
    is_echo: bool,
}

fn part_call(message: &Call, part: Part) -> Call {
    let word = match part.kind {
        CallKind::Message => "message",
        CallKind::Advisor => "advisor",
        CallKind::FallbackAttempt => "fallback",
        CallKind::Compaction => "compaction",
    };
    Call {
        call_id: CallId {
            id: format!("{}:{word}:{}", message.call_id.id, part.ordinal).into(),
            ..message.call_id.clone()
        },
        kind: part.kind,
        model: part.model.or_else(|| message.model.clone()),
        usage: part.usage,
        qualifiers: part.qualifiers,
        reported_cost: None,
        ..message.clone()
    }
}
