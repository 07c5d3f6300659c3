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

#[test]
fn a_headless_agent_is_interrupted() {
    let stage = Stage::new(KILLS);
    let agent = stage.agents.agent(WAITS, &["-p"]);
    stage.register(&agent, "s");
    let _daemon = Daemon::start(&stage.home);
    stage.append("s", &[spending("1", "s"), spending("2", "s")]);
    ended(&agent);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    assert_eq!(actions_of(&stage.home, "signal")[0]["signal"], "SIGINT");
}

#[test]
fn a_cap_that_blocks_signals_nothing_and_says_who_has_no_hook() {
    let stage = Stage::new("daily_cap = 6\naction = \"block\"\nsession_alert_usd = 1000");
    let agent = stage.agent("s", WAITS);
    let _daemon = Daemon::start(&stage.home);
    stage.append("s", &[spending("1", "s"), spending("2", "s")]);
    until("the row of the block", || actions_of(&stage.home, "block").len() == 1);
    let outcome = actions_of(&stage.home, "block")[0]["outcome"].to_string();
    assert!(outcome.contains("nothing stops it"), "{outcome}");
    told(&stage.home, "a session runs without the hook");
    // It goes on: it has no hook that would stop it.
    stage.append("s", &[spending("3", "s")]);
    counted(&stage.home, 3);
    stage.append("t", &[spending("4", "t")]);
    until("the row of the next", || actions_of(&stage.home, "block").len() == 2);
    assert!(agent.is_alive());
    assert_eq!(actions_of(&stage.home, "signal").len(), 0);
}

#[test]
fn an_end_in_the_middle_of_a_stop_sees_it_through() {
    let stage = Stage::new(&KILLS.replace("0.3", "1"));
    let agent = stage.agent("s", IGNORES);
    let mut daemon = Daemon::start(&stage.home);
    stage.append("s", &[spending("1", "s"), spending("2", "s")]);
    until("the first signal", || actions_of(&stage.home, "signal").len() == 1);
    assert_eq!(daemon.end(Signal::TERM).0, Some(0));
    assert!(!agent.is_alive());
    let rows = actions_of(&stage.home, "signal");
    let words: Vec<_> = rows.iter().map(|row| row["signal"].as_str().unwrap()).collect();
    assert_eq!(words, ["SIGTERM", "SIGKILL"]);
    assert_eq!(actions_of(&stage.home, "ended").len(), 1);
}

#[test]
fn a_second_order_to_stop_waits_for_nothing() {
    let stage = Stage::new(&KILLS.replace("0.3", "600"));
    let agent = stage.agent("s", IGNORES);
    let mut daemon = Daemon::start(&stage.home);
    stage.append("s", &[spending("1", "s"), spending("2", "s")]);
    until("the first signal", || actions_of(&stage.home, "signal").len() == 1);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end(Signal::INT).0, Some(0));
    assert!(agent.is_alive());
}
