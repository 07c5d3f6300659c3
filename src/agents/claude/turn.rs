//! Whether a session is in mid-turn, from the end of its transcript.
//!
//! An idle session spends nothing and must not be signalled, so a doubt is settled for idle: the
//! next call shows it.

use serde::Deserialize;

use super::prompt::{self, Said};
use super::record::Block;
use crate::agents::json::{Count, Flag, Object, Text, TextOrObjects};
use crate::model::Millis;

/// Records that say something, from the end: lines are not in the order of their times.
const LOOKED_AT: usize = 16;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    subtype: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default, rename = "agentId")]
    agent_id: Text<'a>,
    #[serde(default, rename = "isSidechain")]
    is_sidechain: Flag,
    #[serde(default, rename = "isMeta")]
    is_meta: Flag,
    #[serde(default, rename = "isCompactSummary")]
    is_compact_summary: Flag,
    #[serde(default, rename = "isVisibleInTranscriptOnly")]
    is_visible_in_transcript_only: Flag,
    #[serde(default, rename = "isApiErrorMessage")]
    is_api_error: Flag,
    #[serde(default, rename = "pendingBackgroundAgentCount")]
    pending_agents: Count,
    #[serde(default, rename = "pendingWorkflowCount")]
    pending_workflows: Count,
    #[serde(borrow, default)]
    message: Object<Spoken<'a>>,
}

#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(borrow, default)]
    stop_reason: Text<'a>,
    #[serde(borrow, default)]
    content: TextOrObjects<'a, Block<'a>>,
}

/// What the last records of a transcript tell; none where they tell nothing. The first line of
/// `tail` may be cut off, and the last torn.
pub(super) fn in_turn(tail: &[u8]) -> Option<bool> {
    let mut last: Option<(Option<Millis>, bool)> = None;
    let words = tail.rsplit(|&b| b == b'\n').filter_map(word).take(LOOKED_AT);
    for (at, is_in_turn) in words {
        // Going back in the file: an earlier line counts only if its time is later.
        let is_later = match (&last, at) {
            (None, _) => true,
            (Some((Some(last), _)), Some(at)) => at > *last,
            _ => false,
        };
        if is_later {
            last = Some((at, is_in_turn));
        }
    }
    last.map(|(_, is_in_turn)| is_in_turn)
}

/// What one line says of the turn, and of when; none if it says nothing.
fn word(line: &[u8]) -> Option<(Option<Millis>, bool)> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    if line.is_sidechain.0 || line.agent_id.non_empty().is_some() {
        return None;
    }
    let is_in_turn = match line.kind.as_deref()? {
        "assistant" => is_unfinished(&line)?,
        "user" => asks_the_model(&line)?,
        "system" if line.subtype.is("turn_duration") => {
            // Subagents in the background go on spending after the turn.
            line.pending_agents.or_zero() > 0 || line.pending_workflows.or_zero() > 0
        }
        _ => return None,
    };
    Some((line.timestamp.as_deref().and_then(Millis::parse), is_in_turn))
}

/// An answer that is not the turn's last.
fn is_unfinished(line: &Line<'_>) -> Option<bool> {
    let said = line.message.0.as_ref()?;
    if line.is_api_error.0 {
        return Some(false);
    }
    Some(!prompt::is_last(said.stop_reason.non_empty()))
}

/// A prompt or a tool's result, which the model is going to read.
fn asks_the_model(line: &Line<'_>) -> Option<bool> {
    let hidden =
        line.is_meta.0 || line.is_compact_summary.0 || line.is_visible_in_transcript_only.0;
    let content = &line.message.0.as_ref()?.content;
    let sends_on = |text: &str| line.is_meta.0 && prompt::sends_on(text);
    match content {
        TextOrObjects::Text(text) if hidden => sends_on(text).then_some(true),
        TextOrObjects::Objects(blocks) if hidden => {
            let text = blocks.first().and_then(|block| block.text.as_deref()).unwrap_or_default();
            sends_on(text).then_some(true)
        }
        _ if hidden => None,
        TextOrObjects::Text(text) => of_text(text),
        TextOrObjects::Objects(blocks) => {
            let words = |block: &Block<'_>| match block.kind.as_deref() {
                Some("tool_result") => Some(true),
                _ => of_text(block.text.as_deref().unwrap_or_default()),
            };
            let said: Vec<bool> = blocks.iter().filter_map(words).collect();
            // An interruption beside a result is the last word.
            (!said.is_empty()).then(|| said.iter().all(|&asks| asks))
        }
        TextOrObjects::Neither => None,
    }
}

