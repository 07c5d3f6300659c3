//! One rollout, line by line: who it is of, what its turns are, and the calls that it tells of.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::counter::Counter;
use super::deed::Doing;
use super::history::{History, is_older};
use super::record::{Line, Payload};
use super::who::Who;
use super::{place, quick};
use crate::agents::json::{self, Text};
use crate::agents::{LastSeen, Parser, Unparsed};
use crate::model::{DeedLog, Event, Millis, ServiceTier};

/// What is remembered between two lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    /// From the file's name, for lines before any that says it.
    pub(super) named: Option<Arc<str>>,
    pub(super) saved: Saved,
    pub(super) deeds: DeedLog,
    turns: LastSeen,
    pub(super) models: LastSeen,
    cwds: LastSeen,
}

/// The part of it that the cursor keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Saved {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Arc<str>>,
    /// The turn began before the thread did: it is a copy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub turn_is_older: bool,
    pub tier: u8,
    /// A model has said something in it, copies included.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_answered: bool,
    /// The latest time of a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<Millis>,
    pub counter: Counter,
    #[serde(skip_serializing_if = "is_own")]
    pub history: History,
    #[serde(skip_serializing_if = "Doing::is_nothing")]
    pub doing: Doing,
}

fn is_own(history: &History) -> bool {
    *history == History::Own
}

impl Thread {
    pub(super) fn new(path: &Path, saved: Option<&str>) -> Self {
        Self {
            named: place::thread_of(path).map(Arc::from),
            saved: saved.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let at = line.timestamp.as_deref().and_then(Millis::parse);
        self.note_line(line.ordinal.0, at);
        let Some(payload) = &line.payload.0 else { return Ok(()) };
        match (line.kind.as_deref(), payload.kind.as_deref()) {
            (Some("session_meta"), _) => self.read_meta(payload, at, events),
            (Some("turn_context"), _) => self.read_turn(payload),
            (Some("token_usage_record"), _) => {
                return self.read_record(payload, at, offset, events);
            }
            (Some("event_msg"), Some("token_count")) => {
                return self.read_count(payload, at, offset, events);
            }
            (Some("event_msg"), Some("task_started")) => {
                self.start_turn(payload);
                self.tell_start(payload, at);
            }
            (Some("event_msg"), Some("task_complete" | "turn_aborted")) => {
                self.tell_end(payload, at, events);
            }
            (Some("event_msg"), Some("user_message" | "item_completed")) => {
                self.tell_prompt(payload, at);
            }
            (Some("response_item"), Some(_)) => self.tell_item(payload, at),
            (Some("compacted"), _) => self.tell_compaction(at),
            (Some("event_msg"), Some("thread_settings_applied")) => self.read_settings(payload),
            (Some(kind), _)
                if kind.starts_with("inter_agent_communication") && payload.trigger_turn.0 =>
            {
                self.saved.history.turn_was_triggered();
            }
            _ => {}
        }
        Ok(())
    }

    fn note_line(&mut self, number: Option<u64>, at: Option<Millis>) {
        self.saved.history.line(number, at);
        self.saved.latest = self.saved.latest.max(at);
    }

    fn read_meta(&mut self, meta: &Payload<'_>, at: Option<Millis>, events: &mut Vec<Event>) {
        let Some(id) = meta.id.non_empty() else { return };
        if let Some(who) = &mut self.saved.who {
            // A copy of the parent's: the lines that follow may be copies, too. Where the client
            // took a thread up again, it says the same as before.
            if *id != *who.thread {
                who.root = Arc::from(id);
                who.goes_on = true;
                if !who.is_child {
                    who.is_child = true;
                    self.saved.history = History::of_child(None);
                }
            }
            return;
        }
        let Some(who) = Who::of(meta, at) else { return };
        if who.is_child {
            self.saved.history = History::of_child(meta.subagent_history_start_ordinal.0);
        }
        self.saved.cwd = meta.cwd.non_empty().map(Arc::from);
        if let Some(timestamp) = who.began.filter(|_| !who.is_subagent) {
            events.push(Event::SessionSeen { session_id: Arc::clone(&who.session), timestamp });
        }
        self.saved.who = Some(who);
        // Its own line, from which the burst is timed.
        self.saved.history.line(None, at);
    }

    fn start_turn(&mut self, event: &Payload<'_>) {
        let began = event.started_at.0.and_then(|seconds| i64::try_from(seconds).ok());
        let began = began.map(|seconds| Millis(seconds.saturating_mul(1000)));
        let thread = self.saved.who.as_ref().filter(|who| who.is_child);
        let thread = thread.and_then(|who| who.began);
        let is_older = |(began, thread)| is_older(began, thread);
        self.saved.turn_is_older = began.zip(thread).is_some_and(is_older);
        self.saved.history.turn();
        self.note_turn(&event.turn_id);
    }

    pub(super) fn note_turn(&mut self, turn: &Text<'_>) {
        if let Some(turn) = turn.non_empty() {
            self.saved.turn = Some(self.turns.share(turn));
        }
    }

    fn read_turn(&mut self, turn: &Payload<'_>) {
        self.note_turn(&turn.turn_id);
        if let Some(model) = turn.model.non_empty() {
            self.saved.model = Some(self.models.share(model));
        }
        if let Some(cwd) = turn.cwd.non_empty() {
            self.saved.cwd = Some(self.cwds.share(cwd));
        }
    }

    fn read_settings(&mut self, event: &Payload<'_>) {
        let Some(settings) = &event.thread_settings.0 else { return };
        // What is not spoken of stays as it was.
        if let Some(tier) = settings.service_tier {
            self.saved.tier = tier_of(tier.0) as u8;
        }
    }
}

impl Parser for Thread {
    fn parse(
        &mut self,
        record: &[u8],
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(record) = json::object(record)? else { return Ok(()) };
        if !self.saved.is_answered {
            self.saved.is_answered = quick::is_answer(record);
        }
        if !quick::wants(record) {
            let at = quick::time_of(record);
            if self.saved.history.is_burst() {
                self.note_line(None, at);
            }
            if quick::is_compaction(record) {
                self.tell_compaction(at);
            }
            return Ok(());
        }
        json::read(record, |text| Ok(self.read(&serde_json::from_str(text)?, offset, events)))
    }

    fn take_deeds(&mut self) -> DeedLog {
        std::mem::take(&mut self.deeds)
    }

    fn waiting_deeds(&self) -> usize {
        self.deeds.weight()
    }

    fn save(&self) -> Option<String> {
        if self.saved == Saved::default() {
            return None;
        }
        serde_json::to_string(&self.saved).ok()
    }
}

/// The tier that a thread asks for. A word that is not known is not priced, rather than priced wrong.
fn tier_of(word: Option<&str>) -> ServiceTier {
    match word.map(|word| word.trim_matches('"')) {
        None | Some("" | "auto" | "default" | "standard") => ServiceTier::Standard,
        Some("priority" | "fast") => ServiceTier::Priority,
        Some("flex") => ServiceTier::Flex,
        Some("batch") => ServiceTier::Batch,
        Some("ultrafast") => ServiceTier::Ultrafast,
        Some(_) => ServiceTier::Other,
    }
}
