//! What the real Codex wrote, against what the API served: each call that was completed must come
//! out exactly.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use spendtop::model::AgentId;

use super::harness::Lab;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/codex")
}

fn scenarios() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every rollout of a scenario, by its path below `sessions`.
pub fn rollouts(scenario: &str) -> Vec<(PathBuf, String)> {
    let sessions = folder().join(scenario).join("home/.codex/sessions");
    let mut folders = vec![sessions.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&sessions).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// Thread and root of a rollout, by its first line.
fn who(rollout: &str) -> (String, String) {
    let meta: Value = serde_json::from_str(rollout.lines().next().unwrap()).unwrap();
    let text = |field: &str| meta["payload"][field].as_str().unwrap().to_owned();
    (text("id"), text("session_id"))
}

/// What the API served, as rows of the ledger: whose a call is tells the one rollout that has its
/// record.
fn served(scenario: &str) -> Vec<String> {
    let rollouts = rollouts(scenario);
    let ledger = fs::read_to_string(folder().join(scenario).join("ledger.jsonl")).unwrap();
    let mut served = BTreeMap::new();
    for line in ledger.lines() {
        let call: Value = serde_json::from_str(line).unwrap();
        // A try that the API turned away is no call; one that was aborted is in no rollout.
        let Some(id) = call["response_id"].as_str().filter(|_| call["completed"] == true) else {
            continue;
        };
        let mut holders = rollouts.iter().filter(|(_, text)| text.contains(id));
        let (thread, root) = who(&holders.next().expect(id).1);
        assert!(holders.next().is_none(), "{scenario}: {id} is in two rollouts");
        let place = if thread == root { root } else { format!("{root}/{thread}") };
        let usage = &call["usage"];
        let count = |field: &str| usage[field].as_u64().unwrap();
        assert_eq!(
            count("input_tokens") + count("output_tokens"),
            count("total_tokens"),
            "the provider's own total"
        );
        let row = format!(
            "{place} {id} {}/{}/0/0/{} {}",
            count("input_tokens") - count("cached_input_tokens"),
            count("output_tokens"),
            count("cached_input_tokens"),
            call["model"].as_str().unwrap(),
        );
        served.insert(id.to_owned(), row);
    }
    let mut rows: Vec<String> = served.into_values().collect();
    rows.sort();
    rows
}

/// The calls that count, with their models.
fn counted(lab: &Lab) -> Vec<String> {
    let counted = lab.dump().into_iter().filter(|row| row.contains(" standing=Some(0) "));
    let mut rows: Vec<String> = counted
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
    let expected = served(scenario);
    assert_eq!(counted(lab), expected, "{scenario}");
    assert_eq!(lab.counted().len(), expected.len(), "{scenario}");
    let sources = lab.reader().sources().unwrap();
    assert_eq!(sources.len(), rollouts(scenario).len(), "{scenario}");
    let unread = sources.values().map(|source| source.cursor.unparsed + source.cursor.oversized);
    assert_eq!(unread.sum::<u64>(), 0, "{scenario}");
}

#[test]
fn every_completed_call_comes_out_exactly() {
    let scenarios = scenarios();
    assert_eq!(scenarios.len(), 13);
    for scenario in &scenarios {
        let lab = Lab::of(AgentId::Codex);
        lab.install(&folder().join(scenario).join("home"));
        lab.ingest();
        compare(scenario, &lab);
    }
}

#[test]
fn every_completed_call_comes_out_exactly_when_files_grow() {
    for scenario in &scenarios() {
        let lab = Lab::of(AgentId::Codex);
        let rollouts = rollouts(scenario);
        // Seven parts, cut anywhere, the last files first.
        for part in 0..7 {
            for (path, text) in rollouts.iter().rev() {
                let cut = |part: usize| text.len() * part / 7;
                let bytes = &text.as_bytes()[cut(part)..cut(part + 1)];
                lab.append_bytes(path.to_str().unwrap(), bytes);
            }
            lab.ingest();
        }
        compare(scenario, &lab);
    }
}

/// As a client without usage records would have written it.
#[test]
fn totals_alone_come_to_the_same() {
    for scenario in &scenarios() {
        let lab = Lab::of(AgentId::Codex);
        let mut records = 0;
        for (path, text) in &rollouts(scenario) {
            let is_record = |line: &&str| line.contains("\"type\":\"token_usage_record\"");
            records += text.lines().filter(is_record).count();
            let without: String = text
                .lines()
                .filter(|line| !is_record(line))
                .flat_map(|line| [line, "\n"])
                .collect();
            lab.append_bytes(path.to_str().unwrap(), without.as_bytes());
        }
        lab.ingest();
        let usage = |rows: Vec<String>| {
            let of = |row: &String| row.splitn(3, ' ').nth(2).unwrap().to_owned();
            let mut usage: Vec<String> = rows.iter().map(of).collect();
            usage.sort();
            usage
        };
        let (found, mut expected) = (usage(counted(&lab)), usage(served(scenario)));
        // Killed before the event: only the record knew of them.
        let killed = match scenario.as_str() {
            "sigterm-tool" | "sigkill" => 1,
            _ => 0,
        };
        assert_eq!((records, found.len()), (expected.len(), expected.len() - killed), "{scenario}");
        expected.retain(|one| found.contains(one));
        assert_eq!(found, expected, "{scenario}");
    }
}

#[test]
fn one_home_after_another_adds_up() {
    let lab = Lab::of(AgentId::Codex);
    let mut expected = Vec::new();
    for scenario in scenarios() {
        lab.install(&folder().join(&scenario).join("home"));
        lab.ingest();
        expected.extend(served(&scenario));
    }
    expected.sort();
    assert_eq!(counted(&lab), expected);
}
