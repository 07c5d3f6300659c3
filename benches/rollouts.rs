//! Deterministic rollouts of Codex, with what makes real ones long: results of tools, running totals
//! that are repeated beside each answer's own record, and compactions that carry the whole history.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

/// What one session's rollout comes to, about.
const SESSION_BYTES: usize = 2 << 20;
/// Steps of a turn.
const TURN: u64 = 20;
/// Steps after which the history is compacted, and how much of it is then repeated.
const COMPACTION: u64 = 160;
const HISTORY_BYTES: usize = 256 << 10;

/// Writes rollouts of so many MiB below a folder of sessions.
pub fn write(sessions: &Path, mib: usize) -> io::Result<()> {
    let folder = sessions.join("2026/11/20");
    fs::create_dir_all(&folder)?;
    for number in 0..(mib << 20).div_ceil(SESSION_BYTES) {
        let id = format!("01a2093f-b770-7110-a393-{number:012x}");
        let name = format!("rollout-2026-11-20T09-00-00-{id}.jsonl");
        fs::write(folder.join(name), rollout(&id))?;
    }
    Ok(())
}

/// The rollout of a thread.
fn rollout(id: &str) -> String {
    let mut text = String::with_capacity(SESSION_BYTES + HISTORY_BYTES);
    let mut push = |step: u64, kind: &str, payload: &Value| {
        let (minutes, seconds) = (step / 60 % 60, step % 60);
        let at = format!("2026-11-20T{:02}:{minutes:02}:{seconds:02}.000Z", 9 + step / 3600);
        let line = json!({"timestamp": at, "ordinal": step, "type": kind, "payload": payload});
        text.push_str(&line.to_string());
        text.push('\n');
        text.len()
    };
    let instructions = "Be brief. ".repeat(1800);
    let mut written = push(
        0,
        "session_meta",
        &json!({"id": id, "session_id": id, "cwd": "/home/dev/proj", "cli_version": "0.169.0",
            "originator": "codex-tui", "base_instructions": {"text": instructions}}),
    );
    let (mut total, mut step) = ([0_u64; 3], 0);
    while written < SESSION_BYTES {
        let turn = format!("turn-{}", step / TURN);
        if step % TURN == 0 {
            push(step, "event_msg", &json!({"type": "task_started", "turn_id": turn}));
            push(
                step,
                "turn_context",
                &json!({"turn_id": turn, "model": "gpt-5-codex", "cwd": "/home/dev/proj"}),
            );
            let said = json!([{"type": "input_text", "text": "go on with that"}]);
            let asked = json!({"type": "message", "role": "user", "content": said});
            push(step, "response_item", &asked);
        }
        let call = format!("call_{step}");
        let usage = [10_000 + step * 10, 9_000, 200 + step % 90];
        for (sum, more) in total.iter_mut().zip(usage) {
            *sum += more;
        }
        push(
            step,
            "response_item",
            &json!({"type": "function_call", "name": "exec_command", "call_id": call,
                "arguments": json!({"cmd": format!("cat src/part{}.rs", step % 40)}).to_string()}),
        );
        push(
            step,
            "token_usage_record",
            &json!({"response_id": format!("resp_{id}_{step}"), "thread_id": id, "session_id": id,
                "turn_id": turn, "usage": tokens(usage), "thread_token_usage": tokens(total)}),
        );
        let output =
            "let value = compute(value, \"text\");\n".repeat(10 + (step % 17) as usize * 12);
        push(
            step,
            "response_item",
            &json!({"type": "function_call_output", "call_id": call, "output": output}),
        );
        let info = json!({"total_token_usage": tokens(total), "last_token_usage": tokens(usage)});
        written = push(step, "event_msg", &json!({"type": "token_count", "info": info}));
        step += 1;
        if step % COMPACTION == 0 {
            let history = "what was said before ".repeat(HISTORY_BYTES / 21);
            push(step, "compacted", &json!({"message": "", "replacement_history": [history]}));
        }
    }
    text
}

fn tokens([input, cached, output]: [u64; 3]) -> Value {
    json!({"input_tokens": input, "cached_input_tokens": cached, "output_tokens": output,
        "reasoning_output_tokens": 0, "total_tokens": input + output})
}