fn of_text(text: &str) -> Option<bool> {
    match prompt::said(text) {
        Said::Prompt | Said::Peer | Said::Notification => Some(true),
        Said::Interruption => Some(false),
        Said::Command | Said::Local => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assistant(second: u8, stop_reason: &str) -> String {
        format!(
            r#"{{"type":"assistant","timestamp":"2026-11-23T16:00:{second:02}Z","message":{{"stop_reason":{stop_reason},"content":[{{"type":"text","text":"x"}}]}}}}"#
        )
    }

    fn user(second: u8, content: &str) -> String {
        format!(
            r#"{{"type":"user","timestamp":"2026-11-23T16:00:{second:02}Z","message":{{"role":"user","content":{content}}}}}"#
        )
    }

    fn turn(lines: &[String]) -> Option<bool> {
        in_turn((lines.join("\n") + "\n").as_bytes())
    }

    const RESULT: &str = r#"[{"type":"tool_result","tool_use_id":"t","content":"x"}]"#;

    #[test]
    fn the_last_record_tells() {
        assert_eq!(turn(&[user(1, "\"hi\"")]), Some(true));
        assert_eq!(turn(&[user(1, "\"hi\""), assistant(2, "\"tool_use\"")]), Some(true));
        assert_eq!(turn(&[assistant(2, "\"tool_use\""), user(3, RESULT)]), Some(true));
        assert_eq!(turn(&[assistant(2, "null")]), Some(true));
        for reason in ["end_turn", "stop_sequence", "max_tokens", "refusal", "something_new"] {
            assert_eq!(
                turn(&[user(1, RESULT), assistant(2, &format!("\"{reason}\""))]),
                Some(false)
            );
        }
        for text in ["", "{", "null", "{}", "\u{0}\u{0}", r#"{"type":"summary"}"#] {
            assert_eq!(in_turn(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn an_interruption_ends_the_turn() {
        let marker = r#"[{"type":"text","text":"[Request interrupted by user for tool use]"}]"#;
        let lines = [assistant(1, "\"tool_use\""), user(2, RESULT), user(3, marker)];
        assert_eq!(turn(&lines), Some(false));
        assert_eq!(turn(&[user(1, "\"[Request interrupted by user]\"")]), Some(false));
        let error = assistant(2, "null").replacen('{', "{\"isApiErrorMessage\":true,", 1);
        assert_eq!(turn(&[user(1, "\"hi\""), error]), Some(false));
    }

    #[test]
    fn what_no_model_reads_is_passed_over() {
        let idle = assistant(1, "\"end_turn\"");
        let meta = user(2, "\"Caveat\"").replacen('{', "{\"isMeta\":true,", 1);
        let side = user(3, "\"go\"").replacen('{', "{\"isSidechain\":true,", 1);
        let command = user(4, "\"<command-name>/model</command-name>\"");
        let output = user(5, "\"<local-command-stdout>ok</local-command-stdout>\"");
        let mode = r#"{"type":"mode","mode":"x"}"#.to_owned();
        let lines = [idle, meta, side, command, output, mode, "{\"torn".to_owned()];
        assert_eq!(turn(&lines), Some(false));
        let sent_on =
            user(5, "\"Stop hook feedback:\\n- go on\"").replacen('{', "{\"isMeta\":true,", 1);
        assert_eq!(turn(&[assistant(1, "\"end_turn\""), sent_on]), Some(true));
        let notified = user(6, "\"<task-notification>done</task-notification>\"");
        assert_eq!(turn(&[assistant(1, "\"end_turn\""), notified]), Some(true));
    }

    #[test]
    fn the_time_decides_and_not_the_place() {
        let lines = [assistant(5, "\"end_turn\""), user(1, "\"hi\"")];
        assert_eq!(turn(&lines), Some(false));
        let lines = [assistant(1, "\"end_turn\""), user(5, "\"hi\"")];
        assert_eq!(turn(&lines), Some(true));
    }

    #[test]
    fn subagents_in_the_background_keep_a_turn_open() {
        let ended = |pending: u8| {
            format!(
                r#"{{"type":"system","subtype":"turn_duration","timestamp":"2026-11-23T16:00:09Z","pendingBackgroundAgentCount":{pending}}}"#
            )
        };
        assert_eq!(turn(&[assistant(2, "\"end_turn\""), ended(1)]), Some(true));
        assert_eq!(turn(&[assistant(2, "\"end_turn\""), ended(0)]), Some(false));
    }
}
