//! Sessions that go round and round, in the real daemon: told once, whatever becomes of it.

use serde_json::json;

use super::*;
use crate::claude_lines::{prompt, tool_result};

/// Nothing but loops is told of.
const QUIET: &str = "session_alert_usd = 100000";

/// The seconds after a prompt of a minute ago, as transcripts write them.
fn second(number: usize) -> String {
    let at = now() - jiff::SignedDuration::from_millis(60_000 - 1_000 * number as i64);
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A person's prompt, in that second.
pub fn asks(number: usize, session: &str) -> Line {
    prompt(&format!("p-{number}"), "go").session(session).at(&second(number))
}

/// A step: a call that asks for a tool, and what the tool gave a moment later.
pub fn step(number: usize, session: &str, command: &str, output: &str) -> [Line; 2] {
    let id = format!("{session}{number}");
    let at = second(number + 1);
    let tool = format!("toolu_{id}");
    let used = json!({
        "type": "tool_use", "id": tool, "name": "Bash", "input": {"command": command},
    });
    let gave = json!({"type": "tool_result", "tool_use_id": tool, "content": output});
    [
        spending(&id, session).at(&at).with("message.content", &json!([used])),
        tool_result(&format!("r-{id}"), &tool, &json!({"stdout": output}))
            .session(session)
            .at(&at.replace('Z', "5Z"))
            .with("message.content", &json!([gave])),
    ]
}

/// Steps that are all alike.
#[track_caller]
pub fn go_round(home: &Home, session: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        home.append(&format!("p/{session}.jsonl"), &step(number, session, "make test", "1 failed"));
    }
}

