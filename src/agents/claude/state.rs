//! What is remembered between two records of a file, and where each kind of record is read.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::deed::Asked;
use super::raw::Raw;
use super::record::Record;
use super::usage::Counts;
use super::{heard, prompt, relay, repeat, search, statement, tool};
use crate::agents::json::RawText;
use crate::agents::{LastSeen, Unparsed};
use crate::model::{Call, CallPlace, DeedLog, Event, Millis, PicoUsd, Qualifiers};

/// What is remembered between two records of a file.
#[derive(Clone, Debug)]
pub struct State {
    /// From the path, for records that do not name their session or subagent.
    pub(super) session_id: Arc<str>,
    pub(super) agent_id: Option<Arc<str>>,
    pub(super) saved: Saved,
    pub(super) with_repeats: bool,
    pub(super) last: Option<Last>,
    /// The line that told of it.
    pub(super) pattern: repeat::Pattern,
    pub(super) sessions: LastSeen,
    pub(super) agents: LastSeen,
    pub(super) models: LastSeen,
    pub(super) cwds: LastSeen,
    pub(super) branches: LastSeen,
    pub(super) tools: tool::Tools,
    pub(super) deeds: DeedLog,
    pub(super) heard_tail: heard::Tail,
}

/// The call that the record before told of.
#[derive(Clone, Debug)]
pub(super) struct Last {
    pub(super) call: Call,
    pub(super) qualifiers: Qualifiers,
    pub(super) iterations: String,
    pub(super) counts: Counts,
    pub(super) place: CallPlace,
}

/// The part of the state that the cursor keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Saved {
    /// A call, or a record that dates the session, has been seen.
    pub(super) begun: bool,
    /// The latest time seen on a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) latest: Option<Millis>,
    #[serde(skip_serializing_if = "statement::Undated::is_empty")]
    pub(super) undated: statement::Undated,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) runs: Option<relay::Runs>,
    #[serde(skip_serializing_if = "search::Searches::is_empty")]
    pub(super) searches: search::Searches,
    /// What may have begun a turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<Asked>,
}

impl State {
    /// A state for the first record of a file, or for the record after `saved`.
    pub(super) fn open(path: &Path, saved: Option<&str>) -> Self {
        let (session_id, agent_id) = names_from_path(path);
        Self {
            session_id,
            agent_id,
            saved: saved.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
            with_repeats: false,
            last: None,
            pattern: repeat::Pattern::default(),
            sessions: LastSeen::default(),
            agents: LastSeen::default(),
            models: LastSeen::default(),
            cwds: LastSeen::default(),
            branches: LastSeen::default(),
            tools: tool::Tools::default(),
            deeds: DeedLog::default(),
            heard_tail: heard::Tail::default(),
        }
    }

    /// The part that must survive a restart.
    pub(super) fn to_text(&self) -> Option<String> {
        if self.saved == Saved::default() {
            return None;
        }
        serde_json::to_string(&self.saved).ok()
    }

    /// A total was stated that nothing dates yet.
    pub(super) fn is_total_undated(&self) -> bool {
        self.saved.undated.is_waiting()
    }
}

/// Byte strings that a record must hold to matter. JSON writers never escape letters in keys, and
/// inside a string the quotes would be `\"`, so a record without them has no such key.
pub(super) struct Needles {
    pub(super) usage: Finder<'static>,
    pub(super) web_search: Finder<'static>,
    pub(super) cost_state: Finder<'static>,
    pub(super) user: Finder<'static>,
    pub(super) tool_use: Finder<'static>,
    pub(super) denial: Finder<'static>,
    pub(super) session: Finder<'static>,
    pub(super) user_type: Finder<'static>,
    pub(super) compaction: Finder<'static>,
    pub(super) schedule: Finder<'static>,
    pub(super) pending: Finder<'static>,
}

pub(super) static NEEDLES: LazyLock<Needles> = LazyLock::new(|| Needles {
    usage: Finder::new(b"\"usage\""),
    web_search: Finder::new(b"\"WebSearch\""),
    cost_state: Finder::new(b"\"cost-state\""),
    user: Finder::new(b"\"user\""),
    tool_use: Finder::new(b"\"tool_use\""),
    denial: Finder::new(b"\"toolDenialKind\""),
    session: Finder::new(b"\"sessionId\":\""),
    user_type: Finder::new(b"\"type\":\"user\""),
    compaction: Finder::new(b"\"compact_boundary\""),
    schedule: Finder::new(b"\"scheduled_task_fire\""),
    // Of subagents or workflows.
    pending: Finder::new(b"\"pending"),
});

