//! What is missing, stopped, closed or old has its own words, and says what to do.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use spendtop::config::Config;
use spendtop::model::Millis;
use spendtop::tui::{Action, App, Given, Look, Notice, Setting, Theme};

use super::{LINE, Line, a_day, app, app_of, drawn, facts, ingest, now, setting, write};
use crate::harness::Lab;

fn live(lab: &Lab) -> App {
    let mut app = app(lab, Some(20));
    app.update(Action::Collector(Notice::Live));
    app
}

fn a_day_of_maya() -> (Lab, App) {
    let lab = Lab::new();
    a_day(&lab);
    let app = live(&lab);
    (lab, app)
}

#[track_caller]
fn assert_screen(name: &str, app: &App) {
    insta::assert_snapshot!(format!("state_{name}_80x24"), drawn(app, 80, 24));
}

#[test]
fn no_daemon_the_screen_watches_by_itself() {
    let (_lab, app) = a_day_of_maya();
    assert_screen("no_daemon", &app);
    assert!(drawn(&app, 120, 40).to_string().contains("● live by itself"));
}

#[test]
fn a_daemon_that_hangs_tells_since_when() {
    let (lab, _) = a_day_of_maya();
    let facts = facts(&lab, Some(20));
    std::fs::write(&facts.lock, "").unwrap();
    let touched = UNIX_EPOCH + Duration::from_millis(now().0.cast_unsigned() - 720_000);
    File::options().write(true).open(&facts.lock).unwrap().set_modified(touched).unwrap();
    let mut app = app_of(&lab, facts, setting(), Look::default());
    app.update(Action::Collector(Notice::Elsewhere("pid 4242".into())));
    assert_screen("silent_daemon", &app);
}

#[test]
fn a_daemon_that_ends_is_told_and_the_screen_goes_on() {
    let (_lab, mut app) = a_day_of_maya();
    app.update(Action::Collector(Notice::Elsewhere("pid 4242".into())));
    app.update(Action::Collector(Notice::Live));
    assert_screen("daemon_ended", &app);
}

#[test]
fn folders_that_are_closed_are_named_with_and_without_others() {
    let closed = |app: &mut App| {
        let what = ["~/.codex/sessions", "~/.claude/projects/-w-x"];
        let what = what.map(|path| format!("{path}: Permission denied (os error 13)"));
        app.update(Action::Collector(Notice::Unreadable(what.to_vec())));
    };
    let (_lab, mut app) = a_day_of_maya();
    closed(&mut app);
    assert_screen("closed_folder", &app);
    let lab = Lab::new();
    ingest(&lab);
    let mut app = live(&lab);
    closed(&mut app);
    assert_screen("closed_folders_alone", &app);
    // Live again: they could be read.
    app.update(Action::Collector(Notice::Live));
    assert!(drawn(&app, 80, 24).to_string().contains("No transcripts yet"));
}

#[test]
fn models_without_a_price_make_a_floor() {
    let lab = Lab::new();
    write(&lab, &[LINE, Line { model: "in-house-7b", ..LINE }]);
    ingest(&lab);
    assert_screen("unpriced", &live(&lab));
}

#[test]
fn an_old_price_book_says_how_old() {
    let (_lab, mut app) = a_day_of_maya();
    let board = app.shell.board.as_mut().unwrap();
    board.book_checked = Some(Millis(now().0 - 60 * 86_400_000));
    assert_screen("old_prices", &app);
}

#[test]
fn a_config_that_cannot_be_used_is_told_until_it_can() {
    let (lab, mut app) = a_day_of_maya();
    let why =
        "~/.config/spendtop/config.toml:3: unknown key `dayly_cap`; did you mean `daily_cap`?";
    assert!(app.update(Action::Refused(why.into())));
    assert!(!app.update(Action::Refused(why.into())));
    assert_screen("refused_config", &app);
    let given = Given {
        facts: facts(&lab, Some(50)),
        setting: Setting { developer: Arc::from("ann"), ..setting() },
        look: Look { theme: Theme::named("mono").unwrap(), ..Look::default() },
        news: "the new config is in force",
    };
    assert!(app.update(Action::Given(Box::new(given))));
    assert_screen("new_config", &app);
}

#[test]
fn other_columns_and_keys_of_a_new_config_are_there_at_once() {
    let (lab, mut app) = a_day_of_maya();
    let text = "[screen]\ncolumns = [\"project\", \"calls\"]\n[keys]\nquit = \"Q\"\n";
    let config = Config::parse(text, std::path::Path::new("config.toml")).unwrap();
    let look = Look::of(&config, &|path| path.to_owned()).unwrap();
    let given = Given { facts: facts(&lab, None), setting: setting(), look, news: "new" };
    app.update(Action::Given(Box::new(given)));
    let screen = drawn(&app, 80, 24).to_string();
    let titles = screen.lines().find(|line| line.contains("PROJECT")).unwrap();
    assert!(titles.contains("CALLS") && !titles.contains("TODAY"), "{titles}");
    assert!(screen.contains("Q quit"), "{screen}");
}