fn levels(home: &Home, session: &str) -> Vec<String> {
    let turns = json_now(home, &["turns", "--json"]);
    let mut rows: Vec<_> = turns["rows"].as_array().unwrap().clone();
    rows.retain(|row| row["session_id"] == session);
    rows.reverse();
    rows.iter().map(|row| row["level"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_loop_is_told_once_and_again_when_it_runs_away() {
    let home = home(QUIET);
    let _daemon = Daemon::start(&home);
    home.append("p/s.jsonl", &[asks(0, "s")]);
    go_round(&home, "s", 0..4);
    counted(&home, 4);
    assert_eq!(actions_of(&home, "loop").len(), 0);
    go_round(&home, "s", 4..5);
    told(&home, "an agent");
    let rows = actions_of(&home, "loop");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["session_id"], "s");
    let evidence = rows[0]["evidence"].as_str().unwrap();
    assert!(evidence.contains("Bash ×5, the same call with the same result"), "{evidence}");
    // Four of the five were in vain, of $4.02 each: by itself a runaway, for what it has cost.
    assert!(evidence.contains("runaway") && evidence.contains("$16.08"), "{evidence}");
    assert!(!evidence.contains("make"), "{evidence}");
    assert_eq!(levels(&home, "s"), ["runaway"]);
    go_round(&home, "s", 5..9);
    counted(&home, 9);
    let explained = run_now(&home, &["explain", "s"]).out;
    assert!(explained.contains("runaway in the turn of"), "{explained}");
    assert!(
        explained.contains("Bash ×9, the same call with the same result; $32.16"),
        "{explained}"
    );
    assert_eq!(times_told(&home, "an agent"), 1);
    let explained = json_now(&home, &["explain", "s", "--json"]);
    let found = &explained["loops"][0];
    assert_eq!((&found["tool"], &found["count"]), (&"Bash".into(), &9.into()));
    // A person's prompt ends it.
    home.append("p/s.jsonl", &[asks(10, "s")]);
    go_round(&home, "s", 9..11);
    counted(&home, 11);
    assert_eq!(levels(&home, "s"), ["runaway", "none"]);
    assert_eq!(actions_of(&home, "loop").len(), 1);
}

#[test]
fn below_its_dollars_it_is_a_loop_first() {
    let home = home(&format!("{QUIET}\n[loops]\nrunaway_usd = 1000\nsame_result = 3\n"));
    let _daemon = Daemon::start(&home);
    home.append("p/s.jsonl", &[asks(0, "s")]);
    go_round(&home, "s", 0..3);
    told(&home, "goes round and round in proj: Bash ×3, $8.04 so far");
    assert_eq!(levels(&home, "s"), ["loop"]);
    go_round(&home, "s", 3..12);
    told(&home, "runs away in proj: Bash ×12");
    assert_eq!(levels(&home, "s"), ["runaway"]);
    assert_eq!(actions_of(&home, "loop").len(), 2);
}

#[test]
fn a_restart_in_mid_turn_changes_nothing() {
    let home = home(&format!("{QUIET}\n[loops]\nrunaway_usd = 1000\n"));
    home.append("p/s.jsonl", &[asks(0, "s")]);
    // One step in each life: none of them has seen the loop alone.
    for number in 0..4 {
        let mut daemon = Daemon::start(&home);
        go_round(&home, "s", number..number + 1);
        counted(&home, number as u64 + 1);
        // At times it ends in good order, at times it does not.
        if number % 2 == 0 {
            daemon.end(Signal::TERM);
        }
    }
    let mut daemon = Daemon::start(&home);
    assert_eq!(actions_of(&home, "loop").len(), 0);
    go_round(&home, "s", 4..5);
    told(&home, "Bash ×5");
    daemon.end(Signal::TERM);
    let _daemon = Daemon::start(&home);
    go_round(&home, "s", 5..7);
    counted(&home, 7);
    until("the loop's count", || {
        json_now(&home, &["explain", "s", "--json"])["loops"][0]["count"] == 7
    });
    assert_eq!(actions_of(&home, "loop").len(), 1);
    assert_eq!(times_told(&home, "an agent"), 1);
}

#[test]
fn history_is_no_news_and_what_goes_on_is() {
    let home = home(&format!("{QUIET}\n[loops]\nrunaway_usd = 1000\n"));
    home.append("p/s.jsonl", &[asks(0, "s")]);
    home.append("p/old.jsonl", &[asks(0, "old").at("2026-09-08T00:00:00Z")]);
    go_round(&home, "s", 0..6);
    for number in 0..9 {
        let lines = step(number, "old", "make", "failed");
        let at = format!("2026-09-08T00:00:{:02}Z", number + 1);
        home.append("p/old.jsonl", &lines.map(|line| line.at(&at)));
    }
    let _daemon = Daemon::start(&home);
    counted(&home, 15);
    assert_eq!((actions_of(&home, "loop").len(), times_told(&home, "an agent")), (0, 0));
    // The turn that was at work has its level, that of September was not watched.
    assert_eq!(
        (levels(&home, "s"), levels(&home, "old")),
        (vec!["loop".into()], vec!["none".into()])
    );
    go_round(&home, "s", 6..7);
    told(&home, "Bash ×7");
    assert_eq!(actions_of(&home, "loop").len(), 1);
}

#[test]
fn what_a_subagent_does_again_and_again_is_told_of_its_session() {
    let home = home(&format!("{QUIET}\n[loops]\nrunaway_usd = 1000\n"));
    let _daemon = Daemon::start(&home);
    home.append("p/s.jsonl", &[asks(0, "s"), spending("m", "s")]);
    for number in 0..5 {
        let lines = step(100 + number, "s", "make test", "1 failed");
        let lines = lines.map(|line| line.sidechain("a1"));
        home.append("p/s/subagents/agent-a1.jsonl", &lines);
    }
    told(&home, "Bash ×5");
    let explained = run_now(&home, &["explain", "s"]).out;
    assert!(explained.contains(" in agent a1: Bash ×5"), "{explained}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_cap_on_loops_ends_the_one_that_goes_round_and_lets_the_one_beside_it_work() {
    use super::kill::{Stage, ended};
    use crate::enforce::WAITS;

    let stage = Stage::new(&format!(
        "{QUIET}\n[[cap]]\nname = \"again\"\nloop_count = 6\naction = \"kill\"\ngrace = 0.3\n"
    ));
    let looping = stage.agent("run", WAITS);
    let working = stage.agent("work", WAITS);
    let home = &stage.home;
    let _daemon = Daemon::start(home);
    home.append("p/run.jsonl", &[asks(0, "run")]);
    home.append("p/work.jsonl", &[asks(0, "work")]);
    for number in 0..12 {
        let (command, output) = (format!("make part{number}"), format!("{number} built"));
        home.append("p/work.jsonl", &step(number, "work", &command, &output));
    }
    go_round(home, "run", 0..5);
    told(home, "Bash ×5");
    assert_eq!(actions_of(home, "signal").len(), 0, "below its cap");
    assert_eq!(run_now(home, &["cap", "check"]).code, 0);
    go_round(home, "run", 5..6);
    ended(&looping);
    until("the row of its end", || actions_of(home, "ended").len() == 1);
    let signals = actions_of(home, "signal");
    assert_eq!((&signals[0]["session_id"], &signals[0]["cap"]), (&"run".into(), &"again".into()));
    assert_eq!(signals[0]["evidence"], "×6 of ×6 in a loop of this session");
    assert_eq!(signals[0]["overshoot_usd"], "0.000000000000");
    told(home, "stopped a session");
    assert!(working.is_alive());
    let caps = json_now(home, &["cap", "list", "--json"]);
    let rows = caps["rows"].as_array().unwrap();
    let run = rows.iter().find(|row| row["subject"] == "claude/run").unwrap();
    assert_eq!((&run["measure"], &run["count"]), (&"loop_count".into(), &6.into()));
    assert_eq!((&run["limit_count"], &run["over"]), (&6.into(), &true.into()));
    assert_eq!(rows.iter().find(|row| row["subject"] == "claude/work").unwrap()["over"], false);
    let status = run_now(home, &["status"]);
    assert!(status.out.contains("×6 of ×6 in a loop of this session run"), "{status:?}");
    assert!(!status.out.contains("session work"), "{status:?}");
    let check = run_now(home, &["cap", "check"]).out;
    assert!(check.contains("each session may do the same 6 times"), "{check}");
    assert!(check.contains("OVER: claude/run, ×6 of ×6"), "{check}");
}
