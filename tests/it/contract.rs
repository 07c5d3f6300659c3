//! What holds for every agent, on its own fixtures: the ledger depends on what its transcripts say,
//! never on how they came to be read or what else stands in them.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use spendtop::agents::{Source, adapter};
use spendtop::model::AgentId;

use super::contract_rows::IN_DATABASES;
use super::harness::Lab;

/// The fields of a usage that add up to the provider's own total, and the field that has it.
type Stated = (&'static [&'static str], &'static str);

/// A line for each agent: what of a usage is stated, if the provider states a total.
const AGENTS: &[(AgentId, Option<Stated>)] = &[
    (AgentId::Claude, None),
    (AgentId::Codex, Some((&["input_tokens", "output_tokens"], "total_tokens"))),
    // Its rows are held to the same in `contract_rows`.
    (AgentId::OpenCode, None),
    (AgentId::Gemini, Some((&GEMINI_PARTS, "totalTokenCount"))),
    (AgentId::Copilot, Some((&["input_tokens", "output_tokens"], "total_tokens"))),
    (AgentId::Qwen, Some((&["input_tokens", "output_tokens"], "total_tokens"))),
];

const GEMINI_PARTS: [&str; 4] =
    ["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount"];

/// A fixture: transcripts by their path below the first root, and what the API served.
pub struct Fixture {
    pub agent: AgentId,
    pub name: String,
    pub files: Vec<(String, Vec<u8>)>,
}

pub fn every_fixture() -> Vec<Fixture> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut fixtures = Vec::new();
    for (agent, _) in AGENTS.iter().filter(|(agent, _)| !IN_DATABASES.contains(agent)) {
        let folder = all.join(agent.name());
        let mut names: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        names.sort();
        for scenario in names {
            let home = scenario.join("home").join(format!(".{agent}"));
            let root = adapter(*agent).roots(&home).remove(0);
            let mut files = Vec::new();
            walk(&root, &root, *agent, &mut files);
            files.sort();
            assert!(!files.is_empty(), "{}", scenario.display());
            let name = scenario.file_name().unwrap().to_string_lossy().into_owned();
            fixtures.push(Fixture { agent: *agent, name, files });
        }
    }
    fixtures
}

fn walk(root: &Path, folder: &Path, agent: AgentId, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, agent, files);
        } else if adapter(agent).source(&path).is_some() {
            let below = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((below, fs::read(&path).unwrap()));
        }
    }
}

impl Fixture {
    pub fn lab(&self) -> Lab {
        Lab::of(self.agent)
    }

    /// The ledger of what is there before the first look.
    fn at_once(&self) -> Vec<String> {
        let lab = self.lab();
        for (path, bytes) in &self.files {
            lab.append_bytes(path, bytes);
        }
        lab.ingest();
        lab.counted();
        lab.dump()
    }

    pub fn words(&self) -> String {
        format!("{} {}", self.agent, self.name)
    }
}

#[test]
fn every_agent_is_held_to_the_contract() {
    let agents: Vec<AgentId> = AGENTS.iter().map(|(agent, _)| *agent).collect();
    assert_eq!(agents, AgentId::ALL);
    for agent in agents {
        let adapter = adapter(agent);
        assert_eq!(adapter.id(), agent);
        assert!(!adapter.leaves_out().is_empty());
        let home = Path::new("/h/.agent");
        for root in adapter.roots(home) {
            assert_eq!(adapter.home_of(&root), Some(home), "{agent}");
            assert_eq!(
                adapter.roots(&root),
                std::slice::from_ref(&root),
                "{agent}: a root is one as it is"
            );
        }
    }
}

