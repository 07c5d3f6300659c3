//! What the agent says a session cost beyond the calls its transcripts hold.

use serde_json::json;

use super::arrival::{Transcript, in_every_order};
use super::claude_lines::{Line, answer, bytes, line, prompt};
use super::cli_home::Home;
use super::harness::Lab;

/// A call of 40,000 output tokens: one dollar.
fn dollar(uuid: &str, at: &str) -> Line {
    answer(uuid, &format!("msg_01{uuid}")).request("req_1").output(40_000).at(at)
}

fn stated(at: &str, dollars: f64) -> Line {
    line("cost-state", "").at(at).with("totalCostUSD", &json!(dollars))
}

/// `session time dollars` of every session whose agent stated more than is logged.
fn unlogged(transcripts: &[Transcript<'_>]) -> Vec<String> {
    let lab = in_every_order(transcripts);
    let reader = lab.reader();
    let charged = reader.charged().unwrap();
    let name = |session| {
        let of_session = charged.values().find(|to| to.session == session);
        of_session.map_or("?".to_owned(), |to| to.session_id.to_string())
    };
    let rows = reader.unlogged().unwrap();
    let mut rows: Vec<String> = rows
        .into_iter()
        .map(|row| {
            let time = row.at.timestamp().to_string();
            let time = time.trim_start_matches("2026-09-08T").trim_end_matches('Z');
            format!("{} {time} {}", name(row.session), row.amount.0 / 1_000_000_000)
        })
        .collect();
    rows.sort();
    rows
}

fn of_session(lines: Vec<Line>) -> Vec<String> {
    unlogged(&[("proj/A.jsonl", lines)])
}

#[test]
fn the_difference_is_kept_and_dated() {
    let lines = vec![dollar("u1", "00:00:01"), stated("00:01:00", 1.75)];
    assert_eq!(of_session(lines), ["A 00:01:00 750"]);
}

#[test]
fn statements_are_cumulative_and_the_latest_holds() {
    let lines = vec![
        dollar("u1", "00:00:01"),
        stated("00:01:00", 1.75),
        dollar("u2", "00:02:00"),
        stated("00:03:00", 2.25),
    ];
    assert_eq!(of_session(lines), ["A 00:03:00 250"]);
}

#[test]
fn calls_after_the_statement_are_none_of_it() {
    let lines = vec![dollar("u1", "00:00:01"), stated("00:01:00", 1.75), dollar("u2", "00:02:00")];
    assert_eq!(of_session(lines), ["A 00:01:00 750"]);
}

#[test]
fn a_statement_below_what_is_logged_leaves_nothing() {
    assert!(of_session(vec![dollar("u1", "00:00:01"), stated("00:01:00", 0.5)]).is_empty());
    assert!(of_session(vec![dollar("u1", "00:00:01"), stated("00:01:00", 1.0)]).is_empty());
    assert!(of_session(vec![dollar("u1", "00:00:01"), stated("00:01:00", -3.0)]).is_empty());
}

#[test]
fn an_undated_statement_is_as_old_as_the_call_before() {
    let undated = stated("", 1.75).with("timestamp", &json!(null));
    let again = dollar("u1", "00:00:07").with("uuid", &json!("u2"));
    let lines = vec![dollar("u1", "00:00:01"), again, undated, dollar("u9", "00:02:00")];
    assert_eq!(of_session(lines), ["A 00:00:07 750"]);
}

fn undated(dollars: f64) -> Line {
    stated("", dollars).with("timestamp", &json!(null))
}

#[test]
fn before_any_call_an_undated_statement_is_as_old_as_the_record_before() {
    let typed = || prompt("p1", "hello").at("00:00:03");
    let title = || line("ai-title", "").at("00:00:04");
    for (before, time) in [(vec![typed()], "03"), (vec![typed(), title()], "04")] {
        let mut lines = before;
        lines.extend([undated(1.75), dollar("u9", "00:02:00")]);
        assert_eq!(of_session(lines), [format!("A 00:00:{time} 1750")]);
    }
}

#[test]
fn with_nothing_before_it_an_undated_statement_was_made_just_before_what_follows() {
    let call = || dollar("u9", "00:02:00");
    assert_eq!(of_session(vec![undated(1.75), call()]), ["A 00:01:59.999 1750"]);
    let typed = prompt("p1", "hello").at("00:00:05");
    let lines = vec![undated(1.0), undated(1.75), typed, call()];
    assert_eq!(of_session(lines), ["A 00:00:04.999 1750"]);
    // It is cumulative like any other.
    let lines = vec![undated(1.75), call(), stated("00:03:00", 2.5)];
    assert_eq!(of_session(lines), ["A 00:03:00 1500"]);
}

#[test]
fn a_statement_that_nothing_dates_is_told_by_doctor_until_something_does() {
    let home = Home::new();
    home.append("proj/A.jsonl", &[undated(1.75)]);
    home.expect(10, &["report"]);
    let doctor = home.json(&["doctor", "--json"]);
    let finding = &doctor["findings"][0];
    assert_eq!((&finding["kind"], &finding["count"]), (&"undated_total".into(), &1.into()));
    assert!(finding["items"][0].as_str().unwrap().ends_with("proj/A.jsonl"), "{finding}");
    home.append("proj/A.jsonl", &[prompt("p1", "hello").at("00:00:05")]);
    let total = &home.json(&["report", "--json"])["total"];
    assert_eq!(total["unlogged_usd"], "1.750000000000");
    assert_eq!(home.json(&["doctor", "--json"])["findings"], json!([]));
}

#[test]
fn subagents_belong_to_the_session() {
    let helper = dollar("s1", "00:00:30").sidechain("a7");
    assert_eq!(
        unlogged(&[
            ("proj/A.jsonl", vec![dollar("u1", "00:00:01"), stated("00:01:00", 2.75)]),
            ("proj/A/subagents/agent-a7.jsonl", vec![helper]),
        ]),
        ["A 00:01:00 750"]
    );
}

#[test]
fn a_copied_call_is_logged_for_its_owner_only() {
    let shared = dollar("u1", "00:00:01");
    let copy = shared.clone().session("B");
    let own = dollar("b2", "00:05:00").session("B");
    assert_eq!(
        unlogged(&[
            ("proj/A.jsonl", vec![shared, stated("00:01:00", 1.25)]),
            ("proj/B.jsonl", vec![copy, own, stated("00:06:00", 1.5).session("B")]),
        ]),
        ["A 00:01:00 250", "B 00:06:00 500"]
    );
}

#[test]
fn a_call_that_grows_leaves_less_unlogged() {
    let lab = Lab::new();
    let early = dollar("u1", "00:00:01").output(10_000);
    lab.append_bytes("proj/A.jsonl", &bytes(&[early, stated("00:01:00", 1.25)]));
    lab.ingest();
    assert_eq!(lab.reader().unlogged().unwrap()[0].amount.0, 1_000_000_000_000);
    lab.append_bytes("proj/A.jsonl", &bytes(&[dollar("u1", "00:00:02")]));
    lab.ingest();
    assert_eq!(lab.reader().unlogged().unwrap()[0].amount.0, 250_000_000_000);
}

#[test]
fn a_session_of_nothing_but_its_total_shows() {
    let home = Home::new();
    home.append("proj/A.jsonl", &[stated("00:01:00", 1.75)]);
    for (group, key) in [("session", "A"), ("daily", "2026-09-08")] {
        let report = home.json(&["report", group, "--json"]);
        let rows = report["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{group}");
        assert_eq!(rows[0]["key"], key);
        assert_eq!(rows[0]["unlogged_usd"], "1.750000000000", "{group}");
        assert_eq!(report["total"]["unlogged_usd"], "1.750000000000", "{group}");
    }
    assert!(home.out(&["sessions"]).contains("unlogged"));
    assert!(home.out(&["sessions"]).contains("$1.7500"));
    assert!(home.out(&["explain", "A"]).contains("\n$1.750000 unlogged: "));
    assert_eq!(home.json(&["explain", "A", "--json"])["unlogged_usd"], "1.750000000000");
}

#[test]
fn where_nothing_is_unlogged_no_column_says_so() {
    let home = Home::small();
    for args in [&["sessions"][..], &["report", "session"], &["explain", "A"]] {
        assert!(!home.out(args).contains("unlogged"), "{args:?}");
    }
    assert_eq!(home.json(&["explain", "A", "--json"])["unlogged_usd"], "0.000000000000");
}
