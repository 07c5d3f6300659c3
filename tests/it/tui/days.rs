//! Days: the figures against the report's, the zone's days, and how it is drawn.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ratatui::style::Color;
use spendtop::format::money_fixed;
use spendtop::model::Millis;
use spendtop::tui::screens::Screen;
use spendtop::tui::screens::days::{Data, Days, RowAt};
use spendtop::tui::{App, Facts, Look, Theme};

use super::{
    LINE, Line, a_day, app_on, assert_screens, drawn, facts, ingest, ingest_as, press, report,
    slot, write,
};
use crate::harness::Lab;
use crossterm::event::KeyCode;

fn days(lab: &Lab) -> App {
    app_on(lab, Screen::Days, facts(lab, Some(20)), Look::default())
}

fn data(app: &App) -> &Data {
    slot::<Days>(app).data.as_ref().unwrap()
}

fn rows(app: &App) -> &[(Date, RowAt)] {
    slot::<Days>(app).page.table().rows()
}

fn costs(data: &Data) -> Vec<(String, String, i64)> {
    let cost = |day: &spendtop::tui::screens::days::DaySum| {
        (day.date.to_string(), money_fixed(day.totals.cost, 2), day.hours)
    };
    data.days.iter().map(cost).collect()
}

/// Half a year of working days: on the n-th of them n dollars, and none on Christmas's eve.
fn half_a_year(lab: &Lab) {
    let (mut lines, mut cents) = (Vec::new(), 0);
    let mut date: Date = "2026-05-25".parse().unwrap();
    let today = "2026-11-23".parse().unwrap();
    while date <= today {
        if date.weekday().to_monday_zero_offset() < 5 {
            cents += 10;
            lines.push((format!("{date}T09:30:00Z"), cents));
        }
        date = date.tomorrow().unwrap();
    }
    for (number, (at, cents)) in (1..).zip(&lines) {
        Line { at, cents: *cents, session: "long", ..LINE }.write(lab, number);
    }
    ingest(lab);
}

#[test]
fn a_day_is_what_the_report_says_of_it() {
    let lab = Lab::new();
    a_day(&lab);
    let app = days(&lab);
    let report = report(&lab, &["daily"]);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(data(&app).days.len(), rows.len());
    for (day, row) in data(&app).days.iter().zip(rows) {
        assert_eq!(day.date.to_string(), row["key"]);
        assert_eq!(day.totals.cost.to_decimal(), row["cost_usd"]);
        assert_eq!(day.totals.calls, row["calls"]);
        assert_eq!(day.totals.usage.output_tokens, row["output_tokens"]);
        assert_eq!(day.totals.usage.cache_read_input_tokens, row["cache_read_input_tokens"]);
    }
    // By hand: today 6.12 + 1.48 + 1.75 + 0.05 + 0.11 + 4.69.
    let cost = |date: &str, cost: &str| (date.to_owned(), cost.to_owned(), 24);
    assert_eq!(
        costs(data(&app)),
        [
            cost("2026-11-19", "$1,234.56"),
            cost("2026-11-22", "$3.02"),
            cost("2026-11-23", "$14.20")
        ]
    );
    let outlook = &data(&app).outlook;
    assert_eq!(money_fixed(outlook.week.cost, 2), "$14.20");
    assert_eq!(money_fixed(outlook.last_week.cost, 2), "$1,237.58");
    assert_eq!(money_fixed(outlook.month.cost, 2), "$1,251.78");
    assert_eq!(outlook.projection, None, "four days tell nothing of a month");
}

#[test]
fn last_week_is_held_against_by_the_same_time_of_its_day() {
    let lab = Lab::new();
    // Now is Monday, 15:41 in Berlin: the quarter of an hour that began at 15:30 is not over.
    let at = |at, cents| Line { at, cents, ..LINE };
    write(
        &lab,
        &[
            at("2026-11-15T22:59:00Z", 1),
            at("2026-11-15T23:00:00Z", 10),
            at("2026-11-16T14:29:00Z", 100),
            at("2026-11-16T14:31:00Z", 1000),
            at("2026-11-17T09:00:00Z", 10_000),
        ],
    );
    ingest(&lab);
    let app = days(&lab);
    let outlook = &data(&app).outlook;
    assert_eq!(money_fixed(outlook.last_week_by_now.cost, 2), "$1.10");
    assert_eq!(money_fixed(outlook.last_week.cost, 2), "$111.10");
}

