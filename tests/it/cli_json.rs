//! The shapes that scripts rely on: JSON keys, CSV columns, week names, sums.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cli_home::Home;

const GROUPS: [&str; 9] =
    ["daily", "weekly", "monthly", "session", "project", "branch", "model", "agent", "developer"];

const SUMS: [&str; 11] = [
    "calls",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
    "web_search_requests",
    "cost_usd",
    "unpriced_calls",
    "not_final_calls",
    "unlogged_usd",
];

const SESSION: [&str; 8] = [
    "session_id",
    "project",
    "branch",
    "agent",
    "developer",
    "models",
    "started_at",
    "last_activity",
];

/// Small, and what the real client wrote on top: subagents, searches, forks.
fn home() -> Home {
    let home = Home::small();
    for scenario in ["subagent", "fork", "multiblock", "chat"] {
        home.install(scenario);
    }
    home
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn set<'a>(parts: &[&[&'a str]]) -> BTreeSet<&'a str> {
    parts.iter().copied().flatten().copied().collect()
}

/// An amount has twelve decimals, always.
fn assert_money(sums: &Value) {
    for field in ["cost_usd", "unlogged_usd"] {
        let text = sums[field].as_str().unwrap();
        let (_, decimals) = text.split_once('.').unwrap();
        assert!(decimals.len() == 12 && !text.contains('e'), "{text}");
    }
}

#[test]
fn every_group_has_exactly_the_documented_keys_and_the_same_total() {
    let home = home();
    let total = home.json(&["report", "--json"])["total"].clone();
    assert!(total["calls"].as_u64().unwrap() > 3);
    for group in GROUPS {
        let report = home.json(&["report", group, "--json"]);
        assert_eq!(keys(&report), set(&[&["schema", "group", "timezone", "rows", "total"]]));
        assert_eq!(report["schema"], "spendtop.report/1");
        assert_eq!((&report["group"], &report["timezone"]), (&group.into(), &"UTC".into()));
        assert_eq!(keys(&report["total"]), set(&[&SUMS]), "{group}");
        assert_eq!(report["total"], total, "{group}");
        assert_money(&report["total"]);
        let mut calls = 0;
        for row in report["rows"].as_array().unwrap() {
            let session: &[&str] = if group == "session" { &SESSION } else { &[] };
            assert_eq!(keys(row), set(&[&["key"], &SUMS, session]), "{group}");
            assert_money(row);
            calls += row["calls"].as_u64().unwrap();
        }
        assert_eq!(calls, total["calls"].as_u64().unwrap(), "{group}");
    }
}

#[test]
fn a_breakdown_adds_parts_that_sum_to_their_row() {
    let home = home();
    for by in ["model", "project", "branch", "agent", "developer"] {
        for group in GROUPS {
            let report = home.json(&["report", group, "--json", "--by", by]);
            for row in report["rows"].as_array().unwrap() {
                let parts = row["breakdown"].as_array().unwrap();
                for part in parts {
                    assert_eq!(keys(part), set(&[&["key"], &SUMS]), "{group} by {by}");
                    assert_money(part);
                }
                for count in SUMS.iter().filter(|field| !field.ends_with("usd")) {
                    let sum: u64 = parts.iter().map(|part| part[count].as_u64().unwrap()).sum();
                    assert_eq!(sum, row[count].as_u64().unwrap(), "{group} by {by}: {count}");
                }
            }
        }
    }
}

#[test]
fn short_flags_mean_the_same_as_the_long_ones() {
    let home = home();
    let long = ["--json", "--since", "20261120", "--until", "2026-11-20", "--tz", "Asia/Tokyo"];
    let short = ["-j", "-s", "20261120", "-u", "2026-11-20", "-z", "Asia/Tokyo"];
    for (extra, short_extra) in [(&[][..], &[][..]), (&["--by", "model"], &["-b"])] {
        let long = [&["report", "daily"][..], &long, extra].concat();
        let short = [&["report", "daily"][..], &short, short_extra].concat();
        let report = home.json(&long);
        assert_eq!(report, home.json(&short));
        // 23:30 UTC is the next morning in Tokyo.
        assert_eq!(report["total"]["calls"], 3);
        assert_eq!(report["timezone"], "Asia/Tokyo");
    }
    assert_eq!(
        home.out(&["sessions", "-j", "-n", "1"]),
        home.out(&["sessions", "--json", "--limit", "1"])
    );
    for command in ["doctor", "ingest", "reprice"] {
        assert_eq!(home.out(&[command, "-j"]), home.out(&[command, "--json"]));
    }
}

