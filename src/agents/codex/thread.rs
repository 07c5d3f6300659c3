//! One rollout, line by line: who it is of, what its turns are, and the calls that it tells of.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::counter::Counter;
use super::history::{History, Verdict, is_older};
use super::record::{Line, Payload};
use super::tokens::{Saved as SavedTokens, Tokens};
use super::who::Who;
use super::{place, quick};
use crate::agents::json::{self, Text};
use crate::agents::{LastSeen, Parser, Unparsed};
use crate::model::{AgentId, Call, CallId, CallKind, Event, Millis, Qualifiers, ServiceTier};

/// Assumed of builds of September 2025 that do not say.
const FIRST_MODEL: &str = "gpt-5";

/// A name that stands for another model, which is not told: its price is an estimate.
const ALIAS: &str = "codex-auto-review";

/// What is remembered between two lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    /// From the file's name, for lines before any that says it.
    named: Option<Arc<str>>,
    saved: Saved,
    turns: LastSeen,
    models: LastSeen,
    cwds: LastSeen,
}

/// The part of it that the cursor keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Saved {
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<Who>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<Arc<str>>,
    /// The turn began before the thread did: it is a copy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    turn_is_older: bool,
    tier: u8,
    /// A model has said something in it, copies included.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_answered: bool,
    /// The latest time of a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<Millis>,
    counter: Counter,
    #[serde(skip_serializing_if = "is_own")]
    history: History,
}

