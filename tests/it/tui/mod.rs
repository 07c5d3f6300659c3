//! The screen: what a person sees, drawn from real ledgers.

mod activity;
mod app;
mod caps;
mod days;
mod health;
mod models;
mod pictures;
mod projects;
mod screens;
mod session;
mod states;
pub(crate) mod terminal;
mod tmux;

use std::path::Path;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;
use spendtop::daemon::catch_up;
use spendtop::ingest::Root;
use spendtop::ledger::{Pricing, Writer};
use spendtop::model::{AgentId, Charge, Cost, CostStatus, Millis, PicoUsd, UnpricedReason};
use spendtop::policy::Cap;
use spendtop::pricing::PriceBook;
use spendtop::tui::screens::live::{Data, Live, Session};
use spendtop::tui::screens::{Page, Screen, Slot};
use spendtop::tui::{Action, App, Command, Facts, Follower, Look, Notice, Question, Setting, draw};

use crate::harness::{Lab, list_prices};

/// Monday, 23 November 2026, 15:41 in Berlin.
const NOW: &str = "2026-11-23T14:41:30Z";

fn now() -> Millis {
    Millis::parse(NOW).unwrap()
}

/// A call as one line of a transcript. Its cost is a cent for every token of output.
struct Line<'a> {
    session: &'a str,
    agent: &'a str,
    cwd: &'a str,
    branch: &'a str,
    model: &'a str,
    at: &'a str,
    cents: u64,
    is_final: bool,
}

const LINE: Line<'static> = Line {
    session: "s1",
    agent: "",
    cwd: "/w/shop",
    branch: "main",
    model: "claude-opus-5-5",
    at: NOW,
    cents: 100,
    is_final: true,
};

impl Line<'_> {
    fn write(&self, lab: &Lab, number: u32) {
        let mut record = json!({
            "type": "assistant",
            "uuid": format!("u{number}"),
            "requestId": format!("req_{number:024}"),
            "timestamp": self.at,
            "sessionId": self.session,
            "cwd": self.cwd,
            "gitBranch": self.branch,
            "message": {
                "id": format!("msg_01{number:022}"),
                "model": self.model,
                "content": [{
                    "type": "tool_use",
                    "id": format!("toolu_01{number:022}"),
                    "name": "Bash",
                    "input": { "command": format!("make part-{}", number / 2) },
                }],
                "stop_reason": if self.is_final { json!("tool_use") } else { json!(null) },
                "usage": {
                    "input_tokens": 100,
                    "cache_read_input_tokens": 148_000,
                    "output_tokens": self.cents,
                },
            },
        });
        let mut file = format!("-w/{}.jsonl", self.session);
        if !self.agent.is_empty() {
            record["agentId"] = json!(self.agent);
            file = format!("-w/{}/subagents/agent-{}.jsonl", self.session, self.agent);
        }
        lab.append_bytes(&file, format!("{record}\n").as_bytes());
    }
}

/// Numbers the lines and writes them.
fn write(lab: &Lab, lines: &[Line<'_>]) {
    for (number, line) in (1..).zip(lines) {
        line.write(lab, number);
    }
}

fn a_cent_a_token() -> Pricing<'static> {
    Pricing {
        price: Box::new(|call| match call.model.as_deref() {
            Some(model) if model.starts_with("claude-") => Cost::Priced(Charge {
                amount: PicoUsd(call.usage.output_tokens as i64 * 10_000_000_000),
                status: CostStatus::Exact,
                row: None,
                multiplier_ppm: 1_000_000,
            }),
            _ => Cost::Unpriced(UnpricedReason::UnknownModel),
        }),
        ..list_prices()
    }
}

fn ingest_as(lab: &Lab, developer: &str, folder: &Path) {
    let mut writer = Writer::open(&lab.db()).unwrap();
    let root =
        Root { path: folder.to_owned(), developer: developer.into(), ..lab.roots().remove(0) };
    catch_up(&mut writer, &[root], &mut a_cent_a_token(), &mut |_| {}).unwrap();
}

fn ingest(lab: &Lab) {
    ingest_as(lab, "maya", &lab.projects());
}

