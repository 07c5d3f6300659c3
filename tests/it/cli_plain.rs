//! `spendtop` where no screen can be drawn: the sessions and today's total in plain lines.

use super::cli_home::{Home, call};

const HINT: &str = "This is how it stands now";

/// A home with a call of today, of 4 dollars and 2 cents.
fn today() -> Home {
    let home = Home::small();
    home.append(
        "atlas/A.jsonl",
        &[call("a3", "A", "claude-opus-5-5").at("2026-11-23T09:00:00.000Z")],
    );
    home
}

#[test]
fn sessions_and_todays_total_are_printed_once() {
    let home = today();
    let ran = home.expect(0, &[]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].contains("last activity") && lines[0].contains("cost"), "{}", ran.out);
    assert!(lines[1].contains("2026-11-23 09:00") && lines[2].contains("billing"), "{}", ran.out);
    let said = "Today: $4.02 in 1 call, at list prices of the API; no daily cap is set.";
    assert_eq!(lines.last(), Some(&said));
    assert!(ran.err.starts_with(HINT) && ran.err.lines().count() == 1, "{}", ran.err);
    assert!(!ran.out.contains('\u{1b}'));
    assert_eq!(home.expect(0, &["-q"]).err, "");
}

#[test]
fn the_cap_is_said_and_what_is_a_floor_is_marked() {
    let home = today();
    home.write_config("daily_cap = 20\n");
    let said = "Today: $4.02 of $20.00 (20 %) in 1 call, at list prices of the API.\n";
    assert!(home.expect(0, &[]).out.ends_with(said));
    home.expect(0, &["raise", "daily", "5", "--reason", "the release"]);
    let said = "Today: $4.02 of $25.00 (16 %) in 1 call, at list prices of the API.\n";
    assert!(home.expect(0, &[]).out.ends_with(said), "{}", home.run(&[]).out);
    home.append("atlas/A.jsonl", &[call("a4", "A", "gpt-x").at("2026-11-23T09:01:00.000Z")]);
    let said = "Today: ≥$4.02 of $25.00 (≥16 %) in 2 calls, at list prices of the API; the cap sets \
                $60.27 aside for calls without a price.\n";
    assert!(home.expect(0, &[]).out.ends_with(said), "{}", home.run(&[]).out);
}

#[test]
fn a_long_list_is_cut_to_the_newest() {
    let home = Home::new();
    for number in 0..40 {
        let id = format!("s{number}");
        home.append(&format!("p/{id}.jsonl"), &[call(&id, &id, "claude-opus-5-5")]);
    }
    let out = home.expect(0, &[]).out;
    assert_eq!(out.lines().filter(|line| line.contains("claude-opus-5-5")).count(), 16);
    assert!(
        out.ends_with("Today: $0.00 in 0 calls, at list prices of the API; no daily cap is set.\n")
    );
}

#[test]
fn nothing_at_all_exits_10_as_every_list_does() {
    let home = Home::new();
    assert!(home.expect(10, &[]).out.starts_with("No sessions found."));
    let ran = home.expect(1, &["demo"]);
    assert!(ran.err.contains("the demo needs a terminal"), "{}", ran.err);
    assert!(home.expect(2, &["demo", "--speed", "0"]).err.contains("--speed"));
}
