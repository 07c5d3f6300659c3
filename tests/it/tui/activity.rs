//! The Activity screen, from a real audit trail.

use crossterm::event::KeyCode;
use spendtop::ledger::Writer;
use spendtop::model::{
    Action as Row, ActionKind, AgentId, Millis, Notice as Told, PicoUsd, ProcessKey, SessionKey,
};
use spendtop::tui::screens::activity::{Activity, Event, Group};
use spendtop::tui::screens::{Screen, Slot};
use spendtop::tui::{Action, App, Command, Follower, Look, Notice, Request};

use super::session::{assert_screens, press, settle};
use super::{a_day, drawn, facts, ingest, now, setting};
use crate::harness::Lab;

const RESUME: &str = "cd /w/shop && claude --resume 7c1e9a02-0000-4000-8000-000000000001";

fn slot(app: &App) -> &Slot<Activity> {
    app.page().any().downcast_ref().unwrap()
}

fn data(app: &App) -> &[Event] {
    slot(app).data.as_ref().unwrap()
}

fn words(app: &App) -> Vec<&'static str> {
    let rows = slot(app).page.table().rows();
    rows.iter().map(|(_, at)| data(app)[*at].word()).collect()
}

fn at(time: &str) -> Millis {
    Millis::parse(&format!("2026-11-23T{time}Z")).unwrap()
}

fn session() -> SessionKey {
    SessionKey { agent: AgentId::Claude, session_id: "s1".into() }
}

/// A cap that was neared, snoozed, reached, and a session that was stopped for it.
fn trail() -> Vec<Row> {
    let row = |time: &str, kind, by: &str| Row::new(at(time), kind, by);
    let cap = || Some("daily".into());
    vec![
        Row {
            cap: cap(),
            session: Some(session()),
            evidence: "$10.02 of $20.00 today (50 %)".into(),
            outcome: "told".into(),
            latency_ms: Some(48),
            ..row("12:10:00", ActionKind::Warn, "daemon")
        },
        Row {
            cap: cap(),
            evidence: "the \x1b[2Jrelease has to go out".into(),
            outcome: "snoozed until 2026-11-23 15:00".into(),
            ..row("12:30:00", ActionKind::Snooze, "maya")
        },
        Row {
            evidence: "daily: $20.00 became $30.00".into(),
            outcome: "in force".into(),
            ..row("13:00:00", ActionKind::Loosened, "daemon")
        },
        Row {
            session: Some(session()),
            evidence: "it runs in circles".into(),
            outcome: "done".into(),
            ..row("13:30:00", ActionKind::Flag, "maya")
        },
        Row {
            cap: cap(),
            session: Some(session()),
            evidence: "$20.02 of $20.00 today (100 %)".into(),
            outcome: "told".into(),
            latency_ms: Some(132),
            overshoot: Some(PicoUsd::from_dollars(1)),
            ..row("14:38:00", ActionKind::Breach, "daemon")
        },
        Row {
            cap: cap(),
            session: Some(session()),
            evidence: "$21.37 of $20.00 today".into(),
            outcome: "sent".into(),
            signal: Some("SIGINT".into()),
            process: Some(ProcessKey { boot_id: "b".into(), pid: 41822, start_time: 812_334 }),
            latency_ms: Some(4012),
            overshoot: Some(PicoUsd(1_370_000_000_000)),
            resume: Some(RESUME.into()),
            ..row("14:38:04", ActionKind::Signal, "daemon")
        },
    ]
}

fn opened(lab: &Lab) -> (App, Follower) {
    let mut app = App::new(setting(), Look::default(), now());
    let mut follower = Follower::new(facts(lab, Some(20)));
    app.update(Action::Collector(Notice::Live));
    app.update(Action::Command(Command::Go(Screen::Activity)));
    settle(&mut app, &mut follower);
    (app, follower)
}

fn a_trail(lab: &Lab) {
    a_day(lab);
    let mut writer = Writer::open(&lab.db()).unwrap();
    for row in trail() {
        writer.record(&row).unwrap();
    }
    let told = |key: &str, time: &str, title: &str, body: &str| Told {
        key: key.into(),
        at: at(time),
        title: title.into(),
        body: body.into(),
        urgent: false,
    };
    // Levels and loops have a row of the trail, the other has none.
    let level = told("cap/daily/maya/0/500/0", "12:10:00", "half of it", "");
    let over =
        told("over/claude/s1/20", "14:00:00", "spendtop: a dear session", "w/shop has\ncome");
    let loops = told("loop/claude/s1//same_result/0/loop", "13:59:00", "an agent goes round", "");
    for notice in [level, over, loops] {
        writer.store_notice(&notice, &[]).unwrap();
    }
}

#[test]
fn what_was_told_and_done_the_newest_first() {
    let lab = Lab::new();
    a_trail(&lab);
    let (mut app, _) = opened(&lab);
    let all = ["SIGNAL", "LIMIT", "NOTE", "FLAG", "LOOSER", "SNOOZE", "WARN"];
    assert_eq!(words(&app), all);
    assert_eq!(data(&app)[0].about, "shop s1");
    assert_eq!(data(&app)[5].about, "cap daily");
    assert_screens("activity", &app);
    press(&mut app, KeyCode::Enter);
    assert_screens("activity_detail", &app);
    press(&mut app, KeyCode::Enter);
    assert!(slot(&app).page.table().position() == 0);
}

