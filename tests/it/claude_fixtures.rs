//! What the real client wrote, against what the API served: each call that was completed and
//! flushed must come out exactly, and what no transcript holds must be absent, not guessed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::harness::Lab;
use spendtop::ledger::Turn;
use spendtop::model::Millis;

/// Served calls that no transcript holds.
const ABSENT: &[(&str, &str, &str)] = &[
    ("compact", "msg_016f7eac0eb865454daac76b", "the summary of a compaction"),
    ("errmid", "msg_0156173aed247147498af29f", "a stream that broke in its first block"),
    ("interactive", "msg_0178bf41859b1c4456bbad8f", "the session's title"),
    ("interrupted-esc-tool", "msg_01c1b5fe621378460cb04e1b", "the session's title"),
    ("loop", "msg_01b7b2a954f66a4e5d8a259d", "served, but not flushed before the kill"),
    ("sigkill-stream", "msg_01c8a785ec1a9c485399bf58", "a stream that was killed"),
    ("sigterm-midblock", "msg_0102f90e410ad0466b856122", "a stream that was ended"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude")
}

fn scenarios() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every transcript of a scenario, by its path below `projects`.
fn transcripts(scenario: &str) -> Vec<(PathBuf, String)> {
    let projects = folder().join(scenario).join("home/.claude/projects");
    let mut folders = vec![projects.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&projects).unwrap().to_owned(), text));
            }
        }
    }
    found
}

/// What the API served: by message id, the thread and the mock's own record. The subagent is told
/// by the file that holds the call.
fn calls(scenario: &str) -> BTreeMap<String, (String, Value)> {
    let transcripts = transcripts(scenario);
    let ledger = fs::read_to_string(folder().join(scenario).join("ledger.jsonl")).unwrap();
    let mut calls = BTreeMap::new();
    for line in ledger.lines() {
        let call: Value = serde_json::from_str(line).unwrap();
        // A try that the API turned away is no call.
        let Some(id) = call["message_id"].as_str() else { continue };
        let subagent =
            transcripts.iter().filter(|(_, text)| text.contains(id)).find_map(|(path, _)| {
                path.file_stem()?.to_str()?.strip_prefix("agent-").map(str::to_owned)
            });
        let place = call["session"].as_str().unwrap().to_owned()
            + &subagent.map_or(String::new(), |id| format!("/{id}"));
        calls.insert(id.to_owned(), (place, call.clone()));
    }
    calls
}

/// The row that must be in the ledger of each.
fn served(scenario: &str) -> BTreeMap<String, String> {
    let mut served = BTreeMap::new();
    for (id, (place, call)) in calls(scenario) {
        let usage = &call["usage_final"];
        let count = |field: &str| usage.pointer(field).and_then(Value::as_u64).unwrap_or(0);
        let row = format!(
            "{place} {id} {}/{}/{}/{}/{} {}",
            count("/input_tokens"),
            count("/output_tokens"),
            count("/cache_creation/ephemeral_5m_input_tokens"),
            count("/cache_creation/ephemeral_1h_input_tokens"),
            count("/cache_read_input_tokens"),
            call["model"].as_str().unwrap(),
        );
        served.insert(id, row);
    }
    served
}

/// Steps, tools asked for and subagents started.
type Done = (u64, u64, u64);

/// By thread, what the API's answers that are in the transcripts come to.
fn asked_for(scenario: &str) -> BTreeMap<String, Done> {
    let mut threads: BTreeMap<String, Done> = BTreeMap::new();
    for (id, (place, call)) in calls(scenario) {
        if ABSENT.iter().any(|(_, absent, _)| *absent == id) {
            continue;
        }
        let blocks = call["blocks"].as_array().unwrap().iter().filter_map(Value::as_str);
        let tools: Vec<&str> = blocks.filter_map(|block| block.strip_prefix("tool_use:")).collect();
        let spawned = tools.iter().filter(|name| **name == "Agent").count() as u64;
        let done = threads.entry(place).or_default();
        *done = (done.0 + 1, done.1 + tools.len() as u64, done.2 + spawned);
    }
    threads
}

