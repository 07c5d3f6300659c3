//! The state: keys, news and time in, what is shown out.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use spendtop::model::{AgentId, Millis, SessionKey};
use spendtop::tui::{
    About, Action, Answered, App, Collector, Command, Deed, Follower, Look, Mode, Notice, Reply,
    Request,
};

use super::{LINE, Line, app, data, facts, ingest, live, look_at, now, selected, setting, write};
use crate::harness::Lab;

fn press(app: &mut App, key: KeyCode) -> bool {
    app.update(Action::Key(KeyEvent::new(key, KeyModifiers::NONE)))
}

fn type_in(app: &mut App, text: &str) {
    for letter in text.chars() {
        press(app, KeyCode::Char(letter));
    }
}

/// What a follower of its own sees now.
fn picture(lab: &Lab) -> Action {
    let mut app = App::new(setting(), Look::default(), now());
    look_at(&mut app, &mut Follower::new(facts(lab, None)), now()).unwrap()
}

fn branches(app: &App) -> Vec<String> {
    let rows = live(app).page.table().rows();
    rows.iter().map(|(_, at)| data(app).sessions[at.session].branch.clone()).collect()
}

/// Three sessions, named by their branches in the order of the screen.
fn three(lab: &Lab) -> App {
    write(
        lab,
        &[
            Line { session: "s1", branch: "a", at: "2026-11-23T14:20:00Z", ..LINE },
            Line { session: "s2", branch: "b", at: "2026-11-23T14:10:00Z", cents: 900, ..LINE },
            Line { session: "s3", branch: "c", at: "2026-11-23T14:00:00Z", cents: 300, ..LINE },
        ],
    );
    ingest(lab);
    app(lab, None)
}

#[test]
fn keys_move_the_selection_within_the_list() {
    let mut app = three(&Lab::new());
    assert!(!press(&mut app, KeyCode::Up));
    assert!(press(&mut app, KeyCode::Char('j')));
    assert_eq!(selected(&app).branch, "b");
    assert!(press(&mut app, KeyCode::Char('G')));
    assert_eq!(selected(&app).branch, "c");
    assert!(!press(&mut app, KeyCode::PageDown));
    assert!(press(&mut app, KeyCode::PageUp));
    assert_eq!(selected(&app).branch, "a");
    assert!(!press(&mut app, KeyCode::Char('z')));
    assert!(press(&mut app, KeyCode::Char('q')));
    assert!(app.quit);
}

#[test]
fn sessions_at_work_keep_their_places_from_call_to_call() {
    let lab = Lab::new();
    let line = |session, branch, at, cents| Line { session, branch, at, cents, ..LINE };
    write(
        &lab,
        &[
            line("s1", "dear", "2026-11-23T14:40:00Z", 900),
            line("s2", "cheap", "2026-11-23T14:40:05Z", 100),
            line("s3", "earlier", "2026-11-23T14:20:00Z", 5000),
        ],
    );
    ingest(&lab);
    let mut app = app(&lab, None);
    assert_eq!(branches(&app), ["dear", "cheap", "earlier"]);
    for (number, (session, branch, at)) in (10..)
        .zip([("s1", "dear", "2026-11-23T14:40:10Z"), ("s2", "cheap", "2026-11-23T14:40:15Z")])
    {
        line(session, branch, at, 10).write(&lab, number);
        ingest(&lab);
        app.update(picture(&lab));
        assert_eq!(branches(&app), ["dear", "cheap", "earlier"]);
    }
    line("s3", "earlier", "2026-11-23T14:41:00Z", 10).write(&lab, 20);
    ingest(&lab);
    app.update(picture(&lab));
    assert_eq!(branches(&app), ["earlier", "dear", "cheap"], "it is at work again");
}

