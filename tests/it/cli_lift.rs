//! What a person does by hand: `snooze`, `raise`, `flag`, `block`, `unblock`; kept in `actions`.

use std::fs;
use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spendtop::daemon::{Role, store_notes};
use spendtop::enforce::{Kernel, ProcessTable, agent_ancestor};
use spendtop::ledger::{Inbox, Writer};
use spendtop::paths;

use super::cli_home::{Home, NOW, call, ran};
use super::cli_two::take;
use super::harness::require;
use super::tui::terminal::Seat;

/// A home over its daily cap.
fn over() -> Home {
    let home = Home::new();
    home.write_config("daily_cap = 4\naction = \"block\"\n[[cap]]\nname = \"month\"\nperiod = \"month\"\nlimit = 100\n");
    for (id, session) in [("a", "aaaa-1"), ("b", "aaab-2")] {
        let call = call(id, session, "claude-opus-5-5").at("2026-11-23T10:00:00.000Z");
        home.append(&format!("atlas/{session}.jsonl"), &[call]);
    }
    home.expect(4, &["status"]);
    home
}

/// These commands refuse to work inside an agent, where the tests may run too.
fn outside() -> bool {
    let table = Kernel::new();
    let inside = agent_ancestor(&table, table.own().pid).is_some();
    require("tests that do not run inside an agent", !inside)
}

fn daily(home: &Home) -> Value {
    home.json(&["cap", "list", "--json"])["rows"][0].clone()
}

