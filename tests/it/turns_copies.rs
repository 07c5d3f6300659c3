//! Turns where records are copied, moved, raised or priced anew: every step and tool once, for
//! whoever made it.

use rusqlite::Connection;
use serde_json::json;

use super::arrival::in_every_order;
use super::claude_lines::{Line, answer, bytes, line, prompt};
use super::dump;
use super::harness::{Lab, list_prices};
use super::turns_rules::{at, bash, result, step, turns, turns_of, using};
use spendtop::ledger::{Reader, Writer};
use spendtop::model::{Cost, Millis, UnpricedReason};

/// A turn with a tool that fails, a compaction and an error.
fn eventful() -> Vec<Line> {
    let error = answer("e1", "made-up")
        .model("<synthetic>")
        .with("isApiErrorMessage", &json!(true))
        .with("apiErrorStatus", &json!(529));
    vec![
        prompt("p1", "begin").with("promptId", &json!("p-1")).at(&at(1)),
        using(2, &[("t1", "Bash", bash("make"))]),
        result(3, "t1", "no", true, &json!("Error: no")),
        line("system", "b1").with("subtype", &json!("compact_boundary")).at(&at(4)),
        using(5, &[("t2", "Agent", json!({"prompt": "x"}))]),
        error.at(&at(6)),
    ]
}

const EVENTFUL: &str = "A person 2 steps 2 tools 2 errors 1 subagents 1 compactions";

fn in_session(lines: &[Line], session: &str) -> Vec<Line> {
    lines.iter().map(|line| line.clone().session(session)).collect()
}

#[test]
fn a_forks_copies_are_its_originals() {
    let mut fork = in_session(&eventful(), "B");
    assert_eq!(turns(&[("proj/A.jsonl", eventful()), ("proj/B.jsonl", fork.clone())]), [EVENTFUL]);
    fork.push(prompt("p2", "other way").session("B").at(&at(10)));
    fork.push(step(11).session("B"));
    assert_eq!(
        turns(&[("proj/A.jsonl", eventful()), ("proj/B.jsonl", fork)]),
        [EVENTFUL, "B person 1 steps"]
    );
}

#[test]
fn a_worker_that_takes_over_in_mid_turn_has_what_it_did_itself() {
    let mut worker: Vec<Line> = eventful().into_iter().map(|line| line.background("B")).collect();
    worker.push(using(20, &[("t3", "Bash", bash("make"))]).background("B"));
    worker.push(result(21, "t3", "no", true, &json!("Error: no")).background("B"));
    assert_eq!(
        turns(&[("proj/A.jsonl", eventful()), ("proj/B.jsonl", worker)]),
        [EVENTFUL, "B person 1 steps 1 tools 1 errors"]
    );
}

#[test]
fn what_is_left_of_an_original_is_its_forks() {
    // The original's own transcript is gone; the copy tells of it.
    assert_eq!(
        turns(&[("proj/B.jsonl", in_session(&eventful(), "B"))]),
        [EVENTFUL.replace("A ", "B ")]
    );
}

#[test]
fn a_thread_in_two_files_is_one() {
    let lines = eventful();
    for cut in 0..=lines.len() {
        let (first, second) = (lines[..cut].to_vec(), lines[cut..].to_vec());
        assert_eq!(turns(&[("proj/A.jsonl", first), ("moved/A.jsonl", second)]), [EVENTFUL]);
    }
    // A restored backup holds everything twice.
    assert_eq!(turns(&[("proj/A.jsonl", lines.clone()), ("backup/A.jsonl", lines)]), [EVENTFUL]);
}

#[test]
fn what_was_cut_off_stays_counted() {
    let lab = Lab::new();
    let lines = eventful();
    lab.append_bytes("proj/A.jsonl", &bytes(&lines));
    lab.ingest();
    // A discarded attempt is taken out of the file, and another written.
    let mut other = lines[..4].to_vec();
    other.push(using(8, &[("t9", "Bash", bash("make"))]));
    lab.rewrite("proj/A.jsonl", &bytes(&other));
    lab.ingest();
    assert_eq!(turns_of(&lab), ["A person 3 steps 3 tools 2 errors 1 subagents 1 compactions"]);
}

