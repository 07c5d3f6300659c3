//! The Caps screen, and lifting a cap from it.

use std::sync::Arc;

use crossterm::event::KeyCode;
use spendtop::format::money;
use spendtop::ledger::Writer;
use spendtop::model::{
    AgentId, CapAction, LIMIT, Latch, Lift, LiftBy, Millis, PicoUsd, SessionKey,
};
use spendtop::policy::{Cap, Period, Scope};
use spendtop::tui::screens::caps::{Caps, Standing};
use spendtop::tui::screens::{Screen, Slot};
use spendtop::tui::{
    About, Action, Answered, App, Command, Facts, Follower, Lift as How, Look, Mode, Notice, Reply,
    Request,
};

use super::session::{assert_screens, press, settle};
use super::{LINE, Line, a_day, drawn, facts, ingest, now, setting, write};
use crate::harness::Lab;

fn slot(app: &App) -> &Slot<Caps> {
    app.page().any().downcast_ref().unwrap()
}

fn data(app: &App) -> &[Standing] {
    slot(app).data.as_ref().unwrap()
}

fn dollars(amount: i64) -> PicoUsd {
    PicoUsd::from_dollars(amount)
}

/// A daily cap of $10, and of the week one on projects and one on models.
fn caps() -> Vec<Arc<Cap>> {
    let of = |name: &str, scope, pattern: &str, limit| Cap {
        name: name.into(),
        scope,
        pattern: pattern.into(),
        period: Period::Week,
        ..Cap::daily(dollars(limit))
    };
    vec![
        Arc::new(Cap { action: CapAction::Block, ..Cap::daily(dollars(10)) }),
        Arc::new(of("shop", Scope::Project, "*/shop", 40)),
        Arc::new(of("dear models", Scope::Model, "*opus*", 1000)),
        Arc::new(of("others", Scope::Project, "/nowhere", 5)),
    ]
}

fn opened(lab: &Lab, caps: Vec<Arc<Cap>>) -> (App, Follower) {
    let mut app = App::new(setting(), Look::default(), now());
    let mut follower = Follower::new(Facts { caps, ..facts(lab, None) });
    app.update(Action::Collector(Notice::Live));
    app.update(Action::Command(Command::Go(Screen::Caps)));
    settle(&mut app, &mut follower);
    (app, follower)
}

fn at(time: &str) -> Millis {
    Millis::parse(&format!("2026-11-23T{time}:00Z")).unwrap()
}

/// What a day leaves in the ledger: levels that were reached, and a cap that was lifted twice.
fn guarded(lab: &Lab) {
    let mut writer = Writer::open(&lab.db()).unwrap();
    let midnight = Millis::parse("2026-11-22T23:00:00Z").unwrap();
    let session = SessionKey { agent: AgentId::Claude, session_id: "s1".into() };
    for (level, time, spent) in [(500, "12:10", 6), (LIMIT, "14:41", 14)] {
        let latch = Latch {
            cap: "daily".into(),
            subject: "maya".into(),
            window: midnight..Millis(midnight.0 + 86_400_000),
            level,
            limit: dollars(10),
            spent: dollars(spent),
            reserve: PicoUsd::ZERO,
            at: at(time),
            session: Some(session.clone()),
        };
        assert!(writer.latch(&latch).unwrap());
    }
    let lift = |what, time, reason: &str| Lift {
        cap: "daily".into(),
        what,
        at: at(time),
        reason: reason.into(),
        by: "maya".into(),
    };
    let until = at("17:00");
    writer.lift(&lift(LiftBy::Snooze { until }, "14:41", "the \x1b[2Jrelease")).unwrap();
}

#[test]
fn every_cap_with_everyone_it_is_about() {
    let lab = Lab::new();
    a_day(&lab);
    guarded(&lab);
    let (mut app, _) = opened(&lab, caps());
    assert_screens("caps", &app);
    press(&mut app, KeyCode::Char('j'));
    insta::assert_snapshot!("caps_second_120x40", drawn(&app, 120, 40));
}

#[test]
fn figures_are_those_of_the_period() {
    let lab = Lab::new();
    a_day(&lab);
    let (mut app, _) = opened(&lab, caps());
    let seen = |app: &App| -> Vec<(String, String, String)> {
        let rows = slot(app).page.table().rows();
        let of = |standing: &Standing| {
            let decision = standing.decision.as_ref();
            let spent = decision.map_or_else(String::new, |d| money(d.counted()));
            (standing.cap.name.to_string(), standing.subject.clone(), spent)
        };
        rows.iter().map(|(_, at)| of(&data(app)[*at])).collect()
    };
    let row = |name: &str, subject: &str, spent: &str| {
        (name.to_owned(), subject.to_owned(), spent.to_owned())
    };
    // Monday: what half an hour before midnight was spent, and on Thursday, is of last week.
    let expected = [
        row("daily", "maya", "$14.20"),
        row("shop", "shop", "$9.40"),
        row("dear models", "claude-opus-5-5", "$7.60"),
        row("others", "", ""),
    ];
    assert_eq!(seen(&app), expected);
    press(&mut app, KeyCode::Char('r'));
    assert_eq!(seen(&app)[0].0, "others");
    press(&mut app, KeyCode::Char('/'));
    for letter in "opus".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    assert_eq!(seen(&app), [row("dear models", "claude-opus-5-5", "$7.60")]);
}

