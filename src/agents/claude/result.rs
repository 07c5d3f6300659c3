//! What a tool gave, and whether it went well.

use std::borrow::Cow;

use super::record::{Block, Body};
use super::tool;
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

/// How much of an error's text is compared.
const ERROR_CHARS: usize = 200;

/// How the first line of a command's error begins, which is the same for most commands.
const EXIT_CODE: &str = "Exit code ";

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
        let error = (outcome != ToolOutcome::Done).then(|| normal(&text));
        let content = block.content.0.unwrap_or_default();
        Some(ToolResult {
            id: Fingerprint::of(id.as_bytes()),
            outcome,
            output: Fingerprint::of(&tool::compact(content)),
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

/// The fingerprint of an error's first line, without what changes from one time to the next:
/// numbers, addresses, hashes. Lines below quote what was asked for; of a command, whose first line
/// tells its exit code alone, they tell what went wrong.
fn normal(error: &str) -> Fingerprint {
    let mut text = String::with_capacity(ERROR_CHARS);
    let mut word = String::new();
    let error = error.trim_start();
    let is_telling = !error.starts_with(EXIT_CODE);
    let first = error.lines().next().filter(|_| is_telling).unwrap_or(error);
    for c in first.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            push_word(&mut text, &word);
            word.clear();
            text.push(c);
        }
        if text.len() + word.len() >= ERROR_CHARS {
            break;
        }
    }
    push_word(&mut text, &word);
    Fingerprint::of(text.as_bytes())
}

/// Digits become `0`, and so does a word of nothing but hexadecimal digits, some of them decimal
/// or `0x` before them.
fn push_word(text: &mut String, word: &str) {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if is_number && word.bytes().any(|b| b.is_ascii_digit()) {
        text.push('0');
        return;
    }
    let mut in_number = false;
    for c in word.chars() {
        let is_digit = c.is_ascii_digit();
        if !is_digit {
            text.push(c);
        } else if !in_number {
            text.push('0');
        }
        in_number = is_digit;
    }
}
