//! Projects: the figures against the report's, the way down and back, and how it is drawn.

use crossterm::event::KeyCode;
use spendtop::format::money_fixed;
use spendtop::model::Millis;
use spendtop::tui::screens::Screen;
use spendtop::tui::screens::projects::{Data, Group, Level, Projects, RowId};
use spendtop::tui::{App, Look, Span};

use super::{
    LINE, Line, a_day, app_on, assert_screens, drawn, facts, ingest, ingest_as, press, refresh,
    report, slot, write,
};
use crate::harness::Lab;

fn projects(lab: &Lab) -> App {
    app_on(lab, Screen::Projects, facts(lab, Some(20)), Look::default())
}

fn data(app: &App) -> &Data {
    slot::<Projects>(app).data.as_ref().unwrap()
}

/// Presses a key, and what it asks for is read.
fn go(app: &mut App, lab: &Lab, key: KeyCode) {
    assert!(press(app, key), "{key:?}");
    refresh(lab, app, facts(lab, None));
}

/// Name, cost, calls and sessions of each row, as they are shown.
fn rows(app: &App) -> Vec<(String, String, u64, usize)> {
    let rows = slot::<Projects>(app).page.table().rows();
    let part = |number: usize| {
        let part = &data(app).parts[number];
        let cost = money_fixed(part.totals.cost, 2);
        (part.name.clone(), cost, part.totals.calls, part.sessions)
    };
    rows.iter().map(|(_, number)| part(*number)).collect()
}

fn row(name: &str, cost: &str, calls: u64, sessions: usize) -> (String, String, u64, usize) {
    (name.into(), cost.into(), calls, sessions)
}

#[test]
fn every_grouping_is_what_the_report_says_of_it() {
    let lab = Lab::new();
    a_day(&lab);
    let theirs = Lab::new();
    Line { session: "theirs", branch: "feat/pay", cents: 700, ..LINE }.write(&theirs, 99);
    ingest_as(&lab, "ken", &theirs.projects());
    let mut app = projects(&lab);
    for _ in 0..3 {
        go(&mut app, &lab, KeyCode::Char(']'));
    }
    assert_eq!(data(&app).drill.span, Span::All);
    for group in ["project", "branch", "developer"] {
        let report = report(&lab, &[group]);
        let rows = report["rows"].as_array().unwrap();
        assert_eq!(data(&app).parts.len(), rows.len(), "{group}");
        for (part, row) in data(&app).parts.iter().zip(rows) {
            let RowId::Part(_, name) = &part.id else { panic!() };
            assert_eq!(**name, *row["key"].as_str().unwrap());
            assert_eq!(part.totals.cost.to_decimal(), row["cost_usd"]);
            assert_eq!(part.totals.calls, row["calls"]);
        }
        assert_eq!(data(&app).total.cost.to_decimal(), report["total"]["cost_usd"]);
        go(&mut app, &lab, KeyCode::Char('b'));
    }
    assert_eq!(data(&app).drill.group, Group::Project, "and around");
}

#[test]
fn enter_goes_down_to_the_sessions_and_esc_back() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = projects(&lab);
    // The last seven days, by hand from the transcripts.
    let top = [
        row("other/shop", "$1,234.56", 1, 1),
        row("w/shop", "$9.40", 4, 1),
        row("infra", "$7.71", 2, 1),
        row("docs", "$0.11", 1, 1),
    ];
    assert_eq!(rows(&app), top);
    for key in "/infra".chars() {
        press(&mut app, KeyCode::Char(key));
    }
    press(&mut app, KeyCode::Enter);
    go(&mut app, &lab, KeyCode::Enter);
    let long = "a-very-long-branch-name-that-has-no-room-anywhere";
    assert_eq!(data(&app).crumbs, ["infra"]);
    assert_eq!(rows(&app), [row(long, "$4.69", 1, 1), row("main", "$3.02", 1, 1)]);
    go(&mut app, &lab, KeyCode::Char('j'));
    go(&mut app, &lab, KeyCode::Enter);
    assert_eq!(
        (data(&app).level, &data(&app).crumbs[..]),
        (Level::Session, &["infra".into(), "main".into()][..])
    );
    assert_eq!(rows(&app), [row("s3", "$3.02", 1, 1)]);
    assert_eq!(data(&app).parts[0].note, "claude  sonnet-5-5");
    for crumbs in [1, 0] {
        go(&mut app, &lab, KeyCode::Esc);
        assert_eq!(data(&app).crumbs.len(), crumbs);
    }
    assert_eq!(rows(&app), top);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.screen(), Screen::Live, "then the screen before");
}

