//! Claude Code: JSON lines under `<config>/projects/`.
//!
//! One model response is written as several records, one for each content block, each with a
//! snapshot of the usage; forks, resumes and background workers copy records into other files;
//! subagents have files of their own that carry the parent's session id. The adapter reports what
//! each record says; which records are one call, and whose it is, the ledger decides.

mod account;
mod latest;
mod process;
mod prompt;
mod quick;
mod raw;
mod record;
mod registry;
mod relay;
mod repeat;
mod resume;
mod search;
mod statement;
mod turn;
mod usage;

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

pub use self::account::is_on_plan;
use self::raw::Raw;
use self::record::{Message, Record, Usage};
use self::usage::Part;
use super::json::{self, RawText};
use super::{Agent, LastSeen, Latest, Live, Unparsed};
use crate::model::{AgentId, Call, CallId, CallKind, Event, Millis, PicoUsd, Qualifiers};

/// The model name of records that the client made up itself: errors, interruptions.
const SYNTHETIC: &str = "<synthetic>";

/// The adapter.
#[derive(Debug)]
pub struct Claude;

/// What is remembered between two records of a file.
#[derive(Clone, Debug)]
pub struct State {
    /// From the path, for records that do not name their session or subagent.
    session_id: Arc<str>,
    agent_id: Option<Arc<str>>,
    saved: Saved,
    with_repeats: bool,
    last: Option<Last>,
    /// The line that told of it.
    pattern: repeat::Pattern,
    sessions: LastSeen,
    agents: LastSeen,
    models: LastSeen,
    cwds: LastSeen,
    branches: LastSeen,
}

/// The call that the record before told of.
#[derive(Clone, Debug)]
struct Last {
    call: Call,
    qualifiers: Qualifiers,
    iterations: Box<str>,
}

/// The part of the state that the cursor keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Saved {
    /// A call, or a record that dates the session, has been seen.
    begun: bool,
    /// The latest time seen on a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<Millis>,
    #[serde(skip_serializing_if = "statement::Undated::is_empty")]
    undated: statement::Undated,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<relay::Runs>,
    #[serde(skip_serializing_if = "search::Searches::is_empty")]
    searches: search::Searches,
}

impl State {
    pub(super) fn save(&self) -> Option<String> {
        if self.saved == Saved::default() {
            return None;
        }
        serde_json::to_string(&self.saved).ok()
    }

    pub(super) fn with_repeats(self) -> Self {
        Self { with_repeats: true, ..self }
    }

    /// A total was stated that nothing dates yet.
    pub(super) fn has_undated_total(&self) -> bool {
        self.saved.undated.is_waiting()
    }
}

/// Byte strings that a record must hold to matter. JSON writers never escape letters in keys, and
/// inside a string the quotes would be `\"`, so a record without them has no such key.
struct Needles {
    usage: Finder<'static>,
    web_search: Finder<'static>,
    search_count: Finder<'static>,
    cost_state: Finder<'static>,
    user: Finder<'static>,
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| Needles {
    usage: Finder::new(b"\"usage\""),
    web_search: Finder::new(b"\"WebSearch\""),
    search_count: Finder::new(b"\"searchCount\""),
    cost_state: Finder::new(b"\"cost-state\""),
    user: Finder::new(b"\"user\""),
});

impl State {
    /// Whether the record can hold anything that counts. Says yes when in doubt.
    fn wants(&self, record: &[u8]) -> bool {
        let needles = &*NEEDLES;
        !self.saved.begun
            || needles.usage.find(record).is_some()
            || needles.cost_state.find(record).is_some()
            || (!self.saved.searches.is_empty() && needles.search_count.find(record).is_some())
            || (self.saved.runs.is_some() && needles.user.find(record).is_some())
    }
}

impl Agent for Claude {
    fn id(&self) -> AgentId {
        AgentId::Claude
    }

    fn is_transcript(&self, path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "jsonl")
    }

    fn open(&self, path: &Path, saved: Option<&str>) -> super::State {
        let (session_id, agent_id) = names_from_path(path);
        super::State::Claude(State {
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
        })
    }

    fn parse(
        &self,
        record: &[u8],
        offset: u64,
        state: &mut super::State,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let super::State::Claude(state) = state;
        // After a crash a record may start with NUL bytes.
        let nuls = record.iter().take_while(|&&b| b == 0).count();
        let record = record[nuls..].trim_ascii();
        if record.is_empty() {
            return Ok(());
        }
        if !(record.starts_with(b"{") && record.ends_with(b"}")) {
            return Err(Unparsed::NotJson);
        }
        if state.repeats(record) || !state.wants(record) {
            return Ok(());
        }
        if let Some((parsed, places)) = quick::record(record) {
            let raw = Raw::new(record, offset).with_places(places);
            return state.read(&parsed, &raw, events);
        }
        // Invalid UTF-8 in some text must not lose the counts beside it. And text that is known to
        // be valid parses faster.
        // Checked first because repairing goes byte by byte: it took a third of the parser's time.
        let text = std::str::from_utf8(record)
            .map_or_else(|_| String::from_utf8_lossy(record), Cow::Borrowed);
        if let Ok(parsed) = serde_json::from_str(&text) {
            return state.read(&parsed, &Raw::new(text.as_bytes(), offset), events);
        }
        let text = json::mended(&text);
        let parsed = serde_json::from_str(&text).map_err(|_| Unparsed::NotJson)?;
        state.read(&parsed, &Raw::new(text.as_bytes(), offset), events)
    }

    fn is_executable(&self, exe: &Path, argv: &[OsString]) -> bool {
        process::is_executable(exe, argv)
    }

    fn is_headless(&self, exe: &Path, argv: &[OsString]) -> bool {
        process::is_headless(exe, argv)
    }

    fn stop_arguments(&self, exe: &Path, argv: &[OsString], job_id: &str) -> Vec<OsString> {
        process::stop_arguments(exe, argv, job_id)
    }

    fn registry(&self, root: &Path) -> Option<PathBuf> {
        // `<config>/projects` and `<config>/sessions`.
        root.parent().map(|config| config.join("sessions"))
    }

    fn parse_live(&self, bytes: &[u8]) -> Option<Live> {
        registry::parse(bytes)
    }

    fn in_turn(&self, tail: &[u8]) -> Option<bool> {
        turn::in_turn(tail)
    }

    fn latest(&self, tail: &[u8], is_whole: bool, is_subagent: bool) -> Latest {
        latest::latest(tail, is_whole, is_subagent)
    }

    fn resume_command(&self, session_id: &str, cwd: Option<&str>) -> String {
        resume::command(session_id, cwd)
    }
}

