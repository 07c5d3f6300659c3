//! All agents side by side, as the real program tells of them, under one cap.

use serde_json::{Value, json};

use super::cli_home::{Home, call};
use super::harness::append_to;

/// A hundred thousand tokens of output.
const OUTPUT: u64 = 100_000;

/// A transcript of each agent with one call of today: below the home, its lines, and what it costs.
fn transcripts() -> [(&'static str, Value, &'static str); 4] {
    let at = |time: &str| format!("2026-11-23T{time}Z");
    let rollout = json!({"timestamp": at("10:00:02"), "type": "token_usage_record",
        "payload": {"response_id": "resp_1", "usage": {"input_tokens": 0, "output_tokens": OUTPUT}}});
    let chat = json!({"id": "m1", "timestamp": at("10:00:03"), "type": "gemini",
        "model": "gemini-2.5-pro", "tokens": {"input": 0, "output": OUTPUT}});
    let event = json!({"type": "session.usage_record", "id": "e1", "timestamp": at("10:00:04"),
        "data": {"usage": {"model": "gpt-5.5", "inputTokens": 0, "outputTokens": OUTPUT}}});
    let record = json!({"type": "assistant", "uuid": "u1", "sessionId": "q",
        "timestamp": at("10:00:05"), "model": "gemini-2.5-pro",
        "usageMetadata": {"promptTokenCount": 0, "candidatesTokenCount": OUTPUT}});
    [
        (".codex/sessions/2026/11/23/rollout-2026-11-23T10-00-00-c.jsonl", rollout, "codex"),
        (".gemini/tmp/proj/chats/session-2026-11-23T10-00-g.jsonl", chat, "gemini"),
        (".copilot/session-state/p/events.jsonl", event, "copilot"),
        (".qwen/projects/-proj/chats/q.jsonl", record, "qwen"),
    ]
}

/// A home in which every agent has made one call today.
fn home() -> Home {
    let home = Home::new();
    home.append(
        "atlas/A.jsonl",
        &[call("c1", "A", "claude-opus-5-5").at("2026-11-23T10:00:00.000Z")],
    );
    for (path, line, _) in transcripts() {
        let turn = json!({"timestamp": "2026-11-23T10:00:01Z", "type": "turn_context",
            "payload": {"model": "gpt-5.5"}});
        append_to(&home.path("home").join(path), format!("{turn}\n{line}\n").as_bytes());
    }
    home
}

/// In micro-dollars, by agent: a Claude call is $4.02, gpt-5.5 is $30 and gemini-2.5-pro $10 a
/// million tokens of output.
const COSTS: [(&str, u64); 5] = [
    ("claude", 4_020_000),
    ("codex", 3_000_000),
    ("gemini", 1_000_000),
    ("copilot", 3_000_000),
    ("qwen", 1_000_000),
];

#[test]
fn a_cap_on_the_developer_adds_up_all_agents() {
    let home = home();
    let sum: u64 = COSTS.iter().map(|(_, cost)| cost).sum();
    assert_eq!(sum, 12_020_000);
    for (cap, code) in [("12.02", 4), ("12.03", 3), ("100", 0)] {
        home.write_config(&format!("daily_cap = {cap}\n"));
        let ran = home.expect(code, &["status", "--json"]);
        let status: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(status["caps"][0]["over"], code == 4, "{cap}");
    }
    // A cap on one of them has that one alone.
    for (limit, code) in [("1", 4), ("2.5", 0)] {
        let cap = "name = \"g\"\nscope = \"agent\"\npattern = \"gemini\"\nperiod = \"day\"";
        home.write_config(&format!("[[cap]]\n{cap}\nlimit = {limit}\n"));
        home.expect(code, &["status"]);
    }
}

#[test]
fn a_report_has_them_side_by_side() {
    let home = home();
    let report = home.json(&["report", "agent", "--json"]);
    let rows = report["rows"].as_array().unwrap();
    for (agent, cost) in COSTS {
        let row = rows.iter().find(|row| row["key"] == agent).unwrap_or_else(|| panic!("{agent}"));
        assert_eq!(row["calls"], 1, "{agent}");
        let dollars: f64 = row["cost_usd"].as_str().unwrap().parse().unwrap();
        assert!((dollars * 1e6 - cost as f64).abs() < 1.0, "{agent}: {row}");
    }
    assert_eq!(rows.len(), COSTS.len());
}

#[test]
fn doctor_names_a_configured_folder_that_is_not_there() {
    let home = home();
    home.write_config("[agents.gemini]\nroots = [\"~/.gemini\", \"~/elsewhere\"]\n");
    let doctor = home.run(&["doctor"]).out;
    let missing = "! ~/elsewhere is not there ([agents.gemini] roots in the config)";
    assert!(doctor.contains(missing), "{doctor}");
    assert_eq!(doctor.matches("is not there").count(), 1, "{doctor}");
}

#[test]
fn sessions_of_one_minute_are_told_apart_by_how_their_ids_end() {
    let home = Home::new();
    for (second, end) in [(1, "de5074a3780c"), (2, "a76592b2cf0b")] {
        let (_, line, _) = &transcripts()[0];
        let mut line = line.clone();
        line["payload"]["response_id"] = json!(format!("resp_{second}"));
        let thread = format!("01a20941-4d39-7a50-8987-{end}");
        let file = format!(
            "home/.codex/sessions/2026/11/23/rollout-2026-11-23T10-00-0{second}-{thread}.jsonl"
        );
        append_to(&home.path(&file), format!("{line}\n").as_bytes());
    }
    let sessions = home.out(&["sessions"]);
    assert!(sessions.contains(" 74a3780c ") && sessions.contains(" 92b2cf0b "), "{sessions}");
    let explained = home.out(&["explain", "74a3780c"]);
    assert!(explained.starts_with("session 01a20941-4d39-7a50-8987-de5074a3780c"), "{explained}");
    let several = home.expect(2, &["explain", "01a20941"]).err;
    assert!(several.contains("of 2 sessions"), "{several}");
}

#[test]
fn doctor_has_a_row_for_each() {
    let home = home();
    append_to(&home.path("home/.gemini/tmp/proj/chats/session-b.jsonl"), b"no json\n");
    home.run(&["ingest"]);
    let doctor: Value = serde_json::from_str(&home.run(&["doctor", "--json"]).out).unwrap();
    let rows = doctor["agents"].as_array().unwrap();
    for (agent, _) in COSTS {
        let row =
            rows.iter().find(|row| row["agent"] == agent).unwrap_or_else(|| panic!("{agent}"));
        let is_gemini = agent == "gemini";
        assert_eq!((&row["calls"], &row["files"]), (&json!(1), &json!(1 + u64::from(is_gemini))));
        assert_eq!(row["unparsed_lines"], u64::from(is_gemini), "{agent}");
        let roots = if agent == "codex" { 1 } else { row["roots_found"].as_u64().unwrap() };
        assert_eq!(row["roots_found"], roots.max(1), "{agent}");
    }
}
