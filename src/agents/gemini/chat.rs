//! One chat, record by record: whose it is, and the answers that it tells of.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::place;
use super::record::Record;
use super::tokens::Tokens;
use crate::agents::json;
use crate::agents::{LastSeen, Parser, Unparsed};
use crate::model::{AgentId, Call, CallId, DeedLog, Event, Millis, Qualifiers};

/// An id of this length tells a message from all others wherever they are.
const UUID: usize = 36;

/// What is remembered between two records.
#[derive(Clone, Debug, Default)]
pub(super) struct Chat {
    /// From the file's name, for records before any that says it.
    named: Arc<str>,
    /// The session whose subagent this chat is of, by the folder.
    parent: Option<Arc<str>>,
    saved: Saved,
    pub(super) deeds: DeedLog,
    models: LastSeen,
    /// The answer that was told last. Most are told twice, with nothing new.
    told: Option<(Arc<str>, Tokens)>,
    shows_repeats: bool,
}

/// The part of it that the cursor keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Saved {
    /// The chat's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<Arc<str>>,
    /// The latest time of a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<Millis>,
}

impl Chat {
    pub(super) fn new(path: &Path, saved: Option<&str>) -> Self {
        Self {
            named: place::name(path).into(),
            parent: place::session_of_subagent(path).map(Arc::from),
            saved: saved.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn read(
        &mut self,
        record: &Record<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        self.read_head(record, events);
        if record.id.non_empty().is_some() {
            self.read_message(record, offset, events)?;
            self.tell(record, events);
        }
        // A document's.
        for message in &record.messages.0 {
            self.read_message(message, offset, events)?;
            self.tell(message, events);
        }
        if let Some(set) = &record.set.0 {
            self.read_head(set, events);
            // A new state of the conversation: prompts in it may be the client's own.
            for message in &set.messages.0 {
                self.read_message(message, offset, events)?;
            }
        }
        Ok(())
    }

    /// What is told of the whole chat.
    fn read_head(&mut self, record: &Record<'_>, events: &mut Vec<Event>) {
        if let Some(id) = record.session_id.non_empty().filter(|_| self.saved.id.is_none()) {
            let id: Arc<str> = id.into();
            self.saved.id = Some(Arc::clone(&id));
            let began = record.start_time.as_deref().and_then(Millis::parse);
            if let Some(timestamp) = began.filter(|_| self.parent.is_none()) {
                events.push(Event::SessionSeen { session_id: id, timestamp });
            }
            self.saved.latest = self.saved.latest.max(began);
        }
        let listed = record.directories.0.unwrap_or_default();
        let first = serde_json::from_str::<Vec<json::Text<'_>>>(listed).unwrap_or_default();
        if let Some(cwd) = first.first().and_then(|cwd| cwd.non_empty()) {
            self.saved.cwd = Some(cwd.into());
        }
    }

    /// A message, which is a call once it has tokens.
    fn read_message(
        &mut self,
        message: &Record<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        self.saved.latest = self.saved.latest.max(Self::time_of(message));
        if let Some(model) = message.model.non_empty() {
            self.saved.model = Some(self.models.share(model));
        }
        let Some(tokens) = message.tokens.0.filter(|tokens| !tokens.is_nothing()) else {
            return Ok(());
        };
        let Some(call_id) = self.call_id(message) else { return Ok(()) };
        let told = Some((Arc::clone(&call_id.id), tokens));
        if told == self.told && !self.shows_repeats {
            return Ok(());
        }
        let at = Self::time_of(message).or(self.saved.latest).ok_or(Unparsed::NoTimestamp)?;
        self.told = told;
        let (usage, assumed) = tokens.usage();
        let is_guess = message.model.non_empty().is_none() && self.saved.model.is_some();
        events.push(Event::Call(Box::new(Call {
            model: self.saved.model.clone(),
            qualifiers: Qualifiers { assumed: assumed || is_guess, ..Qualifiers::default() },
            cwd: self.saved.cwd.clone(),
            offset,
            ..Call::told(AgentId::Gemini, self.place(), call_id, at, usage)
        })));
        Ok(())
    }

    pub(super) fn time_of(message: &Record<'_>) -> Option<Millis> {
        message.timestamp.as_deref().and_then(Millis::parse)
    }

    /// Session and, in a subagent's chat, subagent.
    pub(super) fn place(&self) -> (Arc<str>, Option<Arc<str>>) {
        let own = self.saved.id.as_ref().unwrap_or(&self.named);
        match &self.parent {
            Some(parent) => (Arc::clone(parent), Some(Arc::clone(own))),
            None => (Arc::clone(own), None),
        }
    }

    /// The name of an answer, the same wherever the chat is copied to. A short id may be another
    /// chat's, too.
    pub(super) fn call_id(&self, message: &Record<'_>) -> Option<CallId> {
        let own = self.saved.id.as_ref().unwrap_or(&self.named);
        let id: Arc<str> = match (message.id.non_empty(), message.timestamp.non_empty()) {
            (Some(id), _) if id.len() >= UUID => id.into(),
            (Some(id), _) => format!("{own}/{id}").into(),
            (None, Some(time)) => format!("{own}@{time}").into(),
            (None, None) => return None,
        };
        Some(CallId::of(id))
    }
}

impl Parser for Chat {
    fn parse(
        &mut self,
        record: &[u8],
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
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

    fn show_repeats(&mut self) {
        self.shows_repeats = true;
    }
}
