//! Two processes on one ledger: one holds the lock, the other reads what is there, or asks.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use spendtop::clock::FixedClock;
use spendtop::config::Config;
use spendtop::daemon::{self, Attempt, Collector, InstanceLock, News, Role};
use spendtop::ingest::Root;
use spendtop::ledger::Inbox;
use spendtop::model::{AgentId, Millis};
use spendtop::paths;
use tokio::sync::oneshot;

use super::cli_home::{Home, NOW, call, write};
use super::cli_upstream::{Body, Server, dearer_opus};

/// How long a collector may take to notice something, on a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

fn take(home: &Home, role: Role) -> InstanceLock {
    match InstanceLock::try_take(&paths::lock_of(&home.db()), role).unwrap() {
        Attempt::Held(lock) => lock,
        Attempt::Taken(holder) => panic!("taken by {holder:?}"),
    }
}

fn inbox(home: &Home) -> Inbox {
    Inbox::open(&paths::inbox_of(&home.db())).unwrap()
}

/// A `[[prices.row]]` for a model that no price book has.
const OWN_ROW: &str = r#"
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

/// A collector on a thread of the test.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    news: Receiver<News>,
}

impl Running {
    fn start(home: &Home) -> Self {
        let root = Root { agent: AgentId::Claude, path: home.projects(), developer: "dev".into() };
        let text = std::fs::read_to_string(home.config()).unwrap_or_default();
        let config = Config::parse(&text, &home.config()).unwrap();
        let clock = std::sync::Arc::new(FixedClock(Millis::parse(NOW).unwrap()));
        let collector = Collector { ledger: home.db(), roots: vec![root], config, clock };
        let (stop, stopped) = oneshot::channel();
        let (tell, news) = channel();
        let thread = std::thread::spawn(move || {
            daemon::run(&collector, stopped, &mut |news| {
                let _ = tell.send(news);
            });
        });
        let running = Self { stop: Some(stop), thread: Some(thread), news };
        running.wait_for(|news| matches!(news, News::Live { .. }));
        running
    }

    fn wait_for(&self, wanted: impl Fn(&News) -> bool) {
        let deadline = Instant::now() + NOTICED_WITHIN;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let news = self.news.recv_timeout(left).unwrap();
            assert!(!matches!(news, News::Failed(_)), "{news:?}");
            if wanted(&news) {
                return;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
            let news: Vec<News> = self.news.try_iter().collect();
            assert!(!news.iter().any(|news| matches!(news, News::Failed(_))), "{news:?}");
        }
    }
}

/// Waits until the report shows this many calls.
#[track_caller]
fn see(home: &Home, calls: u64) {
    let deadline = Instant::now() + NOTICED_WITHIN;
    while home.total().0 != calls {
        assert!(Instant::now() < deadline, "{:?}, not {calls} calls", home.total());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_collector_notices_lines_files_folders_and_replacements() {
    let home = Home::small();
    let _running = Running::start(&home);
    assert_eq!(home.json(&["ingest", "--json"])["state"], "collected");
    see(&home, 3);
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-opus-5-5")]);
    see(&home, 4);
    // Half a line is no call; its other half makes it one.
    let text = call("a4", "A", "claude-opus-5-5").text() + "\n";
    let (first, second) = text.as_bytes().split_at(200);
    home.append_bytes("atlas/A.jsonl", first);
    home.append("atlas/new.jsonl", &[call("n1", "N", "claude-opus-5-5")]);
    see(&home, 5);
    home.append_bytes("atlas/A.jsonl", second);
    see(&home, 6);
    // A project that was not there before, and a folder in it.
    home.append("fresh/F.jsonl", &[call("f1", "F", "claude-opus-5-5")]);
    see(&home, 7);
    home.append(
        "fresh/F/subagents/agent-1.jsonl",
        &[call("f2", "F", "claude-opus-5-5").sidechain("1")],
    );
    see(&home, 8);
    // Another file in the place of one: what that one said stays.
    let replaced = home.projects().join("atlas/new.jsonl");
    let other = home.path("other.jsonl");
    write(&other, &(call("n2", "N", "claude-opus-5-5").text() + "\n"));
    std::fs::rename(&other, &replaced).unwrap();
    see(&home, 9);
    // Rewritten in place, shorter.
    write(&replaced, &(call("n3", "N", "claude-opus-5-5").text() + "\n"));
    see(&home, 10);
    std::fs::remove_file(&replaced).unwrap();
    home.append("atlas/A.jsonl", &[call("a5", "A", "claude-opus-5-5")]);
    see(&home, 11);
}

#[test]
fn a_collector_reprices_and_keeps_a_book_when_asked() {
    let home = Home::small();
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-homebrew-1")]);
    home.out(&["ingest"]);
    home.write_config(OWN_ROW);
    let _running = Running::start(&home);
    assert_eq!(home.json(&["report", "--json"])["total"]["unpriced_calls"], 1);
    assert!(home.out(&["reprice"]).contains("Done."));
    assert_eq!(home.json(&["report", "--json"])["total"]["unpriced_calls"], 0);

    let before = home.total().1;
    let server = Server::new(Body::Whole(dearer_opus()));
    assert!(home.out(&["prices", "update", "--url", &server.url()]).contains("Kept."));
    assert_eq!(home.total().1, before, "what was charged stays charged");
    let new = call("a4", "A", "claude-opus-5-5").at("2026-11-24T00:00:00.000Z");
    home.append("atlas/A.jsonl", &[new]);
    see(&home, 5);
    let explained = home.json(&["explain", "msg_01a4", "--json"]);
    assert_eq!(explained["calls"][0]["charge"]["cost_usd"], "5.020000000000");
}

#[test]
fn a_collector_does_at_its_start_what_was_asked_before() {
    let home = Home::small();
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-homebrew-1")]);
    home.out(&["ingest"]);
    home.write_config(OWN_ROW);
    let lock = take(&home, Role::Collector);
    home.expect(1, &["reprice"]);
    drop(lock);
    let _running = Running::start(&home);
    let deadline = Instant::now() + Duration::from_secs(5);
    while home.json(&["report", "--json"])["total"]["unpriced_calls"] != 0 {
        assert!(Instant::now() < deadline, "it waits for something else to happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_collector_without_transcripts_folder_finds_it_once_it_is_made() {
    let home = Home::new();
    let _running = Running::start(&home);
    home.append("atlas/A.jsonl", &[call("a1", "A", "claude-opus-5-5")]);
    // The sweep is what finds it.
    let deadline = Instant::now() + Duration::from_secs(25);
    while home.total().0 != 1 {
        assert!(Instant::now() < deadline, "never found");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(Path::exists(&home.db()));
}

#[test]
fn a_second_collector_waits_until_the_first_has_gone() {
    let home = Home::small();
    let lock = take(&home, Role::Collector);
    let started = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        drop(lock);
    });
    let running = Running::start(&home);
    started.join().unwrap();
    see(&home, 3);
    drop(running);
    assert_eq!(home.json(&["ingest", "--json"])["state"], "caught_up", "the lock is free again");
}
