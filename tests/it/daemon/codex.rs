//! Codex under the daemon: its sessions are found by the rollouts that they write.

use std::path::PathBuf;

use serde_json::json;
use spendtop::ledger::Inbox;
use spendtop::model::{AgentId, Note, SessionKey, Sighting};

use super::kill::{KILLS, ended};
use super::*;
use crate::codex_lines::{file, tokens};
use crate::enforce::codex::WRITES;
use crate::enforce::{Running, Scratch, WAITS};

/// A scratch home with Codex in it.
struct Codex {
    agents: Scratch,
    home: Home,
}

/// A line of this moment.
fn line(kind: &str, payload: &Value) -> String {
    json!({"timestamp": present(), "type": kind, "payload": payload}).to_string() + "\n"
}

/// An answer that cost $4.01.
fn record(id: &str, response: &str) -> String {
    let usage = tokens([3_200_000, 0, 1_000]);
    let payload = json!({"response_id": response, "thread_id": id, "usage": usage});
    line("token_usage_record", &payload)
}

impl Codex {
    fn new(config: &str) -> Self {
        Self { agents: Scratch::of_codex(), home: home(config) }
    }

    fn rollout(&self, id: &str) -> PathBuf {
        self.home.path("home/.codex/sessions").join(file(id))
    }

    /// A session that has just been asked something.
    fn session(&self, word: &str, id: &str) -> Running {
        let begins = [
            line("session_meta", &json!({"id": id, "cwd": "/home/dev/proj"})),
            line("event_msg", &json!({"type": "task_started", "turn_id": "t"})),
            line("turn_context", &json!({"turn_id": "t", "model": "gpt-5-codex"})),
        ];
        crate::cli_home::write(&self.rollout(id), &begins.concat());
        self.agents.codex(word, WRITES, &[&self.rollout(id)])
    }

    fn append(&self, id: &str, lines: &str) {
        crate::harness::append_to(&self.rollout(id), lines.as_bytes());
    }

    /// A call in mid-turn: a tool is to run next.
    fn spends(&self, id: &str, response: &str) {
        let asks = line("response_item", &json!({"type": "function_call", "call_id": "c"}));
        self.append(id, &(asks + &record(id, response)));
    }

    /// The last call of a turn.
    fn answers(&self, id: &str, response: &str) {
        let says = line("response_item", &json!({"type": "message", "role": "assistant"}));
        let ends = line("event_msg", &json!({"type": "task_complete", "turn_id": "t"}));
        self.append(id, &(says + &record(id, response) + &ends));
    }

    /// A hook of the session is heard.
    fn hook_is_heard(&self, id: &str, process: &Running) {
        let db = self.home.db();
        std::fs::create_dir_all(db.parent().unwrap()).unwrap();
        let inbox = Inbox::open(&spendtop::paths::inbox_of(&db)).unwrap();
        let session = SessionKey { agent: AgentId::Codex, session_id: id.into() };
        let now = SystemClock.now();
        let sighting = Sighting {
            session,
            process: process.key.clone(),
            exe: "/usr/bin/codex".into(),
            transcript: Some(self.rollout(id)),
            at: now,
        };
        inbox.leave(&Note::Sighting(sighting), now).unwrap();
    }

    fn signals(&self) -> Vec<Value> {
        actions_of(&self.home, "signal")
    }
}

#[test]
fn a_runaway_is_interrupted_and_the_idle_one_beside_it_lives_on() {
    let stage = Codex::new(KILLS);
    let (runaway, idle) = (stage.session("exec", "run"), stage.session("resume", "idle"));
    let _daemon = Daemon::start(&stage.home);
    stage.answers("idle", "i1");
    counted(&stage.home, 1);
    stage.spends("run", "r1");
    ended(&runaway);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    let signals = stage.signals();
    assert_eq!(signals.len(), 1, "{signals:?}");
    let row = &signals[0];
    assert_eq!((&row["session_id"], &row["signal"]), (&"run".into(), &"SIGINT".into()));
    assert_eq!(row["pid"], runaway.pid());
    assert_eq!(row["overshoot_usd"], "2.020000000000");
    assert!(row["resume"].as_str().unwrap().ends_with("codex resume run"), "{row}");
    assert!(idle.is_alive());
    // Nobody trusts its hook: without one it is ended at its first call.
    stage.spends("idle", "i2");
    ended(&idle);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 2);
    assert_eq!(stage.signals()[1]["signal"], "SIGTERM");
}