#[test]
fn files_may_grow_in_any_chunks() {
    let mut runner =
        TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
    for fixture in every_fixture() {
        let expected = fixture.at_once();
        let parts = prop::collection::vec((any::<u8>(), any::<bool>()), 1..12);
        let outcome = runner.run(&parts, |parts| {
            let lab = fixture.lab();
            let mut written = vec![0; fixture.files.len()];
            for (number, (part, looks)) in parts.into_iter().enumerate() {
                let which = number % fixture.files.len();
                let (path, bytes) = &fixture.files[which];
                let left = &bytes[written[which]..];
                let chunk = &left[..left.len() * usize::from(part) / 255];
                lab.append_bytes(path, chunk);
                written[which] += chunk.len();
                if looks {
                    lab.ingest();
                }
            }
            for ((path, bytes), written) in fixture.files.iter().zip(written) {
                lab.append_bytes(path, &bytes[written..]);
            }
            lab.ingest();
            prop_assert_eq!(lab.dump(), expected.clone());
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{}: {error}", fixture.words()));
    }
}

#[test]
fn a_torn_line_waits_for_its_end() {
    for fixture in every_fixture() {
        let lab = fixture.lab();
        for (path, bytes) in &fixture.files {
            let torn = bytes.len() - bytes.len() / 7 - 3;
            lab.append_bytes(path, &bytes[..torn]);
        }
        lab.ingest();
        for (path, bytes) in &fixture.files {
            assert_eq!(lab.cursor(path).unparsed, 0, "{}", fixture.words());
            lab.append_bytes(path, &bytes[bytes.len() - bytes.len() / 7 - 3..]);
        }
        lab.ingest();
        assert_eq!(lab.dump(), fixture.at_once(), "{}", fixture.words());
    }
}

#[test]
fn reading_again_changes_nothing() {
    for fixture in every_fixture() {
        let lab = fixture.lab();
        for (path, bytes) in &fixture.files {
            lab.append_bytes(path, bytes);
        }
        lab.ingest();
        let before = lab.dump();
        let forget =
            "UPDATE source SET \"offset\" = 0, anchor = 0, size = 0, ctime_ns = 0, state = NULL";
        rusqlite::Connection::open(lab.db()).unwrap().execute(forget, []).unwrap();
        lab.ingest();
        assert_eq!(lab.dump(), before, "{}", fixture.words());
    }
}

#[test]
fn a_file_that_was_cut_and_grows_again_loses_and_doubles_nothing() {
    for fixture in every_fixture() {
        let lab = fixture.lab();
        for (path, bytes) in &fixture.files {
            lab.append_bytes(path, bytes);
        }
        lab.ingest();
        let before = lab.dump();
        for (path, bytes) in &fixture.files {
            lab.rewrite(path, &bytes[..bytes.len() / 2]);
        }
        lab.ingest();
        for (path, bytes) in &fixture.files {
            lab.rewrite(path, bytes);
        }
        lab.ingest();
        assert_eq!(lab.dump(), before, "{}", fixture.words());
    }
}

#[test]
fn a_copy_under_another_name_is_no_second_call() {
    for fixture in every_fixture() {
        let lab = fixture.lab();
        for (path, bytes) in &fixture.files {
            lab.append_bytes(path, bytes);
        }
        lab.ingest();
        let before = lab.counted();
        for (path, bytes) in &fixture.files {
            lab.append_bytes(&format!("copies/{path}"), bytes);
        }
        lab.ingest();
        assert_eq!(lab.counted(), before, "{}", fixture.words());
    }
}

/// Every record written anew by another writer of JSON, and with fields and kinds of tomorrow.
fn rewritten(source: Option<Source>, bytes: &[u8], with_tomorrow: bool) -> Vec<u8> {
    if source == Some(Source::Document) {
        let mut value: Value = serde_json::from_slice(bytes).unwrap();
        if with_tomorrow {
            add(&mut value);
        }
        return value.to_string().into_bytes();
    }
    let mut lines = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let mut value: Value = serde_json::from_slice(line).unwrap();
        if with_tomorrow {
            add(&mut value);
        }
        lines.extend(value.to_string().into_bytes());
        lines.push(b'\n');
        if with_tomorrow {
            lines.extend(TOMORROWS_KIND.as_bytes());
        }
    }
    lines
}

const TOMORROWS_KIND: &str =
    "{\"type\":\"tomorrows-kind\",\"payload\":{\"type\":\"x\",\"usage\":{\"input_tokens\":7}}}\n";

fn add(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // What a tool is asked for, and what it gives, is no format of the agent's.
            let of_tool =
                if fields.get("type") == Some(&json!("tool_result")) { "content" } else { "input" };
            let is_format = |key: &str| key != of_tool && key != "args" && key != "arguments";
            fields.iter_mut().filter(|(key, _)| is_format(key)).for_each(|(_, value)| add(value));
            fields
                .insert("tomorrows_field".into(), json!({"usage": {"output_tokens": 9}, "n": [1]}));
        }
        Value::Array(elements) => elements.iter_mut().for_each(add),
        _ => {}
    }
}

#[test]
fn unknown_fields_and_kinds_change_nothing() {
    for fixture in every_fixture() {
        // Files are longer with them, and so are the sums of what was read.
        let dump = |with_tomorrow| -> Vec<String> {
            let lab = fixture.lab();
            for (path, bytes) in &fixture.files {
                let source = adapter(fixture.agent).source(&lab.projects().join(path));
                lab.append_bytes(path, &rewritten(source, bytes, with_tomorrow));
            }
            lab.ingest();
            let sources = lab.reader().sources().unwrap();
            let is_read = sources.values().all(|source| source.cursor.unparsed == 0);
            assert!(is_read, "{}", fixture.words());
            lab.dump().into_iter().filter(|row| !row.starts_with("sum ")).collect()
        };
        let (ours, expected) = (dump(true), dump(false));
        for (ours, expected) in ours.iter().zip(&expected) {
            assert_eq!(ours, expected, "{}", fixture.words());
        }
        assert_eq!(ours.len(), expected.len(), "{}", fixture.words());
        assert_eq!(calls_of(ours), calls_of(fixture.at_once()), "{}", fixture.words());
    }
}

/// The rows without the sums of what was read and the fingerprints of what tools gave.
fn calls_of(mut dump: Vec<String>) -> Vec<String> {
    dump.retain(|row| !row.starts_with("sum ") && !row.starts_with("recent "));
    dump
}

#[test]
fn the_classes_add_up_to_the_providers_own_total() {
    for fixture in every_fixture() {
        let stated = AGENTS.iter().find(|(agent, _)| *agent == fixture.agent).unwrap().1;
        let Some((parts, total)) = stated else { continue };
        let lab = fixture.lab();
        for (path, bytes) in &fixture.files {
            lab.append_bytes(path, bytes);
        }
        lab.ingest();
        let ours = lab.total().usage;
        let ours = ours.input_tokens
            + ours.output_tokens
            + ours.cache_read_input_tokens
            + ours.cache_creation_5m_input_tokens
            + ours.cache_creation_1h_input_tokens;
        let ledger = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(fixture.agent.name())
            .join(&fixture.name)
            .join("ledger.jsonl");
        let mut theirs = 0;
        for line in fs::read_to_string(ledger).unwrap().lines() {
            let served: Value = serde_json::from_str(line).unwrap();
            if served["completed"] == true {
                let count = |field: &str| served["usage"][field].as_u64().unwrap();
                let sum: u64 = parts.iter().map(|part| count(part)).sum();
                assert_eq!(sum, count(total), "{}", fixture.words());
                theirs += count(total);
            }
        }
        assert_eq!(ours, theirs, "{}", fixture.words());
    }
}
