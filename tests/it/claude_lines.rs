//! Claude Code's transcript lines, written so that a test shows only what its case is about.

use serde_json::{Value, json};

/// A line of a transcript. Unless said otherwise it is session `A` at midnight on 2026-09-08.
#[derive(Clone, Debug)]
pub struct Line(Value);

/// A record of a model's answer, by its line uuid and `message.id`; no request id, no tokens.
pub fn answer(uuid: &str, id: &str) -> Line {
    line("assistant", uuid).with(
        "message",
        &json!({
            "id": id, "type": "message", "role": "assistant", "model": "claude-opus-5",
            "content": [], "stop_reason": null, "usage": {},
        }),
    )
}

/// What a person typed.
pub fn prompt(uuid: &str, text: &str) -> Line {
    line("user", uuid).with("message", &json!({"role": "user", "content": text}))
}

/// What a tool returned, and the client's own notes on it.
pub fn tool_result(uuid: &str, tool_use_id: &str, notes: &Value) -> Line {
    let block = json!({"type": "tool_result", "tool_use_id": tool_use_id, "content": "done"});
    line("user", uuid)
        .with("message", &json!({"role": "user", "content": [block]}))
        .with("toolUseResult", notes)
}

/// A record of any type.
pub fn line(kind: &str, uuid: &str) -> Line {
    Line(json!({
        "type": kind, "uuid": uuid, "sessionId": "A", "timestamp": "2026-09-08T00:00:00.000Z",
        "cwd": "/home/dev/proj", "gitBranch": "main", "isSidechain": false, "version": "2.1.226",
    }))
}

/// Input, output, cache writes of five minutes and one hour, cache reads.
pub fn tokens(input: u64, output: u64, w5: u64, w1h: u64, read: u64) -> Value {
    json!({
        "input_tokens": input, "output_tokens": output, "cache_read_input_tokens": read,
        "cache_creation_input_tokens": w5 + w1h,
        "cache_creation": {"ephemeral_5m_input_tokens": w5, "ephemeral_1h_input_tokens": w1h},
    })
}

impl Line {
    pub fn session(self, id: &str) -> Self {
        self.with("sessionId", &json!(id))
    }

    pub fn request(self, id: &str) -> Self {
        self.with("requestId", &json!(id))
    }

    /// A time of 2026-09-08, such as `00:00:01.5`; or a whole timestamp.
    pub fn at(self, time: &str) -> Self {
        let time = if time.contains('T') { time.to_owned() } else { format!("2026-09-08T{time}Z") };
        self.with("timestamp", &json!(time))
    }

    pub fn usage(self, usage: &Value) -> Self {
        self.with("message.usage", usage)
    }

    pub fn output(self, tokens: u64) -> Self {
        self.with("message.usage.output_tokens", &json!(tokens))
    }

    pub fn input(self, tokens: u64) -> Self {
        self.with("message.usage.input_tokens", &json!(tokens))
    }

    pub fn stop(self, reason: &str) -> Self {
        self.with("message.stop_reason", &json!(reason))
    }

    pub fn model(self, name: &str) -> Self {
        self.with("message.model", &json!(name))
    }

    /// A record of a subagent's thread.
    pub fn sidechain(self, agent_id: &str) -> Self {
        self.with("isSidechain", &json!(true)).with("agentId", &json!(agent_id))
    }

    /// A copy in a background worker's file.
    pub fn background(self, session: &str) -> Self {
        self.session(session).with("sessionKind", &json!("bg"))
    }

    /// Sets a field by its dotted path.
    pub fn with(mut self, path: &str, value: &Value) -> Self {
        let mut place = &mut self.0;
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = value.clone();
        self
    }

    /// A text field of the record itself.
    pub fn get(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The JSON, without a line end.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

/// The bytes that the lines make in a file.
pub fn bytes(lines: &[Line]) -> Vec<u8> {
    lines.iter().flat_map(|line| (line.text() + "\n").into_bytes()).collect()
}
