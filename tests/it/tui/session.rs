//! The Session screen, from real ledgers and real transcripts.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;
use spendtop::config::Config;
use spendtop::daemon::{Book, catch_up};
use spendtop::format::money;
use spendtop::ingest::Root;
use spendtop::ledger::Writer;
use spendtop::model::{AgentId, CapAction, Mark, PicoUsd, SessionKey, TokenUsage, UsdTotal};
use spendtop::tui::screens::session::{Data, Panel, SessionPage};
use spendtop::tui::screens::{Screen, Slot};
use spendtop::tui::{Action, App, Command, Follower, Look, Request, draw};

use super::{LINE, Line, a_day, app, drawn, facts, ingest, look_at, now, setting, write};
use crate::harness::Lab;

fn key(id: &str) -> SessionKey {
    SessionKey { agent: AgentId::Claude, session_id: Arc::from(id) }
}

fn slot(app: &App) -> &Slot<SessionPage> {
    app.page().any().downcast_ref().unwrap()
}

fn data(app: &App) -> &Data {
    slot(app).data.as_ref().unwrap().as_ref().unwrap()
}

pub(super) fn press(app: &mut App, key: KeyCode) -> bool {
    app.update(Action::Key(KeyEvent::new(key, KeyModifiers::NONE)))
}

/// Looks until the screen wants nothing more.
pub(super) fn settle(app: &mut App, follower: &mut Follower) {
    for _ in 0..4 {
        if let Some(action) = look_at(app, follower, now()) {
            app.update(action);
        }
    }
}

/// The screen on the session selected on Live, which is the newest.
fn opened(lab: &Lab) -> (App, Follower) {
    let mut app = app(lab, Some(20));
    app.update(Action::Collector(spendtop::tui::Notice::Live));
    let mut follower = Follower::new(facts(lab, Some(20)));
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.screen(), Screen::Session);
    settle(&mut app, &mut follower);
    (app, follower)
}

pub(super) fn assert_screens(name: &str, app: &App) {
    for (columns, rows) in [(80, 24), (120, 40), (40, 12)] {
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), drawn(app, columns, rows));
    }
}

/// A call of the model that the lab's prices know, in a transcript of a turn that calls a tool
/// again and again.
fn looping(lab: &Lab, times: u64) {
    let cwd = "/w/shop";
    let mut lines = vec![json!({
        "type": "user", "uuid": "p", "timestamp": "2026-11-23T14:00:00Z", "sessionId": "s1",
        "cwd": cwd, "message": {"role": "user", "content": "mend the tests"},
    })];
    for number in 1..=times {
        lines.push(json!({
            "type": "assistant", "uuid": format!("u{number}"), "sessionId": "s1", "cwd": cwd,
            "requestId": format!("req_{number:024}"),
            "timestamp": format!("2026-11-23T14:{:02}:00Z", number),
            "message": {
                "id": format!("msg_01{number:022}"), "model": "claude-opus-4-8",
                "stop_reason": "tool_use",
                "content": [{
                    "type": "tool_use", "id": format!("t{number}"), "name": "Bash",
                    "input": {"command": "npm test\n-- \u{1b}[2Jpay", "description": format!("try {number}")},
                }],
                "usage": {
                    "input_tokens": 1000, "output_tokens": 100 * number,
                    "cache_read_input_tokens": 10_000 * number,
                    "cache_creation": {"ephemeral_5m_input_tokens": 2000},
                    "cache_creation_input_tokens": 2000,
                },
            },
        }));
        lines.push(json!({
            "type": "user", "uuid": format!("r{number}"), "sessionId": "s1", "cwd": cwd,
            "timestamp": format!("2026-11-23T14:{number:02}:01Z"),
            "message": {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": format!("t{number}"), "content": "no"},
            ]},
        }));
    }
    let text = lines.iter().fold(String::new(), |text, line| text + &format!("{line}\n"));
    lab.append_bytes("-w/s1.jsonl", text.as_bytes());
}

