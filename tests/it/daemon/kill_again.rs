//! Sessions over a cap that was broken before they, or the daemon, began.

use super::kill::{KILLS, Stage, ended};
use super::*;
use crate::enforce::WAITS;

#[test]
fn a_new_session_over_a_latched_cap_is_stopped_at_its_first_call() {
    let stage = Stage::new(KILLS);
    let mut daemon = Daemon::start(&stage.home);
    stage.append("gone", &[spent("g1", "gone"), spent("g2", "gone")]);
    until("the breach", || actions_of(&stage.home, "breach").len() == 1);
    let new = stage.agent("new", WAITS);
    stage.append("new", &[spending("n1", "new")]);
    ended(&new);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    // The latch outlives the daemon.
    daemon.end(Signal::TERM);
    let _again = Daemon::start(&stage.home);
    let newer = stage.agent("newer", WAITS);
    stage.append("newer", &[spending("m1", "newer")]);
    ended(&newer);
    until("both ends", || actions_of(&stage.home, "ended").len() == 2);
    assert_eq!(actions_of(&stage.home, "breach").len(), 1);
}

#[test]
fn a_runaway_is_ended_at_the_start_if_it_broke_its_cap_while_nobody_looked() {
    let stage = Stage::new(KILLS);
    let agent = stage.agent("s", WAITS);
    let idle = stage.agent("idle", WAITS);
    stage.append("idle", &[spent("i1", "idle")]);
    stage.append("s", &[spending("1", "s"), spending("2", "s")]);
    let _daemon = Daemon::start(&stage.home);
    ended(&agent);
    until("the row of its end", || actions_of(&stage.home, "ended").len() == 1);
    assert!(idle.is_alive());
}

#[test]
fn a_snooze_withdraws_what_was_asked_of_an_idle_session() {
    let stage = Stage::new(KILLS);
    let idle = stage.agent("idle", WAITS);
    let _daemon = Daemon::start(&stage.home);
    stage.append("idle", &[spent("1", "idle"), spent("2", "idle")]);
    until("the breach", || actions_of(&stage.home, "breach").len() == 1);
    let args = ["snooze", "daily", "--for", "1h", "--reason", "a release"];
    let ran = run_now(&stage.home, &args);
    assert_eq!(ran.code, 0, "{ran:?}");
    until("the snooze", || actions(&stage.home).iter().any(|row| row["kind"] == "snooze"));
    stage.append("idle", &[spending("3", "idle")]);
    counted(&stage.home, 3);
    // Another's flag comes in a later pass than what would have been done to this one.
    stage.append("other", &[spending("4", "other")]);
    counted(&stage.home, 4);
    assert!(idle.is_alive());
    assert_eq!(actions_of(&stage.home, "signal").len(), 0);
}
