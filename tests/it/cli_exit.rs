//! Exit codes, and readers that stop reading.

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use super::cli_home::{Home, ended};

/// Every command that reads, in its JSON form, and where its rows are.
const READING: [(&[&str], &str); 9] = [
    (&["actions", "--json"], "rows"),
    (&["cap", "list", "--json"], "rows"),
    (&["cap", "simulate", "--daily", "1", "--since", "1h", "--json"], "rows"),
    (&["report", "--json"], "rows"),
    (&["report", "session", "--by", "model", "--json"], "rows"),
    (&["sessions", "--json"], "rows"),
    (&["explain", "msg_none", "--json"], "calls"),
    (&["prices", "missing", "--json"], "rows"),
    (&["prices", "list", "no-such-model", "--json"], "rows"),
];

#[test]
fn where_there_is_nothing_every_reading_command_exits_10_with_json_of_no_rows() {
    for home in [Home::new(), Home::small()] {
        for (args, rows) in READING {
            let mut args = args.to_vec();
            // Where there is something, before all of it.
            if matches!(args[0], "report" | "sessions") {
                args.extend(["--until", "2020-01-01"]);
            }
            let ran = home.expect(10, &args);
            assert_eq!(ran.err, "", "{args:?}");
            let json: Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(json[rows], Value::Array(Vec::new()), "{args:?}");
            assert!(json["schema"].as_str().unwrap().starts_with("spendtop."), "{args:?}");
        }
    }
}

#[test]
fn without_json_nothing_is_said_in_words_or_with_headers_alone() {
    let home = Home::new();
    assert!(home.expect(10, &["report"]).out.starts_with("Nothing was spent"));
    assert!(home.expect(10, &["sessions"]).out.starts_with("No session"));
    assert!(home.expect(10, &["explain", "x"]).err.contains("\"x\""));
    assert!(home.expect(10, &["explain", "x", "--quiet"]).err.is_empty());
    assert_eq!(home.expect(10, &["report", "--csv"]).out.lines().count(), 1);
    assert!(home.expect(10, &["prices", "missing"]).out.starts_with("Every call"));
}

#[test]
fn what_was_asked_for_and_found_exits_0() {
    let home = Home::small();
    for args in [
        &["report"][..],
        &["sessions"],
        &["explain", "msg_01a1"],
        &["ingest"],
        &["prices", "list"],
        &["prices", "show", "claude-opus-5-5"],
        &["prices", "check"],
        &["reprice"],
        &["doctor"],
        &["status"],
        &["status", "--short"],
        &["cap", "check"],
        &["cap", "simulate", "--daily", "1"],
        &["loops", "eval"],
        &["config", "path"],
        &["config", "check"],
        &["config", "show"],
        &["completions", "zsh"],
        &["man"],
        &["--help"],
        &["--version"],
        &["report", "--help"],
    ] {
        assert!(!home.out(args).is_empty(), "{args:?}");
    }
}

#[test]
fn wrong_usage_exits_2_and_names_what_is_wrong() {
    let home = Home::small();
    for (args, named) in [
        (&["report", "--jsn"][..], "--jsn"),
        (&["report", "hourly"], "hourly"),
        (&["report", "--json", "--csv"], "--csv"),
        (&["report", "--by", "model", "--breakdown"], "--breakdown"),
        (&["raport"], "raport"),
        (&["report", "--since", "yesterday"], "yesterday"),
        (&["report", "--since", "2026-02-30"], "2026-02-30"),
        (&["sessions", "--until", "7x"], "7x"),
        (&["report", "--since", "1d", "--until", "2d"], "--since is after --until"),
        (&["report", "--tz", "Berlin"], "Berlin"),
        (&["sessions", "-z", "Mars/Olympus"], "Mars/Olympus"),
        (&["explain", "msg_01a1", "--tz", "Nowhere"], "Nowhere"),
        (&["prices", "show", "no-such-model"], "no-such-model"),
        (&["report", "--config", "none.toml"], "none.toml"),
        (&["explain"], "<ID>"),
        (&["explain", ""], "an id is needed"),
    ] {
        let ran = home.expect(2, args);
        assert!(ran.err.contains(named), "{args:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{args:?}");
    }
    let ran = super::cli_home::ran(home.command_now(&["report", "--now", "noon"]));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("noon"), "{}", ran.err);
}

#[test]
fn a_typo_in_the_config_exits_2_with_its_line_and_the_nearest_key() {
    let home = Home::small();
    home.write_config("# mine\n\ntimezon = \"UTC\"\n");
    for args in [&["report"][..], &["sessions"], &["doctor"], &["ingest"], &["config", "check"]] {
        let ran = home.expect(2, args);
        assert!(ran.err.contains("config.toml:3: "), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("did you mean `timezone`?"), "{args:?}: {}", ran.err);
    }
    // What is needed to put it right works all the same.
    for args in [&["config", "path"][..], &["completions", "bash"], &["man"], &["--help"]] {
        home.out(args);
    }
}

#[test]
fn a_prefix_that_several_sessions_share_exits_2_and_names_them() {
    let home = Home::new();
    for id in ["aa-1", "aa-2"] {
        let call = super::cli_home::call(id, id, "claude-opus-5-5");
        home.append(&format!("p/{id}.jsonl"), &[call]);
    }
    let ran = home.expect(2, &["explain", "aa"]);
    assert!(ran.err.contains("aa-1, aa-2"), "{}", ran.err);
    assert!(home.out(&["explain", "aa-1"]).starts_with("session aa-1\n"));
}