#[test]
fn times_are_named_by_day_iso_week_and_month_in_the_zone() {
    let home = Home::small();
    let rows = |group, zone| -> Vec<String> {
        let report = home.json(&["report", group, "--json", "--tz", zone]);
        let rows = report["rows"].as_array().unwrap();
        rows.iter()
            .map(|row| format!("{}: {}", row["key"].as_str().unwrap(), row["calls"]))
            .collect()
    };
    assert_eq!(rows("daily", "UTC"), ["2026-11-19: 1", "2026-11-20: 2"]);
    assert_eq!(rows("daily", "Asia/Tokyo"), ["2026-11-20: 3"]);
    assert_eq!(rows("daily", "America/Los_Angeles"), ["2026-11-19: 2", "2026-11-20: 1"]);
    assert_eq!(rows("weekly", "UTC"), ["2026-W47: 3"]);
    assert_eq!(rows("monthly", "UTC"), ["2026-11: 3"]);
}

#[test]
fn sessions_have_the_keys_of_a_report_on_sessions() {
    let home = home();
    let sessions = home.json(&["sessions", "--json"]);
    assert_eq!(keys(&sessions), set(&[&["schema", "timezone", "rows"]]));
    assert_eq!(sessions["schema"], "spendtop.sessions/1");
    let report = home.json(&["report", "session", "--json"]);
    for (row, reported) in
        sessions["rows"].as_array().unwrap().iter().zip(report["rows"].as_array().unwrap())
    {
        assert_eq!(keys(row), set(&[&SUMS, &SESSION]));
        assert_money(row);
        for key in keys(row) {
            assert_eq!(row[key], reported[key], "{key}");
        }
    }
}

#[test]
fn csv_has_the_same_columns_and_numbers_as_json() {
    let home = home();
    for (group, by) in [("daily", None), ("session", None), ("project", Some("model"))] {
        let by: Vec<&str> = by.iter().flat_map(|by| ["--by", by]).collect();
        let report = home.json(&[&["report", group, "--json"][..], &by].concat());
        let text = home.out(&[&["report", group, "--csv"][..], &by].concat());
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let breakdown: &[&str] = if by.is_empty() { &[] } else { &["breakdown"] };
        // A session's own fields come after the sums.
        let own: &[&str] = match group {
            "session" => &[
                "project",
                "branch",
                "agent",
                "developer",
                "models",
                "started_at",
                "last_activity",
            ],
            _ => &[],
        };
        let columns = [&["key"][..], breakdown, &SUMS, own].concat();
        assert_eq!(csv.headers().unwrap(), columns);
        let mut expected = Vec::new();
        for row in report["rows"].as_array().unwrap() {
            let key = row["key"].as_str().unwrap();
            match row["breakdown"].as_array() {
                None => {
                    let mut fields = fields(&[key], row);
                    fields.extend(own.iter().map(|name| match &row[*name] {
                        Value::Array(models) => {
                            let names: Vec<_> = models.iter().filter_map(Value::as_str).collect();
                            names.join(" ")
                        }
                        value => value.as_str().unwrap().to_owned(),
                    }));
                    expected.push(fields);
                }
                Some(parts) => expected.extend(
                    parts.iter().map(|part| fields(&[key, part["key"].as_str().unwrap()], part)),
                ),
            }
        }
        let records: Vec<Vec<String>> = csv
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        assert_eq!(records, expected, "{group}");
    }
}

fn fields(keys: &[&str], sums: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let keys = keys.iter().map(|&key| key.to_owned());
    keys.chain(SUMS.iter().map(|field| text(&sums[field]))).collect()
}

#[test]
fn a_person_reads_tables() {
    let home = Home::small();
    for (name, args) in [
        ("table_daily", &["report"][..]),
        ("table_daily_by_model", &["report", "--breakdown"]),
        ("table_session", &["report", "session"]),
        ("table_weekly_markdown", &["report", "weekly", "--md"]),
        ("csv_model", &["report", "model", "--csv"]),
        ("sessions", &["sessions"]),
        ("explain_call", &["explain", "msg_01a2"]),
    ] {
        let mut settings = insta::Settings::clone_current();
        let folder = home.folder.path().to_str().unwrap();
        settings.add_filter(&regex_escape(folder), "[HOME]");
        settings.add_filter(r"genai-prices [0-9.]+", "genai-prices [VERSION]");
        settings.add_filter(r"checked \d{4}-\d{2}-\d{2}", "checked [DAY]");
        settings.bind(|| insta::assert_snapshot!(name, home.out(args)));
    }
}

/// A scratch folder's name as a pattern.
fn regex_escape(text: &str) -> String {
    text.replace('.', r"\.")
}
