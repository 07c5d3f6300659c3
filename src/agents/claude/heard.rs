//! What comes to the model in the user's name, read quickly: results of tools that went well, and
//! prompts.
//!
//! Half of a transcript's bytes are results, each written twice: as the model reads it, and as the
//! client keeps it for its screen. The second is passed over unread. That is safe because what is
//! needed stands before it, or in the record's last fields. A record of any other form, and one
//! that must be looked at more closely, is left to the real parser.

use super::prompt;
use super::result;
use super::state::NEEDLES;
use crate::agents::compact::Compact;
use crate::model::TurnSource;

/// In how many of a record's first bytes its type is looked for.
const HEAD: usize = 512;

/// In how many of a record's last bytes its session is looked for, and whether a tool was denied.
const TAIL: usize = 1024;

/// What a record says.
#[derive(Debug, Default)]
pub(super) struct Heard<'a> {
    pub session_id: &'a str,
    pub agent_id: &'a str,
    pub timestamp: &'a str,
    pub uuid: &'a str,
    pub is_sidechain: bool,
    pub prompt_id: &'a str,
    /// It is a prompt; else it has results.
    pub is_prompt: bool,
    /// The id of each tool use, and what it gave, as it is written.
    pub results: Vec<(&'a [u8], &'a [u8])>,
    signs: prompt::Signs<'a>,
}

impl Heard<'_> {
    /// Who gave the prompt.
    pub(super) fn source(&self, is_subagent: bool) -> TurnSource {
        self.signs.source(is_subagent)
    }

    fn is_whole(&self) -> bool {
        (self.is_prompt || !self.results.is_empty())
            && !(self.session_id.is_empty() || self.timestamp.is_empty())
    }
}

/// Reads a record; none if it is no such, or to be looked at more closely.
pub(super) fn read<'a>(record: &'a [u8], last: &'a mut Tail) -> Option<Heard<'a>> {
    let mut json = Compact::new(record);
    NEEDLES.user_type.find(&record[..record.len().min(HEAD)])?;
    let mut found = Heard::default();
    if read_usual(&mut json, &mut found).is_some() {
        return pass_notes(&json, found, last);
    }
    read_any(&mut Compact::new(record), last)
}

/// One result in the very form that the client gives it: nine out of ten records.
fn read_usual<'a>(json: &mut Compact<'a>, found: &mut Heard<'a>) -> Option<()> {
    json.literal(b"{\"parentUuid\":")?;
    json.quoted()?;
    json.literal(b",\"isSidechain\":")?;
    found.is_sidechain = json.flag()?.0;
    json.literal(b",\"promptId\":")?;
    json.quoted()?;
    if json.literal(b",\"agentId\":").is_some() {
        found.agent_id = json.plain_text()?;
    }
    json.literal(
        b",\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":",
    )?;
    let id = json.quoted_plain()?;
    json.literal(b",\"type\":\"tool_result\",\"content\":")?;
    let content = json.quoted()?;
    json.literal(b",\"is_error\":false}]},\"uuid\":")?;
    json.quoted()?;
    json.literal(b",\"timestamp\":")?;
    found.timestamp = std::str::from_utf8(json.quoted_plain()?).ok()?;
    json.literal(b",\"toolUseResult\":")?;
    if id.is_empty() || result::tells_of_failure(content) {
        return None;
    }
    found.results.push((id, content));
    Some(())
}