#[test]
fn the_cost_of_a_turn_follows_its_calls() {
    let cost = |lab: &Lab| {
        let mut cost = Vec::new();
        let always = Millis(i64::MIN)..Millis(i64::MAX);
        let mut add = |turn: spendtop::ledger::Turn| {
            cost.push((turn.totals.cost.to_decimal(), turn.totals.unpriced_calls));
            true
        };
        lab.reader().turns(&always, &|_| true, &mut add).unwrap();
        cost
    };
    let lab = Lab::new();
    let lines = [prompt("p1", "begin").at(&at(1)), step(2).output(4).stop(""), step(5).output(8)];
    lab.append_bytes("proj/A.jsonl", &bytes(&lines));
    lab.ingest();
    assert_eq!(cost(&lab), [("0.000300000000".to_owned(), 0)]);
    // A fuller snapshot.
    lab.append_bytes("proj/A.jsonl", &bytes(&[step(2).output(12).at(&at(7))]));
    lab.ingest();
    assert_eq!(cost(&lab), [("0.000500000000".to_owned(), 0)]);
    // Prices that do not know the model.
    let mut prices = list_prices();
    prices.price = Box::new(|_| Cost::Unpriced(UnpricedReason::UnknownModel));
    Writer::open(&lab.db()).unwrap().reprice(&mut prices).unwrap();
    assert_eq!(cost(&lab), [("0.000000000000".to_owned(), 2)]);
}

#[test]
fn a_turn_does_not_move_when_an_older_holder_turns_up() {
    // The fork is read first and holds everything, until its original is found.
    let lab = Lab::new();
    let mut fork = in_session(&eventful(), "B");
    fork.push(step(40).session("B"));
    lab.append_bytes("proj/B.jsonl", &bytes(&fork));
    lab.ingest();
    let three_steps = "A person 3 steps 2 tools 2 errors 1 subagents 1 compactions";
    assert_eq!(turns_of(&lab), [three_steps.replace("A ", "B ")]);
    let mut original = eventful();
    original.push(step(30));
    lab.append_bytes("proj/A.jsonl", &bytes(&original));
    lab.ingest();
    assert_eq!(turns_of(&lab), [three_steps, "B person 1 steps"]);
}

/// Makes a ledger one of schema 3.
fn take_back_to_schema_3(lab: &Lab) {
    Connection::open(lab.db())
        .unwrap()
        .execute_batch(
            "DROP TABLE watch; DROP TABLE loop; DROP TABLE turn; DROP TABLE incident; DROP TABLE failed_tool; DROP TABLE thread;
             ALTER TABLE call DROP COLUMN tools; PRAGMA user_version = 3",
        )
        .unwrap();
}

#[test]
fn an_older_ledger_gets_the_turns_of_transcripts_that_still_exist() {
    let lab = in_every_order(&[
        ("proj/A.jsonl", eventful()),
        ("gone/C.jsonl", in_session(&[prompt("p9", "x").at(&at(1)), step(40)], "C")),
    ]);
    let (dump, calls) = (lab.dump(), lab.counted());
    take_back_to_schema_3(&lab);
    std::fs::remove_dir_all(lab.projects().join("gone")).unwrap();
    // What cannot read the old schema has nothing to read yet.
    assert!(Reader::open(&lab.db()).unwrap().is_none());
    lab.ingest();
    assert_eq!(turns_of(&lab), [EVENTFUL]);
    assert_eq!(lab.counted(), calls);
    let of_a = |dump: &[String]| -> Vec<String> {
        dump.iter().filter(|line| !line.contains("C ") && !line.contains("C/")).cloned().collect()
    };
    assert_eq!(of_a(&lab.dump()), of_a(&dump));
    // Once: after that nothing is read that did not change.
    assert_eq!(lab.ingest().changed_files, 0);
}

#[test]
fn no_text_of_a_prompt_or_tool_is_kept() {
    let secret = "correct-horse-battery";
    let lines = vec![
        prompt("p1", secret).at(&at(1)),
        using(
            2,
            &[
                ("t1", "Bash", bash(secret)),
                (
                    "t2",
                    "Edit",
                    json!({
                        "file_path": format!("/{secret}"), "old_string": secret, "new_string": "x",
                    }),
                ),
            ],
        ),
        result(3, "t1", secret, true, &json!(format!("Error: {secret}"))),
        result(4, "t2", secret, false, &json!({"filePath": secret})),
    ];
    let lab = in_every_order(&[("proj/A.jsonl", lines)]);
    assert_eq!(dump::turns(&lab.db()).iter().filter(|line| line.starts_with("recent")).count(), 4);
    for file in std::fs::read_dir(lab.db().parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none());
        assert!(memchr::memmem::find(&bytes, b"horse").is_none());
    }
}
