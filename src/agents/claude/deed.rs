//! What records tell of a thread beside its calls: prompts, tools, results, compactions.
//!
//! Everything told here depends on the record and on what stands before it in the file, never on
//! where reading was taken up again: the ledger keeps the latest of some of it.

use serde::{Deserialize, Serialize};

use super::blocks::Uses;
use super::heard;
use super::prompt::{self, Beginning};
use super::raw::Raw;
use super::record::{Body, Record, System};
use super::result;
use super::state::State;
use super::tool;
use crate::agents::fingerprint::compact;
use crate::model::{
    CallPlace, Deed, DeedLog, DeedOf, Fingerprint, Millis, ThreadDeeds, TurnSource,
};

/// A command, or a schedule's hour, that begins a turn if the model answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    at: Millis,
    key: u64,
    by_program: bool,
}

/// Which thread a record is of, and when it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub session_id: &'a str,
    pub agent_id: Option<&'a str>,
    pub timestamp: Millis,
}

impl Moment<'_> {
    /// The deeds of the thread.
    pub(super) fn deeds<'a>(&self, log: &'a mut DeedLog) -> &'a mut ThreadDeeds {
        log.thread(self.session_id, self.agent_id)
    }

    fn tell(&self, log: &mut DeedLog, deed: Deed, of: DeedOf) {
        self.deeds(log).tell(self.timestamp, deed, of);
    }

    /// The agent has done what it was asked for, or was stopped: it waits.
    pub(super) fn end_turn(&self, log: &mut DeedLog) {
        self.deeds(log).hear(self.timestamp, true);
    }
}

/// Tells the tools that a line of an answer uses.
pub(super) fn tell_uses(
    log: &mut DeedLog,
    tools: &mut tool::Tools,
    moment: &Moment<'_>,
    place: CallPlace,
    uses: &Uses<'_>,
) {
    for block in &uses.blocks {
        let Some(id) = block.id.non_empty() else { continue };
        let name = block.name.as_deref().unwrap_or_default();
        let deed = Deed::ToolUse(tools.used(id, name, block.input));
        moment.tell(log, deed, DeedOf::Call(place));
    }
}

/// The same of a line that the real parser has to read.
pub(super) fn tell_uses_of(
    log: &mut DeedLog,
    tools: &mut tool::Tools,
    moment: &Moment<'_>,
    place: CallPlace,
    body: &Body<'_>,
) {
    for block in body.blocks().iter().filter(|block| block.kind.is("tool_use")) {
        let Some(id) = block.id.non_empty() else { continue };
        let name = block.name.as_deref().unwrap_or_default();
        let input = compact(block.input.0.unwrap_or_default());
        let used = tools.used(id, name, &input);
        moment.tell(log, Deed::ToolUse(used), DeedOf::Call(place));
    }
}

impl State {
    /// Reads a record of results that all went well, or a plain prompt; false if it is to be read
    /// as any other.
    pub(super) fn hear_quickly(&mut self, record: &[u8]) -> bool {
        // Some files want more of such a record.
        if !self.saved.begun
            || self.saved.latest.is_none()
            || self.saved.runs.is_some()
            || !self.saved.searches.is_empty()
        {
            return false;
        }
        let Some(heard) = heard::read(record, &mut self.heard_tail) else { return false };
        let Some(timestamp) = Millis::parse(heard.timestamp) else { return false };
        let agent_id = Some(heard.agent_id).filter(|id| !id.is_empty());
        let agent_id = agent_id.or(self.agent_id.as_deref());
        let moment = Moment { session_id: heard.session_id, agent_id, timestamp };
        for (id, content) in &heard.results {
            let result = Deed::ToolResult(result::good(id, content));
            moment.tell(&mut self.deeds, result, DeedOf::Use);
        }
        let is_subagent = agent_id.is_some();
        // A side thread in the main one's file has no turns of its own.
        if heard.is_prompt && (is_subagent || !heard.is_sidechain) {
            // What was asked before was no more than a command of the client's own.
            self.saved.asked = None;
            let key = turn_key(is_subagent, [heard.prompt_id, heard.uuid, heard.timestamp]);
            let turn = Deed::Turn(heard.source(is_subagent));
            moment.tell(&mut self.deeds, turn, DeedOf::Line(key));
        }
        true
    }

