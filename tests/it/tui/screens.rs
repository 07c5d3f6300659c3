//! Snapshots at the three sizes that the screen promises something for.

use ratatui::style::{Color, Modifier};
use spendtop::model::Millis;
use spendtop::tui::screens::live::Column;
use spendtop::tui::{Action, App, Command, Look, Mode, Notice, Setting, Theme};

use super::{LINE, Line, a_day, app, app_of, drawn, facts, ingest, now, setting, write};
use crate::harness::Lab;

fn assert_screens(name: &str, app: &App) {
    for (columns, rows) in [(80, 24), (120, 40), (40, 12)] {
        let screen = drawn(app, columns, rows);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen);
    }
}

fn live(lab: &Lab, cap: Option<i64>) -> App {
    let mut app = app(lab, cap);
    app.update(Action::Collector(Notice::Live));
    app
}

#[test]
fn a_normal_day() {
    let lab = Lab::new();
    a_day(&lab);
    assert_screens("normal", &live(&lab, Some(20)));
}

#[test]
fn without_a_cap() {
    let lab = Lab::new();
    a_day(&lab);
    assert_screens("no_cap", &live(&lab, None));
}

#[test]
fn over_the_cap() {
    let lab = Lab::new();
    a_day(&lab);
    assert_screens("over_cap", &live(&lab, Some(10)));
}

#[test]
fn no_transcripts_at_all() {
    let lab = Lab::new();
    ingest(&lab);
    assert_screens("empty", &live(&lab, Some(20)));
}

#[test]
fn the_first_scan() {
    let lab = Lab::new();
    let mut app = app(&lab, Some(20));
    assert_screens("starting", &app);
    let notice = Notice::Reading { read_bytes: 412_000_000, total_bytes: 1_200_000_000 };
    app.update(Action::Collector(notice));
    assert_screens("reading", &app);
}

#[test]
fn what_is_known_in_part_is_a_floor() {
    let lab = Lab::new();
    let half = Line { session: "s2", cwd: "/w/docs", is_final: false, ..LINE };
    write(&lab, &[LINE, half, Line { model: "in-house-7b", ..LINE }]);
    ingest(&lab);
    assert_screens("floor", &live(&lab, Some(20)));
}

#[test]
fn the_help() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = live(&lab, Some(20));
    app.update(Action::Command(Command::Help));
    assert_screens("help", &app);
}

#[test]
fn a_collector_that_is_elsewhere_and_one_that_failed() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = app(&lab, Some(20));
    app.update(Action::Collector(Notice::Elsewhere("pid 4242".into())));
    let screen = drawn(&app, 80, 24).to_string();
    assert!(screen.contains("● live, collected by pid 4242"), "{screen}");
    app.update(Action::Collector(Notice::Failed("the disk is \x1b[2Jfull".into())));
    insta::assert_snapshot!("failed_80x24", drawn(&app, 80, 24));
}

#[test]
fn beyond_a_cap_is_said_in_words_and_stands_out_without_colour() {
    let lab = Lab::new();
    a_day(&lab);
    for (color, fg) in [(true, Color::Red), (false, Color::Reset)] {
        let theme = Theme::named(if color { "default" } else { "mono" }).unwrap();
        let look = Look { theme, ..Look::default() };
        let app = app_of(&lab, facts(&lab, Some(10)), setting(), look);
        let screen = drawn(&app, 80, 24);
        let words = "OVER the daily cap";
        // In cells, not bytes: the line begins with a frame.
        let line = screen.to_string().lines().position(|line| line.contains(words)).unwrap();
        let cell = screen.buffer().cell((2, line as u16)).unwrap();
        assert_eq!((cell.symbol(), cell.fg), ("O", fg));
        assert!(cell.modifier.contains(Modifier::BOLD));
        assert_eq!(cell.modifier.contains(Modifier::REVERSED), !color);
        let colored = screen.buffer().content.iter().any(|cell| cell.fg != Color::Reset);
        assert_eq!(colored, color);
    }
}

#[test]
fn exactly_the_cap_is_reached() {
    let lab = Lab::new();
    write(&lab, &[Line { cents: 2000, ..LINE }]);
    ingest(&lab);
    let screen = drawn(&live(&lab, Some(20)), 80, 24).to_string();
    assert!(screen.contains("100 %"), "{screen}");
    assert!(screen.contains("The daily cap is REACHED"), "{screen}");
}

#[test]
fn nothing_of_a_transcript_reaches_the_terminal_as_it_is() {
    let lab = Lab::new();
    let evil = "ev\x1b[2Jil\u{202e}\u{200b}\u{9b}31m\nx";
    let cwd = format!("/w/{evil}");
    write(&lab, &[Line { cwd: &cwd, branch: evil, model: evil, session: "evil", ..LINE }]);
    ingest(&lab);
    let screen = drawn(&live(&lab, None), 200, 40);
    assert!(screen.to_string().contains("ev\u{fffd}[2Jil\u{fffd}\u{fffd}\u{fffd}31m\u{fffd}x"));
    for cell in &screen.buffer().content {
        let harmless = |c: char| !c.is_control() && !matches!(c, '\u{202e}' | '\u{200b}');
        assert!(cell.symbol().chars().all(harmless), "{:?}", cell.symbol());
    }
}

