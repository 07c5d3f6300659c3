//! What a thread is at, with the text of the tool call that it repeats: read from the end of its
//! transcript for a screen, and kept nowhere.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::prompt::{self, Beginning};
use super::record::{Body, Record};
use crate::agents::json::{Flag, Object, Text, TextOrObjects};
use crate::agents::{Latest, ToolCall};

/// What changes nothing about what a tool does.
const BESIDE_THE_POINT: [&str; 2] = ["description", "timeout"];

/// What says most of a tool's input, the first that it has.
const POINTS: [&str; 7] =
    ["command", "file_path", "notebook_path", "pattern", "url", "query", "prompt"];

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default, rename = "agentId")]
    agent_id: Text<'a>,
    #[serde(default, rename = "isSidechain")]
    is_sidechain: Flag,
    #[serde(default, rename = "isApiErrorMessage")]
    is_api_error: Flag,
    #[serde(borrow, default)]
    message: Object<Said<'a>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    content: TextOrObjects<'a, Block<'a>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    input: Value,
}

/// Reads the end of a thread's transcript: the main thread's, or a subagent's own. Of a tail that
/// does not begin with the file the first line is cut off, and counts are at least what they say.
pub(super) fn latest(tail: &[u8], is_whole: bool, is_subagent: bool) -> Latest {
    let mut latest = Latest { is_whole, ..Latest::default() };
    let mut message: Option<String> = None;
    // A command that begins a turn if it is answered.
    let mut is_command = false;
    let mut seen: HashSet<String> = HashSet::new();
    let mut repeated: Option<(String, Value)> = None;
    for text in tail.split(|&byte| byte == b'\n').skip(usize::from(!is_whole)) {
        let Ok(line) = serde_json::from_slice::<Line<'_>>(text) else { continue };
        // An older client writes its subagents' lines into the session's own transcript.
        let is_aside = line.is_sidechain.0 || line.agent_id.non_empty().is_some();
        if is_aside && !is_subagent {
            continue;
        }
        if line.kind.is("user") {
            match beginning(text, is_subagent) {
                None => {}
                Some(Beginning::Perhaps(_)) => is_command = true,
                Some(Beginning::Turn(_) | Beginning::SentOn) => {
                    latest = Latest { is_whole: true, ..Latest::default() };
                    (message, repeated, is_command) = (None, None, false);
                }
            }
            continue;
        }
        let Some(said) = line.message.0.filter(|_| line.kind.is("assistant")) else { continue };
        if line.is_api_error.0 {
            continue;
        }
        if std::mem::take(&mut is_command) {
            latest = Latest { is_whole: true, ..Latest::default() };
            (message, repeated) = (None, None);
        }
        // One answer is several lines, one for each block of it.
        if message.is_none() || message.as_deref() != said.id.as_deref() {
            latest.steps += 1;
            message = said.id.as_deref().map(str::to_owned);
        }
        let TextOrObjects::Objects(blocks) = said.content else { continue };
        for block in blocks {
            let (true, Some(name)) = (block.kind.is("tool_use"), block.name.non_empty()) else {
                continue;
            };
            if !block.id.non_empty().is_none_or(|id| seen.insert(id.to_owned())) {
                continue;
            }
            let call = (name.to_owned(), without_asides(block.input));
            let same = repeated.as_ref() == Some(&call);
            let before = latest.tool.as_ref().filter(|_| same).map_or(0, |tool| tool.in_a_row);
            latest.tool = Some(ToolCall {
                name: name.to_owned(),
                arguments: point(&call.1),
                in_a_row: before + 1,
            });
            repeated = Some(call);
        }
    }
    latest
}

fn beginning(text: &[u8], is_subagent: bool) -> Option<Beginning> {
    let record = serde_json::from_slice::<Record<'_>>(text).ok()?;
    let body = serde_json::from_slice::<Body<'_>>(text).ok()?;
    prompt::beginning(&record, &body, is_subagent)
}

fn without_asides(mut input: Value) -> Value {
    if let Value::Object(fields) = &mut input {
        for name in BESIDE_THE_POINT {
            fields.remove(name);
        }
    }
    input
}