#[test]
fn a_day_of_25_hours_and_one_of_23_hold_theirs() {
    let lab = Lab::new();
    let at = |at, cents| Line { at, cents, ..LINE };
    write(
        &lab,
        &[
            at("2026-03-28T22:59:59Z", 1),
            at("2026-03-28T23:00:00Z", 10),
            at("2026-03-29T21:59:59Z", 100),
            at("2026-03-29T22:00:00Z", 1000),
            at("2026-10-24T22:00:00Z", 20),
            at("2026-10-25T22:59:59Z", 200),
            at("2026-10-25T23:00:00Z", 2000),
        ],
    );
    ingest(&lab);
    let day = |date: &str, cost: &str, hours| (date.to_owned(), cost.to_owned(), hours);
    let expected = [
        day("2026-03-28", "$0.01", 24),
        day("2026-03-29", "$1.10", 23),
        day("2026-03-30", "$10.00", 24),
        day("2026-10-25", "$2.20", 25),
        day("2026-10-26", "$20.00", 24),
    ];
    let mut app = days(&lab);
    assert_eq!(costs(data(&app)), expected);
    for key in "/25 october".chars() {
        press(&mut app, KeyCode::Char(key));
    }
    let screen = drawn(&app, 120, 40).to_string();
    assert!(screen.contains("25 hours"), "{screen}");
    // Where midnight is a quarter to the hour of everybody else.
    let zone = TimeZone::get("Asia/Kathmandu").unwrap();
    let facts = Facts { zone, ..facts(&lab, None) };
    let app = app_on(&lab, Screen::Days, facts, Look::default());
    assert_eq!(costs(data(&app))[0], day("2026-03-29", "$0.11", 24));
}

#[test]
fn days_of_all_developers_count_and_that_is_said() {
    let lab = Lab::new();
    write(&lab, &[LINE]);
    ingest(&lab);
    let theirs = Lab::new();
    Line { session: "theirs", cents: 700, ..LINE }.write(&theirs, 2);
    ingest_as(&lab, "ken", &theirs.projects());
    let app = days(&lab);
    assert_eq!(costs(data(&app))[0].1, "$8.00");
    let screen = drawn(&app, 120, 40).to_string();
    assert!(screen.contains("of all 2 developers"), "{screen}");
}

#[test]
fn keys_move_filter_and_sort_the_days() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = days(&lab);
    let dates =
        |app: &App| -> Vec<String> { rows(app).iter().map(|(date, _)| date.to_string()).collect() };
    // Days without a call have their rows, so that a week is seven of them.
    assert_eq!(dates(&app), ["2026-11-23", "2026-11-22", "2026-11-21", "2026-11-20", "2026-11-19"]);
    assert_eq!(rows(&app)[2].1, RowAt::Nothing);
    press(&mut app, KeyCode::Char('G'));
    assert_eq!(slot::<Days>(&app).page.table().position(), 4);
    press(&mut app, KeyCode::Char('r'));
    assert_eq!(dates(&app)[0], "2026-11-19");
    for key in ['s', 'j'] {
        press(&mut app, KeyCode::Char(key));
    }
    press(&mut app, KeyCode::Enter);
    assert_eq!(
        dates(&app),
        ["2026-11-19", "2026-11-23", "2026-11-22"],
        "by cost, reversed no more"
    );
    press(&mut app, KeyCode::Char('/'));
    for key in "mon nov".chars() {
        press(&mut app, KeyCode::Char(key));
    }
    assert_eq!(dates(&app), ["2026-11-23"]);
    press(&mut app, KeyCode::Esc);
    assert_eq!(rows(&app).len(), 3);
}

#[test]
fn a_normal_day() {
    let lab = Lab::new();
    a_day(&lab);
    assert_screens("days", &days(&lab));
}

#[test]
fn half_a_year_of_days() {
    let lab = Lab::new();
    half_a_year(&lab);
    let app = days(&lab);
    assert_screens("days_half_a_year", &app);
    // The 131st working day costs $13.10, and November has had 16 of them. To come are a Tuesday
    // to Friday of $11.95, $12.05, $12.15 and $12.25, and a Monday of $11.85.
    let outlook = &data(&app).outlook;
    assert_eq!(money_fixed(outlook.today.cost, 2), "$13.10");
    assert_eq!(money_fixed(outlook.month.cost, 2), "$197.60");
    assert_eq!(outlook.projection.map(|cost| money_fixed(cost, 2)).as_deref(), Some("$257.85"));
}

#[test]
fn without_colour_and_without_unicode_the_levels_are_told_apart() {
    let lab = Lab::new();
    half_a_year(&lab);
    let theme = Theme::named("mono").unwrap();
    let look = Look { theme, ascii: true, ..Look::default() };
    let app = app_on(&lab, Screen::Days, facts(&lab, None), look);
    let screen = drawn(&app, 120, 40);
    insta::assert_snapshot!("days_ascii_120x40", screen);
    let cells = &screen.buffer().content;
    assert!(cells.iter().all(|cell| cell.symbol().is_ascii()));
    assert!(cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    let screen = screen.to_string();
    assert!(screen.contains("> Mon 23 Nov"), "the selected row has a sign: {screen}");
}

#[test]
fn no_calls_and_no_size_are_no_trouble() {
    let lab = Lab::new();
    ingest(&lab);
    let empty = days(&lab);
    assert_screens("days_empty", &empty);
    let full = Lab::new();
    half_a_year(&full);
    let full = days(&full);
    let mut unread = App::new(super::setting(), Look::default(), Millis(0));
    unread.update(spendtop::tui::Action::Command(spendtop::tui::Command::Go(Screen::Days)));
    for columns in (0..=130).step_by(3) {
        for rows in (0..=40).step_by(if columns < 70 { 1 } else { 5 }) {
            for app in [&empty, &full, &unread] {
                drawn(app, columns, rows);
            }
        }
    }
}
