//! Two processes on one ledger: one holds the lock, the other reads what is there, or asks.

use std::time::{Duration, Instant};

use spendtop::daemon::{Attempt, InstanceLock, Role};
use spendtop::ledger::Inbox;
use spendtop::model::Millis;
use spendtop::paths;

use super::cli_home::{Home, NOW, call};
use super::cli_upstream::{Body, Server, dearer_opus};

/// Takes the lock, for as long as the value lives; as a collector that has caught up, or as a
/// command that is still at it.
pub fn take(home: &Home, role: Role) -> InstanceLock {
    match InstanceLock::try_take(&paths::lock_of(&home.db()), role).unwrap() {
        Attempt::Held(mut lock) => {
            if role == Role::Collector {
                lock.set_caught_up().unwrap();
            }
            lock
        }
        Attempt::Taken(holder) => panic!("taken by {holder:?}"),
    }
}

fn inbox(home: &Home) -> Inbox {
    Inbox::open(&paths::inbox_of(&home.db())).unwrap()
}

/// A `[[prices.row]]` for a model that no price book has.
pub const OWN_ROW: &str = r#"
[[prices.row]]
provider = "anthropic"
model = "claude-homebrew-1"
input = "2"
output = "4"
"#;

#[test]
fn while_a_collector_holds_the_lock_reading_shows_what_is_there() {
    let home = Home::small();
    home.out(&["ingest"]);
    let lock = take(&home, Role::Collector);
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-opus-5-5")]);
    let started = Instant::now();
    assert_eq!(home.total().0, 3, "only the holder reads transcripts");
    for args in [&["sessions"][..], &["explain", "A"], &["prices", "missing"], &["doctor"]] {
        assert!(matches!(home.run(args).code, 0 | 10), "{args:?}");
    }
    assert!(home.out(&["ingest"]).contains(&format!("(pid {})", std::process::id())));
    assert_eq!(home.json(&["ingest", "--json"])["state"], "collected");
    assert!(started.elapsed() < Duration::from_secs(5), "nobody waits for a collector");
    drop(lock);
    assert_eq!(home.total().0, 4);
}

#[test]
fn while_another_command_is_at_it_reading_waits_a_moment_and_says_so() {
    let home = Home::small();
    home.out(&["ingest"]);
    let _lock = take(&home, Role::Command);
    let started = Instant::now();
    let ran = home.expect(0, &["report", "--json"]);
    assert!(ran.err.contains("another spendtop is still reading"), "{}", ran.err);
    let waited = started.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
}

#[test]
fn a_request_that_nobody_answers_ends_after_two_seconds_with_exit_code_1() {
    let home = Home::small();
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-homebrew-1")]);
    home.out(&["ingest"]);
    let _lock = take(&home, Role::Collector);
    let server = Server::new(Body::Whole(dearer_opus()));
    home.write_config(OWN_ROW);
    for (args, says) in [
        (&["reprice"][..], "claude-homebrew-1"),
        (&["prices", "update", "--url", &server.url()], "claude-opus-5-5"),
    ] {
        let started = Instant::now();
        let ran = home.expect(1, args);
        let waited = started.elapsed();
        assert!(ran.err.contains("has not answered within 2 s"), "{args:?}: {}", ran.err);
        assert!(ran.out.contains(says), "{args:?}: {}", ran.out);
        assert!(!ran.out.contains("Done") && !ran.out.contains("Kept"), "{}", ran.out);
        assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
    }
    // It has not been done, and no JSON may say so.
    let ran = home.expect(1, &["reprice", "--json"]);
    assert!(!ran.out.contains("\"applied\":true"), "{}", ran.out);
    assert_eq!(home.json(&["report", "--json"])["total"]["unpriced_calls"], 1);
    let waiting = inbox(&home).waiting(Millis::parse(NOW).unwrap()).unwrap();
    assert_eq!(waiting.len(), 3, "the requests wait for the holder");
}

#[test]
fn what_was_asked_of_a_holder_that_died_is_done_by_the_next_command() {
    let home = Home::small();
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-homebrew-1")]);
    home.out(&["ingest"]);
    home.write_config(OWN_ROW);
    let lock = take(&home, Role::Collector);
    home.expect(1, &["reprice"]);
    drop(lock);
    assert_eq!(home.json(&["report", "--json"])["total"]["unpriced_calls"], 0);
    assert!(inbox(&home).waiting(Millis(0)).unwrap().is_empty());
}
