//! What a session is at, read from the end of its transcript: the same as the ledger tells of it, for
//! every agent, on its own fixtures.

use std::fs;
use std::path::{Path, PathBuf};

use spendtop::agents::{Latest, Source, adapter, latest};
use spendtop::ingest::LatestRecords;
use spendtop::ledger::TurnNow;
use spendtop::model::{AgentId, Millis};

use super::harness::Lab;
use super::{contract, contract_rows};

/// A lab with a fixture's ledger, and its transcripts.
struct Read {
    words: String,
    agent: AgentId,
    lab: Lab,
    paths: Vec<PathBuf>,
}

/// Each as it was written, and as it was on the way there.
fn every_fixture() -> Vec<Read> {
    let part = |fixture| ((3, 5), fixture);
    let whole = |fixture| ((1, 1), fixture);
    let of_one_file = contract::every_fixture().into_iter().filter(|f| f.files.len() == 1);
    let fixtures = of_one_file.map(part).chain(contract::every_fixture().into_iter().map(whole));
    let of_files = fixtures.map(|(part, fixture)| {
        let lab = fixture.lab();
        for (path, bytes) in &fixture.files {
            let is_lines = adapter(fixture.agent).source(Path::new(path)) == Some(Source::Lines);
            let written = if is_lines { beginning(bytes, part) } else { bytes };
            lab.append_bytes(path, written);
        }
        lab.ingest();
        let paths = fixture.files.iter().map(|(path, _)| lab.projects().join(path)).collect();
        Read { words: fixture.words(), agent: fixture.agent, lab, paths }
    });
    let of_rows = contract_rows::every_fixture().into_iter().map(|fixture| {
        let lab = contract_rows::written(&fixture);
        lab.ingest();
        let paths = vec![lab.projects().join(contract_rows::DB)];
        Read { words: format!("rows {}", fixture.name), agent: AgentId::OpenCode, lab, paths }
    });
    of_files.chain(of_rows).collect()
}

/// So many of the lines.
fn beginning(bytes: &[u8], (part, whole): (usize, usize)) -> &[u8] {
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', bytes).collect();
    let lines = ends.len() * part / whole;
    &bytes[..lines.checked_sub(1).map_or(0, |last| ends[last] + 1)]
}

fn turns(read: &Read) -> Vec<TurnNow> {
    read.lab.reader().turns_now(Millis(0)).unwrap()
}

fn at(agent: AgentId, path: &Path, now: &TurnNow) -> Latest {
    let LatestRecords { records, is_whole } = LatestRecords::read(agent, path).unwrap();
    let thread = Some(&now.thread.subagent).filter(|id| !id.is_empty());
    latest(agent, path, &records, is_whole, thread.unwrap_or(&now.thread.session_id))
}

#[test]
fn steps_and_repetitions_are_the_ledgers() {
    let mut with_tool = Vec::new();
    for read in every_fixture() {
        for now in turns(&read) {
            let told: Vec<Latest> =
                read.paths.iter().map(|path| at(read.agent, path, &now)).collect();
            let expected = (now.deeds.steps, now.repeats);
            let is_it = |latest: &&Latest| {
                let repeats = latest.tool.as_ref().map_or(0, |tool| tool.in_a_row);
                (u64::from(latest.steps), u64::from(repeats)) == expected
            };
            let found = told.iter().find(is_it);
            let found = found.unwrap_or_else(|| panic!("{}: {expected:?} {told:?}", read.words));
            assert!(found.is_whole, "{}", read.words);
            if let Some(tool) = &found.tool {
                assert!(!tool.arguments.is_empty(), "{}: {tool:?}", read.words);
                with_tool.push(read.agent);
            }
        }
    }
    with_tool.sort_unstable();
    with_tool.dedup();
    assert_eq!(with_tool, AgentId::ALL, "each has a fixture in which a tool was called last");
}

#[test]
fn whether_a_session_is_at_work_is_the_ledgers_word() {
    for read in every_fixture() {
        // They have readers of their own, which know more of what a last line means.
        if matches!(read.agent, AgentId::Claude | AgentId::Codex) {
            continue;
        }
        for path in &read.paths {
            if adapter(read.agent).source(path) != Some(Source::Lines) {
                continue;
            }
            let told = adapter(read.agent).in_turn(&fs::read(path).unwrap());
            let main: Vec<TurnNow> =
                turns(&read).into_iter().filter(|now| now.thread.subagent.is_empty()).collect();
            if let ([now], [_]) = (&*main, &*read.paths) {
                assert_eq!(told, Some(now.is_open), "{}", read.words);
            }
        }
    }
}

#[test]
fn a_copilot_turn_lasts_until_the_model_asks_for_nothing_more() {
    let event = |second: u8, kind: &str, data: &str| {
        format!(
            "{{\"type\":\"{kind}\",\"id\":\"e{second}\",\"timestamp\":\"2026-11-23T16:00:{second:02}Z\",\"data\":{data}}}\n"
        )
    };
    let prompt = event(1, "user.message", "{}");
    let asks = event(
        2,
        "assistant.message",
        r#"{"messageId":"m","toolRequests":[{"toolCallId":"c1","name":"bash","arguments":{}}]}"#,
    );
    let done = event(3, "tool.execution_complete", r#"{"toolCallId":"c1","success":true}"#);
    let last = event(4, "assistant.message", r#"{"messageId":"n","toolRequests":[]}"#);
    let in_turn = |lines: &[&String]| {
        let text: String = lines.iter().map(|line| line.as_str()).collect();
        adapter(AgentId::Copilot).in_turn(text.as_bytes())
    };
    assert_eq!(in_turn(&[&prompt]), Some(true));
    assert_eq!(in_turn(&[&prompt, &asks, &done]), Some(true));
    assert_eq!(in_turn(&[&prompt, &asks, &done, &last]), Some(false));
    assert_eq!(in_turn(&[&prompt, &asks, &event(5, "abort", "{}")]), Some(false));
    assert_eq!(in_turn(&[]), None);
    assert_eq!(adapter(AgentId::Copilot).in_turn(b"cut off\"}\n\x00\n{\"torn"), None);
}