#[test]
fn the_selection_stays_with_its_session_and_at_the_top_with_the_newest() {
    let lab = Lab::new();
    let (mut below, mut top) = (three(&lab), app(&lab, None));
    press(&mut below, KeyCode::Char('j'));
    let newest = Line { session: "s3", branch: "c", at: "2026-11-23T14:30:00Z", ..LINE };
    newest.write(&lab, 9);
    ingest(&lab);
    for (app, branch) in [(&mut below, "b"), (&mut top, "c")] {
        app.update(Action::Command(Command::Reverse));
        app.update(Action::Command(Command::Reverse));
        assert!(app.update(picture(&lab)));
        assert_eq!(data(app).sessions[0].branch, "c");
        assert_eq!(selected(app).branch, branch);
    }
}

#[test]
fn the_help_lies_over_everything_but_quitting() {
    let mut app = three(&Lab::new());
    assert!(!press(&mut app, KeyCode::Esc));
    assert!(press(&mut app, KeyCode::Char('?')));
    assert!(matches!(app.mode, Mode::Help { .. }));
    assert!(!press(&mut app, KeyCode::Char('s')));
    assert!(press(&mut app, KeyCode::Esc));
    assert!(matches!(app.mode, Mode::Normal));
    press(&mut app, KeyCode::F(1));
    press(&mut app, KeyCode::Char('q'));
    assert!(app.quit);
}

#[test]
fn the_filter_narrows_while_it_is_typed_and_esc_takes_it_back() {
    let mut app = three(&Lab::new());
    press(&mut app, KeyCode::Char('/'));
    // A key of a command is a letter here.
    type_in(&mut app, "q");
    assert!(!app.quit);
    assert!(branches(&app).is_empty());
    press(&mut app, KeyCode::Backspace);
    type_in(&mut app, "s2 SHOP");
    assert_eq!(branches(&app), ["b"]);
    press(&mut app, KeyCode::Enter);
    assert!(matches!(app.mode, Mode::Normal));
    assert_eq!(branches(&app), ["b"], "it stays");
    press(&mut app, KeyCode::Esc);
    assert_eq!(branches(&app), ["a", "b", "c"]);
    press(&mut app, KeyCode::Char('/'));
    type_in(&mut app, "s3");
    press(&mut app, KeyCode::Esc);
    assert_eq!(branches(&app), ["a", "b", "c"]);
    // What quits from anywhere quits from here.
    press(&mut app, KeyCode::Char('/'));
    app.update(Action::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(app.quit);
}

#[test]
fn the_menu_sorts_and_reverse_turns_the_order_around() {
    let mut app = three(&Lab::new());
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('s'));
    type_in(&mut app, "jj");
    press(&mut app, KeyCode::Enter);
    assert_eq!(branches(&app), ["b", "c", "a"], "by today");
    assert_eq!(selected(&app).branch, "b", "whatever its place");
    press(&mut app, KeyCode::Char('r'));
    assert_eq!(branches(&app), ["a", "c", "b"]);
    press(&mut app, KeyCode::Char('s'));
    press(&mut app, KeyCode::Esc);
    assert_eq!(branches(&app), ["a", "c", "b"], "nothing was chosen");
}

#[test]
fn the_tree_shows_subagents_below_their_session() {
    let lab = Lab::new();
    super::a_day(&lab);
    let mut app = app(&lab, None);
    assert_eq!(live(&app).page.table().rows().len(), 4);
    press(&mut app, KeyCode::Char('t'));
    let rows = live(&app).page.table().rows();
    assert_eq!(rows.len(), 6);
    let ids: Vec<_> = rows.iter().filter_map(|(id, _)| id.subagent.as_deref()).collect();
    assert_eq!(ids, ["a1", "a2"], "the dearest first");
    press(&mut app, KeyCode::Char('j'));
    assert_eq!(selected(&app).project, "w/shop", "a subagent is its session's");
    press(&mut app, KeyCode::Char('t'));
    assert_eq!(live(&app).page.table().rows().len(), 4);
}

