//! What records tell of a thread beside its calls: prompts, tools, results, compactions.
//!
//! Everything told here depends on the record and on what stands before it in the file, never on
//! where reading was taken up again: the ledger keeps the latest of some of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::blocks::Uses;
use super::heard::{self, Heard};
use super::prompt::{self, Beginning};
use super::raw::Raw;
use super::record::{Body, Record, System};
use super::result;
use super::state::State;
use super::tool;
use crate::model::{
    CallPlace, Deed, Event, Fingerprint, Millis, ThreadDeed, ToolResult, TurnSource,
};

/// A command, or a schedule's hour, that begins a turn if the model answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    at: Millis,
    key: u64,
    by_program: bool,
}

/// Where and when something was done.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub session_id: Arc<str>,
    pub agent_id: Option<Arc<str>>,
    pub timestamp: Millis,
}

impl Moment {
    fn tell(&self, deed: Deed, key: Fingerprint, call: Option<CallPlace>) -> Event {
        let deed = ThreadDeed {
            session_id: Arc::clone(&self.session_id),
            agent_id: self.agent_id.clone(),
            timestamp: self.timestamp,
            deed,
        };
        Event::Deed { deed: Box::new(deed), key, call }
    }

    pub(super) fn turn_ended(&self, goes_on: bool) -> Event {
        Event::TurnEnded {
            session_id: Arc::clone(&self.session_id),
            agent_id: self.agent_id.clone(),
            timestamp: self.timestamp,
            goes_on,
        }
    }

    fn push_result(&self, result: ToolResult, events: &mut Vec<Event>) {
        let key = result.id;
        events.push(self.tell(Deed::ToolResult(result), key, None));
    }
}

impl State {
    /// Reads a record of results that all went well, or a plain prompt; false if it is to be read
    /// as any other.
    pub(super) fn hear_quickly(&mut self, record: &[u8], events: &mut Vec<Event>) -> bool {
        // Some files want more of such a record.
        if !self.saved.begun
            || self.saved.latest.is_none()
            || self.saved.runs.is_some()
            || !self.saved.searches.is_empty()
        {
            return false;
        }
        let mut tail = std::mem::take(&mut self.heard_tail);
        let heard = heard::read(record, &mut tail);
        let is_heard = heard.is_some_and(|heard| self.push_heard(&heard, events));
        self.heard_tail = tail;
        is_heard
    }

    fn push_heard(&mut self, heard: &Heard<'_>, events: &mut Vec<Event>) -> bool {
        let Some(timestamp) = Millis::parse(heard.timestamp) else { return false };
        let agent_id = Some(heard.agent_id).filter(|id| !id.is_empty());
        let moment = Moment {
            session_id: self.sessions.share(heard.session_id),
            agent_id: self.agent_of(agent_id),
            timestamp,
        };
        for (id, content) in &heard.results {
            moment.push_result(result::good(id, content), events);
        }
        let is_subagent = moment.agent_id.is_some();
        // A side thread in the main one's file has no turns of its own.
        if heard.is_prompt && (is_subagent || !heard.is_sidechain) {
            let names = [heard.prompt_id, heard.uuid, heard.timestamp];
            let key = turn_key(is_subagent, names);
            self.begin(&moment, heard.source(is_subagent), key, events);
        }
        true
    }

    fn begin(
        &mut self,
        moment: &Moment,
        source: TurnSource,
        key: Fingerprint,
        events: &mut Vec<Event>,
    ) {
        // What was asked before was no more than a command of the client's own.
        self.saved.asked = None;
        events.push(moment.tell(Deed::Turn(source), key, None));
    }

    /// Tells the tools that a line of an answer uses.
    pub(super) fn push_uses(
        &mut self,
        moment: &Moment,
        place: CallPlace,
        uses: &Uses<'_>,
        events: &mut Vec<Event>,
    ) {
        for block in &uses.blocks {
            let Some(id) = block.id.non_empty() else { continue };
            let name = block.name.as_deref().unwrap_or_default();
            let used = self.tools.used(id, name, block.input);
            let key = used.id;
            events.push(moment.tell(Deed::ToolUse(used), key, Some(place)));
        }
    }