#[test]
fn those_it_is_about_are_told_apart() {
    let lab = Lab::new();
    let line = |session, cwd, branch| Line { session, cwd, branch, ..LINE };
    write(&lab, &[line("s1", "/a/shop", "feat/pay"), line("s2", "/b/shop", "main")]);
    ingest(&lab);
    let of = |scope: Scope| {
        let name = scope.name().into();
        Arc::new(Cap { name, scope, period: Period::Week, ..Cap::daily(dollars(40)) })
    };
    let caps = [Scope::Project, Scope::Branch, Scope::Session].map(of).to_vec();
    let (app, _) = opened(&lab, caps);
    let mut subjects: Vec<&str> = data(&app).iter().map(|it| it.subject.as_str()).collect();
    subjects.sort_unstable();
    let expected = ["a/shop", "a/shop s1", "a/shop@feat/pay", "b/shop", "b/shop s2", "b/shop@main"];
    assert_eq!(subjects, expected);
}

#[test]
fn what_was_reached_of_another_limit_is_said_to_be_of_that() {
    let lab = Lab::new();
    a_day(&lab);
    guarded(&lab);
    let screen = |limit| {
        let (app, _) = opened(&lab, vec![Arc::new(Cap::daily(dollars(limit)))]);
        drawn(&app, 120, 40).to_string()
    };
    assert!(screen(10).contains("reached 50 % at 13:10 by session s1 · limit at 15:41"));
    let raised = screen(120);
    assert!(raised.contains("reached 50 % of $10.00 at 13:10 by session s1 · limit of $10.00 at"));
}

fn type_in(app: &mut App, text: &str) {
    for letter in text.chars() {
        press(app, KeyCode::Char(letter));
    }
}

#[test]
fn z_snoozes_and_r_raises_with_a_reason() {
    let lab = Lab::new();
    a_day(&lab);
    let (mut app, mut follower) = opened(&lab, caps());
    press(&mut app, KeyCode::Char('z'));
    assert!(matches!(app.mode, Mode::Lift(_)));
    type_in(&mut app, "1h");
    assert_screens("snooze_form", &app);
    press(&mut app, KeyCode::Enter);
    type_in(&mut app, "q is for quitting");
    press(&mut app, KeyCode::Enter);
    let (cap, reason) = (Arc::<str>::from("daily"), "q is for quitting".to_owned());
    let snooze = Request::Lift { cap: cap.clone(), lift: How::Snooze, by: "1h".into(), reason };
    assert_eq!(app.take_requests(), [snooze]);
    let what = Answered::Done(vec!["daily is snoozed until 2026-11-23 16:41.".into()]);
    assert!(app.update(Action::Reply(Reply { about: About::Cap(cap), what })));
    assert!(drawn(&app, 80, 24).to_string().contains("daily is snoozed until"));
    press(&mut app, KeyCode::Esc);
    assert!(matches!(app.mode, Mode::Normal));
    // The cap that is under the mark, not the first.
    press(&mut app, KeyCode::Char('j'));
    for key in ['R', '+'] {
        press(&mut app, KeyCode::Char(key));
        let Mode::Lift(form) = &app.mode else { panic!() };
        assert_eq!((&*form.cap, form.lift), ("shop", How::Raise));
        press(&mut app, KeyCode::Esc);
    }
    assert!(app.take_requests().is_empty());
    // A refusal comes after the form was left: it is said all the same.
    let about = About::Cap("daily".into());
    let what = Answered::Refused("this runs inside an agent".into());
    app.update(Action::Reply(Reply { about, what }));
    assert_eq!(app.message.as_deref(), Some("refused: this runs inside an agent"));
    settle(&mut app, &mut follower);
}

#[test]
fn without_a_cap_it_tells_the_line_to_write() {
    let lab = Lab::new();
    a_day(&lab);
    let (mut app, _) = opened(&lab, Vec::new());
    assert_screens("no_caps", &app);
    press(&mut app, KeyCode::Char('z'));
    assert!(matches!(app.mode, Mode::Normal));
    assert!(app.message.as_deref().unwrap().contains("no cap to lift"));
}

#[test]
fn nothing_that_was_typed_or_named_reaches_the_terminal_as_it_is() {
    let lab = Lab::new();
    let evil = "ev\x1b[2Jil\u{202e}\u{200b}\nx";
    write(&lab, &[Line { model: &format!("claude-{evil}"), ..LINE }]);
    ingest(&lab);
    guarded(&lab);
    let mut caps = caps();
    caps[2] = Arc::new(Cap { pattern: "*".into(), name: evil.into(), ..(*caps[2]).clone() });
    let (mut app, _) = opened(&lab, caps);
    for _ in 0..4 {
        for cell in &drawn(&app, 160, 40).buffer().content {
            let harmless = |c: char| !c.is_control() && !matches!(c, '\u{202e}' | '\u{200b}');
            assert!(cell.symbol().chars().all(harmless), "{:?}", cell.symbol());
        }
        press(&mut app, KeyCode::Char('j'));
    }
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let lab = Lab::new();
    a_day(&lab);
    guarded(&lab);
    let (mut full, _) = opened(&lab, caps());
    let (none, _) = opened(&lab, Vec::new());
    for form in [false, true] {
        if form {
            press(&mut full, KeyCode::Char('z'));
        }
        for columns in (0..=130).step_by(7) {
            for rows in (0..=40).step_by(if columns < 70 { 1 } else { 5 }) {
                drawn(&full, columns, rows);
                drawn(&none, columns, rows);
            }
        }
    }
}
