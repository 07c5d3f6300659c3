//! Which `user` records are a person's prompt, rather than a tool's result or injected text.

use super::record::{Body, Record};
use crate::agents::json::TextOrObjects;

/// Openings of text that the client injects in the user's name.
const INJECTED: [&str; 9] = [
    "<command-name>",
    "<command-message>",
    "<local-command-",
    "<bash-input>",
    "<bash-stdout>",
    "<bash-stderr>",
    "<task-notification>",
    "<cross-session-message",
    "[Request interrupted",
];

/// Whether a record is a prompt that a person (or a script in their place) gave.
pub(super) fn is_prompt(record: &Record<'_>, body: &Body<'_>) -> bool {
    let hidden = record.is_sidechain.0
        || record.agent_id.non_empty().is_some()
        || body.is_meta.0
        || body.is_compact_summary.0
        || body.is_visible_in_transcript_only.0
        || body.prompt_source.is("system");
    if hidden || !record.kind.is("user") {
        return false;
    }
    if let Some(TextOrObjects::Text(text)) = body.message.0.as_ref().map(|said| &said.content) {
        return is_typed(text);
    }
    body.blocks()
        .iter()
        .any(|block| !block.kind.is("tool_result") && block.text.as_deref().is_none_or(is_typed))
}

fn is_typed(text: &str) -> bool {
    let text = text.trim_start();
    !INJECTED.iter().any(|opening| text.starts_with(opening))
}
