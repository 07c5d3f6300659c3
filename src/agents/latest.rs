//! What a thread is at, as the latest records of its transcript tell: for the eyes of the person, and
//! kept nowhere.
//!
//! The agent's own parser tells what was done, by fingerprints as everywhere; what the newest tool
//! call was asked for is then looked up in its record. So no agent has to do anything for it.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::{Parser, adapter, json};
use crate::model::{AgentId, CallKind, Deed, Event, Fingerprint, Millis, ThreadDeeds, ToolUse};

/// What a thread is at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latest {
    /// Answers of the model in this turn.
    pub steps: u32,
    /// The newest tool call of this turn.
    pub tool: Option<ToolCall>,
    /// The turn's beginning was seen: else counts are at least what they say.
    pub is_whole: bool,
}

/// A tool call. What it was asked for is for the screen alone: nothing prints it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// What it was asked for, as the transcript has it: unsafe to show.
    pub arguments: String,
    /// How often in a row it was made, itself included.
    pub in_a_row: u32,
}

impl fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolCall")
            .field("name", &self.name)
            .field("in_a_row", &self.in_a_row)
            .finish_non_exhaustive()
    }
}

/// What a thread is at, by the latest records of its transcript, the oldest first; of those that are
/// not all of it, the first record that there is says whose they are. `thread` is a subagent's id, or
/// else the session's.
pub fn latest(
    agent: AgentId,
    transcript: &Path,
    records: &[Vec<u8>],
    is_whole: bool,
    thread: &str,
) -> Latest {
    let mut parser = adapter(agent).open(transcript, None);
    let mut events = Vec::new();
    for (record, place) in records.iter().zip(0..) {
        // What does not parse tells nothing.
        let _ = parser.parse(record, place, &mut events);
    }
    let log = parser.take_deeds();
    let is_its = |session: &str, subagent: Option<&str>| subagent.unwrap_or(session) == thread;
    let told = log.threads().iter().find(|of| is_its(&of.session_id, of.agent_id.as_deref()));
    let began = told.and_then(turn_of);
    let is_now = |at: Millis| began.is_none_or(|began| at >= began);
    let steps: HashSet<i64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Call(call) if call.kind == CallKind::Message => Some(call),
            _ => None,
        })
        .filter(|call| is_its(&call.session_id, call.agent_id.as_deref()))
        .filter(|call| is_now(call.timestamp) && !call.is_echo)
        .map(|call| call.call_id.group_key())
        .collect();
    let uses = told.map(uses_of).unwrap_or_default();
    let uses: Vec<_> = uses.iter().filter(|(at, _)| is_now(*at)).map(|(_, used)| *used).collect();
    let newest = uses.last().map(|newest| ToolCall {
        name: newest.name.to_string(),
        arguments: records
            .iter()
            .rev()
            .find_map(|record| asked(record, newest.id))
            .unwrap_or_default(),
        in_a_row: uses.iter().rev().take_while(|used| used.call() == newest.call()).count() as u32,
    });
    Latest { steps: steps.len() as u32, tool: newest, is_whole: is_whole || began.is_some() }
}

/// Whether a session is in mid-turn, by the last lines of its own transcript; none where they do not
/// tell.
pub(super) fn in_turn(mut parser: Box<dyn Parser>, tail: &[u8]) -> Option<bool> {
    let mut events = Vec::new();
    for (line, place) in tail.split(|&byte| byte == b'\n').zip(0..) {
        let _ = parser.parse(line, place, &mut events);
        events.clear();
    }
    let log = parser.take_deeds();
    let own = log.threads().iter().filter(|thread| thread.agent_id.is_none());
    own.filter_map(|thread| thread.word).max().map(|(_, waits)| !waits)
}

/// When the turn that a thread is in began, if it is told.
fn turn_of(thread: &ThreadDeeds) -> Option<Millis> {
    let turns = thread.deeds.iter().filter(|told| matches!(told.deed, Deed::Turn(_)));
    turns.map(|told| told.timestamp).max()
}

