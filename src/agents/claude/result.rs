//! What a tool gave: read quickly where it went well, by the real parser where it did not.
//!
//! Half of a transcript's bytes are results of tools, each written twice: as the model reads it,
//! and as the client keeps it for its screen. The quick reader passes over the second without
//! reading it. That is safe because what it needs stands before, or in the record's last fields;
//! a record of any other form is left to the real parser.

use std::borrow::Cow;

use super::record::{Block, Body};
use super::state::NEEDLES;
use super::tool;
use crate::agents::compact::Compact;
use crate::agents::json::{RawText, TextOrObjects};
use crate::model::{Fingerprint, ToolOutcome, ToolResult};

/// How an error begins that the client itself tells the model.
const ERRORS: [&str; 2] = ["<tool_use_error>", "InputValidationError"];

/// What the client notes where a person did not let a tool run; versions before about 2.1.220
/// name no kind of denial.
const REJECTED: &str = "User rejected tool use";

/// How much of an error's text is compared.
const ERROR_CHARS: usize = 200;

/// In how many of a record's last bytes its session is looked for.
const TAIL: usize = 1024;

/// A record of results that all went well.
#[derive(Debug, Default)]
pub(super) struct Quick<'a> {
    pub session_id: &'a str,
    pub agent_id: &'a str,
    pub timestamp: &'a str,
    /// The id of each tool use, and what it gave, as it is written.
    pub results: Vec<(&'a str, &'a [u8])>,
}

/// Reads a record that holds nothing but results of tools that went well; none if it is another,
/// or if it must be looked at more closely.
pub(super) fn quick(record: &[u8]) -> Option<Quick<'_>> {
    let mut json = Compact::new(record);
    let mut found = Quick::default();
    let mut is_user = false;
    json.expect(b'{')?;
    loop {
        match json.key()? {
            b"type" => {
                json.literal(b"\"user\"")?;
                is_user = true;
            }
            b"message" if is_user => json.object(|json, key| match key {
                b"content" => read_content(json, &mut found.results),
                _ => json.skip().map(|_| ()),
            })?,
            b"timestamp" => found.timestamp = json.plain_text()?,
            b"sessionId" => found.session_id = json.plain_text()?,
            b"agentId" => found.agent_id = json.plain_text()?,
            b"toolUseResult" if is_user && !found.results.is_empty() => {
                return pass_notes(&json, record, found);
            }
            b"toolDenialKind" => return None,
            b"parentUuid" | b"isSidechain" | b"promptId" | b"userType" | b"cwd" | b"version"
            | b"gitBranch" => {
                json.skip()?;
            }
            // Most records of other types end here, before their contents.
            _ if !is_user => return None,
            _ => {
                json.skip()?;
            }
        }
        if !json.accept(b',') {
            json.expect(b'}')?;
            json.end()?;
            return found.is_whole().then_some(found);
        }
    }
}

impl Quick<'_> {
    fn is_whole(&self) -> bool {
        !(self.results.is_empty() || self.session_id.is_empty() || self.timestamp.is_empty())
    }
}

fn read_content<'a>(json: &mut Compact<'a>, results: &mut Vec<(&'a str, &'a [u8])>) -> Option<()> {
    if json.peek()? != b'[' {
        return None;
    }
    json.objects(|json| {
        let (mut id, mut content) = (None, None);
        json.object(|json, key| {
            match key {
                b"type" => json.literal(b"\"tool_result\"")?,
                b"tool_use_id" => id = Some(json.plain_text()?),
                b"content" if json.peek()? == b'"' => content = Some(json.quoted()?),
                b"content" => content = Some(json.skip()?),
                b"is_error" => json.literal(b"false")?,
                _ => return None,
            }
            Some(())
        })?;
        let content = content.unwrap_or_default();
        let text = content.strip_prefix(br#"[{"type":"text","text":"#).unwrap_or(content);
        let begins_as = |error: &&str| text.get(1..)?.strip_prefix(error.as_bytes());
        if ERRORS.iter().any(|error| begins_as(&error).is_some()) {
            return None;
        }
        results.push((id?, content));
        Some(())
    })
}

/// Passes over the client's own notes on a result; `json` stands before them. After them come
/// fields of the record that are all short.
fn pass_notes<'a>(json: &Compact<'a>, record: &'a [u8], found: Quick<'a>) -> Option<Quick<'a>> {
    // A bare string tells what went wrong.
    if json.peek()? == b'"' {
        return None;
    }
    let notes = &record[json.position()..];
    if NEEDLES.denial.find(notes).is_some() {
        return None;
    }
    let mut found = found;
    // Else it was told before the notes.
    if found.session_id.is_empty() {
        let tail = &notes[notes.len().saturating_sub(TAIL)..];
        let at = NEEDLES.session.find_iter(tail).last()?;
        read_tail(&mut Compact::new(&tail[at..]), &mut found)?;
    }
    found.is_whole().then_some(found)
}

/// The last fields of a record. Nothing is closed between them and its end, so they are its own.
fn read_tail<'a>(json: &mut Compact<'a>, found: &mut Quick<'a>) -> Option<()> {
    loop {
        match json.key()? {
            b"sessionId" => found.session_id = json.plain_text()?,
            b"agentId" => found.agent_id = json.plain_text()?,
            _ => {
                json.skip()?;
            }
        }
        if !json.accept(b',') {
            json.expect(b'}')?;
            return json.end();
        }
    }
}

/// A result that went well, by what it answers and gave.
pub(super) fn good(id: &str, content: &[u8]) -> ToolResult {
    ToolResult {
        id: Fingerprint::of(id.as_bytes()),
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
        || (block.is_error.0 && notes == Some(REJECTED));
    let has_failed =
        block.is_error.0 || notes.is_some() || ERRORS.iter().any(|error| text.starts_with(error));
    match (was_denied, has_failed) {
        (true, _) => ToolOutcome::Denied,
        (_, true) => ToolOutcome::Failed,
        _ => ToolOutcome::Done,
    }
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

/// The fingerprint of how an error begins, without what changes from one time to the next:
/// numbers, addresses, hashes.
fn normal(error: &str) -> Fingerprint {
    let mut text = String::with_capacity(ERROR_CHARS);
    let mut word = String::new();
    for c in error.trim_start().chars().chain([' ']) {
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

/// Digits become `0`, and so does a word of nothing but hexadecimal digits, some of them decimal.
fn push_word(text: &mut String, word: &str) {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let is_number = digits.bytes().all(|b| b.is_ascii_hexdigit());
    if is_number && digits.bytes().any(|b| b.is_ascii_digit()) {
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