#[test]
fn a_session_with_subagents() {
    let lab = Lab::new();
    a_day(&lab);
    let (mut app, _) = opened(&lab);
    assert_screens("session", &app);
    for (panel, name) in
        [(Panel::Costs, "costs"), (Panel::Threads, "threads"), (Panel::Chart, "chart")]
    {
        press(&mut app, KeyCode::Char('v'));
        assert_eq!(slot(&app).page.panel(), panel);
        insta::assert_snapshot!(format!("session_{name}_80x24"), drawn(&app, 80, 24));
    }
    press(&mut app, KeyCode::Char('v'));
    assert_eq!(slot(&app).page.panel(), Panel::All);
    // Of twelve lines of costs seven have room: each model's, and what says most of the first.
    let low = drawn(&app, 120, 34).to_string();
    assert!(low.contains("× $ per million · 5 left out"), "{low}");
    for model in ["opus-5-5   ", "sonnet-5-5 ", "haiku-5-5  "] {
        assert!(low.contains(&format!("│ {model}")), "{low}");
    }
}

#[test]
fn a_loop_is_told_with_what_repeats_and_nothing_of_it_is_kept() {
    let lab = Lab::new();
    looping(&lab, 14);
    super::ingest_as(&lab, "maya", &lab.projects());
    let mut writer = Writer::open(&lab.db()).unwrap();
    let mark = Mark {
        session: key("s1"),
        action: CapAction::Flag,
        cap: None,
        reason: "it runs in circles".into(),
        by: "maya".into(),
        at: now(),
    };
    writer.mark(&mark).unwrap();
    let (app, _) = opened(&lab);
    let now_at = &data(&app).latest[0];
    assert_eq!((now_at.now.steps, now_at.repeats(), now_at.now.is_whole), (14, 14, true));
    assert_eq!(now_at.now.tool.as_ref().unwrap().arguments, "npm test -- \u{fffd}[2Jpay");
    assert_screens("loop", &app);
    drop(app);
    for file in ["ledger.db", "ledger.db-wal"] {
        let bytes = std::fs::read(lab.db().with_file_name(file)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("npm test"), "{file}");
    }
}

#[test]
fn costs_are_summed_up_by_model_and_class_at_the_rates_of_their_charges() {
    let lab = Lab::new();
    looping(&lab, 3);
    // The program's own book: the rates must be in the ledger.
    let mut writer = Writer::open(&lab.db()).unwrap();
    let root = Root { developer: "maya".into(), ..lab.roots().remove(0) };
    let book = Book::with_user_prices(Book::base(None), &Config::default()).unwrap();
    let mut pricing = book.pricing(now());
    catch_up(&mut writer, &[root], &mut pricing, &mut |_| {}).unwrap();
    let (app, _) = opened(&lab);
    let data = data(&app);
    assert_eq!(data.models.len(), 1);
    let model = &data.models[0];
    let class = |name: &str| {
        let class = model.classes.iter().find(|class| class.name == name).unwrap();
        (class.tokens, class.rate.clone(), class.cost.unwrap())
    };
    let usd = |text: &str| UsdTotal::from(text.parse::<PicoUsd>().unwrap());
    // Opus 4.8: 5, 25, 6.25 and 0.50 a million.
    assert_eq!(class("input"), (3000, "5".into(), usd("0.015")));
    assert_eq!(class("output"), (600, "25".into(), usd("0.015")));
    assert_eq!(class("cache write 5m"), (6000, "6.25".into(), usd("0.0375")));
    assert_eq!(class("cache read"), (60_000, "0.5".into(), usd("0.03")));
    assert_eq!(model.totals.cost, usd("0.0975"));
    let sum: UsdTotal = model.classes.iter().filter_map(|class| class.cost).sum();
    assert_eq!(sum, model.totals.cost, "the classes are all of it");
    let thread = &data.threads[0];
    assert_eq!((thread.context, thread.totals.calls), (33_000, 3));
    let usage = TokenUsage { output_tokens: 300, ..data.calls[0].row.usage };
    assert_eq!(data.calls[0].row.usage, usage, "the newest first");
}