#[test]
fn wide_names_keep_the_columns() {
    let lab = Lab::new();
    write(&lab, &[Line { cwd: "/w/日本語のプロジェクト", branch: "機能/支払い", ..LINE }]);
    ingest(&lab);
    insta::assert_snapshot!("wide_names_80x24", drawn(&live(&lab, None), 80, 24));
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let lab = Lab::new();
    a_day(&lab);
    let mut full = live(&lab, Some(10));
    let empty = live(&Lab::new(), None);
    let mut reading = app(&Lab::new(), Some(1));
    reading.update(Action::Collector(Notice::Reading { read_bytes: 9, total_bytes: 0 }));
    for help in [false, true] {
        full.mode = if help { Mode::Help { above: 3 } } else { Mode::Normal };
        for columns in (0..=130).step_by(3) {
            for rows in (0..=40).step_by(if columns < 70 { 1 } else { 5 }) {
                drawn(&full, columns, rows);
                drawn(&empty, columns, rows);
                drawn(&reading, columns, rows);
            }
        }
    }
    full.mode = Mode::Normal;
    let line = drawn(&full, 20, 1).to_string();
    assert!(line.contains("$14.20 of $10.00"), "{line}");
}

#[test]
fn ascii_is_ascii_at_every_size() {
    let lab = Lab::new();
    a_day(&lab);
    let look = Look { ascii: true, ..Look::default() };
    let mut app = app_of(&lab, facts(&lab, Some(20)), setting(), look);
    app.update(Action::Collector(Notice::Live));
    insta::assert_snapshot!("ascii_120x40", drawn(&app, 120, 40));
    for command in [Command::Help, Command::Help, Command::Sort] {
        app.update(Action::Command(command));
        for (columns, rows) in [(120, 40), (80, 24), (40, 12)] {
            let screen = drawn(&app, columns, rows);
            for cell in &screen.buffer().content {
                assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn the_users_columns_are_shown_in_their_order() {
    let lab = Lab::new();
    a_day(&lab);
    let columns = Some(vec![Column::Today, Column::Calls, Column::Project]);
    let look = Look { columns, ..Look::default() };
    let screen = drawn(&app_of(&lab, facts(&lab, None), setting(), look), 80, 24).to_string();
    let titles = screen.lines().find(|line| line.contains("TODAY")).unwrap();
    let titles: Vec<&str> = titles.split_whitespace().collect();
    assert_eq!(titles[1..4], ["TODAY", "CALLS", "PROJECT"]);
}

#[test]
fn on_a_plan_it_is_value() {
    let lab = Lab::new();
    a_day(&lab);
    let on_plan = Setting { on_plan: true, ..setting() };
    let app = app_of(&lab, facts(&lab, Some(20)), on_plan, Look::default());
    let screen = drawn(&app, 80, 24).to_string();
    assert!(screen.contains("today value at list prices of the API"), "{screen}");
}

/// What stands above the keys, on a terminal this wide.
fn said(app: &App, columns: u16) -> String {
    let screen = drawn(app, columns, 24).to_string();
    screen.lines().nth(22).unwrap_or_default().trim_matches(['"', ' ']).to_owned()
}

#[test]
fn a_collector_that_hangs_is_said_with_what_to_do() {
    let lab = Lab::new();
    a_day(&lab);
    let facts = facts(&lab, Some(20));
    std::fs::write(&facts.lock, "").unwrap();
    let touched =
        std::time::UNIX_EPOCH + std::time::Duration::from_millis((now().0 - 600_000) as u64);
    std::fs::File::options().write(true).open(&facts.lock).unwrap().set_modified(touched).unwrap();
    let mut app = app_of(&lab, facts, setting(), Look::default());
    app.update(Action::Collector(Notice::Elsewhere("pid 4242".into())));
    assert!(said(&app, 120).starts_with("! pid 4242"), "{}", said(&app, 120));
    assert_eq!(said(&app, 80), "! pid 4242 is silent for 10m: end it, and this screen takes over");
    let screen = drawn(&app, 120, 24).to_string();
    assert!(screen.contains("■ silent 10m"), "{screen}");
}

#[test]
fn an_old_price_book_is_said_with_what_to_do() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = live(&lab, Some(20));
    let board = app.shell.board.as_mut().unwrap();
    board.book_checked = Some(Millis(now().0 - 60 * 86_400_000));
    assert_eq!(said(&app, 80), "! prices are 60 days old: `spendtop prices update`");
    assert!(said(&app, 120).contains("checked 60 days ago"));
}
