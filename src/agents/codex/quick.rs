//! What can be told of a line without reading it: most of a rollout are lines that nobody needs.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use crate::model::Millis;

/// Kinds of lines, and of events, that matter.
const KINDS: [&str; 14] = [
    "session_meta",
    "turn_context",
    "token_usage_record",
    "inter_agent_communication",
    "token_count",
    "task_started",
    "thread_settings_applied",
    // Beside calls; the first also of what came of it.
    "function_call",
    "custom_tool_call",
    "local_shell_call",
    "task_complete",
    "turn_aborted",
    "user_message",
    "UserMessage",
];

/// The same as they stand in a line, wherever that is; the quotes inside a text would be escaped.
static NEEDLES: LazyLock<[Finder<'static>; 14]> =
    LazyLock::new(|| KINDS.map(|kind| Finder::new(&format!("\"{kind}")).into_owned()));

/// How far into a line its kind is looked for.
const HEAD: usize = 384;

/// Whether a line can hold anything that counts. Says yes when in doubt.
pub(super) fn wants(record: &[u8]) -> bool {
    // As the client writes it, the kinds come first; most of a file are other ones.
    let head = &record[..record.len().min(HEAD)];
    let is_in = |text: &[u8]| NEEDLES.iter().any(|needle| needle.find(text).is_some());
    match kind_of(head) {
        Some(kind) if kind != b"event_msg" => is_in(head),
        Some(_) if memmem::find(head, b"\"payload\":{\"type\":").is_some() => is_in(head),
        _ => is_in(record) || memmem::find(record, b"\"compacted\"").is_some(),
    }
}

/// The conversation was summed up. The line may be longer than all of the conversation.
pub(super) fn is_compaction(record: &[u8]) -> bool {
    kind_of(&record[..record.len().min(HEAD)]) == Some(b"compacted")
}

/// Something that a model said or asked for.
pub(super) fn is_answer(record: &[u8]) -> bool {
    let head = &record[..record.len().min(HEAD)];
    let searched = match kind_of(head) {
        Some(b"response_item") => head,
        // Not as the client writes it.
        None if memmem::find(record, b"\"response_item\"").is_some() => record,
        _ => return false,
    };
    [&b"\"assistant\""[..], b"_call\"", b"\"reasoning\""]
        .iter()
        .any(|sign| memmem::find(searched, sign).is_some())
}

/// The kind of a line, as the client writes it: after the time and perhaps a number.
fn kind_of(head: &[u8]) -> Option<&[u8]> {
    let rest = after_time(head)?.1;
    let rest = match rest.strip_prefix(b",\"ordinal\":") {
        Some(rest) => &rest[rest.iter().take_while(|byte| byte.is_ascii_digit()).count()..],
        None => rest,
    };
    let rest = rest.strip_prefix(b",\"type\":\"")?;
    Some(&rest[..memchr::memchr(b'"', rest)?])
}

/// The time that a line begins with, as the client writes it, and what follows.
fn after_time(record: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = record.strip_prefix(b"{\"timestamp\":\"")?;
    let end = memchr::memchr(b'"', &rest[..rest.len().min(HEAD)])?;
    Some((&rest[..end], &rest[end + 1..]))
}

/// When a line was written, if that is told where the client tells it.
pub(super) fn time_of(record: &[u8]) -> Option<Millis> {
    Millis::parse(std::str::from_utf8(after_time(record)?.0).ok()?)
}
