//! Copilot CLI under the daemon: a session is its process's by the file that it keeps open, and is in
//! mid-turn by what its events tell.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::kill::{KILLS, ended};
use super::*;
use crate::enforce::codex::WRITES;
use crate::enforce::{Running, Scratch};
use crate::harness::{append_to, copy_program};

/// A scratch home with Copilot CLI in it.
struct Copilot {
    agents: Scratch,
    home: Home,
}

/// An event of this moment.
fn event(kind: &str, id: &str, data: &Value) -> String {
    json!({"type": kind, "id": id, "timestamp": present(), "data": data}).to_string() + "\n"
}

impl Copilot {
    fn new(config: &str) -> Self {
        let (agents, home) = (Scratch::of_codex(), home(config));
        copy_program(std::path::Path::new("/bin/bash"), &agents.path("bin/copilot"));
        Self { agents, home }
    }

    fn folder(&self, id: &str) -> PathBuf {
        self.home.path("home/.copilot/session-state").join(id)
    }

    fn append(&self, id: &str, events: &[String]) {
        append_to(&self.folder(id).join("events.jsonl"), events.concat().as_bytes());
    }

    /// A session that has just been asked something.
    fn session(&self, id: &str) -> Running {
        let begins = json!({"sessionId": id, "context": {"cwd": "/home/dev/proj"}});
        self.append(
            id,
            &[event("session.start", "e1", &begins), event("user.message", "e2", &json!({}))],
        );
        let mut command = Command::new(self.agents.path("bin/copilot"));
        command.args(["-c", WRITES, "copilot"]).arg(self.folder(id).join("inuse.17.hold"));
        self.agents.start(command.current_dir(self.agents.path("work")))
    }

    /// An answer that cost $4.50, after which the model wants these tools.
    fn answers(&self, id: &str, name: &str, tools: &Value) {
        let said = json!({"messageId": name, "toolRequests": tools});
        let used = json!({"usage": {"model": "gpt-5.5", "apiCallId": format!("{name}-{:016}", 0),
            "inputTokens": 0, "outputTokens": 150_000}});
        self.append(
            id,
            &[
                event("assistant.message", name, &said),
                event("session.usage_record", &format!("{name}u"), &used),
            ],
        );
    }
}

#[test]
fn what_breaks_a_cap_in_mid_turn_is_ended_at_once_and_the_idle_one_beside_it_lives_on() {
    let stage = Copilot::new(KILLS);
    let (runaway, idle) = (stage.session("run"), stage.session("idle"));
    let _daemon = Daemon::start(&stage.home);
    stage.answers("idle", "a1", &json!([]));
    counted(&stage.home, 1);
    let bash = json!([{"toolCallId": "c1", "name": "bash", "arguments": {"command": "make"}}]);
    stage.answers("run", "b1", &bash);
    ended(&runaway);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    let signals = actions_of(&stage.home, "signal");
    assert_eq!(signals.len(), 1, "{signals:?}");
    assert_eq!(
        (&signals[0]["session_id"], &signals[0]["signal"]),
        (&"run".into(), &"SIGTERM".into())
    );
    assert_eq!(
        (&signals[0]["agent"], signals[0]["pid"].as_u64()),
        (&"copilot".into(), Some(runaway.pid().into()))
    );
    assert!(idle.is_alive());
}
