//! Processes that a cap ends: copies of the shell under an agent's name, each started by the test.

use std::path::PathBuf;

use super::*;
use crate::enforce::{IGNORES, Running, Scratch, WAITS};

/// A cap at which sessions are ended.
pub const KILLS: &str = "daily_cap = 6\naction = \"kill\"\ngrace = 0.3\nsession_alert_usd = 1000";

/// A scratch home with a guard's config, and agents in it.
pub struct Stage {
    pub agents: Scratch,
    pub home: Home,
}

impl Stage {
    pub fn new(config: &str) -> Self {
        Self { agents: Scratch::new(), home: home(config) }
    }

    /// An agent in a session of this home.
    pub fn agent(&self, session: &str, script: &str) -> Running {
        let agent = self.agents.agent(script, &[]);
        self.register(&agent, session);
        agent
    }

    pub fn register(&self, agent: &Running, session: &str) -> PathBuf {
        let key = &agent.key;
        let claim = self.agents.claim(&key.pid.to_string(), key.start_time, session, "");
        let file = self.home.path(&format!("home/.claude/sessions/{}.json", key.pid));
        crate::cli_home::write(&file, &claim);
        file
    }

    pub fn append(&self, session: &str, lines: &[Line]) {
        self.home.append(&format!("p/{session}.jsonl"), lines);
    }
}

#[track_caller]
pub fn ended(agent: &Running) {
    until("the agent's end", || !agent.is_alive());
}

#[test]
fn a_runaway_is_ended_and_the_idle_one_beside_it_at_its_first_call() {
    let stage = Stage::new(KILLS);
    let runaway = stage.agent("run", WAITS);
    let idle = stage.agent("idle", WAITS);
    let _daemon = Daemon::start(&stage.home);
    stage.append("idle", &[spent("i1", "idle")]);
    counted(&stage.home, 1);
    stage.append("run", &[spending("r1", "run")]);
    ended(&runaway);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    let signals = actions_of(&stage.home, "signal");
    assert_eq!(signals.len(), 1, "{signals:?}");
    let row = &signals[0];
    assert_eq!((&row["session_id"], &row["cap"]), (&"run".into(), &"daily".into()));
    assert_eq!(row["signal"], "SIGTERM");
    assert_eq!(row["pid"], runaway.pid());
    assert_eq!(row["overshoot_usd"], "2.040000000000");
    assert!(row["latency_ms"].as_i64().unwrap() < 5_000, "{row}");
    assert!(row["resume"].as_str().unwrap().contains("claude --resume run"), "{row}");
    told(&stage.home, "stopped a session");
    assert!(idle.is_alive(), "an idle session spends nothing");
    stage.append("idle", &[spending("i2", "idle")]);
    ended(&idle);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 2);
}

#[test]
fn an_agent_that_ignores_the_signal_dies_after_its_grace() {
    let stage = Stage::new(KILLS);
    let agent = stage.agent("s", IGNORES);
    let _daemon = Daemon::start(&stage.home);
    stage.append("s", &[spending("1", "s"), spending("2", "s")]);
    ended(&agent);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    let signals = actions_of(&stage.home, "signal");
    let words: Vec<_> = signals.iter().map(|row| row["signal"].as_str().unwrap()).collect();
    assert_eq!(words, ["SIGTERM", "SIGKILL"]);
    let waited =
        signals[1]["latency_ms"].as_i64().unwrap() - signals[0]["latency_ms"].as_i64().unwrap();
    assert!((300..5_000).contains(&waited), "{waited} ms");
}

#[test]
fn a_session_below_its_own_cap_lives_on() {
    let stage = Stage::new(
        "session_alert_usd = 1000\n[[cap]]\nname = \"each\"\nscope = \"session\"\n\
         period = \"session\"\nlimit = 6\naction = \"kill\"\n",
    );
    let dear = stage.agent("dear", WAITS);
    let cheap = stage.agent("cheap", WAITS);
    let _daemon = Daemon::start(&stage.home);
    stage.append("cheap", &[spending("c1", "cheap")]);
    stage.append("dear", &[spending("d1", "dear"), spending("d2", "dear")]);
    ended(&dear);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    let rows = actions_of(&stage.home, "signal");
    assert!(rows.iter().all(|row| row["session_id"] == "dear"), "{rows:?}");
    assert!(cheap.is_alive());
}