/// A call that may be another thread's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    id: String,
    usage: SavedTokens,
    at: Millis,
    offset: u64,
    model: Option<Arc<str>>,
    tier: u8,
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
            (Some("event_msg"), Some("task_started")) => self.start_turn(payload),
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

    fn note_turn(&mut self, turn: &Text<'_>) {
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

    /// An answer, with its id.
    fn read_record(
        &mut self,
        record: &Payload<'_>,
        at: Option<Millis>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(usage) = record.usage.0 else { return Ok(()) };
        let total = record.thread_token_usage.0;
        let who = self.saved.who.as_ref();
        let own = who.map(|who| &*who.thread).or(self.named.as_deref());
        // It names its thread: of a copy it is the parent's.
        let names_thread = record.thread_id.non_empty().is_some();
        let is_copy =
            record.thread_id.non_empty().is_some_and(|id| own.is_some_and(|own| id != own));
        if is_copy {
            // So that the copy of its event is known, too.
            self.saved.counter.record(usage, total);
            return Ok(());
        }
        if names_thread {
            // Every own answer has a record: what was told without one is history.
            self.saved.history = History::Own;
        } else if self.saved.history.verdict(self.saved.turn_is_older) == Verdict::Drop {
            return Ok(());
        }
        self.note_turn(&record.turn_id);
        self.saved.counter.record(usage, total);
        if usage.is_nothing() {
            return Ok(());
        }
        let id = match record.response_id.non_empty() {
            Some(id) => id.to_owned(),
            None => self.name(&total.unwrap_or(usage), 0),
        };
        let at = at.or(self.saved.latest).ok_or(Unparsed::NoTimestamp)?;
        let call = self.held(id, usage, at, offset);
        events.push(self.call(call));
        Ok(())
    }

    fn read_count(
        &mut self,
        event: &Payload<'_>,
        at: Option<Millis>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(info) = &event.info.0 else { return Ok(()) };
        let (total, last) = (info.total_token_usage.0, info.last_token_usage.0);
        let who = self.saved.who.as_ref();
        let goes_on = who.is_some_and(|who| who.goes_on) && !self.saved.is_answered;
        let who = who.filter(|who| who.is_child);
        let counted = self.saved.counter.count(total, last, goes_on);
        let Some(counted) = counted else { return Ok(()) };
        let began = who.and_then(|who| who.began);
        let line_is_older = at.zip(began).is_some_and(|(at, began)| is_older(at, began));
        let verdict = self.saved.history.verdict(line_is_older || self.saved.turn_is_older);
        if verdict == Verdict::Drop {
            return Ok(());
        }
        let at = at.or(self.saved.latest).ok_or(Unparsed::NoTimestamp)?;
        let id = self.name(&counted.total, counted.falls);
        let call = self.held(id, counted.usage, at, offset);
        if verdict == Verdict::Hold {
            self.saved.history.hold(call);
            return Ok(());
        }
        for call in self.saved.history.release().into_iter().chain([call]) {
            events.push(self.call(call));
        }
        Ok(())
    }

    /// The name of a request that has no id: the same in every copy of its line, because turn and
    /// total are copied with it. Older turns have numbers for names, which every thread begins
    /// anew; then the thread that the history comes from tells them apart.
    fn name(&self, total: &Tokens, falls: u32) -> String {
        const UUID: usize = 36;
        let root = self.saved.who.as_ref().map(|who| &*who.root).or(self.named.as_deref());
        let root = root.unwrap_or_default();
        let turn = self.saved.turn.as_deref().unwrap_or_default();
        let Tokens { input, cached, output, .. } = total;
        let place = match turn {
            turn if turn.len() >= UUID => turn.to_owned(),
            "" => root.to_owned(),
            turn => format!("{root}/{turn}"),
        };
        let falls = if falls == 0 { String::new() } else { format!("~{falls}") };
        format!("{place}@{input}/{cached}/{output}{falls}")
    }

    fn held(&self, id: String, usage: Tokens, at: Millis, offset: u64) -> Held {
        let (model, tier) = (self.saved.model.clone(), self.saved.tier);
        Held { id, usage: SavedTokens(usage), at, offset, model, tier }
    }

    fn call(&mut self, held: Held) -> Event {
        let (usage, assumed) = held.usage.0.usage();
        let who = self.saved.who.as_ref();
        let thread = who.map(|who| &who.thread).or(self.named.as_ref());
        let session = who.map(|who| &who.session).or(self.named.as_ref());
        let is_subagent = who.is_some_and(|who| who.is_subagent);
        let is_guess = held.model.as_deref().is_none_or(|model| model == ALIAS);
        let model = held.model.unwrap_or_else(|| self.models.share(FIRST_MODEL));
        let tier = Qualifiers::from_bits(i64::from(held.tier) << 3).service_tier;
        Event::Call(Box::new(Call {
            call_id: CallId { id: held.id.into(), request_id: None, run: None },
            kind: CallKind::Message,
            agent: AgentId::Codex,
            session_id: session.cloned().unwrap_or_default(),
            agent_id: thread.filter(|_| is_subagent).cloned(),
            model: Some(model),
            timestamp: held.at,
            usage,
            qualifiers: Qualifiers {
                service_tier: tier,
                assumed: assumed || is_guess,
                ..Qualifiers::default()
            },
            cwd: self.saved.cwd.clone(),
            project: None,
            git_branch: who.and_then(|who| who.branch.clone()),
            is_final: true,
            is_sidechain: is_subagent,
            is_echo: false,
            is_background: false,
            reported_cost: None,
            offset: held.offset,
        }))
    }
}

impl Parser for Thread {
    fn parse(
        &mut self,
        record: &[u8],
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        // After a crash a record may start with NUL bytes.
        let nuls = record.iter().take_while(|&&b| b == 0).count();
        let record = record[nuls..].trim_ascii();
        if record.is_empty() {
            return Ok(());
        }
        if !(record.starts_with(b"{") && record.ends_with(b"}")) {
            return Err(Unparsed::NotJson);
        }
        if !self.saved.is_answered {
            self.saved.is_answered = quick::is_answer(record);
        }
        if !quick::wants(record) {
            if self.saved.history.is_burst() {
                self.note_line(None, quick::time_of(record));
            }
            return Ok(());
        }
        // Invalid UTF-8 in some text must not lose the counts beside it.
        let text = std::str::from_utf8(record)
            .map_or_else(|_| String::from_utf8_lossy(record), Cow::Borrowed);
        if let Ok(line) = serde_json::from_str(&text) {
            return self.read(&line, offset, events);
        }
        let text = json::mended(&text);
        let line = serde_json::from_str(&text).map_err(|_| Unparsed::NotJson)?;
        self.read(&line, offset, events)
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
