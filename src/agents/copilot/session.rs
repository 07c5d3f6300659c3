//! One session, event by event: who it is of, and the answers that it tells of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::meter::{Meter, Used, credits};
use super::place;
use super::record::{Data, Line, Metric};
use crate::agents::{LastSeen, Parser, Unparsed, json};
use crate::model::{AgentId, Call, CallId, DeedLog, Event, Millis, Qualifiers};

/// A shorter id of an answer is no provider's: it may be another answer's, too.
const LONG: usize = 16;

/// Messages whose answer may still be told in full.
const MOST_MESSAGES: usize = 256;

/// What is remembered between two lines.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// From the file's path, for lines before any that says it.
    named: Arc<str>,
    saved: Saved,
    pub(super) deeds: DeedLog,
    models: LastSeen,
}

/// The part of it that the cursor keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Saved {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<Arc<str>>,
    /// The latest time of a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<Millis>,
    /// By model.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    meters: BTreeMap<String, Meter>,
    /// The client writes a record of each answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_records: bool,
    /// Since the latest totals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Told>,
}

/// An answer, or several in one, under a name that is the same in every copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subagent: Option<Arc<str>>,
    model: String,
    used: Used,
    at: Millis,
    offset: u64,
}

impl Session {
    pub(super) fn new(path: &Path, saved: Option<&str>) -> Self {
        Self {
            named: place::name(path).into(),
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
        self.saved.latest = self.saved.latest.max(Self::time_of(line));
        let Some(data) = &line.data.0 else { return Ok(()) };
        match line.kind.as_deref() {
            Some("session.start" | "session.resume" | "session.context_changed") => {
                self.read_start(line, data, events);
            }
            Some("session.usage_record") => self.read_record(line, data, offset, events)?,
            Some("session.shutdown" | "session.usage_checkpoint") => {
                self.read_totals(line, data, offset, events)?;
            }
            Some("assistant.message") => self.read_message(line, data, offset, events)?,
            _ => {}
        }
        self.tell(line, data, events);
        Ok(())
    }

    fn read_start(&mut self, line: &Line<'_>, data: &Data<'_>, events: &mut Vec<Event>) {
        if let Some(id) = data.session_id.non_empty().filter(|_| line.kind.is("session.start")) {
            self.saved.id = Some(id.into());
            if let Some(timestamp) = Self::time_of(line) {
                events.push(Event::SessionSeen { session_id: id.into(), timestamp });
            }
        }
        if line.kind.is("session.resume") {
            self.saved.meters.values_mut().for_each(Meter::resume);
        }
        let context = data.context.0.as_ref();
        let (cwd, branch) = context.map_or((&data.cwd, &data.branch), |c| (&c.cwd, &c.branch));
        if let Some(cwd) = cwd.non_empty() {
            self.saved.cwd = Some(cwd.into());
            self.saved.branch = branch.non_empty().map(Arc::from);
        }
    }

    /// An answer.
    fn read_record(
        &mut self,
        line: &Line<'_>,
        data: &Data<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(usage) = &data.usage.0 else { return Ok(()) };
        let nano_aiu = usage.credits.0.as_ref().map(|credits| credits.total_nano_aiu);
        let used = Used::of(&usage.counts, 1, nano_aiu.unwrap_or_default());
        let model = usage.model.as_deref().unwrap_or_default();
        let id = self.name(usage.api_call_id.non_empty(), line.id.non_empty());
        let Some(id) = id.filter(|_| !used.is_nothing()) else { return Ok(()) };
        let at = self.at(line)?;
        self.saved.has_records = true;
        self.meter(model).record(&used);
        let subagent = line.agent_id.non_empty().map(Arc::from);
        let told = Told { id, subagent, model: model.to_owned(), used, at, offset };
        events.push(self.call(&told, true));
        Ok(())
    }

    /// What the session has used so far.
    fn read_totals(
        &mut self,
        line: &Line<'_>,
        data: &Data<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let accounts = data.accounting_snapshot.0.as_ref();
        let metrics = data.model_metrics.0.as_ref();
        let metrics = metrics.or(accounts.and_then(|accounts| accounts.model_metrics.0.as_ref()));
        for (model, metric) in metrics.into_iter().flatten() {
            if let Some(metric) = &metric.0 {
                self.read_total(line, (model.as_str(), metric), offset, events)?;
            }
        }
        let nano_aiu = data.total_nano_aiu.0.or(accounts.and_then(|a| a.total_nano_aiu.0));
        if let Some(total) = credits(nano_aiu.unwrap_or_default()) {
            let (session_id, timestamp) = (self.session_id(), self.at(line)?);
            events.push(Event::ReportedCost { session_id, timestamp, total });
        }
        Ok(())
    }

    fn read_total(
        &mut self,
        line: &Line<'_>,
        (model, metric): (&str, &Metric),
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(counts) = &metric.usage.0 else { return Ok(()) };
        let at = self.at(line)?;
        let requests = metric.requests.0.as_ref().map_or(0, |requests| requests.count.or_zero());
        let total = Used::of(counts, requests, metric.total_nano_aiu);
        let meter = self.meter(model);
        let missing = meter.total(&total);
        let begun = meter.begun;
        // All that they used is told by now.
        let messages = std::mem::take(&mut self.saved.messages);
        let (told, left): (Vec<Told>, _) = messages.into_iter().partition(|m| m.model == model);
        self.saved.messages = left;
        events.extend(told.iter().map(|message| self.call(message, true)));
        if let Some(used) = missing {
            let Used { input, output, read, written, .. } = total;
            let begun = if begun == 0 { String::new() } else { format!("~{begun}") };
            let session = self.session_id();
            let id = format!("{session}/{model}@{input}/{output}/{read}/{written}{begun}");
            let told = Told { id, subagent: None, model: model.to_owned(), used, at, offset };
            events.push(self.call(&told, true));
        }
        Ok(())
    }

    /// A message: of an answer that has no record, which is a part of the totals to come.
    fn read_message(
        &mut self,
        line: &Line<'_>,
        data: &Data<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let (output, model) = (data.output_tokens.or_zero(), data.model.non_empty());
        let Some(model) = model.filter(|_| output > 0 && !self.saved.has_records) else {
            return Ok(());
        };
        let Some(id) = self.message_name(line, data) else { return Ok(()) };
        // Parts of one answer have its count each.
        if self.saved.messages.last().is_some_and(|last| last.id == id) {
            return Ok(());
        }
        let at = self.at(line)?;
        self.meter(model).message(output);
        let used = Used { output, requests: 1, ..Used::default() };
        let subagent = line.agent_id.non_empty().map(Arc::from);
        let told = Told { id, subagent, model: model.to_owned(), used, at, offset };
        events.push(self.call(&told, false));
        if self.saved.messages.len() < MOST_MESSAGES {
            self.saved.messages.push(told);
        }
        Ok(())
    }

    fn meter(&mut self, model: &str) -> &mut Meter {
        self.saved.meters.entry(model.to_owned()).or_default()
    }

    pub(super) fn session_id(&self) -> Arc<str> {
        Arc::clone(self.saved.id.as_ref().unwrap_or(&self.named))
    }

    pub(super) fn time_of(line: &Line<'_>) -> Option<Millis> {
        line.timestamp.as_deref().and_then(Millis::parse)
    }

    fn at(&self, line: &Line<'_>) -> Result<Millis, Unparsed> {
        Self::time_of(line).or(self.saved.latest).ok_or(Unparsed::NoTimestamp)
    }

    /// The name of an answer, by the provider's id or the line's.
    fn name(&self, provider: Option<&str>, line: Option<&str>) -> Option<String> {
        match (provider.filter(|id| id.len() >= LONG), line) {
            (Some(id), _) => Some(id.to_owned()),
            (None, Some(id)) if id.len() >= LONG => Some(id.to_owned()),
            (None, Some(id)) => Some(format!("{}/{id}", self.session_id())),
            (None, None) => None,
        }
    }

    /// The name of the answer that a message is of.
    pub(super) fn message_name(&self, line: &Line<'_>, data: &Data<'_>) -> Option<String> {
        self.name(data.api_call_id.non_empty(), data.message_id.non_empty().or(line.id.non_empty()))
    }

    fn call(&mut self, told: &Told, is_final: bool) -> Event {
        let (usage, assumed) = told.used.usage();
        // Of several answers the lengths are not told: on average they are as long as this.
        let several = told.used.requests != 1;
        let average = usage.prompt_tokens().div_ceil(told.used.requests.max(1));
        let model = Some(&*told.model).filter(|model| !model.is_empty());
        let call_id = CallId::of(told.id.as_str());
        let thread = (self.session_id(), told.subagent.clone());
        Event::Call(Box::new(Call {
            model: model.map(|model| self.models.share(model)),
            qualifiers: Qualifiers {
                assumed: assumed || several,
                longest_prompt: if several { average } else { 0 },
                ..Qualifiers::default()
            },
            cwd: self.saved.cwd.clone(),
            git_branch: self.saved.branch.clone(),
            is_final,
            reported_cost: told.used.credits(),
            offset: told.offset,
            ..Call::told(AgentId::Copilot, thread, call_id, told.at, usage)
        }))
    }
}

impl Parser for Session {
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
}
