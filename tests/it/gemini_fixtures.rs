//! What the real Gemini CLI wrote, against what the API served: each call must come out exactly.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use spendtop::model::AgentId;

use super::harness::Lab;

pub const SCENARIOS: [&str; 4] = ["chat", "loop", "tools", "twin"];

pub fn folder(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gemini").join(scenario)
}

/// The usages that the API served, in the ledger's classes. A chat has ids of its own.
fn served(scenario: &str) -> Vec<String> {
    let ledger = fs::read_to_string(folder(scenario).join("ledger.jsonl")).unwrap();
    let row = |line: &str| {
        let call: Value = serde_json::from_str(line).unwrap();
        let count = |field: &str| call["usage"][field].as_u64().unwrap();
        let (cached, thoughts) = (count("cachedContentTokenCount"), count("thoughtsTokenCount"));
        let input = count("promptTokenCount") + count("toolUsePromptTokenCount") - cached;
        let output = count("candidatesTokenCount") + thoughts;
        assert_eq!(input + cached + output, count("totalTokenCount"), "the provider's own total");
        format!("{input}/{output}/0/0/{cached}")
    };
    let mut rows: Vec<String> = ledger.lines().map(row).collect();
    rows.sort();
    rows
}

fn counted(lab: &Lab) -> Vec<String> {
    let usage = |row: &String| row.rsplit_once(' ').unwrap().1.to_owned();
    let mut rows: Vec<String> = lab.counted().iter().map(usage).collect();
    rows.sort();
    rows
}

#[test]
fn every_call_comes_out_exactly() {
    for scenario in SCENARIOS {
        let lab = Lab::of(AgentId::Gemini);
        lab.install(&folder(scenario).join("home"));
        lab.ingest();
        assert_eq!(counted(&lab), served(scenario), "{scenario}");
        for source in lab.reader().sources().unwrap().values() {
            assert_eq!(source.cursor.unparsed + source.cursor.oversized, 0, "{scenario}");
        }
        // No record tells the folder: the file beside the chats does.
        let calls = lab.dump().into_iter().filter(|row| row.contains(" standing=Some(0) "));
        for call in calls {
            assert!(call.contains("project=Some(\"/home/dev/proj\")"), "{call}");
            assert!(call.contains("model=Some(\"gemini-2.5-pro\")"), "{call}");
        }
    }
}

#[test]
fn one_home_after_another_adds_up() {
    let lab = Lab::of(AgentId::Gemini);
    let mut expected = Vec::new();
    for scenario in SCENARIOS {
        lab.install(&folder(scenario).join("home"));
        lab.ingest();
        expected.extend(served(scenario));
    }
    expected.sort();
    assert_eq!(counted(&lab), expected);
}

#[test]
fn either_twin_alone_tells_what_it_has() {
    for (extension, calls) in [("json", 3), ("jsonl", 4)] {
        let lab = Lab::of(AgentId::Gemini);
        lab.install(&folder("twin").join("home"));
        let chats = lab.projects().join("proj/chats");
        for entry in fs::read_dir(chats).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().unwrap() != extension {
                fs::remove_file(path).unwrap();
            }
        }
        lab.ingest();
        assert_eq!(lab.counted().len(), calls, "{extension}");
    }
}