#[test]
fn two_keys_at_once_do_not_go_into_what_is_no_more_shown() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = projects(&lab);
    assert!(press(&mut app, KeyCode::Enter));
    assert!(!press(&mut app, KeyCode::Enter), "its branches are not read yet");
    refresh(&lab, &mut app, facts(&lab, None));
    assert_eq!(data(&app).crumbs, ["other/shop"]);
    // No branch was known there; that is a row too.
    assert_eq!(rows(&app), [row("", "$1,234.56", 1, 1)]);
    go(&mut app, &lab, KeyCode::Enter);
    assert_eq!(rows(&app), [row("s4", "$1,234.56", 1, 1)]);
}

#[test]
fn a_branch_is_one_wherever_it_is_and_its_projects_are_in_it() {
    let lab = Lab::new();
    write(&lab, &[LINE, Line { session: "s2", cwd: "/w/docs", cents: 300, ..LINE }]);
    ingest(&lab);
    let mut app = projects(&lab);
    go(&mut app, &lab, KeyCode::Char('b'));
    assert_eq!(rows(&app), [row("main", "$4.00", 2, 2)]);
    go(&mut app, &lab, KeyCode::Enter);
    assert_eq!(rows(&app), [row("docs", "$3.00", 1, 1), row("shop", "$1.00", 1, 1)]);
    // Another grouping begins at its top.
    go(&mut app, &lab, KeyCode::Char('b'));
    assert_eq!(rows(&app), [row("maya", "$4.00", 2, 2)]);
    go(&mut app, &lab, KeyCode::Char('['));
    assert_eq!(data(&app).drill.span, Span::Today);
    for key in "sjj".chars() {
        press(&mut app, KeyCode::Char(key));
    }
    press(&mut app, KeyCode::Enter);
    let screen = drawn(&app, 120, 40).to_string();
    assert!(screen.contains("by sessions ▼"), "{screen}");
}

#[test]
fn a_normal_week() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = projects(&lab);
    assert_screens("projects", &app);
    press(&mut app, KeyCode::Char('j'));
    go(&mut app, &lab, KeyCode::Enter);
    go(&mut app, &lab, KeyCode::Enter);
    assert_screens("projects_sessions", &app);
}

#[test]
fn nothing_of_a_transcript_reaches_the_terminal_as_it_is() {
    let lab = Lab::new();
    let evil = "ev\x1b[2Jil\u{202e}\u{200b}x";
    let cwd = format!("/w/{evil}");
    write(&lab, &[Line { cwd: &cwd, branch: evil, model: evil, session: "evil", ..LINE }]);
    ingest(&lab);
    let mut app = projects(&lab);
    for level in 0..3 {
        let screen = drawn(&app, 120, 40);
        for cell in &screen.buffer().content {
            let harmless = |c: char| !c.is_control() && !matches!(c, '\u{202e}' | '\u{200b}');
            assert!(cell.symbol().chars().all(harmless), "{:?}", cell.symbol());
        }
        if level < 2 {
            press(&mut app, KeyCode::Enter);
            refresh(&lab, &mut app, facts(&lab, None));
        }
    }
    assert_eq!(data(&app).level, Level::Session);
}

#[test]
fn no_calls_and_no_size_are_no_trouble() {
    let lab = Lab::new();
    ingest(&lab);
    let empty = projects(&lab);
    assert!(drawn(&empty, 80, 24).to_string().contains("no calls in this time"));
    let full = Lab::new();
    a_day(&full);
    let full = projects(&full);
    let mut unread = App::new(super::setting(), Look::default(), Millis(0));
    unread.update(spendtop::tui::Action::Command(spendtop::tui::Command::Go(Screen::Projects)));
    for columns in (0..=130).step_by(3) {
        for rows in (0..=40).step_by(if columns < 70 { 1 } else { 5 }) {
            for app in [&empty, &full, &unread] {
                drawn(app, columns, rows);
            }
        }
    }
}
