//! `status` and `cap`: what is told of the caps, and by which exit code.

use super::cli_home::{Home, call};
use super::cli_two::take;
use spendtop::daemon::Role;

const CAPS: &str = r#"
daily_cap = 20
action = "block"
[[cap]]
name = "shop"
scope = "project"
pattern = "~/shop"
period = "week"
limit = 100
"#;

/// Four dollars and two cents at ten o'clock today.
fn opus(id: &str, session: &str) -> super::claude_lines::Line {
    call(id, session, "claude-opus-5-5").at("2026-11-23T10:00:00.000Z")
}

/// A home with caps, and this many calls of today.
fn home(calls: usize) -> Home {
    let home = Home::new();
    home.write_config(CAPS);
    for number in 0..calls {
        home.append("atlas/A.jsonl", &[opus(&format!("c{number}"), "A")]);
    }
    home
}

#[test]
fn status_tells_today_against_each_cap_by_its_exit_code_too() {
    for (calls, code, level, short) in [
        (0, 0, "ok", "$0/$20 0%\n"),
        (1, 0, "ok", "$4.02/$20 20%\n"),
        (3, 3, "warning", "$12.06/$20 60%\n"),
        (5, 4, "over", "$20.10/$20 100%\n"),
    ] {
        let home = home(calls);
        assert_eq!(home.expect(code, &["status", "--short"]).out, short);
        let ran = home.expect(code, &["status", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&json["schema"], &json["level"]), (&"spendtop.status/1".into(), &level.into()));
        assert_eq!(json["caps"][0]["over"], calls == 5);
        assert_eq!(json["collector"]["running"], false);
        let text = home.expect(code, &["status"]).out;
        assert!(text.contains("of $20.00 today · daily: block"), "{text}");
        assert!(text.contains("collector   not running"), "{text}");
        assert_eq!(text.contains("OVER"), calls == 5, "{text}");
        home.expect(code, &["cap", "check"]);
    }
}

#[test]
fn status_is_of_use_without_a_cap_and_without_transcripts() {
    let home = Home::new();
    let text = home.out(&["status"]);
    assert!(
        text.starts_with("spent today  $0.00\nNo cap is set: `daily_cap = 20` in ~/"),
        "{text}"
    );
    assert_eq!(home.out(&["status", "--short"]), "$0.00\n");
    assert_eq!(home.json(&["status", "--json"])["caps"], serde_json::json!([]));
    assert!(home.expect(10, &["cap", "list"]).out.starts_with("No cap is set"));
    assert!(home.out(&["cap", "check"]).starts_with("No cap is set"));
    assert!(home.expect(10, &["cap", "simulate", "--daily", "20"]).out.contains("0 days"));
    assert!(home.expect(10, &["actions"]).out.starts_with("Nothing was done"));
}

#[test]
fn status_names_the_collector_and_how_far_behind_it_is() {
    let home = home(1);
    home.out(&["ingest"]);
    let lock = take(&home, Role::Collector);
    home.append("atlas/A.jsonl", &[opus("late", "A")]);
    let json = home.json(&["status", "--json"]);
    let collector = &json["collector"];
    assert_eq!(
        (&collector["running"], &collector["pid"]),
        (&true.into(), &std::process::id().into())
    );
    assert_eq!(collector["behind_files"], 1);
    assert!(collector["behind_bytes"].as_u64().unwrap() > 100);
    let text = home.out(&["status"]);
    assert!(text.contains(&format!("running, pid {}", std::process::id())), "{text}");
    assert!(text.contains("bytes in 1 file"), "{text}");
    drop(lock);
    assert_eq!(home.json(&["status", "--json"])["spent_today_usd"], "8.040000000000");
}

#[test]
fn a_live_session_whose_hook_never_called_is_unprotected() {
    let home = home(0);
    home.append("atlas/A.jsonl", &[opus("a", "A"), opus("b", "B").at("2026-11-23T11:55:00.000Z")]);
    assert_eq!(home.json(&["status", "--json"])["unprotected"], serde_json::json!(["B"]));
    assert!(home.out(&["status"]).contains("\nunprotected B  "));
    home.write_config("daily_cap = 20\n");
    assert_eq!(home.json(&["status", "--json"])["unprotected"], serde_json::json!([]));
}

#[test]
fn cap_list_has_a_row_for_each_subject_and_for_a_cap_that_nothing_counts_towards() {
    let home = home(3);
    let cwd = home.path("home/shop");
    home.append("shop/S.jsonl", &[opus("s", "S").with("cwd", &cwd.to_str().unwrap().into())]);
    let rows = home.json(&["cap", "list", "--json"])["rows"].clone();
    assert_eq!((&rows[0]["cap"], &rows[0]["subject"]), (&"daily".into(), &Home::login().into()));
    assert_eq!((&rows[0]["percent"], &rows[0]["level"]), (&80.into(), &0.8.into()));
    assert_eq!(
        (&rows[0]["spent_usd"], &rows[0]["action"]),
        (&"16.080000000000".into(), &"block".into())
    );
    // The pattern's `~` is the home.
    assert_eq!(
        (&rows[1]["cap"], &rows[1]["subject"]),
        (&"shop".into(), &cwd.to_str().unwrap().into())
    );
    assert_eq!(rows[1]["resets_at"], "2026-11-30T00:00:00Z");
    let table = home.out(&["cap", "list"]);
    for part in ["daily", "$16.08", "$20.00", "80 %", "block", "00:00", "Mon 30 Nov 00:00"] {
        assert!(table.contains(part), "{part} in {table}");
    }
    let home = self::home(0);
    let rows = home.json(&["cap", "list", "--json"])["rows"].clone();
    assert_eq!((&rows[1]["cap"], &rows[1]["subject"]), (&"shop".into(), &serde_json::Value::Null));
}

