//! `spendtop stop`: a session's process ended by hand, with no daemon.

use super::kill::{Stage, ended};
use super::*;
use crate::enforce::{IGNORES, WAITS};

const NO_CAP: &str = "session_alert_usd = 1000";

fn stage() -> Stage {
    let stage = Stage::new(NO_CAP);
    stage.append("aaaa-1", &[spent("1", "aaaa-1")]);
    stage.append("bbbb-1", &[spent("2", "bbbb-1")]);
    stage
}

#[test]
fn a_session_is_ended_by_hand_and_its_neighbour_lives_on() {
    let stage = stage();
    let (agent, neighbour) = (stage.agent("aaaa-1", WAITS), stage.agent("bbbb-1", WAITS));
    let would = run_now(&stage.home, &["stop", "aaaa", "--dry-run"]);
    assert_eq!(would.code, 0, "{would:?}");
    assert!(would.out.contains("certain, by the agent's own file"), "{would:?}");
    assert!(would.out.contains("Nothing was done"), "{would:?}");
    assert!(agent.is_alive());
    // Nobody can answer the question: nothing is done.
    assert_eq!(run_now(&stage.home, &["stop", "aaaa"]).code, 2);
    assert!(agent.is_alive());
    let ran = run_now(&stage.home, &["stop", "aaaa", "--yes", "--reason", "enough"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ended(&agent);
    assert!(neighbour.is_alive());
    let rows = actions_of(&stage.home, "signal");
    assert_eq!((rows.len(), &rows[0]["evidence"]), (1, &"enough".into()), "{rows:?}");
    assert_eq!(actions_of(&stage.home, "ended").len(), 1);
    assert_eq!(run_now(&stage.home, &["stop", "aaaa", "--yes"]).code, 10);
}

#[test]
fn one_that_ignores_the_signal_is_killed() {
    let stage = stage();
    let agent = stage.agent("aaaa-1", IGNORES);
    assert_eq!(run_now(&stage.home, &["stop", "aaaa", "--yes"]).code, 0);
    ended(&agent);
    let signals = actions_of(&stage.home, "signal");
    assert_eq!(signals.iter().filter(|row| row["signal"] == "SIGKILL").count(), 1, "{signals:?}");
}

#[test]
fn a_process_that_is_not_certain_is_named_and_left_alone() {
    let stage = stage();
    let agent = stage.agent("other", WAITS);
    let file = stage.register(&agent, "aaaa-1");
    // The file names this process, but another start of it.
    let claim = std::fs::read_to_string(&file).unwrap();
    let start = agent.key.start_time.to_string();
    std::fs::write(&file, claim.replace(&start, "12345")).unwrap();
    let ran = run_now(&stage.home, &["stop", "aaaa", "--yes"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("nothing is signalled"), "{ran:?}");
    assert!(agent.is_alive());
}
