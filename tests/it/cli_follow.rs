//! A collector in this process, and the program beside it: what is appended, made, replaced or
//! asked for is noticed.

use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use spendtop::clock::FixedClock;
use spendtop::config::Config;
use spendtop::daemon::{self, Collector, News, Order, Role};
use spendtop::ingest::Root;
use spendtop::model::{AgentId, Millis};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::cli_home::{Home, NOW, call, write};
use super::cli_two::{OWN_ROW, take};
use super::cli_upstream::{Body, Server, dearer_opus};
use super::harness::require;

/// How long a collector may take to notice something, on a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

/// How many folders a user may watch, in this user namespace.
const WATCH_LIMIT: &str = "/proc/sys/user/max_inotify_watches";

/// A collector on a thread of the test.
struct Running {
    stop: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
    news: Receiver<News>,
}

impl Running {
    fn start(home: &Home) -> Self {
        let root = Root { agent: AgentId::Claude, path: home.projects(), developer: "dev".into() };
        let text = std::fs::read_to_string(home.config()).unwrap_or_default();
        let config = Config::parse(&text, &home.config()).unwrap();
        let clock = std::sync::Arc::new(FixedClock(Millis::parse(NOW).unwrap()));
        let mut config = config;
        config.notify.desktop = false;
        let collector = Collector {
            ledger: home.db(),
            roots: vec![root],
            config,
            config_file: None,
            clock,
            role: Role::Collector,
            reload: None,
        };
        let (stop, ordered) = unbounded_channel();
        let (tell, news) = channel();
        let thread = std::thread::spawn(move || {
            daemon::run(&collector, ordered, &mut |news| {
                let _ = tell.send(news);
            });
        });
        let running = Self { stop: Some(stop), thread: Some(thread), news };
        running.wait_until_live();
        running
    }

    /// The collector said that it is not told of changes.
    fn is_unwatched(&self) -> bool {
        matches!(self.news.recv_timeout(NOTICED_WITHIN), Ok(News::Unwatched(_)))
    }

    fn wait_until_live(&self) {
        let deadline = Instant::now() + NOTICED_WITHIN;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.news.recv_timeout(left).unwrap() {
                News::Live => return,
                News::Failed(why) => panic!("{why}"),
                _ => {}
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

#[test]
fn without_watches_left_a_collector_looks_for_changes() {
    // A user namespace of its own: the limit of this one is the machine's.
    let script = format!("echo 2 >{WATCH_LIMIT} && exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", &script, "sh"]);
    let possible = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", &format!("echo 2 >{WATCH_LIMIT}")])
        .output()
        .is_ok_and(|output| output.status.success());
    if !require("user namespaces", possible) {
        return;
    }
    command.arg(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "cli_follow::a_collector_with_two_watches_looks"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by the test above, where only two folders can be watched"]
fn a_collector_with_two_watches_looks() {
    let limit = std::fs::read_to_string(WATCH_LIMIT).unwrap();
    if limit.trim() != "2" {
        return;
    }
    let home = Home::small();
    a_folder_that_comes_later();
    let running = Running::start(&home);
    assert!(running.is_unwatched(), "half a watch is none");
    see(&home, 3);
    home.append("atlas/A.jsonl", &[call("a3", "A", "claude-opus-5-5")]);
    home.append("fresh/F.jsonl", &[call("f1", "F", "claude-opus-5-5")]);
    see(&home, 5);
}

/// The watch can fail long after the start.
fn a_folder_that_comes_later() {
    let home = Home::new();
    let running = Running::start(&home);
    home.append("atlas/A.jsonl", &[call("a1", "A", "claude-opus-5-5")]);
    assert!(running.is_unwatched(), "not said");
    see(&home, 1);
}
