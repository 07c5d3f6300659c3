//! What Claude Code keeps of a running session, in `sessions/<pid>.json`.

use serde_json::json;

use super::record::VERSION;
use crate::model::Millis;

/// A running session, by its agent's own word.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// The process.
    pub pid: u32,
    /// When it started, in the kernel's ticks since boot.
    pub start_time: u64,
    /// The session.
    pub session_id: &'a str,
    /// Where it works.
    pub cwd: &'a str,
    /// When it started.
    pub started_at: Millis,
    /// In mid-turn, and not at its prompt.
    pub is_busy: bool,
}

impl Registration<'_> {
    /// The file's content.
    pub fn json(&self) -> String {
        json!({
            "pid": self.pid,
            "sessionId": self.session_id,
            "cwd": self.cwd,
            "startedAt": self.started_at.0,
            "procStart": self.start_time.to_string(),
            "version": VERSION,
            "kind": "interactive",
            "entrypoint": "cli",
            "status": if self.is_busy { "busy" } else { "idle" },
        })
        .to_string()
    }
}
