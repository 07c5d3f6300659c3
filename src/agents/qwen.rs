//! Qwen Code: chats, JSON lines under `<config>/projects/<project>/chats/`.
//!
//! Most answers are told twice: by an event of the client's own telemetry, which has the provider's
//! id and is written of subagents and some side requests, too; and, for the conversation's own, by
//! the record of what the model said. The two are paired by their counts. A fork is a copy that
//! keeps every record's id. It began as a copy of Gemini CLI, and has its tools.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::gemini::account;
use super::gemini::tool::{self, Part};
use super::json::{Count, Object, RawText, Text, TextOrObjects};
use super::{
    Agent, Hook, LastSeen, Moment, Parser, Source, Surroundings, Unparsed, Words, json, process,
};
use crate::model::{
    AgentId, Call, CallId, Deed, DeedLog, DeedOf, Event, Fingerprint, Millis, Qualifiers,
    TokenUsage, ToolOutcome, TurnSource,
};

/// Name the folder of what is written while it runs, and the config folder.
const VARIABLES: [&str; 2] = ["QWEN_RUNTIME_DIR", "QWEN_HOME"];
/// The config folder, and the settings in it.
const HOME: &str = ".qwen";
const SETTINGS: &str = "settings.json";
/// A folder for each project is in here.
const FOLDER: &str = "projects";
/// The program of the npm package.
const SCRIPT: &str = "@qwen-code/qwen-code/cli.js";
/// A shorter id of an answer is no provider's: it may be another answer's, too.
const LONG: usize = 16;
/// Answers that were told once; those of subagents never are again.
const MOST_WAITING: usize = 16;

/// The adapter.
#[derive(Debug)]
pub struct Qwen;

impl Agent for Qwen {
    fn id(&self) -> AgentId {
        AgentId::Qwen
    }

    fn variables(&self) -> &'static [&'static str] {
        &VARIABLES
    }

    fn homes(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        let set = VARIABLES.iter().filter_map(|variable| surroundings.folder(variable));
        set.chain(surroundings.below_home(HOME)).collect()
    }

    fn roots(&self, home: &Path) -> Vec<PathBuf> {
        let is_root = home.file_name().is_some_and(|name| name == FOLDER);
        vec![if is_root { home.to_owned() } else { home.join(FOLDER) }]
    }

    fn source(&self, path: &Path) -> Option<Source> {
        // What subagents say lies beside the chats, without tokens.
        let is_chat = path.parent()?.file_name()? == "chats" && path.extension()? == "jsonl";
        is_chat.then_some(Source::Lines)
    }

    fn open(&self, path: &Path, saved: Option<&str>) -> Box<dyn Parser> {
        let waiting = saved.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let named = path.file_stem().map(|stem| stem.to_string_lossy().into());
        Box::new(Chat { named: named.unwrap_or_default(), waiting, ..Chat::default() })
    }

    fn leaves_out(&self) -> &'static str {
        "suggestions and other requests that the client makes for itself, and aborted answers"
    }

    fn account_files(&self, surroundings: &Surroundings<'_>) -> Vec<PathBuf> {
        let home = surroundings.folder(VARIABLES[1]).or_else(|| surroundings.below_home(HOME));
        home.into_iter().map(|home| home.join(SETTINGS)).collect()
    }

    fn is_on_plan(&self, account_file: &[u8]) -> Option<bool> {
        account::is_on_plan(account_file)
    }

    fn is_executable(&self, exe: &Path, argv: &[OsString]) -> bool {
        process::is_script(exe, argv, "qwen", &[SCRIPT])
    }

    fn is_headless(&self, _exe: &Path, argv: &[OsString]) -> bool {
        process::has_option(argv, "-p", "--prompt")
    }

    fn resume_words(&self) -> Option<&'static str> {
        Some("qwen --resume")
    }

    fn hook(&self) -> Option<Hook> {
        Some(Hook {
            file: SETTINGS,
            // Its time limits are in milliseconds.
            words: Words { second: 1000, ..Words::CLAUDE },
            // A prompt was measured to be blocked, with version 0.15; of tools it is not known.
            moments: &[Moment::UserPromptSubmit],
            stops_turn: false,
            reloads: false,
            beside: &[],
            consent: None,
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow, default)]
    uuid: Text<'a>,
    #[serde(borrow, default)]
    session_id: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    subtype: Text<'a>,
    #[serde(borrow, default)]
    cwd: Text<'a>,
    #[serde(borrow, default)]
    git_branch: Text<'a>,
    /// Whose record this is a copy of.
    #[serde(borrow, default)]
    forked_from: RawText<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    #[serde(default)]
    usage_metadata: Object<Usage>,
    #[serde(borrow, default)]
    message: Object<Message<'a>>,
    #[serde(borrow, default)]
    tool_call_result: Object<ToolGave<'a>>,
    #[serde(borrow, default)]
    system_payload: Object<Payload<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    parts: RawText<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolGave<'a> {
    #[serde(borrow, default)]
    call_id: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow, default)]
    ui_event: Object<Told<'a>>,
}

