//! The state: keys, news and time in, what is shown out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use spendtop::model::Millis;
use spendtop::tui::{Action, App, Collector, Command, Follower, Notice};

use super::{LINE, Line, app, ingest, now, setting, write};
use crate::harness::Lab;

fn press(app: &mut App, key: KeyCode) -> bool {
    let command = Command::of_key(KeyEvent::new(key, KeyModifiers::NONE));
    command.is_some_and(|command| app.update(Action::Command(command)))
}

fn selected(app: &App) -> &str {
    &app.sessions()[app.selected_row()].branch
}

/// Three sessions, named by their branches in the order of the screen.
fn three(lab: &Lab) -> App {
    write(
        lab,
        &[
            Line { session: "s1", branch: "a", at: "2026-11-23T14:03:00Z", ..LINE },
            Line { session: "s2", branch: "b", at: "2026-11-23T14:02:00Z", ..LINE },
            Line { session: "s3", branch: "c", at: "2026-11-23T14:01:00Z", ..LINE },
        ],
    );
    ingest(lab);
    app(lab, setting(None))
}

#[test]
fn keys_move_the_selection_within_the_list() {
    let mut app = three(&Lab::new());
    assert!(!press(&mut app, KeyCode::Up));
    assert!(press(&mut app, KeyCode::Char('j')));
    assert_eq!(selected(&app), "b");
    assert!(press(&mut app, KeyCode::Char('G')));
    assert_eq!(selected(&app), "c");
    assert!(!press(&mut app, KeyCode::PageDown));
    assert!(press(&mut app, KeyCode::PageUp));
    assert_eq!(selected(&app), "a");
    assert!(!press(&mut app, KeyCode::Char('x')));
    assert!(press(&mut app, KeyCode::Char('q')));
    assert!(app.quit);
}

#[test]
fn the_selection_stays_with_its_session_and_at_the_top_with_the_newest() {
    let lab = Lab::new();
    let mut app = three(&lab);
    let mut other = app.clone();
    press(&mut app, KeyCode::Char('j'));
    let newest = Line { session: "s3", branch: "c", at: "2026-11-23T14:30:00Z", ..LINE };
    newest.write(&lab, 9);
    ingest(&lab);
    let picture = Follower::new(lab.db(), &app.setting).look(now()).unwrap();
    assert!(app.update(picture.clone()));
    assert!(other.update(picture));
    assert_eq!(app.sessions()[0].branch, "c");
    assert_eq!((selected(&app), selected(&other)), ("b", "c"));
}

#[test]
fn the_help_lies_over_everything_but_quitting() {
    let mut app = three(&Lab::new());
    assert!(!press(&mut app, KeyCode::Esc));
    assert!(press(&mut app, KeyCode::Char('?')));
    assert!(app.help);
    assert!(!press(&mut app, KeyCode::Char('j')));
    assert!(press(&mut app, KeyCode::Esc));
    assert!(!app.help);
    press(&mut app, KeyCode::F(1));
    press(&mut app, KeyCode::Char('q'));
    assert!(app.quit);
}

#[test]
fn only_what_changes_the_screen_is_drawn() {
    let lab = Lab::new();
    let mut app = three(&lab);
    let picture = Follower::new(lab.db(), &app.setting).look(now()).unwrap();
    assert!(!app.update(picture), "the same picture again");
    assert!(!app.update(Action::Tick(Millis(now().0 + 1000))), "the same minute");
    assert!(app.update(Action::Tick(Millis(now().0 + 60_000))));
    assert!(app.update(Action::Collector(Notice::Live)));
    assert!(!app.update(Action::Collector(Notice::Live)));
    assert!(app.update(Action::Collector(Notice::Trouble("x".into()))));
    assert!(!app.update(Action::Collector(Notice::Trouble("x".into()))));
    assert!(app.update(Action::Unreadable("busy".into())));
    assert!(!app.update(Action::Unreadable("busy".into())));
}

#[test]
fn a_collector_that_is_live_does_not_fall_back_to_reading() {
    let mut app = three(&Lab::new());
    let reading = Notice::Reading { read_bytes: 1, total_bytes: 2 };
    assert!(app.update(Action::Collector(reading.clone())));
    assert!(app.is_behind());
    app.update(Action::Collector(Notice::Live));
    assert!(!app.update(Action::Collector(reading.clone())));
    assert_eq!(app.collector, Collector::Live);
    // After another process left, everything is read again before it is live.
    app.update(Action::Collector(Notice::Elsewhere("pid 1".into())));
    assert!(app.update(Action::Collector(reading)));
}