impl State {
    /// Whether the record can hold anything that counts. Says yes when in doubt.
    pub(super) fn wants(&self, record: &[u8]) -> bool {
        let needles = &*NEEDLES;
        !self.saved.begun
            || needles.usage.find(record).is_some()
            || needles.user.find(record).is_some()
            || needles.cost_state.find(record).is_some()
            || needles.compaction.find(record).is_some()
            || needles.schedule.find(record).is_some()
            || needles.pending.find(record).is_some()
    }
}

impl State {
    pub(super) fn read(
        &mut self,
        record: &Record<'_>,
        raw: &Raw<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        if self.saved.latest.is_none() {
            let at = record.timestamp.as_deref().and_then(Millis::parse);
            events.extend(at.and_then(|at| self.saved.undated.date(at)));
        }
        match record.kind.as_deref() {
            Some("assistant") => self.read_answer(record, raw, events)?,
            Some("progress") => self.read_echo(record, raw, events)?,
            Some("user") => self.read_user(record, raw, events),
            Some("system") => self.read_system(record, raw),
            Some("cost-state") => self.read_reported_cost(record, events),
            _ => {}
        }
        self.date_session(record, events);
        Ok(())
    }

    /// The first dated record without a uuid is the session's own: forks copy only records that
    /// have one. Its time tells the original from a copy.
    fn date_session(&mut self, record: &Record<'_>, events: &mut Vec<Event>) {
        if self.saved.begun || record.uuid.non_empty().is_some() || self.agent_id.is_some() {
            return;
        }
        if let Some(timestamp) = record.timestamp.as_deref().and_then(Millis::parse) {
            self.saved.begun = true;
            events.push(Event::SessionSeen { session_id: self.session_of(record), timestamp });
        }
    }

    pub(super) fn session_of(&mut self, record: &Record<'_>) -> Arc<str> {
        match record.session_id.non_empty() {
            Some(id) => self.sessions.share(id),
            None => Arc::clone(&self.session_id),
        }
    }

    pub(super) fn agent_of(&mut self, agent_id: Option<&str>) -> Option<Arc<str>> {
        agent_id.map(|id| self.agents.share(id)).or_else(|| self.agent_id.clone())
    }

    fn read_user(&mut self, record: &Record<'_>, raw: &Raw<'_>, events: &mut Vec<Event>) {
        let Some(body) = raw.body() else { return };
        if let Some(runs) = &mut self.saved.runs
            && prompt::is_prompt(record, &body)
        {
            runs.end();
        }
        if let Some((call_id, searches)) = self.saved.searches.note_result(&body) {
            let session_id = self.session_of(record);
            events.push(Event::Searched { call_id, session_id, searches });
        }
        self.hear(record, &body);
    }

    fn read_reported_cost(&mut self, record: &Record<'_>, events: &mut Vec<Event>) {
        let Some(total) = positive_usd(record.total_cost_usd) else { return };
        let session_id = self.session_of(record);
        let timestamp = record.timestamp.as_deref().and_then(Millis::parse).or(self.saved.latest);
        events.extend(match timestamp {
            Some(timestamp) => Some(Event::ReportedCost { session_id, timestamp, total }),
            None => self.saved.undated.take_in(session_id, total),
        });
    }
}

/// A positive number, or a string with one, as money.
pub(super) fn positive_usd(value: RawText<'_>) -> Option<PicoUsd> {
    let text = value.0?.trim().trim_matches('"');
    PicoUsd::parse_rounded(text).ok().filter(|amount| *amount > PicoUsd::ZERO)
}

/// Session and subagent by the file's place: `<session>.jsonl`,
/// `<session>/subagents/…/agent-<id>.jsonl`, or an older `<session>/<file>.jsonl`.
fn names_from_path(path: &Path) -> (Arc<str>, Option<Arc<str>>) {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let Some(agent_id) = stem.strip_prefix("agent-") else {
        return (Arc::from(&*stem), None);
    };
    let session = path
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "subagents"))
        .and_then(Path::parent)
        .and_then(Path::file_name)
        .map_or_else(|| stem.clone(), |name| name.to_string_lossy());
    (Arc::from(&*session), Some(Arc::from(agent_id)))
}