fn read_any<'a>(json: &mut Compact<'a>, last: &'a mut Tail) -> Option<Heard<'a>> {
    let mut found = Heard::default();
    let mut is_user = false;
    json.expect(b'{')?;
    loop {
        match json.key()? {
            b"type" => {
                json.literal(b"\"user\"")?;
                is_user = true;
            }
            b"message" if is_user => json.object(|json, key| match key {
                b"content" => read_content(json, &mut found),
                _ => json.skip().map(|_| ()),
            })?,
            b"timestamp" => found.timestamp = json.plain_text()?,
            b"sessionId" => found.session_id = json.plain_text()?,
            b"agentId" => found.agent_id = json.plain_text()?,
            b"uuid" => found.uuid = json.plain_text()?,
            b"promptId" => found.prompt_id = json.plain_text()?,
            b"isSidechain" => found.is_sidechain = json.flag()?.0,
            b"promptSource" => found.signs.prompt_source = json.plain_text()?,
            b"entrypoint" => found.signs.entrypoint = json.plain_text()?,
            b"origin" => json.object(|json, key| {
                match key {
                    b"kind" => found.signs.origin = json.plain_text()?,
                    _ => return None,
                }
                Some(())
            })?,
            b"toolUseResult" if !found.results.is_empty() => {
                return pass_notes(json, found, last);
            }
            // Of no prompt and no result that went well.
            b"toolUseResult"
            | b"toolDenialKind"
            | b"turnOrigin"
            | b"isMeta"
            | b"isCompactSummary"
            | b"isVisibleInTranscriptOnly" => return None,
            b"parentUuid" | b"userType" | b"cwd" | b"version" | b"gitBranch" => {
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

fn read_content<'a>(json: &mut Compact<'a>, found: &mut Heard<'a>) -> Option<()> {
    if json.peek()? == b'"' {
        let text = json.skip()?;
        // Text that the client put there begins with a mark, or with blanks before one.
        let is_plain = |first: &u8| !matches!(first, b'<' | b'[' | b'\\' | b' ' | b'"' | 0x80..);
        found.is_prompt = text.get(1).is_some_and(is_plain);
        return found.is_prompt.then_some(());
    }
    if json.peek()? != b'[' {
        return None;
    }
    json.objects(|json| {
        let (mut id, mut content) = (None, None);
        json.object(|json, key| {
            match key {
                b"type" => json.literal(b"\"tool_result\"")?,
                b"tool_use_id" => id = Some(json.plain_string()?),
                b"content" if json.peek()? == b'"' => content = Some(json.quoted()?),
                b"content" => content = Some(json.skip()?),
                b"is_error" => json.literal(b"false")?,
                _ => return None,
            }
            Some(())
        })?;
        let content = content.unwrap_or_default();
        if result::tells_of_failure(content) {
            return None;
        }
        found.results.push((id.filter(|id| !id.is_empty())?, content));
        Some(())
    })
}

/// Passes over the client's own notes on a result; `json` stands before them. After them come
/// fields of the record that are all short.
fn pass_notes<'a>(
    json: &Compact<'a>,
    mut found: Heard<'a>,
    last: &'a mut Tail,
) -> Option<Heard<'a>> {
    let notes = json.rest();
    let tail = &notes[notes.len().saturating_sub(TAIL)..];
    // A bare string tells what went wrong.
    if notes.starts_with(b"\"") || NEEDLES.denial.find(tail).is_some() {
        return None;
    }
    // Else it was told before the notes.
    if found.session_id.is_empty() {
        if last.text.is_empty() || !notes.ends_with(&last.text) {
            let at = NEEDLES.session.find_iter(tail).last()?;
            last.read(&tail[at..])?;
        }
        found.session_id = &last.session_id;
        if found.agent_id.is_empty() {
            found.agent_id = &last.agent_id;
        }
    }
    found.is_whole().then_some(found)
}

/// The last fields of the record before, which are mostly those of the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    text: Vec<u8>,
    session_id: String,
    agent_id: String,
}

impl Tail {
    /// Reads the last fields of a record, from its session on. Nothing is closed between them and
    /// the record's end, so they are its own.
    fn read(&mut self, text: &[u8]) -> Option<()> {
        self.text.clear();
        let mut json = Compact::new(text);
        let (mut session_id, mut agent_id) = ("", "");
        loop {
            match json.key()? {
                b"sessionId" => session_id = json.plain_text()?,
                b"agentId" => agent_id = json.plain_text()?,
                _ => {
                    json.skip()?;
                }
            }
            if !json.accept(b',') {
                json.expect(b'}')?;
                json.end()?;
                break;
            }
        }
        session_id.clone_into(&mut self.session_id);
        agent_id.clone_into(&mut self.agent_id);
        self.text.extend_from_slice(text);
        Some(())
    }
}

#[cfg(test)]
mod tests;
