//! What the screen takes over many sessions: the first look at the ledger, a look after a call, and
//! a frame.
//!
//! `cargo bench --bench screen [-- SESSIONS]`, 10,000 of them by default, 16 calls each.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;
use spendtop::config::Config;
use spendtop::daemon::{Book, catch_up};
use spendtop::ingest::Root;
use spendtop::ledger::Writer;
use spendtop::model::{AgentId, Millis, PicoUsd};
use spendtop::policy::Cap;
use spendtop::tui::{Action, App, Command, Facts, Follower, Look, Setting, draw};

const CALLS: u64 = 16;
const NOW: Millis = Millis(1_795_435_200_000);
const MINUTE: i64 = 60_000;

fn main() {
    let sessions = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let projects = folder.path().join("projects");
    for session in 0..sessions {
        let lines = (0..CALLS).map(|call| line(session, session * CALLS + call, session as i64));
        write(&projects, session, &lines.collect::<String>());
    }
    let db = folder.path().join("ledger.db");
    ingest(&db, &projects);
    let mut app = App::new(setting(), Look::default(), NOW);
    let mut follower = Follower::new(facts(&db, &projects));
    follower.ask(app.question().unwrap());
    println!("{sessions} sessions, {} calls; ms", sessions * CALLS);
    let mut picture = None;
    say("first look", &[time(|| picture = follower.look(NOW))]);
    say("taken in", &[time(|| assert!(app.update(picture.take().unwrap())))]);
    let mut looks = Vec::new();
    let mut taken = Vec::new();
    for number in 0..20 {
        // Now and then of a session that was not there before.
        let session = sessions - 1 + number / 5;
        write(&projects, session, &line(session, sessions * CALLS + number, 0));
        ingest(&db, &projects);
        looks.push(time(|| picture = follower.look(NOW)));
        taken.push(time(|| assert!(app.update(picture.take().unwrap()))));
    }
    say("look after a call", &looks);
    say("taken in", &taken);
    for (columns, rows) in [(80, 24), (120, 40), (240, 80)] {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let frames: Vec<Duration> = (0..200)
            .map(|_| {
                app.update(Action::Command(Command::Down));
                time(|| {
                    terminal.draw(|frame| draw(frame, &app)).unwrap();
                })
            })
            .collect();
        say(&format!("frame of {columns}x{rows}"), &frames);
    }
    let sorted: Vec<Duration> =
        (0..20).map(|_| time(|| assert!(app.update(Action::Command(Command::Reverse))))).collect();
    say("reverse", &sorted);
}

fn line(session: u64, call: u64, minutes_ago: i64) -> String {
    let at = Millis(NOW.0 - minutes_ago * 3 * MINUTE - 1);
    let model = ["claude-opus-5-5", "claude-sonnet-5-5"][session as usize % 2];
    let record = json!({
        "type": "assistant",
        "uuid": format!("u{call}"),
        "requestId": format!("req_{call:024}"),
        "timestamp": at.timestamp().to_string(),
        "sessionId": format!("session-{session}"),
        "cwd": format!("/w/project-{}", session % 200),
        "gitBranch": format!("branch-{}", session % 7),
        "message": {
            "id": format!("msg_01{call:022}"),
            "model": model,
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 100, "cache_read_input_tokens": 14_800, "output_tokens": 300},
        },
    });
    let mut text = String::new();
    writeln!(text, "{record}").unwrap();
    text
}

fn write(projects: &Path, session: u64, text: &str) {
    let folder = projects.join(format!("-w-project-{}", session % 200));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("session-{session}.jsonl"));
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn ingest(db: &Path, projects: &Path) {
    let mut writer = Writer::open(db).unwrap();
    let root =
        Root { agent: AgentId::Claude, path: projects.to_owned(), developer: Arc::from("maya") };
    let book = Book::with_user_prices(Book::base(None), &Config::default()).unwrap();
    catch_up(&mut writer, &[root], &mut book.pricing(NOW), &mut |_| {}).unwrap();
}

fn setting() -> Setting {
    Setting {
        developer: Arc::from("maya"),
        on_plan: false,
        zone: TimeZone::UTC,
        looked_at: Vec::new(),
        config_file: String::new(),
        label: None,
    }
}

fn facts(db: &Path, projects: &Path) -> Facts {
    Facts {
        db: db.to_owned(),
        lock: db.with_extension("lock"),
        developer: Arc::from("maya"),
        zone: TimeZone::UTC,
        caps: vec![Arc::new(Cap::daily(PicoUsd::from_dollars(20)))],
        include_unlogged: false,
        book: Book::base(None),
        roots: vec![(AgentId::Claude, projects.to_owned())],
        setup: Arc::default(),
    }
}

fn time(run: impl FnOnce()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

fn say(what: &str, times: &[Duration]) {
    let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what:<24} {middle:>8.2} median {most:>8.2} most");
}
