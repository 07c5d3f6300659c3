//! Cycles, edits back and forth, re-reading, subagents, compactions, turns without a person.

use std::sync::Arc;

use super::super::{Detector, Level, Seen};
use super::lane::{CENT, Lane, Use, print};
use crate::model::{Deed, Fingerprint, PicoUsd, ToolKind, ToolUse};

#[test]
fn cycles_of_two_to_four_calls_are_told_at_the_fourth_round() {
    for length in 2..=4 {
        let mut lane = Lane::default();
        for round in 1..=4 {
            lane.assert_quiet();
            for call in 0..length {
                lane.take(Use::run(&format!("call {call}"), &format!("result {call}")));
            }
            assert_eq!(lane.alarms.iter().any(|alarm| alarm.level >= Level::Loop), round == 4);
        }
        assert_eq!(lane.first(), Some((Detector::Cycle, 4)), "{length}");
    }
}

#[test]
fn a_cycle_that_waits_or_whose_results_change_is_told_much_later() {
    let mut waiting = Lane::default();
    for _ in 0..30 {
        waiting.take(Use::run("sleep", "no output").taking(40_000));
        waiting.take(Use::run("checks", "pending"));
    }
    waiting.assert_quiet();
    let mut changing = Lane::default();
    for number in 0..29 {
        changing.take(Use::new(ToolKind::Other, "search", &format!("found at {number}")));
        changing.take(Use::new(ToolKind::Other, "get", &format!("got at {number}")));
    }
    changing.assert_quiet();
    changing.take(Use::new(ToolKind::Other, "search", "found"));
    changing.take(Use::new(ToolKind::Other, "get", "got"));
    assert_eq!(changing.first(), Some((Detector::Cycle, 30)));
}

#[test]
fn a_few_calls_in_any_order_are_told_when_each_has_come_again() {
    let mut lane = Lane::default();
    let order = [0, 1, 2, 3, 4, 2, 0, 1, 4, 3, 0, 2, 1, 3, 4, 0, 3, 1, 2, 4, 1, 0, 3, 4, 2];
    for call in order {
        lane.take(Use::new(ToolKind::Other, &format!("{call}"), &format!("result {call}")));
    }
    assert_eq!(lane.first(), Some((Detector::Cycle, 14)));
}

#[test]
fn an_edit_that_goes_back_and_forth_is_told() {
    let mut lane = Lane::default();
    for turn in 0..3 {
        lane.take(Use::edit("a", "old", "new"));
        lane.take(Use::run("test", &format!("red {turn} a")).failing("red a"));
        lane.take(Use::edit("a", "new", "old"));
        lane.take(Use::run("test", &format!("red {turn} b")).failing("red b"));
    }
    assert_eq!(lane.first(), Some((Detector::EditRevert, 4)));
    assert_eq!(lane.alarms.last().unwrap().what, Some(print("a")), "which file");
}

#[test]
fn whole_files_written_in_turn_and_edits_taken_back_by_git_are_told() {
    let mut lane = Lane::default();
    for turn in 0..5 {
        let version = ["one", "other"][turn % 2];
        let write = Use::new(ToolKind::Edit, version, "written");
        lane.take(Use { on: Some("a"), ..write });
        lane.take(Use::run("test", &format!("red {turn}")).failing(&format!("red {turn}")));
    }
    assert_eq!(lane.first(), Some((Detector::EditRevert, 4)));
    let mut lane = Lane::default();
    for turn in 0..5 {
        lane.take(Use::edit("a", "old", "new"));
        lane.take(Use::run("test", &format!("red {turn}")).failing(&format!("red {turn}")));
        lane.take(Use::run(&format!("git checkout {turn}"), "no output"));
    }
    assert_eq!(lane.first(), Some((Detector::EditRevert, 4)));
}

#[test]
fn going_on_an_experiment_and_one_replacement_in_many_files_are_no_reverts() {
    let mut lane = Lane::default();
    for number in 0..40 {
        lane.take(Use::edit("a", &format!("v{number}"), &format!("v{}", number + 1)));
        lane.take(Use::edit(&format!("f{number}"), "old-name", "new-name"));
    }
    for number in 0..4 {
        let file = format!("g{number}");
        lane.take(Use::edit(&file, "x", "x, printed"));
        lane.take(Use::run("test", &format!("out {number}")));
        lane.take(Use::edit(&file, "x, printed", "x"));
    }
    lane.assert_quiet();
}

#[test]
fn rereading_is_told_after_two_rounds_but_not_after_edits_or_a_compaction() {
    let files = ["a", "b", "c", "d"];
    let mut lane = Lane::default();
    for _ in 0..4 {
        for file in files {
            lane.take(Use::read(file, file));
        }
    }
    assert_eq!(lane.first(), Some((Detector::Reread, 12)), "in order or not");
    let mut lane = Lane::default();
    for place in [0, 1, 2, 3, 2, 0, 3, 1, 0, 2, 1, 3, 3, 0, 2, 1] {
        lane.take(Use::read(files[place], files[place]));
    }
    assert_eq!(lane.first(), Some((Detector::Reread, 12)));
    let mut lane = Lane::default();
    for round in 0..20 {
        for file in files {
            lane.take(Use::read(file, file));
        }
        lane.take(Use::edit("e", &format!("v{round}"), &format!("v{}", round + 1)));
        if round % 4 == 3 {
            lane.compact();
        }
    }
    lane.assert_quiet();
}

