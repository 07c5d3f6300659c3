//! What a watcher keeps: bounded, and as good after it was written down as before.

use proptest::prelude::*;

use super::super::{Alarm, Seen, Thresholds, Watcher};
use super::lane::{Lane, Use, print};
use crate::model::{
    Deed, Fingerprint, Millis, PicoUsd, ToolKind, ToolOutcome, ToolResult, ToolUse, TurnSource,
};

/// The most that a watcher takes, written down; as much again at worst, while every use waits for
/// its result.
const BOUND: usize = 8 * 1024;

const KINDS: [ToolKind; 6] = [
    ToolKind::Read,
    ToolKind::Edit,
    ToolKind::Run,
    ToolKind::Poll,
    ToolKind::Spawn,
    ToolKind::Other,
];

/// Something seen, with little variety, so that things repeat.
#[derive(Clone, Copy, Debug)]
enum Sight {
    Turn(bool),
    Compaction(bool),
    Call(u8),
    ChildCall(u8),
    ChildSpawn,
    Use { id: u8, tool: u8, input: u8, target: u8, edit: u8 },
    Result { id: u8, outcome: u8, output: u8 },
}

fn sight() -> impl Strategy<Value = Sight> {
    let asked = (0..4u8, 0..6u8, 0..4u8, 0..3u8, 0..4u8);
    prop_oneof![
        1 => any::<bool>().prop_map(Sight::Turn),
        1 => any::<bool>().prop_map(Sight::Compaction),
        6 => any::<u8>().prop_map(Sight::Call),
        1 => any::<u8>().prop_map(Sight::ChildCall),
        1 => Just(Sight::ChildSpawn),
        8 => asked.prop_map(|(id, tool, input, target, edit)| Sight::Use {
            id, tool, input, target, edit,
        }),
        8 => (0..4u8, 0..6u8, 0..3u8).prop_map(|(id, outcome, output)| Sight::Result {
            id, outcome, output,
        }),
    ]
}

fn feed(watcher: &mut Watcher, at: i64, sight: Sight) -> Vec<Alarm> {
    let limits = Thresholds::default();
    let number = |value: u8| Fingerprint(u64::from(value) + 1);
    let deed = match sight {
        Sight::Call(cost) => {
            return watcher.see(Millis(at), Seen::Call(PicoUsd(i64::from(cost))), &limits);
        }
        Sight::ChildCall(cost) => {
            return watcher.see(Millis(at), Seen::ChildCall(PicoUsd(i64::from(cost))), &limits);
        }
        Sight::ChildSpawn => return watcher.see(Millis(at), Seen::ChildSpawn, &limits),
        Sight::Turn(true) => Deed::Turn(TurnSource::Human),
        Sight::Turn(false) => Deed::Turn(TurnSource::Automated),
        Sight::Compaction(is_auto) => Deed::Compaction { is_auto },
        Sight::Use { id, tool, input, target, edit } => Deed::ToolUse(ToolUse {
            id: number(id),
            name: format!("tool{tool}").into(),
            kind: KINDS[usize::from(tool)],
            input: number(input),
            target: (target > 0).then(|| number(target)),
            edit: (tool == 1 && edit > 1).then(|| (number(edit % 2), number((edit + 1) % 2))),
        }),
        Sight::Result { id, outcome, output } => Deed::ToolResult(ToolResult {
            id: number(id),
            outcome: match outcome {
                0 => ToolOutcome::Failed,
                1 => ToolOutcome::Denied,
                _ => ToolOutcome::Done,
            },
            output: number(output),
            error: (outcome == 0).then(|| number(output)),
        }),
    };
    watcher.see(Millis(at), Seen::Deed(&deed), &limits)
}

fn again(watcher: &Watcher) -> Watcher {
    serde_json::from_str(&serde_json::to_string(watcher).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn writing_down_and_reading_again_at_any_moment_changes_nothing(
        sights in prop::collection::vec((sight(), 0..40_000i64, any::<bool>()), 0..400),
    ) {
        let (mut whole, mut cut) = (Watcher::default(), Watcher::default());
        let mut at = 0;
        for (sight, gap, restarts) in sights {
            at += gap - 100;
            prop_assert_eq!(feed(&mut whole, at, sight), feed(&mut cut, at, sight));
            if restarts {
                cut = again(&cut);
            }
            prop_assert_eq!(&whole, &cut);
        }
    }

    #[test]
    fn the_worst_alarm_is_told_before_it_stands(
        sights in prop::collection::vec((sight(), 0..20_000i64), 0..400),
    ) {
        let mut watcher = Watcher::default();
        let mut at = 0;
        for (sight, gap) in sights {
            at += gap;
            let before = watcher.level();
            let alarms = feed(&mut watcher, at, sight);
            let told = alarms.iter().map(|alarm| alarm.level).max().unwrap_or_default();
            prop_assert!(watcher.level() <= before.max(told), "{alarms:?}");
            prop_assert!(alarms.iter().all(|alarm| alarm.since <= alarm.at && alarm.count > 1));
        }
    }
}

/// A million deeds, of which nothing ever repeats, and then of which everything does.
#[test]
fn what_is_kept_does_not_grow_with_the_session() {
    let mut lane = Lane::default();
    let mut largest = 0;
    for number in 0..250_000_u64 {
        let (asked, out) = (format!("{number}"), format!("out {number}"));
        let kind = KINDS[(number % 6) as usize];
        let what =
            Use { on: Some(&asked), edit: Some((&asked, &out)), ..Use::new(kind, &asked, &out) };
        let what = if number % 5 == 0 { what.failing(&out) } else { what };
        lane.take(if number > 200_000 { Use::run("same", "same") } else { what });
        if number % 500 == 0 {
            lane.automated(1_000);
            lane.compact();
        }
        if number % 10_000 == 0 {
            largest = largest.max(serde_json::to_vec(&lane.watcher).unwrap().len());
            lane.alarms.clear();
        }
    }
    assert!(largest > 1000 && largest < BOUND, "{largest} bytes");
    println!("{largest} bytes at most");
}

#[test]
fn uses_that_never_get_a_result_and_long_names_are_bounded_too() {
    let mut lane = Lane::default();
    for number in 0..1000 {
        let (asked, out) = (format!("{number}"), format!("out {number}"));
        let what = Use::new(KINDS[number % 6], &asked, &out);
        lane.take(Use { on: Some(&asked), edit: Some((&asked, &out)), ..what });
    }
    for number in 0..1000_u64 {
        lane.deed(&Deed::ToolUse(ToolUse {
            id: Fingerprint(u64::MAX - number),
            name: format!("mcp__{}", "x".repeat(4000)).into(),
            kind: ToolKind::Other,
            input: print("x"),
            target: Some(print("y")),
            edit: Some((print("z"), print("w"))),
        }));
    }
    let size = serde_json::to_vec(&lane.watcher).unwrap().len();
    assert!(size < 2 * BOUND, "{size} bytes");
}

#[test]
fn a_result_without_its_use_and_a_clock_that_steps_back_do_no_harm() {
    let mut lane = Lane::default();
    let (id, output) = (Fingerprint(7), print("out"));
    let outcome = ToolOutcome::Done;
    lane.deed(&Deed::ToolResult(ToolResult { id, outcome, output, error: None }));
    for number in 0..4 {
        lane.now = 1_000_000 - number * 100_000;
        lane.take(Use::run("ls", "files"));
    }
    lane.assert_quiet();
    lane.now = i64::MIN / 2;
    lane.take(Use::run("ls", "files"));
    assert!(lane.first().is_some());
}
