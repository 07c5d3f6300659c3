//! What the real `OpenCode` wrote, against what the API served: each step that ended must come out
//! exactly.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;
use spendtop::model::{AgentId, PicoUsd};

use super::harness::Lab;
use super::opencode_db::{fixture, folder, lab};

pub fn scenarios() -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The lab with a scenario's database.
pub fn installed(scenario: &str) -> Lab {
    let lab = lab();
    install(&lab, "opencode.db", scenario);
    lab
}

fn install(lab: &Lab, name: &str, scenario: &str) {
    let db = Connection::open(lab.projects().join(name)).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    // The dump has rows before the tables that they refer to.
    db.pragma_update(None, "foreign_keys", false).unwrap();
    db.execute_batch(&fixture(scenario)).unwrap();
}

/// What the API served, in the order of time. Of a title there is no row, nor of a step whose tools
/// were killed.
fn served(scenario: &str) -> Vec<String> {
    let ledger = fs::read_to_string(folder().join(scenario).join("ledger.jsonl")).unwrap();
    let calls = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = calls.filter(|call| call["kind"] == "main" && call["completed"] == true);
    let mut rows: Vec<String> = told
        .map(|call| {
            // OpenAI's input has what was cached; Anthropic's has not.
            let usage = if call["usage"].is_null() { &call["usage_final"] } else { &call["usage"] };
            let count = |field: &str| usage[field].as_u64().unwrap_or(0);
            let (input, cached) = (count("input_tokens"), count("cached_input_tokens"));
            let (written, read) =
                (count("cache_creation_input_tokens"), count("cache_read_input_tokens") + cached);
            format!("{}/{}/{written}/0/{read}", input - cached, count("output_tokens"))
        })
        .collect();
    if scenario == "sigterm-tool" {
        assert_eq!(rows.pop().as_deref(), Some("1000/102/0/0/800"), "killed in its tool");
    }
    rows
}

fn counted(lab: &Lab) -> Vec<String> {
    let usage = |row: &String| row.rsplit(' ').next().unwrap().to_owned();
    lab.counted().iter().map(usage).collect()
}

#[test]
fn every_step_that_ended_comes_out_exactly() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 2);
    for scenario in &scenarios {
        let lab = installed(scenario);
        lab.ingest();
        assert_eq!(counted(&lab), served(scenario), "{scenario}");
        let cursor = lab.cursor("opencode.db");
        assert_eq!((cursor.unparsed, cursor.oversized), (0, 0), "{scenario}");
    }
}

#[test]
fn the_clients_own_cost_is_kept_and_stands_where_no_price_is_known() {
    let lab = installed("tools");
    lab.ingest();
    let reported: Vec<i64> = lab
        .dump()
        .iter()
        .filter_map(|row| row.split_once(" reported=Some("))
        .map(|(_, rest)| rest.split_once(')').unwrap().0.parse().unwrap())
        .collect();
    // As the client priced them: 3, 15 and 0.3 dollars a million.
    let mut expected = [(1000, 102), (1010, 103), (1020, 104)]
        .map(|(input, output)| 3_000_000 * input + 15_000_000 * output + 300_000 * 800);
    let mut reported = reported;
    reported.sort_unstable();
    expected.sort_unstable();
    assert_eq!(reported, expected);
    assert_eq!(expected[0], PicoUsd::parse_rounded("0.00477").unwrap().0);
}

#[test]
fn the_calls_have_their_session_model_and_folder() {
    let lab = installed("tools");
    lab.ingest();
    let dump = lab.dump();
    let calls: Vec<&String> =
        dump.iter().filter(|row| row.contains(" standing=Some(0) ")).collect();
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert!(
            call.starts_with("ses_df6bbe578ffeY7MlApJO9TLsu6 lab/lab-model@179545179"),
            "{call}"
        );
        assert!(call.contains("model=Some(\"lab/lab-model\")"), "{call}");
        assert!(call.contains("project=Some(\"/home/dev/proj\")"), "{call}");
    }
    let sessions = lab.reader().agents().unwrap();
    let row = sessions.iter().find(|row| row.agent == AgentId::OpenCode).unwrap();
    assert_eq!((row.files, row.calls), (1, 3));
}
