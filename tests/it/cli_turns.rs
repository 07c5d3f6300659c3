//! `turns`, `metrics loops` and `report --turns` as a person and a script see them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::claude_lines::prompt;
use super::cli_home::{Home, call};

const ROW: [&str; 27] = [
    "session_id",
    "subagent",
    "agent",
    "developer",
    "project",
    "branch",
    "models",
    "began_at",
    "last_activity",
    "source",
    "level",
    "steps",
    "tool_calls",
    "subagents",
    "errors",
    "denied",
    "compactions",
    "repeats",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
    "web_search_requests",
    "cost_usd",
    "unpriced_calls",
    "not_final_calls",
];

/// What the real client wrote: a loop, subagents, a refused tool, a compaction.
fn home() -> Home {
    let home = Home::new();
    for scenario in ["loop", "subagent", "interrupted-esc-tool", "compact"] {
        home.install(scenario);
    }
    home
}

/// After every fixture.
const LATER: &str = "2026-11-24T12:00:00Z";

fn json_of(home: &Home, args: &[&str]) -> Value {
    home.json(&[args, &["--json", "--until", LATER]].concat())
}

fn rows(report: &Value) -> Vec<Value> {
    report["rows"].as_array().unwrap().clone()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Session, thread, steps, tools and repeats.
fn short(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap().chars().take(4).collect::<String>();
    let count = |key: &str| row[key].as_u64().unwrap();
    format!(
        "{}/{} {} {} ×{}",
        text("session_id"),
        text("subagent"),
        count("steps"),
        count("tool_calls"),
        count("repeats")
    )
}

#[test]
fn turns_have_exactly_the_documented_keys() {
    let report = json_of(&home(), &["turns"]);
    assert_eq!(keys(&report), BTreeSet::from(["schema", "timezone", "rows"]));
    assert_eq!(report["schema"], "spendtop.turns/1");
    let rows = rows(&report);
    assert_eq!(rows.len(), 8);
    for row in &rows {
        assert_eq!(keys(row), BTreeSet::from(ROW));
        assert_eq!(row["level"], "none");
        let cost = row["cost_usd"].as_str().unwrap();
        assert!(cost.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 12), "{cost}");
    }
    // Newest first.
    let began: Vec<&str> = rows.iter().map(|row| row["began_at"].as_str().unwrap()).collect();
    assert!(began.is_sorted_by(|a, b| a >= b), "{began:?}");
    let looped = rows.iter().find(|row| row["repeats"] == 13).unwrap();
    assert_eq!((&looped["steps"], &looped["tool_calls"]), (&json!(13), &json!(13)));
    assert_eq!((&looped["source"], &looped["errors"]), (&json!("automated"), &json!(0)));
    let refused: u64 = rows.iter().map(|row| row["denied"].as_u64().unwrap()).sum();
    assert_eq!(refused, 1);
    let compactions: u64 = rows.iter().map(|row| row["compactions"].as_u64().unwrap()).sum();
    assert_eq!(compactions, 1);
}

#[test]
fn turns_are_filtered_and_sorted() {
    let home = home();
    let shown = |args: &[&str]| -> Vec<String> {
        rows(&json_of(&home, &[&["turns"], args].concat())).iter().map(short).collect()
    };
    assert_eq!(shown(&["0a90"]), ["0a90/ad26 3 2 ×1", "0a90/a9dd 3 2 ×1", "0a90/ 2 2 ×1"]);
    assert_eq!(shown(&["-n", "1", "0a90"]), ["0a90/ad26 3 2 ×1"]);
    assert_eq!(shown(&["--sort", "steps", "-n", "1"]), ["97a2/ 13 13 ×13"]);
    assert_eq!(shown(&["--sort", "repeats", "--limit", "1"]), ["97a2/ 13 13 ×13"]);
    let dearest = shown(&["--sort", "cost"]);
    assert_eq!(dearest[0], "97a2/ 13 13 ×13");
    assert_eq!(dearest.len(), 8);
    assert_eq!(shown(&["--since", "2026-11-23T16:20:00Z"]).len(), 2);
    // A session that is none, and a time without any.
    let ran = home.expect(2, &["turns", "zzz"]);
    assert!(ran.err.contains("no session begins with \"zzz\""), "{}", ran.err);
    let ran = home.expect(10, &["turns", "--until", "2026-01-01"]);
    assert!(ran.out.contains("No turns found"), "{}", ran.out);
}