#[test]
fn a_subagents_calls_are_its_own_in_the_tree_and_the_sessions_in_the_sum() {
    let lab = Lab::new();
    a_day(&lab);
    let (app, _) = opened(&lab);
    let threads: Vec<(&str, String, u64)> = data(&app)
        .threads
        .iter()
        .map(|thread| (&*thread.id, money(thread.totals.cost), thread.totals.calls))
        .collect();
    assert_eq!(
        threads,
        [("", "$7.60".into(), 2), ("a1", "$1.75".into(), 1), ("a2", "$0.0500".into(), 1)]
    );
    assert_eq!(money(data(&app).session.total.cost), "$9.40");
    assert_eq!(data(&app).calls.len(), 4);
    assert_eq!(data(&app).folder, "/w/shop");
}

#[test]
fn e_explains_a_call_down_to_file_and_offset_and_esc_closes_it() {
    let lab = Lab::new();
    a_day(&lab);
    let (mut app, mut follower) = opened(&lab);
    press(&mut app, KeyCode::Char('G'));
    assert!(press(&mut app, KeyCode::Char('e')));
    assert!(slot(&app).page.is_explaining());
    settle(&mut app, &mut follower);
    assert!(!slot(&app).page.is_explaining());
    let screen = drawn(&app, 200, 50).to_string();
    let file = lab.projects().join("-w/s1.jsonl");
    assert!(screen.contains(&format!("kept     {} @ 0", file.display())), "{screen}");
    assert!(screen.contains("$6.12") && screen.contains("exact"), "{screen}");
    // It stands still while it is read, whatever is called meanwhile.
    Line { at: "2026-11-23T14:41:20Z", ..LINE }.write(&lab, 99);
    ingest(&lab);
    settle(&mut app, &mut follower);
    assert_eq!(data(&app).calls.len(), 5);
    assert!(drawn(&app, 200, 50).to_string().contains("kept "));
    press(&mut app, KeyCode::Char('j'));
    assert_eq!(slot(&app).page.table().position(), 4, "the rows below do not move");
    assert!(!press(&mut app, KeyCode::Char('/')), "nor can they be filtered");
    press(&mut app, KeyCode::Esc);
    assert!(!drawn(&app, 200, 50).to_string().contains("kept "));
    assert_eq!(app.screen(), Screen::Session);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.screen(), Screen::Live);
}

#[test]
fn acting_and_copying_are_about_the_session_that_is_shown() {
    let lab = Lab::new();
    a_day(&lab);
    let (mut app, mut follower) = opened(&lab);
    press(&mut app, KeyCode::Char('x'));
    assert_eq!(app.take_requests(), [Request::Find(key("s1"))]);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('y'));
    let resume = "cd /w/shop && claude --resume s1";
    assert_eq!(app.take_copy().as_deref(), Some(resume));
    assert_eq!(app.message, Some(format!("copied: {resume}")));
    // Another session: until it is read there is nothing to act on.
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Char('x'));
    assert!(app.take_requests().is_empty());
    settle(&mut app, &mut follower);
    press(&mut app, KeyCode::Char('x'));
    assert_eq!(app.take_requests(), [Request::Find(key("s2"))]);
}

#[test]
fn the_calls_are_filtered_and_sorted() {
    let lab = Lab::new();
    a_day(&lab);
    let (mut app, _) = opened(&lab);
    let costs = |app: &App| -> Vec<String> {
        let rows = slot(app).page.table().rows();
        rows.iter().map(|(_, at)| money(data(app).calls[*at].row.cost.unwrap())).collect()
    };
    press(&mut app, KeyCode::Char('s'));
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Enter);
    assert_eq!(costs(&app), ["$6.12", "$1.75", "$1.48", "$0.0500"]);
    press(&mut app, KeyCode::Char('/'));
    for letter in "main opus".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    assert_eq!(costs(&app), ["$6.12", "$1.48"]);
}