#[test]
fn cap_check_says_what_each_cap_means() {
    let home = home(5);
    let text = home.expect(4, &["cap", "check"]).out;
    assert!(text.contains("daily: each developer may use $20.00 a day; you are told at"), "{text}");
    let over = format!("    OVER: {}, $20.10 of $20.00 today\n", Home::login());
    assert!(text.contains(&over), "{text}");
    home.write_config("daily_cap = 20\nwarn_at = [80]\n");
    assert!(home.expect(2, &["cap", "check"]).err.contains("config.toml:2: warn_at"));
    // `config show` has the same sentence.
    home.write_config(CAPS);
    assert!(home.out(&["config", "show"]).contains("cap         daily: each developer may use"));
    let shown = home.json(&["config", "show", "--json"]);
    assert_eq!(shown["caps"][1]["pattern"], home.path("home/shop").to_str().unwrap());
}

#[test]
fn a_reserve_counts_and_is_told_as_reserve() {
    let home = home(1);
    let homebrew = call("h", "A", "claude-homebrew-1").at("2026-11-23T10:00:00.000Z");
    home.append("atlas/A.jsonl", &[homebrew]);
    let ran = home.expect(3, &["status", "--json"]);
    let cap = serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["caps"][0].clone();
    assert_eq!(cap["spent_usd"], "4.020000000000");
    let reserve: f64 = cap["reserve_usd"].as_str().unwrap().parse().unwrap();
    let counted: f64 = cap["counted_usd"].as_str().unwrap().parse().unwrap();
    assert!(reserve > 6.0 && (counted - reserve - 4.02).abs() < 1e-9, "{cap}");
    assert!(home.expect(3, &["status"]).out.contains("set aside for calls without a price"));
    assert!(home.out(&["report"]).contains("$4.02"), "a reserve is never spend");
}

#[test]
fn simulate_tells_which_days_a_cap_would_have_ended() {
    let home = home(0);
    for (number, hour) in [9, 10, 11, 22, 23].into_iter().enumerate() {
        let at = format!("2026-11-20T{hour:02}:00:00.000Z");
        home.append("atlas/A.jsonl", &[opus(&format!("c{number}"), "A").at(&at)]);
    }
    home.append("atlas/B.jsonl", &[opus("b", "B").at("2026-11-21T09:00:00.000Z")]);
    let args = ["cap", "simulate", "--daily", "8.04", "--since", "30d", "--json"];
    let json = home.json(&args);
    assert_eq!((&json["days"], &json["days_hit"]), (&2.into(), &1.into()));
    assert_eq!(
        (&json["sessions_stopped"], &json["avoided_usd"]),
        (&1.into(), &"12.060000000000".into())
    );
    assert_eq!(
        (&json["rows"][0]["day"], &json["rows"][0]["local_hour"]),
        (&"2026-11-20".into(), &10.into())
    );
    // Two of the five were made on the next day of Berlin, and one more with the other session.
    let berlin = [&args[..6], &["--tz", "Asia/Tokyo", "--json"]].concat();
    assert_eq!(home.json(&berlin)["rows"][0]["local_hour"], 19);
    let text = home.out(&args[..6]);
    assert!(text.contains("would have been hit on 1 day of 2 days with calls"), "{text}");
    assert!(text.contains("1 session stopped, $12.06 of $24.12 avoided"), "{text}");
    for wrong in ["0", "-1", "lots"] {
        home.expect(2, &["cap", "simulate", &format!("--daily={wrong}")]);
    }
}

#[test]
fn on_a_plan_dollars_are_called_value() {
    let home = home(1);
    let login = r#"{"oauthAccount":{"billingType":"stripe_subscription"},"primaryApiKey":"sk"}"#;
    super::cli_home::write(&home.path("home/.claude.json"), login);
    assert!(home.out(&["status"]).starts_with("value today  $4.02\n"));
    assert_eq!(home.json(&["status", "--json"])["account"], "subscription");
    for args in [&["report"][..], &["sessions"], &["cap", "list"], &["report", "--md"]] {
        let table = home.out(args);
        assert!(table.contains("value") && !table.contains("cost"), "{args:?}: {table}");
    }
    let explained = home.json(&["sessions", "--json"])["rows"][0]["session_id"].clone();
    let explained = ["explain", explained.as_str().unwrap()];
    assert!(home.out(&explained).starts_with("value at list prices of the API"));
    home.write_config("account = \"api\"\n");
    assert!(home.out(&["status"]).starts_with("spent today  $4.02\n"));
    assert!(home.out(&["report"]).contains("cost"));
}

#[test]
fn doctor_names_folders_of_another_user() {
    let home = Home::small();
    let mine = home.json(&["doctor", "--json"])["findings"].clone();
    assert!(mine.as_array().unwrap().iter().all(|finding| finding["kind"] != "foreign_root"));
    // Only the superuser can give a folder away.
    if rustix::process::getuid().is_root() {
        std::os::unix::fs::chown(home.projects(), Some(12345), None).unwrap();
        let found = home.json(&["doctor", "--json"]);
        let findings = found["findings"].as_array().unwrap();
        let foreign = findings.iter().find(|finding| finding["kind"] == "foreign_root").unwrap();
        assert_eq!(foreign["items"], serde_json::json!([home.projects().to_str().unwrap()]));
        assert_eq!(found["ok"], true, "a hint");
    }
}
