//! Levels that are reached: latched and told, each once.

use super::*;

#[test]
fn warn_levels_and_the_limit_come_once_and_outlive_a_restart() {
    let home = home("daily_cap = 10\nwarn_at = [0.4, 0.8]\naction = \"flag\"");
    let mut daemon = Daemon::start(&home);
    home.append("p/A.jsonl", &[spending("a1", "A")]);
    told(&home, "$4.02 of $10.00");
    home.append("p/A.jsonl", &[spending("a2", "A")]);
    told(&home, "$8.04 of $10.00");
    home.append("p/A.jsonl", &[spending("a3", "A")]);
    told(&home, "$12.06 of $10.00");
    assert_eq!(actions_of(&home, "warn").len(), 2);
    let breach = actions_of(&home, "breach");
    assert_eq!(breach.len(), 1);
    assert_eq!(breach[0]["overshoot_usd"], "2.060000000000");
    assert_eq!(breach[0]["session_id"], "A");
    assert!(breach[0]["latency_ms"].as_i64().unwrap() < 5_000, "{breach:?}");
    until("the flag", || actions_of(&home, "flag").len() == 1);
    assert_eq!(json_now(&home, &["status", "--json"])["marks"][0]["session_id"], "A");

    let before = notices(&home);
    assert_eq!(daemon.end(Signal::TERM).0, Some(0));
    let _again = Daemon::start(&home);
    home.append("p/A.jsonl", &[spending("a4", "A")]);
    // The next session's flag comes after whatever would have been told again.
    home.append("p/B.jsonl", &[spending("b1", "B")]);
    until("the flag of the other", || actions_of(&home, "flag").len() == 2);
    assert_eq!(actions_of(&home, "warn").len(), 2);
    assert_eq!(actions_of(&home, "breach").len(), 1);
    let over = before.iter().filter(|title| title.contains("of $10.00")).count();
    assert_eq!(times_told(&home, "of $10.00"), over);
    assert_eq!(run_now(&home, &["status"]).code, 4);
}

#[test]
fn history_that_broke_a_cap_does_nothing() {
    let home = home("daily_cap = 10\naction = \"kill\"\nsession_alert_usd = 1000");
    let long_ago = now() - jiff::SignedDuration::from_hours(31 * 24);
    let long_ago = long_ago.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let old = |id: &str| call(id, "old", "claude-opus-5-5").at(&long_ago);
    home.append("p/old.jsonl", &["o1", "o2", "o3", "o4"].map(old));
    let _daemon = Daemon::start(&home);
    // Once more while it runs.
    home.append("p/old.jsonl", &["o5", "o6", "o7"].map(old));
    counted(&home, 7);
    let ran = run_now(&home, &["actions", "--json"]);
    assert_eq!(ran.code, 10, "{ran:?}");
    assert_eq!(notices(&home), Vec::<String>::new());
}

#[test]
fn a_dear_session_and_a_model_without_price_are_told_once() {
    let home = home("session_alert_usd = 6");
    let _daemon = Daemon::start(&home);
    let strange = |id: &str| spending(id, "U").model("claude-homebrew-1");
    for number in 0..4 {
        home.append("p/A.jsonl", &[spending(&format!("a{number}"), "A")]);
        home.append("p/U.jsonl", &[strange(&format!("u{number}"))]);
        counted(&home, (number + 1) * 2);
    }
    told(&home, "a session has cost $8.04");
    told(&home, "no price for claude-homebrew-1");
    // What comes after them.
    home.append("p/V.jsonl", &[spending("v1", "V").model("claude-homebrew-2")]);
    told(&home, "no price for claude-homebrew-2");
    assert_eq!(times_told(&home, "a session has cost"), 1);
    assert_eq!(times_told(&home, "claude-homebrew-1"), 1);
}