#[test]
fn one_sentence_in_place_of_unchanged_files_is_known_as_such() {
    let files = ["a", "b", "c", "d"];
    let mut lane = Lane::default();
    for file in files {
        lane.take(Use::read(file, file));
    }
    for place in [2, 0, 3, 1, 0, 2, 1, 3, 3, 0, 2, 1, 0, 2, 3, 1] {
        lane.take(Use::read(files[place], "unchanged since your last read"));
    }
    assert_eq!(lane.first(), Some((Detector::Reread, 12)));
}

fn spawn(lane: &mut Lane, brief: &str, gap: i64) {
    lane.now += gap;
    let id = Fingerprint(lane.now.unsigned_abs());
    let input = print(brief);
    let name = Arc::from("Agent");
    let kind = ToolKind::Spawn;
    lane.deed(&Deed::ToolUse(ToolUse { id, name, kind, input, target: None, edit: None }));
}

#[test]
fn a_storm_of_subagents_is_told_with_what_they_cost() {
    let mut lane = Lane::default();
    for number in 0..30 {
        lane.assert_quiet();
        spawn(&mut lane, &format!("brief {number}"), 1_000);
        lane.see(Seen::ChildCall(CENT));
    }
    assert_eq!(lane.first(), Some((Detector::Subagents, 30)));
    assert_eq!(lane.alarms.last().unwrap().cost, PicoUsd(29 * CENT.0));
    let mut nested = Lane::default();
    for _ in 0..12 {
        nested.assert_quiet();
        nested.now += 20_000;
        nested.see(Seen::ChildSpawn);
    }
    assert_eq!(nested.first(), Some((Detector::Subagents, 12)));
    let mut brief = Lane::default();
    for _ in 0..4 {
        brief.assert_quiet();
        spawn(&mut brief, "the brief", 400_000);
    }
    assert_eq!(brief.first(), Some((Detector::Subagents, 4)));
}

#[test]
fn subagents_whose_reports_are_waited_for_are_no_storm() {
    let mut lane = Lane::default();
    for number in 0..80 {
        let (brief, report) = (format!("brief {number}"), format!("report {number}"));
        let agent = Use::new(ToolKind::Spawn, &brief, &report);
        lane.take(agent.after(500).taking(15_000));
    }
    lane.assert_quiet();
}

#[test]
fn compaction_of_next_to_nothing_is_told_and_of_work_is_not() {
    let mut lane = Lane::default();
    for number in 0..4 {
        lane.assert_quiet();
        lane.compact();
        lane.take(Use::run(&format!("c{number}"), &format!("o{number}")));
    }
    assert_eq!(lane.first(), Some((Detector::Compaction, 4)));
    let mut rereading = Lane::default();
    for _ in 0..5 {
        for file in ["a", "b", "c", "d", "e", "f"] {
            rereading.take(Use::read(file, file));
        }
        rereading.compact();
    }
    assert_eq!(rereading.first(), Some((Detector::Compaction, 4)));
    let mut work = Lane::default();
    for round in 0..12 {
        for step in 0..8 {
            let text = format!("{round} {step}");
            work.take(Use::read(&text, &text));
        }
        work.compact();
    }
    work.assert_quiet();
}

#[test]
fn being_sent_on_with_nothing_to_do_is_told_sooner_the_quicker_it_comes() {
    // A hook that leaves no prompt in the transcript.
    let mut hook = Lane::default();
    hook.human();
    for _ in 0..8 {
        hook.assert_quiet();
        hook.say();
    }
    assert_eq!(hook.first(), Some((Detector::Unattended, 7)));
    let mut night = Lane::default();
    night.human();
    for _ in 0..13 {
        night.assert_quiet();
        night.take(Use::run("queue", "empty"));
        night.say();
        night.automated(300_000);
    }
    assert_eq!(night.first(), Some((Detector::Unattended, 12)));
    let mut hourly = Lane::default();
    hourly.human();
    for _ in 0..24 {
        hourly.take(Use::run("health", "all well"));
        hourly.say();
        hourly.automated(3_600_000);
    }
    hourly.assert_quiet();
}

#[test]
fn turns_that_get_somewhere_are_told_only_by_their_number_and_cost() {
    let work = |lane: &mut Lane, number: usize| {
        lane.take(Use::edit("a", &format!("v{number}"), &format!("v{}", number + 1)));
        lane.say();
        lane.automated(60_000);
    };
    let mut lane = Lane::default();
    lane.human();
    for number in 0..50 {
        lane.assert_quiet();
        work(&mut lane, number);
    }
    assert_eq!(lane.first(), Some((Detector::Unattended, 50)));
    // It goes on, with many calls in each round, and is not told again.
    for number in 50..80 {
        for step in 0..20 {
            lane.take(Use::read(&format!("{number} {step}"), &format!("{number} {step}")));
        }
        work(&mut lane, number);
    }
    let told = lane.alarms.iter().filter(|alarm| alarm.level == Level::Loop);
    assert_eq!(told.count(), 1);
    // Where there never was a person, a program uses the agent.
    let mut program = Lane::default();
    for number in 0..150 {
        work(&mut program, number);
    }
    program.assert_quiet();
    let mut dear = Lane::default();
    dear.limits.unattended_usd = PicoUsd(20 * CENT.0);
    for number in 0..11 {
        dear.assert_quiet();
        work(&mut dear, number);
    }
    assert_eq!(dear.first(), Some((Detector::Unattended, 11)));
}

#[test]
fn a_word_for_each_subagent_that_reports_is_not_idling() {
    let mut lane = Lane::default();
    lane.human();
    for number in 0..20 {
        spawn(&mut lane, &format!("brief {number}"), 200);
    }
    lane.say();
    for _ in 0..20 {
        lane.automated(15_000);
        lane.say();
    }
    lane.assert_quiet();
}
