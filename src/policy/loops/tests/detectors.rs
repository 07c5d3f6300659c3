//! What each detector of repeated steps catches, and what it leaves alone.

use super::super::{Detector, Level};
use super::lane::{CENT, Lane, Use, print};
use crate::model::{Millis, PicoUsd, ToolKind};

#[test]
fn a_loop_is_told_with_what_repeats_how_often_since_when_and_at_what_cost() {
    let mut lane = Lane::default();
    lane.human();
    lane.take(Use::read("a", "text"));
    let began = lane.now + 5_100;
    for _ in 0..5 {
        lane.take(Use::run("ls", "files"));
    }
    let [watch, alarm] = &lane.alarms[..] else { panic!("{:?}", lane.alarms) };
    assert_eq!((watch.level, watch.count), (Level::Watch, 3));
    assert_eq!((alarm.detector, alarm.level), (Detector::SameResult, Level::Loop));
    assert_eq!((alarm.count, alarm.since, alarm.at), (5, Millis(began), Millis(lane.now)));
    // The first of the five taught something.
    assert_eq!(alarm.cost, PicoUsd(4 * CENT.0));
    assert_eq!((alarm.tool.as_deref(), alarm.kind), (Some("Run"), Some(ToolKind::Run)));
    assert!(alarm.what.is_some());
}

#[test]
fn one_loop_is_told_once_for_each_level_and_stands_as_it_goes_on() {
    let mut lane = Lane::default();
    for _ in 0..100 {
        lane.take(Use::run("ls", "files"));
    }
    let levels: Vec<Level> = lane.alarms.iter().map(|alarm| alarm.level).collect();
    assert_eq!(levels, [Level::Watch, Level::Loop, Level::Runaway]);
    assert_eq!(lane.alarms[2].count, 20);
    assert_eq!(lane.watcher.level(), Level::Runaway);
    let standing: Vec<_> = lane.watcher.standing().collect();
    assert_eq!((standing.len(), standing[0].count), (1, 100));
    assert_eq!(standing[0].cost, PicoUsd(99 * CENT.0));
    // What follows is something else: the loop is over, and another would be told.
    for number in 0..20 {
        lane.take(Use::run(&format!("c{number}"), &format!("o{number}")));
    }
    assert_eq!(lane.watcher.level(), Level::None);
}

#[test]
fn a_dear_loop_is_a_runaway() {
    let mut lane = Lane::default();
    lane.limits.runaway_usd = PicoUsd(4 * CENT.0);
    for _ in 0..5 {
        lane.take(Use::run("ls", "files"));
    }
    assert_eq!(lane.alarms.last().unwrap().level, Level::Runaway);
}

#[test]
fn a_persons_prompt_begins_anew_and_a_compaction_does_not() {
    let mut lane = Lane::default();
    for _ in 0..6 {
        for _ in 0..4 {
            lane.take(Use::run("deploy-check", "not yet"));
        }
        lane.human();
    }
    lane.assert_quiet();
    for number in 0..5 {
        if number % 2 == 1 {
            lane.compact();
        }
        lane.take(Use::run("ls", "files"));
    }
    assert_eq!(lane.first(), Some((Detector::SameResult, 5)));
}

#[test]
fn noise_in_between_hides_no_repetition() {
    let mut lane = Lane::default();
    for number in 0..5 {
        lane.take(Use::run("test", "red").failing("red"));
        lane.take(Use::read(&format!("f{number}"), &format!("text{number}")));
    }
    assert_eq!(lane.first(), Some((Detector::SameResult, 5)));
}

#[test]
fn the_same_result_after_each_new_edit_is_usual_work() {
    let mut lane = Lane::default();
    for number in 0..40 {
        lane.take(Use::read("config", "settings"));
        lane.take(Use::edit("a", &format!("v{number}"), &format!("v{}", number + 1)));
        lane.take(Use::run("check", "ok"));
    }
    lane.assert_quiet();
    // The same with a command for each edit.
    let mut lane = Lane::default();
    for number in 0..40 {
        lane.take(Use::run(&format!("sed {number}"), "no output"));
        lane.take(Use::run("check", "ok"));
    }
    lane.assert_quiet();
}

#[test]
fn a_failure_that_no_edit_changes_is_told_later() {
    let mut lane = Lane::default();
    lane.take(Use::run("test", "red").failing("red"));
    for number in 0..7 {
        lane.assert_quiet();
        lane.take(Use::edit("a", &format!("v{number}"), &format!("v{}", number + 1)));
        lane.take(Use::run("test", "red").failing("red"));
    }
    assert_eq!(lane.first(), Some((Detector::SameError, 8)));
    // To fix one thing and break the other is to get nowhere.
    let mut lane = Lane::default();
    for number in 0..9 {
        let red = ["red a", "red b"][number % 2];
        lane.assert_quiet();
        lane.take(Use::run("test", red).failing(red));
        lane.take(Use::edit("a", &format!("v{number}"), &format!("v{}", number + 1)));
    }
    assert_eq!(lane.first(), Some((Detector::SameError, 8)));
    // Where its words change, something is getting somewhere.
    let mut lane = Lane::default();
    for number in 0..40 {
        lane.take(Use::edit("a", &format!("v{number}"), &format!("v{}", number + 1)));
        lane.take(Use::run("test", &format!("red {number}")).failing("exit 101"));
    }
    lane.assert_quiet();
}