#[test]
fn doctor_exits_5_for_lines_that_do_not_parse_and_0_otherwise() {
    let home = Home::small();
    assert!(home.out(&["doctor"]).ends_with("All is well.\n"));
    home.append_bytes("atlas/A.jsonl", b"{\"type\":\"assistant\",\"message\":{\"usage\": oops\n");
    let ran = home.expect(5, &["doctor", "--json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["ok"], false);
    let finding = &json["findings"][0];
    assert_eq!((&finding["kind"], &finding["count"]), (&"unparsed_lines".into(), &1.into()));
    assert!(finding["items"][0].as_str().unwrap().ends_with("atlas/A.jsonl: 1"));
    // What could be read counts, and nothing else is said about it.
    assert_eq!(home.total().0, 3);
}

#[test]
fn doctor_exits_5_for_a_ledger_that_cannot_be_used() {
    for (damage, said) in [
        ("newer", "upgrade spendtop"),
        ("corrupt", "is damaged"),
        ("foreign", "another program's database"),
        ("unwritable", "cannot write the ledger"),
    ] {
        let home = Home::small();
        home.out(&["ingest"]);
        let db = home.db();
        match damage {
            "newer" => {
                let ledger = rusqlite::Connection::open(&db).unwrap();
                ledger.pragma_update(None, "user_version", 99).unwrap();
            }
            "corrupt" => std::fs::write(&db, "no database").unwrap(),
            "foreign" => {
                std::fs::remove_file(&db).unwrap();
                let other = rusqlite::Connection::open(&db).unwrap();
                other.execute_batch("CREATE TABLE shopping (item TEXT)").unwrap();
            }
            _ => {
                std::fs::remove_file(&db).unwrap();
                std::fs::create_dir(&db).unwrap();
            }
        }
        let ran = home.expect(5, &["doctor", "--json"]);
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&json["ok"], ran.err.as_str()), (&false.into(), ""), "{damage}");
        assert_eq!(json["findings"][0]["kind"], "ledger", "{damage}");
        assert!(json["findings"][0]["message"].as_str().unwrap().contains(said), "{json}");
        assert!(home.expect(5, &["doctor"]).out.contains(said), "{damage}");
    }
}

#[test]
fn a_row_without_cache_rates_is_warned_of_by_both_checks() {
    let home = Home::small();
    let row = "[[prices.row]]\nprovider = \"anthropic\"\nmodel = \"claude-opus-5-5\"\n\
               input = \"4\"\noutput = \"20\"\n";
    home.write_config(row);
    for args in [&["config", "check"], &["prices", "check"]] {
        let ran = home.expect(0, args);
        assert!(ran.err.contains("claude-opus-5-5") && ran.err.contains("cache_read"), "{ran:?}");
    }
    let rates = "cache_write_5m = \"5\"\ncache_write_1h = \"8\"\ncache_read = \"0.4\"\n";
    home.write_config(&format!("{row}{rates}"));
    home.out(&["config", "check"]);
    home.out(&["prices", "check"]);
}

#[test]
fn a_config_of_the_wrong_shape_is_told_in_words_of_toml() {
    let home = Home::small();
    for (text, said) in [
        ("developer = \"ann\"", "expected a table"),
        ("agents = 1", "expected a table"),
        ("prices = 1", "expected a table"),
        ("[prices]\nrow = [1]", "expected a table"),
    ] {
        home.write_config(text);
        let ran = home.expect(2, &["config", "check"]);
        assert!(ran.err.contains(said) && !ran.err.contains("struct"), "{text}: {}", ran.err);
    }
}

#[test]
fn exported_tables_hold_sessions_in_full_and_nothing_that_steers_a_terminal() {
    let home = Home::new();
    let call = super::cli_home::call("a1", "A", "claude-opus-5-5");
    home.append("p/A.jsonl", &[call.with("gitBranch", &"x|y\u{1b}[2Jz".into())]);
    let csv = home.out(&["report", "session", "--csv"]);
    let mut lines = csv.lines();
    let fields = "project,branch,agent,developer,models,started_at,last_activity";
    assert!(lines.next().unwrap().ends_with(fields), "{csv}");
    let row = lines.next().unwrap();
    let part = format!(",x|y\u{fffd}[2Jz,claude,{},claude-opus-5-5,2026-", Home::login());
    assert!(row.contains(&part), "{csv}");
    let markdown = home.out(&["report", "session", "--md"]);
    assert!(markdown.contains("x\\|y\u{fffd}[2Jz"), "{markdown}");
    for group in ["session", "branch"] {
        for form in ["--csv", "--md"] {
            assert!(!home.out(&["report", group, form]).contains('\u{1b}'), "{group} {form}");
        }
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let home = Home::small();
    // More than a pipe holds, so that the writer notices.
    for number in 0..600 {
        let id = format!("m{number}");
        let name = format!("{id}-{}", "x".repeat(200));
        home.append("many/M.jsonl", &[super::cli_home::call(&id, &name, "claude-opus-5-5")]);
    }
    home.out(&["ingest"]);
    for args in [
        &["report", "session"][..],
        &["report", "session", "--json"],
        &["report", "session", "--csv"],
        &["report", "session", "--md"],
        &["sessions"],
        &["sessions", "--json"],
        &["prices", "list"],
        &["prices", "list", "--json"],
        &["explain", "A"],
        &["completions", "bash"],
        &["man"],
        &["config", "show"],
        &["status"],
        &["cap", "simulate", "--daily", "1"],
    ] {
        for reads in [0, 1] {
            let mut command = home.command(args);
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut pipe = child.stdout.take().unwrap();
            let mut start = vec![0; reads];
            pipe.read_exact(&mut start).unwrap();
            drop(pipe);
            let ran = ended(&child.wait_with_output().unwrap());
            assert_eq!((ran.code, &*ran.err), (0, ""), "{args:?} after {reads} bytes");
        }
    }
}