/// What a tool was asked for, in as few words as say it.
fn point(input: &Value) -> String {
    let texts = POINTS.iter().filter_map(|name| input.get(name)?.as_str());
    match texts.into_iter().next() {
        Some(text) => text.to_owned(),
        None if input.as_object().is_none_or(serde_json::Map::is_empty) => String::new(),
        None => input.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(message: &str, id: &str, input: &str) -> String {
        format!(
            r#"{{"type":"assistant","message":{{"id":"{message}","content":[{{"type":"tool_use","id":"{id}","name":"Bash","input":{input}}}]}}}}"#
        )
    }

    const PROMPT: &str = r#"{"type":"user","message":{"role":"user","content":"go on"}}"#;
    const RESULT: &str =
        r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t"}]}}"#;
    const LS: &str = r#"{"command":"ls","description":"Look"}"#;
    const LS_TOO: &str = r#"{"timeout":5,"command":"ls"}"#;
    const CAT: &str = r#"{"command":"cat x"}"#;

    fn read(lines: &[&str]) -> Latest {
        latest((lines.join("\n") + "\n").as_bytes(), true, false)
    }

    fn row(latest: &Latest) -> Option<(&str, u32)> {
        latest.tool.as_ref().map(|tool| (tool.arguments.as_str(), tool.in_a_row))
    }

    #[test]
    fn the_same_call_in_a_row_is_counted_whatever_it_is_described_as() {
        let lines = [call("m1", "a", LS), call("m2", "b", LS_TOO), call("m3", "c", LS)];
        let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        lines.insert(0, PROMPT);
        lines.insert(2, RESULT);
        let now = read(&lines);
        assert_eq!((now.steps, row(&now)), (3, Some(("ls", 3))));
        let other = call("m4", "d", CAT);
        lines.push(&other);
        assert_eq!(row(&read(&lines)), Some(("cat x", 1)));
        lines.push(PROMPT);
        assert_eq!((read(&lines).steps, row(&read(&lines))), (0, None), "a turn begins anew");
        let again = call("m5", "e", CAT);
        lines.push(&again);
        let command = PROMPT.replace("go on", "<command-name>/model</command-name>");
        lines.push(&command);
        assert_eq!(read(&lines).steps, 1, "a command that nobody answers is no turn");
        let answer = call("m6", "f", LS);
        lines.push(&answer);
        assert_eq!((read(&lines).steps, row(&read(&lines))), (1, Some(("ls", 1))));
    }

    #[test]
    fn copies_of_a_line_and_blocks_of_one_answer_count_once() {
        let lines = [call("m1", "a", LS), call("m1", "a", LS), call("m1", "b", LS)];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let now = read(&lines);
        assert_eq!((now.steps, row(&now)), (1, Some(("ls", 2))));
    }

    #[test]
    fn a_subagents_lines_are_its_own() {
        let aside =
            call("m1", "a", LS).replacen('{', "{\"isSidechain\":true,\"agentId\":\"x\",", 1);
        assert_eq!(read(&[&aside]), Latest { is_whole: true, ..Latest::default() });
        let own = latest(aside.as_bytes(), true, true);
        assert_eq!((own.steps, row(&own)), (1, Some(("ls", 1))));
    }

    #[test]
    fn a_tail_without_its_beginning_says_so_until_a_prompt_comes() {
        let cut = format!("sistant\"}}\n{}\n", call("m1", "a", LS));
        assert!(!latest(cut.as_bytes(), false, false).is_whole);
        let whole = format!("{cut}{PROMPT}\n{}\n", call("m2", "b", CAT));
        let now = latest(whole.as_bytes(), false, false);
        assert_eq!((now.is_whole, now.steps, row(&now)), (true, 1, Some(("cat x", 1))));
    }

    #[test]
    fn what_is_no_transcript_is_nothing() {
        for text in ["", "\n", "{", "null", "[]", "{\"type\":\"assistant\",\"message\":7}"] {
            assert_eq!(row(&read(&[text])), None, "{text}");
        }
        let odd = call("m", "a", "[1,2]");
        assert_eq!(row(&read(&[&odd])), Some(("", 1)));
        let other = call("m", "a", r#"{"b":1,"a":{"c":"d"}}"#);
        assert!(row(&read(&[&other])).unwrap().0.contains(r#""a":{"c":"d"}"#));
    }

    #[test]
    fn what_was_asked_for_is_no_matter_of_a_log() {
        let now = read(&[&call("m1", "a", CAT)]);
        assert!(!format!("{now:?}").contains("cat"));
    }
}