#[test]
fn the_same_error_is_told_whatever_was_asked() {
    let mut lane = Lane::default();
    for number in 0..5 {
        let (asked, out) = (format!("try {number}"), format!("trace {number}"));
        lane.take(Use::run(&asked, &out).failing("no module"));
    }
    assert_eq!(lane.first(), Some((Detector::SameError, 5)));
    assert_eq!(lane.alarms.last().unwrap().what, Some(print("no module")));
    // A denial has words of its own each time.
    let mut lane = Lane::default();
    for number in 0..5 {
        let (asked, out) = (format!("curl {number}"), format!("denied {number}"));
        lane.take(Use { denied: true, ..Use::run(&asked, &out) });
    }
    assert_eq!(lane.first(), Some((Detector::SameError, 5)));
    // So has an edit that does not fit.
    let mut lane = Lane::default();
    for number in 0..5 {
        let from = format!("x{number}");
        lane.take(Use::edit("a", &from, "y").failing(&from));
    }
    assert_eq!(lane.first(), Some((Detector::SameError, 5)));
}

#[test]
fn a_retry_that_works_and_an_edit_that_fits_end_an_error() {
    let mut lane = Lane::default();
    for number in 0..6 {
        let asked = format!("fetch {number}");
        for _ in 0..3 {
            lane.take(Use::run(&asked, "refused").failing("refused"));
        }
        lane.take(Use::run(&asked, &format!("page {number}")));
    }
    for number in 0..6 {
        let (from, to) = (format!("v{number}"), format!("v{}", number + 1));
        for _ in 0..3 {
            lane.take(Use::edit("a", "typo", "y").failing("not found"));
        }
        lane.take(Use::edit("a", &from, &to));
    }
    lane.assert_quiet();
}

#[test]
fn polling_has_more_patience_the_longer_it_waits() {
    let poll = |gap| Use::new(ToolKind::Poll, "job", "nothing new").after(gap);
    let mut quick = Lane::default();
    for _ in 0..16 {
        quick.assert_quiet();
        quick.take(poll(3_000));
    }
    assert_eq!(quick.first(), Some((Detector::Polling, 16)));
    let mut slow = Lane::default();
    for _ in 0..31 {
        slow.assert_quiet();
        slow.take(poll(20_000));
    }
    assert_eq!(slow.first(), Some((Detector::Polling, 31)));
    // A command that sleeps, then looks.
    let mut sleeping = Lane::default();
    for _ in 0..31 {
        sleeping.assert_quiet();
        sleeping.take(Use::run("sleep 30; gh run view", "pending").taking(30_000));
    }
    assert_eq!(sleeping.first(), Some((Detector::Polling, 31)));
}

#[test]
fn a_changing_answer_is_progress_unless_nothing_but_a_counter_changes() {
    let mut log = Lane::default();
    for number in 0..80 {
        log.take(Use::run("tail log", &format!("line {number}")).taking(30_000));
    }
    log.assert_quiet();
    let mut counter = Lane::default();
    for number in 0..16 {
        counter.assert_quiet();
        counter.take(Use::run("status", &format!("{number} s elapsed")).after(2_000));
    }
    assert_eq!(counter.first(), Some((Detector::Polling, 16)));
}

#[test]
fn pages_behind_one_click_are_no_loop() {
    let mut lane = Lane::default();
    for number in 0..25 {
        lane.take(Use::new(ToolKind::Other, "next page", "clicked"));
        lane.take(Use::new(ToolKind::Other, "snapshot", &format!("page {number}")));
    }
    lane.assert_quiet();
}

#[test]
fn one_answer_to_every_question_is_told() {
    let mut lane = Lane::default();
    for number in 0..10 {
        lane.assert_quiet();
        lane.take(Use::new(ToolKind::Other, &format!("page {number}"), "first page"));
    }
    assert_eq!(lane.first(), Some((Detector::SameResult, 10)));
    // A tool that is told something says "done" between the other steps.
    let mut lane = Lane::default();
    for number in 0..40 {
        lane.take(Use::new(ToolKind::Other, &format!("list {number}"), "updated"));
        lane.take(Use::edit("a", &format!("v{number}"), &format!("v{}", number + 1)));
    }
    lane.assert_quiet();
}