/// The tool calls of a thread, in the order of the ledger; copies of a record tell one again.
fn uses_of(thread: &ThreadDeeds) -> Vec<(Millis, &ToolUse)> {
    let mut known = HashSet::new();
    let uses = thread.deeds.iter().filter_map(|told| match &told.deed {
        Deed::ToolUse(used) => Some((told.timestamp, used)),
        _ => None,
    });
    let mut uses: Vec<_> = uses.filter(|(_, used)| known.insert(used.id)).collect();
    uses.sort_by_key(|(at, used)| (*at, used.id.0.cast_signed()));
    uses
}

/// What agents call the id of a tool call, and what it was asked for.
const IDS: [&str; 4] = ["id", "call_id", "callID", "toolCallId"];
const ASKED: [&str; 4] = ["input", "args", "arguments", "action"];

/// What says most of it, the first that there is.
const POINTS: [&str; 12] = [
    "command",
    "cmd",
    "file_path",
    "filePath",
    "absolute_path",
    "notebook_path",
    "path",
    "dir_path",
    "pattern",
    "url",
    "query",
    "prompt",
];

/// What changes nothing about it.
const BESIDE_THE_POINT: [&str; 2] = ["description", "timeout"];

/// What a tool call was asked for, in as few words as say it, if the record has it.
fn asked(record: &[u8], id: Fingerprint) -> Option<String> {
    let mut value = Value::Null;
    let read = json::read(record, |text| {
        value = serde_json::from_str(text)?;
        Ok(Ok(()))
    });
    read.ok().and_then(|()| find(&value, id)).map(point)
}

fn find(value: &Value, id: Fingerprint) -> Option<&Value> {
    match value {
        Value::Object(fields) => {
            let mut ids = IDS.iter().filter_map(|name| fields.get(*name)?.as_str());
            let asked = || ASKED.iter().find_map(|name| fields.get(*name));
            // OpenCode has it beside what came of it.
            let asked = || asked().or_else(|| fields.get("state")?.get("input"));
            let own = ids.any(|own| Fingerprint::of(own.as_bytes()) == id).then(asked).flatten();
            own.or_else(|| fields.values().find_map(|value| find(value, id)))
        }
        Value::Array(values) => values.iter().find_map(|value| find(value, id)),
        _ => None,
    }
}

fn point(asked: &Value) -> String {
    match asked {
        // Some have it as text within the text.
        Value::String(text) => match serde_json::from_str(text) {
            Ok(value @ Value::Object(_)) => point(&value),
            _ => text.clone(),
        },
        Value::Object(fields) => {
            let telling = POINTS.iter().find_map(|name| words(fields.get(*name)?));
            telling.unwrap_or_else(|| {
                let mut fields = fields.clone();
                fields.retain(|name, _| !BESIDE_THE_POINT.contains(&&**name));
                if fields.is_empty() { String::new() } else { Value::Object(fields).to_string() }
            })
        }
        _ => String::new(),
    }
}

