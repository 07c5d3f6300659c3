//! Made-up lines of Codex rollouts.

use serde_json::{Value, json};

/// The day that all of it happens on.
pub const DAY: &str = "2026-11-20";

/// A line of a kind at a time of the day, `hh:mm:ss.mmm`.
pub fn line(at: &str, kind: &str, payload: &Value) -> String {
    json!({"timestamp": format!("{DAY}T{at}Z"), "type": kind, "payload": payload}).to_string()
}

/// A line with further fields beside its payload.
pub fn numbered(ordinal: u64, text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    value["ordinal"] = json!(ordinal);
    value.to_string()
}

/// The first line of a thread; `more` goes into the payload.
pub fn meta(at: &str, id: &str, more: &Value) -> String {
    let mut payload = json!({
        "id": id, "timestamp": format!("{DAY}T{at}Z"), "cwd": "/home/dev/proj",
        "originator": "codex-tui", "cli_version": "0.150.0", "git": {"branch": "main"},
    });
    for (key, value) in more.as_object().unwrap() {
        payload[key] = value.clone();
    }
    line(at, "session_meta", &payload)
}

pub fn turn(at: &str, turn: &str, model: &str) -> String {
    let mut payload = json!({"model": model, "cwd": "/home/dev/proj"});
    if !turn.is_empty() {
        payload["turn_id"] = json!(turn);
    }
    line(at, "turn_context", &payload)
}

pub fn event(at: &str, kind: &str, more: &Value) -> String {
    let mut payload = json!({ "type": kind });
    for (key, value) in more.as_object().unwrap() {
        payload[key] = value.clone();
    }
    line(at, "event_msg", &payload)
}

/// Input, cached and output tokens, as OpenAI counts them.
pub fn tokens([input, cached, output]: [u64; 3]) -> Value {
    json!({"input_tokens": input, "cached_input_tokens": cached, "output_tokens": output,
        "reasoning_output_tokens": 0, "total_tokens": input + output})
}

/// The thread's total after a request, and the request.
pub fn count(at: &str, total: [u64; 3], last: [u64; 3]) -> String {
    let info = json!({"total_token_usage": tokens(total), "last_token_usage": tokens(last)});
    event(at, "token_count", &json!({ "info": info }))
}

/// An answer, with its id.
pub fn record(at: &str, thread: &str, response: &str, usage: [u64; 3], total: [u64; 3]) -> String {
    line(
        at,
        "token_usage_record",
        &json!({"response_id": response, "thread_id": thread, "usage": tokens(usage),
            "thread_token_usage": tokens(total)}),
    )
}

/// The name of a rollout's file.
pub fn file(thread: &str) -> String {
    format!("2026/11/20/rollout-2026-11-20T09-00-00-{thread}.jsonl")
}