/// A working day: one session with two subagents under way, two of earlier today, two of before.
fn a_day(lab: &Lab) {
    write(
        lab,
        &[
            Line { branch: "feat/pay", at: "2026-11-23T12:10:00Z", cents: 612, ..LINE },
            Line { branch: "feat/pay", at: "2026-11-23T14:41:05Z", cents: 148, ..LINE },
            Line {
                agent: "a1",
                model: "claude-sonnet-5-5",
                cents: 175,
                branch: "feat/pay",
                ..LINE
            },
            Line { agent: "a2", model: "claude-haiku-5-5", cents: 5, branch: "feat/pay", ..LINE },
            Line {
                session: "s2",
                cwd: "/w/docs",
                model: "claude-haiku-5-5-20260901",
                at: "2026-11-23T14:15:00Z",
                cents: 11,
                ..LINE
            },
            Line {
                session: "s3",
                cwd: "/w/infra",
                branch: "a-very-long-branch-name-that-has-no-room-anywhere",
                model: "claude-sonnet-5-5",
                at: "2026-11-22T23:30:00Z",
                cents: 469,
                ..LINE
            },
            // Half an hour before midnight in Berlin.
            Line {
                session: "s3",
                cwd: "/w/infra",
                branch: "main",
                model: "claude-sonnet-5-5",
                at: "2026-11-22T22:30:00Z",
                cents: 302,
                ..LINE
            },
            Line {
                session: "s4",
                cwd: "/srv/other/shop",
                branch: "",
                at: "2026-11-19T09:00:00Z",
                cents: 123_456,
                ..LINE
            },
        ],
    );
    ingest(lab);
}

fn setting() -> Setting {
    Setting {
        developer: Arc::from("maya"),
        on_plan: false,
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        looked_at: vec!["~/.claude/projects".into(), "~/.config/claude/projects".into()],
        config_file: "~/.config/spendtop/config.toml".into(),
        label: None,
    }
}

/// What is read with: maya's ledger, with this cap in dollars a day.
fn facts(lab: &Lab, cap: Option<i64>) -> Facts {
    let daily = |dollars| Arc::new(Cap::daily(PicoUsd::from_dollars(dollars)));
    Facts {
        db: lab.db(),
        lock: lab.folder.path().join("data/ledger.lock"),
        developer: Arc::from("maya"),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        caps: cap.into_iter().map(daily).collect(),
        include_unlogged: false,
        book: Arc::clone(PriceBook::embedded()),
        roots: vec![(AgentId::Claude, lab.projects())],
        setup: Arc::default(),
    }
}

/// The state after one look at the lab's ledger.
fn app(lab: &Lab, cap: Option<i64>) -> App {
    app_of(lab, facts(lab, cap), setting(), Look::default())
}

fn app_of(_lab: &Lab, facts: Facts, setting: Setting, look: Look) -> App {
    let mut app = App::new(setting, look, now());
    let mut follower = Follower::new(facts);
    if let Some(action) = look_at(&mut app, &mut follower, now()) {
        assert!(matches!(action, Action::Picture(_)), "{action:?}");
        app.update(action);
    }
    app
}

/// One look of the follower, at what the screen wants.
fn look_at(app: &mut App, follower: &mut Follower, now: Millis) -> Option<Action> {
    if let Some(question) = app.question() {
        follower.ask(question);
    }
    follower.look(now)
}

fn live(app: &App) -> &Slot<Live> {
    app.page().any().downcast_ref().unwrap()
}

fn data(app: &App) -> &Data {
    live(app).data.as_ref().unwrap()
}

/// The selected session.
fn selected(app: &App) -> &Session {
    live(app).page.selected(data(app)).unwrap()
}

fn drawn(app: &App, columns: u16, rows: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(frame, app)).unwrap();
    terminal.backend().clone()
}

/// The state after one look at the lab's ledger, on one of the screens.
fn app_on(lab: &Lab, screen: Screen, facts: Facts, look: Look) -> App {
    let mut app = App::new(setting(), look, now());
    app.update(Action::Collector(Notice::Live));
    app.update(Action::Command(Command::Go(screen)));
    refresh(lab, &mut app, facts);
    app
}

/// Looks once more, as a follower of its own.
fn refresh(_lab: &Lab, app: &mut App, facts: Facts) {
    let anew = app.question();
    let question = anew.unwrap_or_else(|| Question { screen: app.screen(), ask: app.page().ask() });
    let mut follower = Follower::new(facts);
    follower.ask(question);
    if let Some(action) = follower.look(now()) {
        assert!(matches!(action, Action::Picture(_)), "{action:?}");
        app.update(action);
    }
}

/// The page that is shown, with what it read.
fn slot<P: Page>(app: &App) -> &Slot<P> {
    app.page().any().downcast_ref().unwrap()
}

fn press(app: &mut App, key: KeyCode) -> bool {
    app.update(Action::Key(KeyEvent::new(key, KeyModifiers::NONE)))
}

fn assert_screens(name: &str, app: &App) {
    for (columns, rows) in [(80, 24), (120, 40), (40, 12)] {
        let screen = drawn(app, columns, rows);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen);
    }
}

/// What `spendtop report` says of the lab's ledger.
fn report(lab: &Lab, args: &[&str]) -> serde_json::Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_spendtop"))
        .args(["--now", NOW, "report"])
        .args(args)
        .args(["--json", "--tz", "Europe/Berlin"])
        .env_clear()
        .env("HOME", lab.folder.path().join("home"))
        .env("SPENDTOP_DB", lab.db())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}