#[test]
fn a_frozen_picture_stands_still_and_the_newest_is_there_after() {
    let lab = Lab::new();
    let mut app = three(&lab);
    press(&mut app, KeyCode::Char('f'));
    Line { session: "s4", branch: "d", at: "2026-11-23T14:30:00Z", ..LINE }.write(&lab, 9);
    ingest(&lab);
    assert!(!app.update(picture(&lab)));
    assert_eq!(branches(&app), ["a", "b", "c"]);
    assert!(press(&mut app, KeyCode::Char('f')));
    assert_eq!(branches(&app), ["d", "a", "b", "c"]);
}

#[test]
fn the_palette_finds_a_command_and_does_it() {
    let mut app = three(&Lab::new());
    press(&mut app, KeyCode::Char(':'));
    type_in(&mut app, "las");
    press(&mut app, KeyCode::Enter);
    assert!(matches!(app.mode, Mode::Normal));
    assert_eq!(selected(&app).branch, "c");
    press(&mut app, KeyCode::Char(':'));
    type_in(&mut app, "quit");
    press(&mut app, KeyCode::Enter);
    assert!(app.quit);
}

fn key(id: &str) -> SessionKey {
    SessionKey { agent: AgentId::Claude, session_id: Arc::from(id) }
}

#[test]
fn acting_is_on_the_sessions_whatever_happens_to_the_rows() {
    let lab = Lab::new();
    let mut app = three(&lab);
    press(&mut app, KeyCode::Char('j'));
    press(&mut app, KeyCode::Char('x'));
    assert_eq!(app.take_requests(), [Request::Find(key("s2"))]);
    // Its row moves while the dialog is open.
    app.update(Action::Command(Command::Reverse));
    Line { session: "s4", branch: "d", at: "2026-11-23T14:30:00Z", ..LINE }.write(&lab, 9);
    ingest(&lab);
    app.update(picture(&lab));
    type_in(&mut app, "s");
    type_in(&mut app, "stop it runs away");
    press(&mut app, KeyCode::Enter);
    let (session, deed, reason) = (key("s2"), Deed::Stop, "it runs away".to_owned());
    assert_eq!(app.take_requests(), [Request::Do { session, deed, reason }]);
    // The dialog was left before the answer came.
    press(&mut app, KeyCode::Esc);
    let what = Answered::Done(vec!["process 7: exited".into()]);
    assert!(app.update(Action::Reply(Reply { about: About::Session(key("s2")), what })));
    assert_eq!(app.message.as_deref(), Some("process 7: exited"));
    press(&mut app, KeyCode::Char('k'));
    assert_eq!(app.message, None);
}

#[test]
fn what_is_tagged_is_acted_on_together() {
    let mut app = three(&Lab::new());
    press(&mut app, KeyCode::Char(' '));
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(selected(&app).branch, "c", "a tag goes on to the next");
    press(&mut app, KeyCode::Char('x'));
    assert_eq!(app.take_requests(), [Request::Find(key("s1")), Request::Find(key("s2"))]);
    press(&mut app, KeyCode::Esc);
    assert!(press(&mut app, KeyCode::Esc), "takes the tags back");
    press(&mut app, KeyCode::Char('x'));
    assert_eq!(app.take_requests(), [Request::Find(key("s3"))]);
}

#[test]
fn only_what_changes_the_screen_is_drawn() {
    let lab = Lab::new();
    let mut app = three(&lab);
    assert!(!app.update(picture(&lab)), "the same picture again");
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
    assert!(app.shell.is_behind());
    app.update(Action::Collector(Notice::Live));
    assert!(!app.update(Action::Collector(reading.clone())));
    assert_eq!(app.shell.collector, Collector::Live);
    // After another process left, everything is read again before it is live.
    app.update(Action::Collector(Notice::Elsewhere("pid 1".into())));
    assert!(app.update(Action::Collector(reading)));
}
