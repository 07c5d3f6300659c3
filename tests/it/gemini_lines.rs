//! Made-up records of Gemini CLI's chats.

use serde_json::{Value, json};

/// The day that all of it happens on.
pub const DAY: &str = "2026-11-20";

/// An id as long as a message's.
pub fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A chat's path below `tmp`.
pub fn file(session: &str) -> String {
    format!("proj/chats/session-2026-11-20T09-00-{session}.jsonl")
}

/// The first line of a chat.
pub fn head(session: &str) -> String {
    json!({"sessionId": session, "projectHash": "8c71", "startTime": time(0), "kind": "main"})
        .to_string()
}

/// So many seconds after nine.
pub fn time(seconds: u64) -> String {
    format!("{DAY}T09:{:02}:{:02}.000Z", seconds / 60, seconds % 60)
}

/// Input, cached, output and thoughts.
pub fn tokens([input, cached, output, thoughts]: [u64; 4]) -> Value {
    json!({"input": input, "cached": cached, "output": output, "thoughts": thoughts, "tool": 0,
        "total": input + output + thoughts})
}

/// A message, with further fields.
pub fn message(seconds: u64, id: &str, kind: &str, more: &Value) -> Value {
    let mut message = json!({"id": id, "timestamp": time(seconds), "type": kind, "content": ""});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

/// An answer with its tokens.
pub fn answer(seconds: u64, id: &str, counts: [u64; 4]) -> Value {
    let more = json!({"model": "gemini-2.5-pro", "tokens": tokens(counts)});
    message(seconds, id, "gemini", &more)
}