#[test]
fn the_live_screen_tells_an_end_once_and_a_lift_in_its_own_words() {
    let lab = Lab::new();
    a_day(&lab);
    let mut writer = Writer::open(&lab.db()).unwrap();
    let row = |time: &str, kind, by: &str| Row::new(at(time), kind, by);
    let of_session = |time, kind, outcome: &str| Row {
        session: Some(session()),
        signal: Some("SIGINT".into()),
        outcome: outcome.into(),
        ..row(time, kind, "daemon")
    };
    for row in [
        of_session("14:30:00", ActionKind::Signal, "sent"),
        of_session("14:38:04", ActionKind::Signal, "sent"),
        of_session("14:38:05", ActionKind::Ended, "exited"),
        Row {
            cap: Some("daily".into()),
            evidence: "release".into(),
            outcome: "raised by $5.00 until 2026-11-24 00:00".into(),
            ..row("14:40:00", ActionKind::Raise, "maya")
        },
    ] {
        writer.record(&row).unwrap();
    }
    let app = super::app(&lab, Some(20));
    let told: Vec<&str> = super::data(&app).alerts.iter().map(|alert| &*alert.text).collect();
    let expected = [
        "cap daily raised by $5.00 until 2026-11-24 00:00 · by maya · release",
        "w/shop (s1) ended (SIGINT) · exited · by daemon",
        // One that did not end it.
        "w/shop (s1) signalled (SIGINT) · sent · by daemon",
    ];
    assert_eq!(told, expected);
}

#[test]
fn by_kind_by_words_and_in_another_order() {
    let lab = Lab::new();
    a_trail(&lab);
    let (mut app, _) = opened(&lab);
    for (group, left) in [
        (Group::Alerts, vec!["LIMIT", "NOTE", "WARN"]),
        (Group::Stops, vec!["SIGNAL"]),
        (Group::Marks, vec!["FLAG"]),
        (Group::Lifts, vec!["LOOSER", "SNOOZE"]),
    ] {
        press(&mut app, KeyCode::Char('v'));
        assert_eq!((slot(&app).page.group(), words(&app)), (Some(group), left));
    }
    press(&mut app, KeyCode::Char('v'));
    assert_eq!((slot(&app).page.group(), words(&app).len()), (None, 7));
    press(&mut app, KeyCode::Char('s'));
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Enter);
    assert_eq!(words(&app)[..3], ["SIGNAL", "LIMIT", "WARN"], "the slowest first");
    press(&mut app, KeyCode::Char('/'));
    for letter in "maya circles".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    assert_eq!(words(&app), ["FLAG"]);
}

#[test]
fn y_copies_the_resume_command_and_x_is_about_its_session() {
    let lab = Lab::new();
    a_trail(&lab);
    let (mut app, _) = opened(&lab);
    press(&mut app, KeyCode::Char('y'));
    assert_eq!(app.take_copy().as_deref(), Some(RESUME));
    // Whatever the terminal makes of it, it can be selected by hand.
    assert!(drawn(&app, 80, 24).to_string().contains(RESUME));
    press(&mut app, KeyCode::Char('x'));
    assert_eq!(app.take_requests(), [Request::Find(session())]);
    press(&mut app, KeyCode::Esc);
    for _ in 0..5 {
        press(&mut app, KeyCode::Char('j'));
    }
    press(&mut app, KeyCode::Char('y'));
    assert_eq!((app.take_copy(), words(&app)[5]), (None, "SNOOZE"));
    assert!(app.message.as_deref().unwrap().contains("nothing was ended"));
    press(&mut app, KeyCode::Char('x'));
    assert!(app.take_requests().is_empty());
}

#[test]
fn the_selection_stays_with_its_row_while_others_come() {
    let lab = Lab::new();
    a_trail(&lab);
    let (mut app, mut follower) = opened(&lab);
    let mut writer = Writer::open(&lab.db()).unwrap();
    // Twice the same at the same moment.
    for outcome in ["first", "second", "third"] {
        let row = Row::new(at("14:40:00"), ActionKind::Ended, "daemon");
        writer.record(&Row { outcome: outcome.into(), ..row }).unwrap();
        settle(&mut app, &mut follower);
        if outcome == "second" {
            press(&mut app, KeyCode::Char('j'));
        }
    }
    let selected = slot(&app).page.selected(data(&app)).unwrap();
    assert_eq!(selected.action().unwrap().outcome, "first");
}

#[test]
fn where_nothing_happened_it_says_what_comes_here() {
    let lab = Lab::new();
    ingest(&lab);
    assert_screens("activity_empty", &opened(&lab).0);
}

#[test]
fn what_is_shown_is_harmless_at_every_size() {
    let lab = Lab::new();
    a_trail(&lab);
    let (mut app, _) = opened(&lab);
    for _ in 0..7 {
        for open in [false, true] {
            if open {
                press(&mut app, KeyCode::Enter);
            }
            for cell in &drawn(&app, 160, 40).buffer().content {
                assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            }
        }
        press(&mut app, KeyCode::Esc);
        press(&mut app, KeyCode::Char('j'));
    }
    for open in [false, true] {
        if open {
            press(&mut app, KeyCode::Enter);
        }
        for columns in (0..=130).step_by(7) {
            for rows in (0..=40).step_by(if columns < 70 { 1 } else { 5 }) {
                drawn(&app, columns, rows);
            }
        }
    }
}
