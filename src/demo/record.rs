//! The records of one thread, in the form that Claude Code writes them.

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{DemoLine, Tool};
use crate::model::Millis;

/// Tokens at which the agent sums up and goes on with less, and with how many.
const COMPACT_AT: u64 = 160_000;
const COMPACTED: u64 = 30_000;

/// Of the agent that the records are made up of.
pub(super) const VERSION: &str = "2.1.197";

/// A session's main thread, or a subagent's. Its name makes its ids.
pub struct Thread {
    /// The session.
    pub session_id: String,
    agent_id: Option<String>,
    folder: String,
    branch: String,
    model: &'static str,
    /// Tokens that the model has been sent so far.
    context: u64,
    /// The record before.
    parent: Option<String>,
    records: u64,
}

/// Tokens of one call.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// Sent for the first time, and kept in the cache for an hour.
    pub fresh: u64,
    /// Answered.
    pub output: u64,
}

impl Thread {
    /// A session's main thread, which works in a folder and has done nothing yet.
    pub fn new(folder: &str, branch: &str, model: &'static str, name: &str) -> Self {
        Self {
            session_id: uuid(name, 0),
            agent_id: None,
            folder: folder.to_owned(),
            branch: branch.to_owned(),
            model,
            context: 0,
            parent: None,
            records: 0,
        }
    }

    /// A subagent of this session.
    pub(super) fn subagent(&self, model: &'static str, name: &str) -> Self {
        Self {
            session_id: self.session_id.clone(),
            agent_id: Some(format!("a{:016x}", xxh3_64_with_seed(name.as_bytes(), 1))),
            ..Self::new(&self.folder, &self.branch, model, name)
        }
    }

    /// What the user, or the agent that started this one, asks for.
    pub fn prompt(&mut self, at: Millis, text: &str, lines: &mut Vec<DemoLine>) {
        let message = json!({"role": "user", "content": text});
        self.push(at, json!({"type": "user", "message": message}), lines);
    }

    /// A call that uses a tool: two records with the same usage, and the tool's result.
    pub fn call(&mut self, at: Millis, tokens: Tokens, tool: &Tool, lines: &mut Vec<DemoLine>) {
        let id = format!("toolu_01{}", letters(&self.name(), self.records));
        let used = json!({"type": "tool_use", "id": id, "name": tool.name, "input": tool.input});
        self.answer(at, tokens, Some(used), lines);
        let result = json!({
            "type": "tool_result",
            "tool_use_id": id,
            "content": tool.output,
            "is_error": tool.is_error,
        });
        let message = json!({"role": "user", "content": [result]});
        self.push(Millis(at.0 + 2), json!({"type": "user", "message": message}), lines);
    }

    /// The call that ends a turn.
    pub fn conclude(&mut self, at: Millis, tokens: Tokens, lines: &mut Vec<DemoLine>) {
        self.answer(at, tokens, None, lines);
    }

    fn answer(
        &mut self,
        at: Millis,
        tokens: Tokens,
        used: Option<Value>,
        lines: &mut Vec<DemoLine>,
    ) {
        let (mut read, mut fresh) = (self.context, tokens.fresh);
        if read > COMPACT_AT {
            (read, fresh) = (0, COMPACTED);
        }
        self.context = read + fresh + tokens.output;
        let name = self.name();
        let number = self.records;
        let stop_reason = if used.is_some() { "tool_use" } else { "end_turn" };
        let text = json!({"type": "text", "text": "Next step."});
        let contents = std::iter::once(text).chain(used);
        for (part, content) in contents.enumerate() {
            let record = json!({
                "type": "assistant",
                "requestId": format!("req_01{}", letters(&name, number)),
                "message": {
                    "id": format!("msg_01{}", letters(&name, number)),
                    "type": "message",
                    "role": "assistant",
                    "model": self.model,
                    "content": [content],
                    "stop_reason": stop_reason,
                    "usage": {
                        "input_tokens": 8,
                        "cache_creation_input_tokens": fresh,
                        "cache_read_input_tokens": read,
                        "output_tokens": tokens.output,
                        "cache_creation": {
                            "ephemeral_5m_input_tokens": 0,
                            "ephemeral_1h_input_tokens": fresh,
                        },
                        "service_tier": "standard",
                        "speed": "standard",
                    },
                },
            });
            self.push(Millis(at.0 + part as i64), record, lines);
        }
    }

    /// Adds what every record has.
    fn push(&mut self, at: Millis, mut record: Value, lines: &mut Vec<DemoLine>) {
        self.records += 1;
        let uuid = uuid(&self.name(), self.records);
        if let Some(fields) = record.as_object_mut() {
            fields.insert("parentUuid".into(), json!(self.parent));
            fields.insert("uuid".into(), json!(uuid));
            fields.insert("timestamp".into(), json!(at.timestamp().to_string()));
            fields.insert("sessionId".into(), json!(self.session_id));
            fields.insert("isSidechain".into(), json!(self.agent_id.is_some()));
            if let Some(agent) = &self.agent_id {
                fields.insert("agentId".into(), json!(agent));
            }
            fields.insert("cwd".into(), json!(self.folder));
            fields.insert("gitBranch".into(), json!(self.branch));
            fields.insert("userType".into(), json!("external"));
            fields.insert("version".into(), json!(VERSION));
        }
        self.parent = Some(uuid);
        let (session_id, folder) = (self.session_id.clone(), self.folder.clone());
        lines.push(DemoLine {
            at,
            session_id,
            folder,
            file: self.file(),
            line: record.to_string(),
        });
    }

    /// Its transcript, as a path below Claude Code's `projects` folder.
    pub fn file(&self) -> String {
        let project = self.folder.replace(['/', '.'], "-");
        match &self.agent_id {
            None => format!("{project}/{}.jsonl", self.session_id),
            Some(agent) => format!("{project}/{}/subagents/agent-{agent}.jsonl", self.session_id),
        }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.session_id, self.agent_id.as_deref().unwrap_or_default())
    }
}

/// A number that follows from a name and a count.
pub(super) fn number(name: &str, count: u64) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), count)
}

fn uuid(name: &str, count: u64) -> String {
    let (high, low) = (number(name, count), number(name, !count));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

fn letters(name: &str, count: u64) -> String {
    format!("{:016x}{:06x}", number(name, count), number(name, !count) & 0xff_ffff)
}