#[test]
fn a_snooze_is_kept_with_who_and_why() {
    if !outside() {
        return;
    }
    let home = over();
    let said = home.out(&["snooze", "daily", "--for", "1h30m", "--reason", "the release"]);
    assert_eq!(said, "daily is snoozed until 2026-11-23 13:30.\n");
    assert_eq!(daily(&home)["snoozed_until"], "2026-11-23T13:30:00Z");
    assert!(home.expect(4, &["status"]).out.contains("snoozed until 13:30"));
    let rows = home.json(&["actions", "--json"])["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!((&rows[0]["kind"], &rows[0]["cap"]), (&"snooze".into(), &"daily".into()));
    assert_eq!(
        (&rows[0]["by"], &rows[0]["evidence"]),
        (&Home::login().into(), &"the release".into())
    );
    let row = format!("cap daily  snoozed until 2026-11-23 13:30  by {}\n", Home::login());
    assert!(home.out(&["actions"]).contains(&row));
    for (until, at) in [("18:05", "2026-11-23 18:05"), ("09:00", "2026-11-24 09:00")] {
        let said = home.out(&["snooze", "daily", "--until", until, "--reason", "x"]);
        assert!(said.ends_with(&format!("until {at}.\n")), "{said}");
    }
}

#[test]
fn a_raise_holds_until_the_period_ends() {
    if !outside() {
        return;
    }
    let home = over();
    let said = home.out(&["raise", "daily", "10.50", "--reason", "the release"]);
    assert_eq!(said, "daily is raised by $10.50 until 2026-11-24 00:00.\n");
    assert_eq!(daily(&home)["limit_usd"], "14.500000000000");
    assert_eq!(daily(&home)["configured_limit_usd"], "4.000000000000");
    home.expect(3, &["status"]);
    let said = home.out(&["raise", "month", "$5", "--reason", "x"]);
    assert_eq!(said, "month is raised by $5.00 until 2026-12-01 00:00.\n");
    // The next day is the config's again.
    let mut tomorrow =
        home.command_now(&["cap", "list", "--json", "--now", "2026-11-24T12:00:00Z"]);
    let out = tomorrow.output().unwrap().stdout;
    let json: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(json["rows"][0]["limit_usd"], "4.000000000000");
    assert_eq!(json["rows"][1]["limit_usd"], "105.000000000000");
}

#[test]
fn what_lifts_a_cap_needs_a_cap_a_reason_and_an_end() {
    let home = over();
    for (args, says) in [
        (&["snooze", "daily", "--for", "1h"][..], "--reason"),
        (&["snooze", "daily", "--reason", "x"], "--for"),
        (&["snooze", "daily", "--for", "1h", "--reason", " "], "--reason"),
        (&["snooze", "daly", "--for", "1h", "--reason", "x"], "did you mean \"daily\"?"),
        (&["snooze", "zzz", "--for", "1h", "--reason", "x"], "`spendtop cap list` names them"),
        (&["snooze", "daily", "--for", "an hour", "--reason", "x"], "use 30m, 1h"),
        (&["snooze", "daily", "--for", "0m", "--reason", "x"], "use 30m, 1h"),
        (&["snooze", "daily", "--for", "é", "--reason", "x"], "use 30m, 1h"),
        (&["snooze", "daily", "--until", "2026-11-22", "--reason", "x"], "is over already"),
        (&["snooze", "daily", "--until", "late", "--reason", "x"], "use 18:00"),
        (&["raise", "daily", "--reason", "x"], "<DOLLARS>"),
        (&["raise", "daily", "0", "--reason", "x"], "more than 0"),
        (&["raise", "daily", "ten", "--reason", "x"], "not a decimal number"),
        (&["raise", "daily", "10"], "--reason"),
    ] {
        let ran = home.expect(2, args);
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
    home.expect(10, &["actions"]);
}

#[test]
fn an_agent_cannot_lift_the_cap_that_holds_it() {
    let home = over();
    let bin = home.path("opt/bin");
    fs::create_dir_all(&bin).unwrap();
    let claude = bin.join("claude");
    fs::copy(fs::canonicalize("/bin/sh").unwrap(), &claude).unwrap();
    let spendtop = env!("CARGO_BIN_EXE_spendtop");
    for lift in [
        "snooze daily --for 1h --reason x",
        "raise daily 10 --reason x",
        "unblock aaaa --yes",
        "block aaaa --yes",
    ] {
        // Through another shell, as an agent's tools run commands.
        let script = format!("/bin/sh -c '{spendtop} {lift} --now {NOW}; exit $?'; exit $?");
        let mut command = Command::new(&claude);
        command.env_clear().env("HOME", home.path("home")).env("USER", "dev").env("TZ", "UTC");
        command.args(["-c", &script]);
        let ran = ran(command);
        assert_eq!(ran.code, 1, "{lift}: {} {}", ran.out, ran.err);
        assert!(ran.err.contains("an agent may not") && ran.out.is_empty(), "{}", ran.err);
    }
    home.expect(10, &["actions"]);
    assert_eq!(daily(&home)["snoozed_until"], Value::Null);
}

#[test]
fn what_is_left_for_a_holder_is_done_when_it_has_taken_it() {
    if !outside() {
        return;
    }
    let home = over();
    let lock = take(&home, Role::Collector);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let inbox = Inbox::open(&paths::inbox_of(&home.db())).unwrap();
            let mut writer = Writer::open(&home.db()).unwrap();
            while !ended.load(Ordering::Relaxed) {
                store_notes(&inbox, &mut writer, &[]).unwrap();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let started = Instant::now();
        home.out(&["snooze", "daily", "--for", "1h", "--reason", "x"]);
        assert!(started.elapsed() < Duration::from_secs(2), "it was taken");
        ended.store(true, Ordering::Relaxed);
    });
    assert_ne!(daily(&home)["snoozed_until"], Value::Null);
    // A holder that does not take it: it stays, and the next one who writes does it, once.
    let ran = home.expect(1, &["raise", "daily", "10", "--reason", "x"]);
    assert!(ran.err.contains("stays in its inbox") && ran.out.is_empty(), "{}", ran.err);
    assert_eq!(daily(&home)["limit_usd"], "4.000000000000");
    drop(lock);
    assert_eq!(daily(&home)["limit_usd"], "14.000000000000");
    assert_eq!(home.json(&["actions", "--json"])["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn the_same_word_twice_is_one() {
    let home = over();
    let inbox = Inbox::open(&paths::inbox_of(&home.db())).unwrap();
    let lift: spendtop::model::Note = serde_json::from_value(json!({"lift": {
        "cap": "daily", "what": {"raise": {"amount": 1_000_000_000_000_i64,
        "until": 1_795_478_400_000_i64}}, "at": 1_795_430_000_000_i64, "reason": "x", "by": "dev",
    }}))
    .unwrap();
    for _ in 0..2 {
        inbox.leave(&lift, spendtop::model::Millis(0)).unwrap();
    }
    assert_eq!(daily(&home)["limit_usd"], "5.000000000000");
}

#[test]
fn a_session_is_marked_by_hand_and_every_list_shows_it() {
    if !outside() {
        return;
    }
    let home = over();
    let dry = home.out(&["block", "aaaa", "--dry-run"]);
    assert!(dry.starts_with("Would block session aaaa-1 ($4.02 in proj): "), "{dry}");
    let ran = home.expect(2, &["block", "aaaa"]);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    let ran = home.expect(2, &["block", "aaa", "--yes"]);
    assert!(ran.err.contains("aaaa-1, aaab-2"), "{}", ran.err);
    home.expect(2, &["block", "zzz", "--yes"]);
    home.expect(2, &["flag", "", "--yes"]);
    home.expect(10, &["unblock", "aaaa", "--yes"]);
    home.expect(10, &["actions"]);
    assert!(!home.out(&["sessions"]).contains("mark"));

    assert!(home.out(&["flag", "aaaa", "--yes"]).starts_with("Done: flag session aaaa-1"));
    home.out(&["block", "aaaa", "--yes", "--reason", "it loops"]);
    for args in [&["sessions"][..], &["report", "session"], &["report", "session", "--md"]] {
        let table = home.out(args);
        assert!(table.contains("mark") && table.contains("blocked"), "{args:?}: {table}");
    }
    for args in [&["sessions", "--json"][..], &["report", "session", "--json"]] {
        let json = home.json(args);
        let rows = json["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["session_id"] == "aaaa-1").unwrap();
        assert_eq!(row["marks"], json!(["flagged", "blocked"]), "{args:?}");
    }
    let ran = home.expect(4, &["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.out).unwrap();
    let marks = status["marks"].as_array().unwrap();
    let block = marks.iter().find(|mark| mark["action"] == "block").unwrap();
    assert_eq!((&block["reason"], &block["by"]), (&"it loops".into(), &Home::login().into()));

    home.out(&["unblock", "aaaa-1", "--yes"]);
    assert!(!home.out(&["sessions"]).contains("blocked"));
    let json = home.json(&["actions", "--json", "-n", "2"]);
    let kinds: Vec<_> = json["rows"].as_array().unwrap().iter().map(|row| &row["kind"]).collect();
    assert_eq!(kinds, ["unblock", "block"]);
    home.expect(10, &["actions", "--since", "2026-11-24"]);
}

#[test]
fn on_a_terminal_a_person_is_asked() {
    if !outside() {
        return;
    }
    let home = over();
    for (typed, said, marks) in [("n\n", "Nothing was done.", 0), ("y\n", "Done: flag", 1)] {
        let mut seat = Seat::new(&home, &["flag", "aaaa", "--now", NOW]);
        seat.expect("Type y to go on: ");
        seat.keyboard.write_all(typed.as_bytes()).unwrap();
        assert_eq!(seat.program.wait().unwrap().code(), Some(0));
        seat.expect(said);
        let ran = home.expect(4, &["status", "--json"]);
        let status: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(status["marks"].as_array().unwrap().len(), marks);
    }
}

#[test]
fn a_live_screen_takes_what_is_left_for_it() {
    if !outside() {
        return;
    }
    let home = over();
    let mut seat = Seat::new(&home, &["--now", NOW]);
    seat.expect("live");
    home.out(&["snooze", "daily", "--for", "1h", "--reason", "x"]);
    assert_ne!(daily(&home)["snoozed_until"], Value::Null);
    seat.keyboard.write_all(b"q").unwrap();
    assert_eq!(seat.program.wait().unwrap().code(), Some(0));
}
