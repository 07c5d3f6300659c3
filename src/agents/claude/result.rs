//! What a tool gave, and whether it went well.

use std::borrow::Cow;

use super::record::{Block, Body};
use crate::agents::fingerprint::{compact, of_error};
use crate::agents::json::{RawText, TextOrObjects};
use crate::model::{Fingerprint, ToolOutcome, ToolResult};

/// How an error begins that the client itself tells the model.
const ERRORS: [&str; 2] = ["<tool_use_error>", "InputValidationError"];

/// What the client notes where a person did not let a tool run; versions before about 2.1.220
/// name no kind of denial.
const REJECTED: &str = "User rejected tool use";

/// How the client tells the model that a rule did not let a tool run: it names the tool in
/// between, and no kind of denial.
const NOT_PERMITTED: (&str, &str) = ("Permission to use ", " has been denied");

/// What a tool gave begins, as it is written, the way an error does.
pub(super) fn tells_of_failure(content: &[u8]) -> bool {
    let text = content.strip_prefix(br#"[{"type":"text","text":"#).unwrap_or(content);
    let text = text.get(1..).unwrap_or_default();
    ERRORS.iter().any(|error| text.starts_with(error.as_bytes()))
}

/// A result that went well, by what it answers and gave.
pub(super) fn good(id: &[u8], content: &[u8]) -> ToolResult {
    ToolResult {
        id: Fingerprint::of(id),
        outcome: ToolOutcome::Done,
        output: Fingerprint::of(content),
        error: None,
    }
}

/// The results in a record, however they went.
pub(super) fn of(body: &Body<'_>) -> impl Iterator<Item = ToolResult> {
    body.blocks().iter().filter_map(|block| {
        let id = block.tool_use_id.non_empty().filter(|_| block.kind.is("tool_result"))?;
        let text = text_of(block);
        let notes = notes_text(body);
        let outcome = outcome(body, block, &text, notes.as_deref());
        let error = (outcome != ToolOutcome::Done).then(|| of_error(&text));
        let content = block.content.0.unwrap_or_default();
        Some(ToolResult {
            id: Fingerprint::of(id.as_bytes()),
            outcome,
            output: Fingerprint::of(&compact(content)),
            error,
        })
    })
}

fn outcome(body: &Body<'_>, block: &Block<'_>, text: &str, notes: Option<&str>) -> ToolOutcome {
    let was_denied = body.tool_denial_kind.non_empty().is_some()
        || (block.is_error.0 && (notes == Some(REJECTED) || is_not_permitted(text)));
    let has_failed =
        block.is_error.0 || notes.is_some() || ERRORS.iter().any(|error| text.starts_with(error));
    match (was_denied, has_failed) {
        (true, _) => ToolOutcome::Denied,
        (_, true) => ToolOutcome::Failed,
        _ => ToolOutcome::Done,
    }
}

fn is_not_permitted(text: &str) -> bool {
    let (opening, denied) = NOT_PERMITTED;
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix(opening).is_some_and(|rest| rest.contains(denied))
}

/// The client's notes, where they are a bare string.
fn notes_text<'a>(body: &Body<'a>) -> Option<Cow<'a, str>> {
    let notes = body.tool_use_result.0.filter(|notes| notes.starts_with('"'))?;
    // Whatever it says, it is a string.
    Some(serde_json::from_str(notes).map_or(Cow::Borrowed(""), Cow::Owned))
}

/// The text that a tool gave, or the first of several.
fn text_of(block: &Block<'_>) -> String {
    let RawText(Some(content)) = block.content else { return String::new() };
    match serde_json::from_str::<TextOrObjects<'_, Block<'_>>>(content) {
        Ok(TextOrObjects::Text(text)) => text.into_owned(),
        Ok(TextOrObjects::Objects(blocks)) => blocks
            .iter()
            .find_map(|block| block.text.as_deref())
            .map_or_else(String::new, str::to_owned),
        _ => String::new(),
    }
}