    /// What a `user` record says.
    pub(super) fn hear(&mut self, record: &Record<'_>, body: &Body<'_>) {
        let Some(moment) = moment(record, &self.session_id, self.agent_id.as_deref()) else {
            return;
        };
        for result in result::of(body) {
            moment.tell(&mut self.deeds, Deed::ToolResult(result), DeedOf::Use);
        }
        if prompt::is_interruption(record, body) {
            moment.end_turn(&mut self.deeds);
        }
        let is_subagent = moment.agent_id.is_some();
        let Some(beginning) = prompt::beginning(record, body, is_subagent) else { return };
        let names = [&body.prompt_id, &record.uuid, &record.timestamp];
        let key = turn_key(is_subagent, names.map(|name| name.as_deref().unwrap_or_default()));
        self.saved.asked = match beginning {
            Beginning::Turn(source) => {
                moment.tell(&mut self.deeds, Deed::Turn(source), DeedOf::Line(key));
                None
            }
            Beginning::SentOn => {
                let turn = Deed::Turn(TurnSource::Automated);
                moment.tell(&mut self.deeds, turn, DeedOf::Line(line_key(record)));
                None
            }
            Beginning::Perhaps(source) => Some(Asked {
                at: moment.timestamp,
                key: key.0,
                by_program: source == TurnSource::Automated,
            }),
        }
    }

    /// An answer in the main thread: if a command asked for it, that began a turn.
    pub(super) fn note_answer(&mut self, moment: &Moment<'_>) {
        let Some(asked) = self.saved.asked.take_if(|asked| asked.at <= moment.timestamp) else {
            return;
        };
        let source = if asked.by_program { TurnSource::Automated } else { TurnSource::Human };
        let began = Moment { timestamp: asked.at, ..*moment };
        let key = DeedOf::Line(Fingerprint(asked.key));
        began.tell(&mut self.deeds, Deed::Turn(source), key);
    }

    /// What a `system` record says.
    pub(super) fn read_system(&mut self, record: &Record<'_>, raw: &Raw<'_>) {
        let Some(system) = raw.read::<System<'_>>() else { return };
        let Some(moment) = moment(record, &self.session_id, self.agent_id.as_deref()) else {
            return;
        };
        match system.subtype.as_deref() {
            Some("compact_boundary") => {
                let metadata = system.compact_metadata.0.as_ref();
                let is_auto = !metadata.is_some_and(|metadata| metadata.trigger.is("manual"));
                let (deed, key) = (Deed::Compaction { is_auto }, line_key(record));
                let deeds = moment.deeds(&mut self.deeds);
                deeds.tell_aside(moment.timestamp, deed, DeedOf::Line(key));
            }
            // The prompt that it gives may come as a record of its own, or not.
            Some("scheduled_task_fire") if moment.agent_id.is_none() => {
                let key = line_key(record).0;
                self.saved.asked = Some(Asked { at: moment.timestamp, key, by_program: true });
            }
            Some("turn_duration") => {
                let others = system.pending_agents.or_zero() + system.pending_workflows.or_zero();
                if others > 0 {
                    moment.deeds(&mut self.deeds).hear(moment.timestamp, false);
                }
            }
            _ => {}
        }
    }
}

/// Which thread a record is of, and when it was written; none if it does not say when.
pub(super) fn moment<'a>(
    record: &'a Record<'_>,
    session_id: &'a str,
    agent_id: Option<&'a str>,
) -> Option<Moment<'a>> {
    Some(Moment {
        timestamp: record.timestamp.as_deref().and_then(Millis::parse)?,
        session_id: record.session_id.non_empty().unwrap_or(session_id),
        agent_id: record.agent_id.non_empty().or(agent_id),
    })
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