    /// The same of a line that the real parser has to read.
    pub(super) fn push_uses_of(
        &mut self,
        moment: &Moment,
        place: CallPlace,
        body: &Body<'_>,
        events: &mut Vec<Event>,
    ) {
        for block in body.blocks().iter().filter(|block| block.kind.is("tool_use")) {
            let Some(id) = block.id.non_empty() else { continue };
            let name = block.name.as_deref().unwrap_or_default();
            let input = tool::compact(block.input.0.unwrap_or_default());
            let used = self.tools.used(id, name, &input);
            let key = used.id;
            events.push(moment.tell(Deed::ToolUse(used), key, Some(place)));
        }
    }

    /// What a `user` record says.
    pub(super) fn hear(&mut self, record: &Record<'_>, body: &Body<'_>, events: &mut Vec<Event>) {
        let Some(moment) = self.moment(record) else { return };
        for result in result::of(body) {
            moment.push_result(result, events);
        }
        if prompt::is_interruption(record, body) {
            events.push(moment.turn_ended(false));
        }
        let is_subagent = moment.agent_id.is_some();
        let Some(beginning) = prompt::beginning(record, body, is_subagent) else { return };
        let names = [&body.prompt_id, &record.uuid, &record.timestamp];
        let key = turn_key(is_subagent, names.map(|name| name.as_deref().unwrap_or_default()));
        match beginning {
            Beginning::Turn(source) => self.begin(&moment, source, key, events),
            Beginning::SentOn => {
                self.begin(&moment, TurnSource::Automated, line_key(record), events);
            }
            Beginning::Perhaps(source) => {
                let by_program = source == TurnSource::Automated;
                self.saved.asked = Some(Asked { at: moment.timestamp, key: key.0, by_program });
            }
        }
    }

    /// An answer in the main thread: if a command asked for it, that began a turn.
    pub(super) fn note_answer(&mut self, moment: &Moment, events: &mut Vec<Event>) {
        let Some(asked) = self.saved.asked.take_if(|asked| asked.at <= moment.timestamp) else {
            return;
        };
        let source = if asked.by_program { TurnSource::Automated } else { TurnSource::Human };
        let began = Moment { timestamp: asked.at, ..moment.clone() };
        events.push(began.tell(Deed::Turn(source), Fingerprint(asked.key), None));
    }

    /// What a `system` record says.
    pub(super) fn read_system(
        &mut self,
        record: &Record<'_>,
        raw: &Raw<'_>,
        events: &mut Vec<Event>,
    ) {
        let (Some(moment), Some(system)) = (self.moment(record), raw.read::<System<'_>>()) else {
            return;
        };
        match system.subtype.as_deref() {
            Some("compact_boundary") => {
                let metadata = system.compact_metadata.0.as_ref();
                let is_auto = !metadata.is_some_and(|metadata| metadata.trigger.is("manual"));
                let key = line_key(record);
                events.push(moment.tell(Deed::Compaction { is_auto }, key, None));
            }
            // The prompt that it gives may come as a record of its own, or not.
            Some("scheduled_task_fire") if moment.agent_id.is_none() => {
                let key = line_key(record).0;
                self.saved.asked = Some(Asked { at: moment.timestamp, key, by_program: true });
            }
            Some("turn_duration") => {
                let others = system.pending_agents.or_zero() + system.pending_workflows.or_zero();
                if others > 0 {
                    events.push(moment.turn_ended(true));
                }
            }
            _ => {}
        }
    }

    /// Where and when a record was written; none if it does not say when.
    pub(super) fn moment(&mut self, record: &Record<'_>) -> Option<Moment> {
        Some(Moment {
            timestamp: record.timestamp.as_deref().and_then(Millis::parse)?,
            session_id: self.session_of(record),
            agent_id: self.agent_of(record.agent_id.non_empty()),
        })
    }
}

/// What names a turn, of a record's prompt id, its uuid and its time: all records of one prompt
/// share the first. A subagent's carry their parent's.
fn turn_key(is_subagent: bool, names: [&str; 3]) -> Fingerprint {
    let names = &names[usize::from(is_subagent)..];
    let name = names.iter().find(|name| !name.is_empty()).copied().unwrap_or_default();
    Fingerprint::of(name.as_bytes())
}

/// What names a line, in this file and in copies of it.
pub(super) fn line_key(record: &Record<'_>) -> Fingerprint {
    let name = record.uuid.non_empty().or(record.timestamp.non_empty());
    Fingerprint::of(name.unwrap_or_default().as_bytes())
}