#[test]
fn a_person_reads_tables_of_turns() {
    let home = home();
    for (name, args) in [
        ("turns", &["turns"][..]),
        ("metrics_loops", &["metrics", "loops"]),
        ("report_turns", &["report", "session", "--turns"]),
    ] {
        insta::assert_snapshot!(name, home.out(&[args, &["--until", LATER]].concat()));
    }
}

#[test]
fn a_report_adds_turns_only_when_asked() {
    let home = home();
    let plain = json_of(&home, &["report", "project"]);
    let report = json_of(&home, &["report", "project", "--turns", "--by", "model"]);
    assert!(plain["total"].get("turns").is_none() && rows(&plain)[0].get("turns").is_none());
    let expected = json!({
        "count": 8, "level": "none", "steps": 27, "tool_calls": 22, "subagents": 2, "errors": 0,
        "denied": 1, "compactions": 1, "repeats": 13,
    });
    assert_eq!(report["total"]["turns"], expected);
    assert_eq!(rows(&report)[0]["turns"], expected);
    assert_eq!(rows(&report)[0]["breakdown"][0]["turns"], expected);
    assert_eq!(report["total"]["calls"], plain["total"]["calls"]);
    let csv = home.out(&["report", "project", "--turns", "--csv", "--until", LATER]);
    let (header, row) = csv.trim_end().split_once('\n').unwrap();
    let ends = "turns,steps,tool_calls,subagents,errors,denied,compactions,repeats,level";
    assert!(header.ends_with(ends), "{header}");
    assert!(row.ends_with(",8,27,22,2,0,1,1,13,none"), "{row}");
}

#[test]
fn steps_per_turn_are_told_by_project_model_and_agent() {
    let home = Home::new();
    // Ninety-nine turns of a step, and one of sixty.
    let mut lines = Vec::new();
    for turn in 0..100_u32 {
        let at = |step: u32| format!("2026-11-20T{:02}:{:02}:{step:02}.000Z", turn / 60, turn % 60);
        lines.push(prompt(&format!("p{turn}"), "go").session("A").at(&at(0)));
        for step in 1..=if turn == 50 { 59 } else { 1 } {
            let id = format!("t{turn}s{step}");
            lines.push(call(&id, "A", "claude-opus-5-5").at(&at(step)));
        }
    }
    home.append("atlas/A.jsonl", &lines);
    let report = home.json(&["metrics", "loops", "--json"]);
    assert_eq!(report["schema"], "spendtop.metrics-loops/1");
    assert_eq!(report["flagged_above"], 50);
    let rows = rows(&report);
    let by: Vec<&str> = rows.iter().map(|row| row["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["all", "project", "model", "agent"]);
    let names: Vec<&str> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(names, ["", "/home/dev/proj", "claude-opus-5-5", "claude"]);
    for row in &rows {
        let p = |name: &str| row[name].as_u64().unwrap();
        assert_eq!((p("turns"), p("p50"), p("p95"), p("p99"), p("max")), (100, 1, 1, 1, 59));
        assert_eq!((&row["ratio"], &row["flagged"]), (&json!(1.0), &json!(false)));
    }
    // Two of a hundred, and it is flagged.
    let mut more = Vec::new();
    more.push(prompt("q", "go").session("A").at("2026-11-20T05:00:00.000Z"));
    for step in 1..=59 {
        let at = format!("2026-11-20T05:01:{step:02}.000Z");
        more.push(call(&format!("q{step}"), "A", "claude-opus-5-5").at(&at));
    }
    home.append("atlas/A.jsonl", &more);
    let report = home.json(&["metrics", "loops", "--json"]);
    let first = &report["rows"][0];
    assert_eq!((&first["p99"], &first["flagged"]), (&json!(59), &json!(true)));
    let table = home.out(&["metrics", "loops"]);
    assert!(table.contains("59.0") && table.contains("! the worst turns take more"), "{table}");
    assert_eq!(home.expect(10, &["metrics", "loops", "--until", "2026-01-01"]).code, 10);
}