/// An event of the client's telemetry.
#[derive(Debug, Default, Deserialize)]
struct Told<'a> {
    #[serde(borrow, default, rename = "event.name")]
    name: Text<'a>,
    #[serde(borrow, default)]
    response_id: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    /// `<session>#<subagent>#<number>`; of the session's own the middle is empty.
    #[serde(borrow, default)]
    prompt_id: Text<'a>,
    #[serde(default)]
    status_code: Count,
    #[serde(flatten)]
    usage: Usage,
}

/// The counts of an answer, by their names in a record or in telemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Usage {
    #[serde(rename = "promptTokenCount", alias = "input_token_count")]
    prompt: Count,
    #[serde(rename = "candidatesTokenCount", alias = "output_token_count")]
    output: Count,
    #[serde(rename = "cachedContentTokenCount", alias = "cached_content_token_count")]
    cached: Count,
    #[serde(rename = "thoughtsTokenCount", alias = "thoughts_token_count")]
    thoughts: Count,
    #[serde(rename = "totalTokenCount", alias = "total_token_count")]
    total: Count,
}

impl Usage {
    fn counts(&self) -> [u64; 4] {
        [self.prompt, self.output, self.cached, self.thoughts].map(Count::or_zero)
    }

    /// Taken apart into classes that do not overlap, and whether that rests on an assumption. Most
    /// providers count what was thought as output, Google does not: the total tells.
    fn usage(&self) -> (TokenUsage, bool) {
        let [prompt, output, cached, thoughts] = self.counts();
        let is_outside = self.total.or_zero() > prompt.saturating_add(output);
        let usage = TokenUsage {
            input_tokens: prompt.saturating_sub(cached),
            output_tokens: if is_outside { self.output.plus(self.thoughts) } else { output },
            cache_read_input_tokens: cached,
            reasoning_output_tokens: thoughts,
            ..TokenUsage::default()
        };
        (usage, cached > prompt || (thoughts > 0 && self.total.or_zero() == 0))
    }
}

/// What is remembered between two lines.
#[derive(Debug, Default)]
struct Chat {
    /// The session, from the file's name.
    named: Arc<str>,
    /// Answers that were told once, so far. The cursor keeps them.
    waiting: Vec<Waiting>,
    sessions: LastSeen,
    models: LastSeen,
    cwds: LastSeen,
    branches: LastSeen,
    deeds: DeedLog,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Waiting {
    id: Arc<str>,
    counts: [u64; 4],
    by_telemetry: bool,
}

/// What a line tells of an answer.
struct Answer<'a> {
    id: Option<&'a str>,
    model: Option<&'a str>,
    usage: Usage,
    by_telemetry: bool,
}

/// Where a line belongs.
struct Place {
    session_id: Arc<str>,
    agent_id: Option<Arc<str>>,
    at: Option<Millis>,
}

impl Place {
    fn of(line: &Line<'_>, session_id: Arc<str>) -> Self {
        let told = line.system_payload.0.as_ref().and_then(|payload| payload.ui_event.0.as_ref());
        let subagent = told.and_then(|told| {
            let rest = told.prompt_id.as_deref()?.strip_prefix(&*session_id)?.strip_prefix('#')?;
            rest.rsplit_once('#').map(|(name, _)| name.trim_matches('#'))
        });
        let agent_id = subagent.filter(|name| !name.is_empty()).map(Arc::from);
        Self { session_id, agent_id, at: line.timestamp.as_deref().and_then(Millis::parse) }
    }
}

impl Chat {
    fn read(
        &mut self,
        line: &Line<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        let session_id = self.sessions.share(line.session_id.non_empty().unwrap_or(&self.named));
        let place = Place::of(line, session_id);
        let key = Fingerprint::of(line.uuid.as_deref().unwrap_or_default().as_bytes());
        if line.kind.is("assistant") {
            let usage = line.usage_metadata.0.unwrap_or_default();
            let (id, model) = (line.uuid.non_empty(), line.model.non_empty());
            let answer = Answer { id, model, usage, by_telemetry: false };
            let name = self.count(line, &place, &answer, offset, events)?;
            self.tell_answer(line, &place, name);
        } else if line.kind.is("system") {
            let told =
                line.system_payload.0.as_ref().and_then(|payload| payload.ui_event.0.as_ref());
            match told.and_then(|told| Some((told.name.as_deref()?, told))) {
                Some(("qwen-code.api_response", told)) => {
                    let id = told.response_id.as_deref().filter(|id| id.len() >= LONG);
                    let (id, model) = (id.or(line.uuid.non_empty()), told.model.non_empty());
                    let answer = Answer { id, model, usage: told.usage, by_telemetry: true };
                    self.count(line, &place, &answer, offset, events)?;
                }
                Some(("qwen-code.api_error", told)) => {
                    let status = told.status_code.0.and_then(|status| u16::try_from(status).ok());
                    let Place { session_id, agent_id, at: timestamp } = place;
                    events.push(Event::ApiError { session_id, agent_id, timestamp, key, status });
                }
                _ if line.subtype.is("chat_compression") => {
                    self.tell(&place, Deed::Compaction { is_auto: true }, DeedOf::Line(key));
                }
                _ => {}
            }
        } else if line.kind.is("user") {
            let by = match line.subtype.non_empty() {
                None => TurnSource::Human,
                Some(_) => TurnSource::Automated,
            };
            self.tell(&place, Deed::Turn(by), DeedOf::Line(key));
        } else if line.kind.is("tool_result") {
            self.tell_result(line, &place);
        }
        Ok(())
    }