/// A text, or a command that is told word by word.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(words) => {
            let words: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
            words.map(|words| words.join(" "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = r#"{"type":"user","uuid":"p1","sessionId":"s","timestamp":"2026-11-23T16:00:01Z","message":{"role":"user","content":"go on"}}"#;

    fn call(second: u8, id: &str, input: &str) -> String {
        format!(
            r#"{{"type":"assistant","uuid":"u{second}","sessionId":"s","requestId":"r{second}","timestamp":"2026-11-23T16:00:{second:02}Z","message":{{"id":"msg_01{second}","model":"m","role":"assistant","usage":{{"input_tokens":1,"output_tokens":1}},"content":[{{"type":"tool_use","id":"{id}","name":"Bash","input":{input}}}]}}}}"#
        )
    }

    fn read(lines: &[&str], is_whole: bool) -> Latest {
        let records: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        latest(AgentId::Claude, Path::new("/p/s.jsonl"), &records, is_whole, "s")
    }

    fn row(latest: &Latest) -> Option<(&str, u32)> {
        latest.tool.as_ref().map(|tool| (&*tool.arguments, tool.in_a_row))
    }

    #[test]
    fn the_same_call_in_a_row_is_counted_whatever_it_is_described_as() {
        let one = call(2, "a", r#"{"command":"ls","description":"Look"}"#);
        let two = call(3, "b", r#"{"timeout":5,"command":"ls"}"#);
        let other = call(4, "c", r#"{"command":"cat x"}"#);
        let now = read(&[PROMPT, &one, &two], true);
        assert_eq!((now.steps, row(&now)), (2, Some(("ls", 2))));
        // A copy of a line tells nothing new.
        let now = read(&[PROMPT, &one, &two, &two, &other], true);
        assert_eq!((now.steps, row(&now)), (3, Some(("cat x", 1))));
        let next = PROMPT.replace(":01Z", ":05Z").replace("p1", "p2");
        let now = read(&[PROMPT, &one, &two, &next], true);
        assert_eq!((now.steps, row(&now)), (0, None), "a turn begins anew");
    }

    #[test]
    fn without_its_beginning_a_turn_is_at_least_that() {
        let one = call(2, "a", r#"{"command":"ls"}"#);
        assert!(!read(&[&one], false).is_whole && read(&[&one], true).is_whole);
        assert!(read(&[PROMPT, &one], false).is_whole);
    }

    #[test]
    fn what_is_no_record_is_nothing() {
        for text in ["", "\n", "{", "null", "[]", "{\"type\":\"assistant\",\"message\":7}"] {
            assert_eq!(read(&[text], true), Latest { is_whole: true, ..Latest::default() });
        }
    }

    #[test]
    fn what_was_asked_for_in_every_agents_form() {
        let asked = |record: &str| asked(record.as_bytes(), Fingerprint::of(b"c1"));
        for (record, expected) in [
            (r#"{"a":[{"id":"c0","input":{}},{"id":"c1","input":{"command":"ls"}}]}"#, "ls"),
            (r#"{"payload":{"call_id":"c1","arguments":"{\"cmd\":\"ls -l\"}"}}"#, "ls -l"),
            (r#"{"payload":{"call_id":"c1","input":"*** Begin Patch"}}"#, "*** Begin Patch"),
            (
                r#"{"payload":{"call_id":"c1","action":{"command":["bash","-lc","ls"]}}}"#,
                "bash -lc ls",
            ),
            (r#"{"toolCalls":[{"id":"c1","args":{"absolute_path":"/a"},"result":[]}]}"#, "/a"),
            (r#"{"toolRequests":[{"toolCallId":"c1","arguments":{"path":"/b"}}]}"#, "/b"),
            (r#"{"tools":[{"callID":"c1","state":{"input":{"filePath":"/c"}}}]}"#, "/c"),
            (
                r#"{"id":"c1","input":{"b":1,"timeout":2,"a":{"c":"d"}}}"#,
                r#"{"a":{"c":"d"},"b":1}"#,
            ),
            (r#"{"id":"c1","input":{"description":"x"}}"#, ""),
            (r#"{"id":"c1","input":[1]}"#, ""),
            (r#"{"id":"c1","content":"a result","x":{"id":"c1","args":{"url":"u"}}}"#, "u"),
        ] {
            assert_eq!(asked(record).as_deref(), Some(expected), "{record}");
        }
        for record in [r#"{"id":"c2","input":{}}"#, r#"{"id":"c1"}"#, "7", "{"] {
            assert_eq!(asked(record), None, "{record}");
        }
    }

    #[test]
    fn what_was_asked_for_is_no_matter_of_a_log() {
        let now = read(&[&call(2, "a", r#"{"command":"cat x"}"#)], true);
        assert!(row(&now).is_some() && !format!("{now:?}").contains("cat"));
    }
}