#[test]
fn a_hook_that_meets_prompts_alone_is_not_waited_for_in_mid_turn() {
    let stage = Codex::new(KILLS);
    let (runaway, idle) = (stage.session("resume", "run"), stage.session("resume", "idle"));
    stage.hook_is_heard("run", &runaway);
    stage.hook_is_heard("idle", &idle);
    let _daemon = Daemon::start(&stage.home);
    stage.answers("idle", "i1");
    counted(&stage.home, 1);
    stage.spends("run", "r1");
    ended(&runaway);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    let latency = stage.signals()[0]["latency_ms"].as_i64().unwrap();
    assert!(latency < 5_000, "a hook that stops turns would have ten seconds: {latency}");
    // A call that was in flight, and was its turn's last: the hook meets its next prompt.
    stage.answers("idle", "i2");
    counted(&stage.home, 3);
    stage.answers("other", "o1");
    counted(&stage.home, 4);
    assert!(idle.is_alive());
    assert_eq!(stage.signals().len(), 1);
    // The next turn began all the same: the hook is not called any more.
    stage.answers("idle", "i3");
    ended(&idle);
}

#[test]
fn a_cap_on_the_developer_adds_both_agents_up() {
    let stage = Codex::new(KILLS);
    let claudes = Scratch::new();
    let claude = claudes.agent(WAITS, &[]);
    let claim = claudes.claim(&claude.pid().to_string(), claude.key.start_time, "c", "");
    let file = format!("home/.claude/sessions/{}.json", claude.pid());
    crate::cli_home::write(&stage.home.path(&file), &claim);
    let codex = stage.session("exec", "x");
    let _daemon = Daemon::start(&stage.home);
    stage.home.append("p/c.jsonl", &[spending("c1", "c")]);
    counted(&stage.home, 1);
    assert!(claude.is_alive());
    // $4.02 of one and $4.01 of the other: both are in mid-turn.
    stage.spends("x", "x1");
    ended(&claude);
    ended(&codex);
    until("both rows", || actions_of(&stage.home, "ended").len() == 2);
    let breach = &actions_of(&stage.home, "breach")[0];
    assert!(breach["evidence"].as_str().unwrap().contains("$8.03 of $6.00"), "{breach}");
    let mut ended: Vec<String> =
        stage.signals().iter().map(|row| row["agent"].to_string()).collect();
    ended.sort();
    assert_eq!(ended, ["\"claude\"", "\"codex\""]);
}

#[test]
fn the_first_session_of_an_agent_and_of_a_day_are_seen_at_once() {
    let stage = Codex::new(KILLS);
    // Another agent's folder is watched already; of Codex there is none. The sweep of every minute
    // would come too late.
    stage.home.append("p/c.jsonl", &[spent("c1", "c")]);
    let _daemon = Daemon::start(&stage.home);
    counted(&stage.home, 1);
    let _first = stage.session("exec", "first");
    stage.answers("first", "f1");
    counted(&stage.home, 2);
    // A day begins with three folders at once.
    let day =
        stage.home.path("home/.codex/sessions/2031/02/03/rollout-2031-02-03T00-00-00-d.jsonl");
    let begins = [
        line("session_meta", &json!({"id": "d", "cwd": "/home/dev/proj"})),
        line("turn_context", &json!({"turn_id": "t", "model": "gpt-5-codex"})),
        record("d", "d1"),
    ];
    crate::cli_home::write(&day, &begins.concat());
    counted(&stage.home, 3);
}