    /// Has an answer counted, unless the other one told it before; returns its name.
    fn count(
        &mut self,
        line: &Line<'_>,
        place: &Place,
        answer: &Answer<'_>,
        offset: u64,
        events: &mut Vec<Event>,
    ) -> Result<Option<CallId>, Unparsed> {
        let counts = answer.usage.counts();
        let Some(id) = answer.id.filter(|_| counts != [0; 4]) else { return Ok(None) };
        let is_other = |waiting: &Waiting| {
            waiting.by_telemetry != answer.by_telemetry && waiting.counts == counts
        };
        if let Some(found) = self.waiting.iter().position(is_other) {
            return Ok(Some(CallId::of(self.waiting.remove(found).id)));
        }
        let timestamp = place.at.ok_or(Unparsed::NoTimestamp)?;
        let id: Arc<str> = id.into();
        if self.waiting.len() == MOST_WAITING {
            self.waiting.remove(0);
        }
        let by_telemetry = answer.by_telemetry;
        self.waiting.push(Waiting { id: Arc::clone(&id), counts, by_telemetry });
        let (usage, assumed) = answer.usage.usage();
        let (call_id, thread) =
            (CallId::of(id), (place.session_id.clone(), place.agent_id.clone()));
        events.push(Event::Call(Box::new(Call {
            model: answer.model.map(|model| self.models.share(model)),
            qualifiers: Qualifiers { assumed, ..Qualifiers::default() },
            cwd: line.cwd.non_empty().map(|cwd| self.cwds.share(cwd)),
            git_branch: line.git_branch.non_empty().map(|branch| self.branches.share(branch)),
            is_echo: line.forked_from.0.is_some(),
            offset,
            ..Call::told(AgentId::Qwen, thread, call_id.clone(), timestamp, usage)
        })));
        Ok(Some(call_id))
    }

    fn tell(&mut self, place: &Place, deed: Deed, of: DeedOf) {
        if let Some(at) = place.at {
            let subagent = place.agent_id.as_deref();
            self.deeds.thread(&place.session_id, subagent).tell(at, deed, of);
        }
    }

    /// The record of an answer, whose tools come with it.
    fn tell_answer(&mut self, line: &Line<'_>, place: &Place, name: Option<CallId>) {
        let Some((at, call_id)) = place.at.zip(name) else { return };
        let of = DeedOf::Call(call_id.place(false));
        let parts = parts(line);
        let asked: Vec<_> = parts.iter().filter_map(|part| part.function_call.0.as_ref()).collect();
        self.deeds.thread(&place.session_id, None).hear(at, asked.is_empty());
        for asked in asked {
            let (Some(id), name) = (asked.id.non_empty(), asked.name.as_deref()) else { continue };
            let used = tool::used(id, name.unwrap_or_default(), asked.args);
            self.tell(place, Deed::ToolUse(used), of);
        }
    }

    fn tell_result(&mut self, line: &Line<'_>, place: &Place) {
        let Some(gave) = &line.tool_call_result.0 else { return };
        let (id, status) = (gave.call_id.non_empty(), gave.status.as_deref());
        let given = line.message.0.as_ref().map(|message| message.parts).unwrap_or_default();
        if let Some((id, status)) = id.zip(status)
            && let Some(result) = tool::result(id, status, given)
        {
            // After a tool that a person broke off or did not let run, the person has the word.
            let is_denied = result.outcome == ToolOutcome::Denied;
            self.tell(place, Deed::ToolResult(result), DeedOf::Use);
            if let Some(at) = place.at.filter(|_| is_denied) {
                self.deeds.thread(&place.session_id, place.agent_id.as_deref()).hear(at, true);
            }
        }
    }
}

fn parts<'a>(line: &Line<'a>) -> Vec<Part<'a>> {
    match line.message.0.as_ref().map(|message| tool::parts(message.parts)) {
        Some(TextOrObjects::Objects(parts)) => parts,
        _ => Vec::new(),
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
        if self.waiting.is_empty() {
            return None;
        }
        serde_json::to_string(&self.waiting).ok()
    }
}