#[test]
fn without_a_session_chosen_it_is_the_one_that_called_last_and_stays_that_one() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = app(&lab, None);
    let mut follower = Follower::new(facts(&lab, None));
    press(&mut app, KeyCode::Char('2'));
    settle(&mut app, &mut follower);
    assert_eq!(data(&app).session.key, key("s1"));
    Line { session: "s2", cwd: "/w/docs", at: "2026-11-23T14:41:29Z", ..LINE }.write(&lab, 50);
    ingest(&lab);
    settle(&mut app, &mut follower);
    assert_eq!(data(&app).session.key, key("s1"));
}

#[test]
fn an_empty_ledger_says_where_sessions_are_chosen() {
    let lab = Lab::new();
    ingest(&lab);
    let mut app = app(&lab, None);
    press(&mut app, KeyCode::Char('2'));
    settle(&mut app, &mut Follower::new(facts(&lab, None)));
    assert_screens("session_empty", &app);
}

#[test]
fn a_session_of_days_ago_does_not_end_before_it_began() {
    let lab = Lab::new();
    write(&lab, &[Line { at: "2026-11-20T09:53:10Z", ..LINE }]);
    ingest(&lab);
    let (app, _) = opened(&lab);
    let screen = drawn(&app, 120, 40).to_string();
    assert!(screen.contains(":53 to ") && !screen.contains(":45"), "{screen}");
}

#[test]
fn a_transcript_that_is_gone_takes_only_the_turn_with_it() {
    let lab = Lab::new();
    write(&lab, &[LINE]);
    ingest(&lab);
    std::fs::remove_dir_all(lab.projects()).unwrap();
    let (mut app, mut follower) = opened(&lab);
    assert!(data(&app).latest.is_empty());
    assert!(drawn(&app, 120, 40).to_string().contains("its transcript is gone"));
    press(&mut app, KeyCode::Char('e'));
    settle(&mut app, &mut follower);
    assert!(drawn(&app, 200, 40).to_string().contains("is gone: the ledger keeps what it said"));
}

#[test]
fn nothing_of_a_transcript_reaches_the_terminal_as_it_is() {
    let lab = Lab::new();
    let evil = "ev\x1b[2Jil\u{202e}\u{200b}\u{9b}31m\nx";
    let cwd = format!("/w/{evil}");
    let line = Line { cwd: &cwd, branch: evil, model: evil, session: "evil", ..LINE };
    write(&lab, &[line, Line { agent: "ev\u{202e}il", ..LINE }]);
    ingest(&lab);
    let (mut app, mut follower) = opened(&lab);
    for explained in [false, true] {
        if explained {
            press(&mut app, KeyCode::Char('e'));
            settle(&mut app, &mut follower);
        }
        for _ in 0..4 {
            press(&mut app, KeyCode::Char('v'));
            for cell in &drawn(&app, 200, 40).buffer().content {
                let harmless = |c: char| !c.is_control() && !matches!(c, '\u{202e}' | '\u{200b}');
                assert!(cell.symbol().chars().all(harmless), "{:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let lab = Lab::new();
    looping(&lab, 20);
    ingest(&lab);
    let (mut app, mut follower) = opened(&lab);
    for explained in [false, true] {
        if explained {
            press(&mut app, KeyCode::Char('e'));
            settle(&mut app, &mut follower);
        }
        for _ in 0..4 {
            app.update(Action::Command(Command::View));
            for columns in (0..=130).step_by(7) {
                for rows in (0..=40).step_by(if columns < 70 { 1 } else { 5 }) {
                    app.update(Action::Resized { columns, rows });
                    drawn(&app, columns, rows);
                }
            }
        }
    }
}

#[test]
fn in_ascii_there_is_nothing_else() {
    let lab = Lab::new();
    a_day(&lab);
    let look = Look { ascii: true, ..Look::default() };
    let mut app = App::new(setting(), look, now());
    let mut follower = Follower::new(facts(&lab, None));
    settle(&mut app, &mut follower);
    press(&mut app, KeyCode::Char('2'));
    settle(&mut app, &mut follower);
    let backend = ratatui::backend::TestBackend::new(120, 40);
    let mut terminal = ratatui::Terminal::new(backend).unwrap();
    terminal.draw(|frame| draw(frame, &app)).unwrap();
    for cell in &terminal.backend().buffer().content {
        assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
    }
}