/// The same by the turns in the ledger.
fn done_in_turns(lab: &Lab) -> BTreeMap<String, Done> {
    let mut threads: BTreeMap<String, Done> = BTreeMap::new();
    let mut add = |turn: Turn| {
        let place = match &*turn.thread.subagent {
            "" => turn.thread.session_id.to_string(),
            subagent => format!("{}/{subagent}", turn.thread.session_id),
        };
        let (steps, tools, spawned) = threads.get(&place).copied().unwrap_or_default();
        let deeds = &turn.deeds;
        let done = (steps + deeds.steps, tools + deeds.tool_calls, spawned + deeds.subagents);
        threads.insert(place, done);
        true
    };
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    lab.reader().turns(&always, &|_| true, &mut add).unwrap();
    threads
}

/// The calls that count, with their models.
fn counted(lab: &Lab) -> Vec<String> {
    let mut rows: Vec<String> = lab
        .dump()
        .into_iter()
        .filter(|row| row.contains(" standing=Some(0) "))
        .map(|row| {
            let (call, rest) = row.split_once(" request=").unwrap();
            let (_, model) = rest.split_once("model=Some(\"").unwrap();
            format!("{call} {}", model.split_once('"').unwrap().0)
        })
        .collect();
    rows.sort();
    rows
}

fn compare(scenario: &str, lab: &Lab) {
    let mut served = served(scenario);
    for (_, id, what) in ABSENT.iter().filter(|(of, ..)| *of == scenario) {
        assert!(served.remove(*id).is_some(), "{scenario}: {id} ({what}) was not served");
    }
    let mut expected: Vec<String> = served.into_values().collect();
    expected.sort();
    assert_eq!(counted(lab), expected, "{scenario}");
    assert_eq!(lab.counted().len(), expected.len(), "{scenario}");
    let sources = lab.reader().sources().unwrap();
    assert_eq!(sources.len(), transcripts(scenario).len(), "{scenario}");
    let unread = sources.values().map(|source| source.cursor.unparsed + source.cursor.oversized);
    assert_eq!(unread.sum::<u64>(), 0, "{scenario}");
    assert_eq!(done_in_turns(lab), asked_for(scenario), "{scenario}");
}

#[test]
fn every_completed_call_comes_out_exactly() {
    let scenarios = scenarios();
    assert_eq!(scenarios.len(), 17);
    for scenario in &scenarios {
        let lab = Lab::new();
        lab.install(&folder().join(scenario).join("home"));
        lab.ingest();
        compare(scenario, &lab);
    }
}

#[test]
fn every_completed_call_comes_out_exactly_when_files_grow() {
    for scenario in &scenarios() {
        let lab = Lab::new();
        let transcripts = transcripts(scenario);
        // Three thirds, cut anywhere, the last files first.
        for third in 0..3 {
            for (path, text) in transcripts.iter().rev() {
                let cut = |part: usize| text.len() * part / 3;
                let bytes = &text.as_bytes()[cut(third)..cut(third + 1)];
                lab.append_bytes(path.to_str().unwrap(), bytes);
            }
            lab.ingest();
        }
        compare(scenario, &lab);
    }
}

#[test]
fn one_home_after_another_adds_up() {
    let lab = Lab::new();
    let mut expected = Vec::new();
    for scenario in scenarios() {
        lab.install(&folder().join(&scenario).join("home"));
        lab.ingest();
        let absent = |id: &str| ABSENT.iter().any(|(_, absent, _)| *absent == id);
        expected.extend(
            served(&scenario).into_iter().filter(|(id, _)| !absent(id)).map(|(_, row)| row),
        );
    }
    expected.sort();
    assert_eq!(counted(&lab), expected);
}