impl State {
    /// The record adds nothing to the call before but a later time. More than a third of the
    /// records with a usage are such, and need not be read.
    fn repeats(&mut self, record: &[u8]) -> bool {
        let (Some(last), Some(time)) = (&self.last, self.pattern.time_of(record)) else {
            return false;
        };
        let later = Millis::parse(time).filter(|time| *time >= last.call.timestamp);
        // The block that it adds may use a tool.
        if later.is_none() || NEEDLES.web_search.find(record).is_some() {
            return false;
        }
        self.saved.latest = self.saved.latest.max(later);
        true
    }

    fn read(
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

    fn session_of(&mut self, record: &Record<'_>) -> Arc<str> {
        match record.session_id.non_empty() {
            Some(id) => self.sessions.share(id),
            None => Arc::clone(&self.session_id),
        }
    }

    fn agent_of(&mut self, agent_id: Option<&str>) -> Option<Arc<str>> {
        agent_id.map(|id| self.agents.share(id)).or_else(|| self.agent_id.clone())
    }

    fn read_answer(
        &mut self,
        record: &Record<'_>,
        raw: &Raw<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let Some(message) = &record.message.0 else { return Ok(()) };
        if message.model.is(SYNTHETIC) {
            if record.is_api_error.0 {
                events.push(Event::ApiError {
                    session_id: self.session_of(record),
                    status: record.api_error_status.0.and_then(|code| u16::try_from(code).ok()),
                });
            }
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

    /// A `progress` record repeats a line of a subagent, which has a file of its own.
    fn read_echo(
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
        let is_final = message.stop_reason.non_empty().is_some() || iterations.len() > "[]".len();
        self.saved.latest = self.saved.latest.max(Some(timestamp));
        if self.repeats_last(record, line, message, timestamp, &main, iterations, is_final) {
            // The block that it adds may still use a tool.
            if let (Some(last), Some(body)) = (&self.last, raw.search_body()) {
                self.saved.searches.note_uses(&last.call.call_id, &body);
            }
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
        let call = Call {
            call_id,
            kind: main.kind,
            agent: AgentId::Claude,
            session_id: self.session_of(record),
            agent_id: line.agent_id.clone(),
            model: message.model.non_empty().map(|model| self.models.share(model)),
            timestamp,
            usage: main.usage,
            qualifiers,
            cwd: record.cwd.non_empty().map(|cwd| self.cwds.share(cwd)),
            project: None,
            git_branch: record.git_branch.non_empty().map(|branch| self.branches.share(branch)),
            is_final,
            is_sidechain: line.is_sidechain,
            is_echo: line.is_echo,
            is_background: record.session_kind.is("bg"),
            reported_cost: positive_usd(record.cost_usd),
            offset: raw.offset,
        };
        for part in usage::further_parts(message, usage, &steps) {
            events.push(Event::Call(Box::new(part_call(&call, part))));
        }
        if !self.with_repeats {
            // A line that names no response, or shares its name, is told apart by what may differ.
            match &raw.places {
                Some(places)
                    if !line.is_echo
                        && message.id.non_empty().is_some()
                        && call.call_id.run.is_none() =>
                {
                    self.pattern.set(raw.record, places);
                }
                _ => self.pattern.forget(),
            }
            self.last = Some(Last {
                call: call.clone(),
                qualifiers: main.qualifiers,
                iterations: iterations.into(),
            });
        }
        events.push(Event::Call(Box::new(call)));
        Ok(())
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
            return CallId { id: line_name().into(), request_id: None, run: None };
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

    fn read_user(&mut self, record: &Record<'_>, raw: &Raw<'_>, events: &mut Vec<Event>) {
        if self.saved.runs.is_none() && self.saved.searches.is_empty() {
            return;
        }
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

/// A positive number, or a string with one, as money.
fn positive_usd(value: RawText<'_>) -> Option<PicoUsd> {
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
