//! Whether a thread is in mid-turn, from the end of its rollout.
//!
//! An idle session spends nothing and must not be signalled, so a doubt is settled for idle: the
//! next answer shows it.

use serde::Deserialize;

use crate::agents::json::{Object, Text};

/// Records that are looked at, from the end, for the beginning or end of a turn.
const LOOKED_AT: usize = 4096;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    payload: Object<Payload<'a>>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    role: Text<'a>,
}

/// What a line says of the turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// The model is about to be called: a turn begins, a person has said something, a tool has
    /// given something.
    Calls,
    /// The turn has ended.
    Ends,
    /// The model asked for a tool: it will be called again.
    Asks,
    /// The model said something, or its answer is complete.
    Answers,
    Nothing,
}

/// What the last lines tell; none where they tell nothing. The first line of `tail` may be cut off,
/// and the last torn.
pub(super) fn in_turn(tail: &[u8]) -> Option<bool> {
    let mut has_answered = false;
    for line in tail.rsplit(|&byte| byte == b'\n').take(LOOKED_AT) {
        match word(line) {
            Word::Nothing => {}
            Word::Ends => return Some(false),
            Word::Asks => return Some(true),
            // An answer without a tool is the turn's last; its end is about to be written.
            Word::Calls => return Some(!has_answered),
            Word::Answers => has_answered = true,
        }
    }
    has_answered.then_some(false)
}

fn word(line: &[u8]) -> Word {
    let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else { return Word::Nothing };
    let payload = line.payload.0.as_ref();
    let kind = payload.and_then(|payload| payload.kind.as_deref()).unwrap_or_default();
    match line.kind.as_deref() {
        Some("token_usage_record") => Word::Answers,
        Some("event_msg") => match kind {
            "task_started" | "turn_started" | "user_message" => Word::Calls,
            "task_complete" | "turn_complete" | "turn_aborted" | "shutdown_complete" => Word::Ends,
            "agent_message" => Word::Answers,
            _ => Word::Nothing,
        },
        Some("response_item") => match kind {
            "message" if payload.is_some_and(|payload| payload.role.is("assistant")) => {
                Word::Answers
            }
            "message" if payload.is_some_and(|payload| payload.role.is("user")) => Word::Calls,
            kind if kind.ends_with("_call") && kind != "web_search_call" => Word::Asks,
            kind if kind.ends_with("_output") => Word::Calls,
            _ => Word::Nothing,
        },
        _ => Word::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str) -> String {
        format!(r#"{{"type":"event_msg","payload":{{"type":"{kind}"}}}}"#)
    }

    fn item(kind: &str, role: &str) -> String {
        format!(r#"{{"type":"response_item","payload":{{"type":"{kind}","role":"{role}"}}}}"#)
    }

    fn turn(lines: &[String]) -> Option<bool> {
        in_turn((lines.join("\n") + "\n").as_bytes())
    }

    fn record() -> String {
        r#"{"type":"token_usage_record","payload":{"response_id":"r"}}"#.to_owned()
    }

    #[test]
    fn a_turn_lasts_from_its_start_to_its_end() {
        let (begin, end) = (event("task_started"), event("task_complete"));
        assert_eq!(turn(std::slice::from_ref(&begin)), Some(true));
        assert_eq!(turn(&[begin.clone(), item("message", "user")]), Some(true));
        assert_eq!(turn(&[begin.clone(), end.clone()]), Some(false));
        assert_eq!(turn(&[end.clone(), begin.clone()]), Some(true));
        assert_eq!(turn(&[begin.clone(), event("turn_aborted")]), Some(false));
        // What is written in between says nothing.
        assert_eq!(turn(&[begin.clone(), event("token_count"), event("x")]), Some(true));
        assert_eq!(turn(&[begin, end, event("thread_settings_applied")]), Some(false));
        for text in ["", "{", "null", "{}", "\u{0}", r#"{"type":"event_msg","payload":7}"#] {
            assert_eq!(in_turn(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn an_answer_that_asks_for_a_tool_goes_on_and_another_is_the_last() {
        let begin = event("task_started");
        let call =
            [begin.clone(), item("message", "assistant"), item("function_call", ""), record()];
        assert_eq!(turn(&call), Some(true));
        let result = [call.to_vec(), vec![item("function_call_output", ""), event("token_count")]];
        assert_eq!(turn(&result.concat()), Some(true));
        let last = [result.concat(), vec![item("message", "assistant"), record()]].concat();
        assert_eq!(turn(&last), Some(false), "its end is about to be written");
        let first = [begin, item("message", "assistant"), record()];
        assert_eq!(turn(&first), Some(false));
        assert_eq!(turn(&[item("custom_tool_call", ""), "{\"torn".to_owned()]), Some(true));
    }

    #[test]
    fn a_tail_that_begins_in_mid_turn() {
        assert_eq!(turn(&["cut off\"}}".to_owned(), item("function_call_output", "")]), Some(true));
        assert_eq!(turn(&["cut off\"}}".to_owned(), item("message", "assistant")]), Some(false));
    }
}
