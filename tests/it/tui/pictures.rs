//! What is read from a ledger, and when.

use jiff::tz::TimeZone;
use spendtop::enforce::{Kernel, ProcessTable as _};
use spendtop::format::money;
use spendtop::ledger::Writer;
use spendtop::model::{AgentId, CapAction, Mark, Millis, Note, SessionKey, UsdTotal};
use spendtop::tui::screens::live::{Doing, Protection};
use spendtop::tui::{Action, App, Board, Day, Facts, Follower, Look};

use super::{
    LINE, Line, a_day, app_of, data, facts, ingest, ingest_as, look_at, now, setting, write,
};
use crate::harness::Lab;

/// The screen's state, in a zone and at a time.
fn seen(lab: &Lab, zone: &str, now: &str) -> App {
    let now = Millis::parse(now).unwrap();
    let facts = Facts { zone: TimeZone::get(zone).unwrap(), ..facts(lab, None) };
    let mut app = App::new(setting(), Look::default(), now);
    let picture = look_at(&mut app, &mut Follower::new(facts), now).unwrap();
    app.update(picture);
    app
}

fn board(app: &App) -> &Board {
    app.shell.board.as_ref().unwrap()
}

fn days(app: &App) -> &[Day] {
    &data(app).days
}

#[test]
fn a_session_holds_what_its_subagents_used() {
    let lab = Lab::new();
    a_day(&lab);
    let app = seen(&lab, "Europe/Berlin", super::NOW);
    let shop = &data(&app).sessions[0];
    assert_eq!((shop.project.as_str(), shop.branch.as_str()), ("w/shop", "feat/pay"));
    assert_eq!(shop.models, ["opus-5-5", "sonnet-5-5", "haiku-5-5"]);
    assert_eq!((shop.subagents.len(), shop.total.calls), (2, 4));
    assert_eq!(money(shop.total.cost), "$9.40");
    assert_eq!(shop.last, now());
    let subagents: UsdTotal =
        shop.subagents.iter().fold(UsdTotal::ZERO, |sum, agent| sum + agent.total.cost);
    assert_eq!(money(subagents), "$1.80");
}

#[test]
fn the_pace_is_of_the_last_quarter_of_an_hour() {
    let lab = Lab::new();
    a_day(&lab);
    let app = seen(&lab, "Europe/Berlin", super::NOW);
    // $1.48, $1.75 and $0.05 of a moment ago; what was 26 minutes ago is not of it.
    assert_eq!(money(board(&app).burn), "$3.28");
    assert_eq!(money(board(&app).per_hour()), "$13.12");
    let trend = &data(&app).trend;
    assert_eq!((trend.len(), money(trend[35])), (36, "$3.28".into()));
    let earlier: UsdTotal = trend.iter().take(35).fold(UsdTotal::ZERO, |sum, part| sum + *part);
    assert_eq!(money(earlier), "$6.23", "of the last three hours");
    let later = seen(&lab, "Europe/Berlin", "2026-11-23T14:57:00Z");
    assert_eq!(money(board(&later).burn), "$0.00");
}

#[test]
fn a_day_begins_at_midnight_of_the_zone() {
    let lab = Lab::new();
    a_day(&lab);
    let costs = |zone: &str| {
        let app = seen(&lab, zone, super::NOW);
        let costs: Vec<String> = days(&app).iter().map(|day| money(day.totals.cost)).collect();
        assert_eq!(costs[6], money(board(&app).today.cost));
        (costs[6].clone(), costs[5].clone())
    };
    assert_eq!(costs("Europe/Berlin"), ("$14.20".into(), "$3.02".into()));
    assert_eq!(costs("UTC"), ("$9.51".into(), "$7.71".into()));
    // Where midnight is a quarter to the hour of everybody else.
    assert_eq!(costs("Asia/Kathmandu"), ("$17.22".into(), "$0.00".into()));
}

#[test]
fn the_day_that_clocks_are_set_back_has_25_hours() {
    let lab = Lab::new();
    let at = |at| Line { at, ..LINE };
    write(
        &lab,
        &[at("2026-10-24T21:59:59Z"), at("2026-10-24T22:00:00Z"), at("2026-10-25T22:59:59Z")],
    );
    ingest(&lab);
    let app = seen(&lab, "Europe/Berlin", "2026-10-25T22:30:00Z");
    let board = board(&app);
    assert_eq!(board.day.end.0 - board.day.start.0, 25 * 3_600_000);
    assert_eq!(money(board.today.cost), "$2.00");
}

#[test]
fn others_on_the_same_ledger_are_told_apart() {
    let lab = Lab::new();
    write(&lab, &[LINE]);
    ingest(&lab);
    let theirs = Lab::new();
    Line { session: "theirs", cents: 700, ..LINE }.write(&theirs, 2);
    ingest_as(&lab, "ken", &theirs.projects());
    let app = seen(&lab, "UTC", super::NOW);
    assert_eq!(money(board(&app).today.cost), "$1.00");
    assert_eq!(money(board(&app).others_today.cost), "$7.00");
    assert_eq!(money(board(&app).burn), "$1.00");
    assert_eq!(data(&app).sessions.len(), 2);
}

#[test]
fn without_a_process_a_session_is_only_said_to_run_or_to_have_ended() {
    let lab = Lab::new();
    a_day(&lab);
    let state = |app: &App, number: usize| {
        let session = &data(app).sessions[number];
        (session.state.doing, session.state.is_guess, session.protection)
    };
    // The agent keeps no files of its running sessions: only the time of the last call tells.
    let app = seen(&lab, "Europe/Berlin", super::NOW);
    assert_eq!(state(&app, 0), (Doing::Run, true, Protection::None));
    assert_eq!(state(&app, 1), (Doing::Idle, true, Protection::None));
    assert_eq!(state(&app, 2), (Doing::End, false, Protection::Unneeded));
    // It does, and this session is not among them.
    std::fs::create_dir_all(lab.folder.path().join("home/.claude/sessions")).unwrap();
    let app = seen(&lab, "Europe/Berlin", super::NOW);
    assert_eq!(state(&app, 0), (Doing::End, false, Protection::Unneeded));
}

#[test]
fn a_new_picture_comes_with_a_change_or_a_new_minute_only() {
    let lab = Lab::new();
    let mut app = App::new(setting(), Look::default(), now());
    let mut follower = Follower::new(facts(&lab, None));
    assert!(look_at(&mut app, &mut follower, now()).is_none(), "there is no ledger yet");
    write(&lab, &[LINE]);
    ingest(&lab);
    app.update(follower.look(now()).unwrap());
    assert_eq!(data(&app).sessions[0].total.calls, 1);
    assert!(follower.look(now()).is_none());
    Line { at: "2026-11-23T14:40:00Z", ..LINE }.write(&lab, 2);
    ingest(&lab);
    app.update(follower.look(now()).unwrap());
    assert_eq!(data(&app).sessions[0].total.calls, 2);
    let tomorrow = Millis(now().0 + 86_400_000);
    app.update(follower.look(tomorrow).unwrap());
    assert_eq!(board(&app).today.calls, 0);
    assert_eq!(days(&app)[5].totals.calls, 2);
}

#[test]
fn what_turns_up_of_other_days_is_read_a_little_later() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = App::new(setting(), Look::default(), now());
    let mut follower = Follower::new(facts(&lab, None));
    let picture = look_at(&mut app, &mut follower, now()).unwrap();
    app.update(picture);
    let old = Line { session: "old", at: "2026-11-20T09:00:00Z", cents: 700, ..LINE };
    old.write(&lab, 99);
    ingest(&lab);
    // Reading the other days costs its share of time before the next; the test does not wait.
    while days(&app)[3].totals.calls == 0 {
        if let Some(picture) = follower.look(now()) {
            app.update(picture);
        }
    }
    assert_eq!(money(days(&app)[3].totals.cost), "$7.00");
    assert_eq!(data(&app).sessions.len(), 5);
    assert!(follower.look(now()).is_none());
}

#[test]
fn a_ledger_that_cannot_be_read_is_said_so() {
    let lab = Lab::new();
    std::fs::create_dir_all(lab.db().parent().unwrap()).unwrap();
    std::fs::write(lab.db(), "not a database, but long enough to look like one".repeat(40))
        .unwrap();
    let mut app = App::new(setting(), Look::default(), now());
    let mut follower = Follower::new(facts(&lab, None));
    let Some(Action::Unreadable(why)) = look_at(&mut app, &mut follower, now()) else { panic!() };
    assert!(why.contains("damaged"), "{why}");
}

#[test]
fn every_screen_draws_before_anything_was_read() {
    let lab = Lab::new();
    let app = app_of(&lab, facts(&lab, None), setting(), Look::default());
    assert!(app.shell.board.is_none());
    super::drawn(&app, 80, 24);
}

#[test]
fn an_agents_own_file_tells_what_a_session_does() {
    let lab = Lab::new();
    write(&lab, &[Line { at: "2026-11-23T10:00:00Z", ..LINE }]);
    ingest(&lab);
    let own = Kernel::new().own();
    let folder = lab.folder.path().join("home/.claude/sessions");
    std::fs::create_dir_all(&folder).unwrap();
    let say = |status: &str, start: u64| {
        let file = serde_json::json!({
            "pid": own.pid, "sessionId": "s1", "procStart": start.to_string(), "status": status,
            "kind": "interactive", "entrypoint": "cli",
        });
        std::fs::write(folder.join(format!("{}.json", own.pid)), file.to_string()).unwrap();
        let app = seen(&lab, "UTC", super::NOW);
        let session = &data(&app).sessions[0];
        (session.state.word(), session.protection)
    };
    assert_eq!(say("busy", own.start_time), ("RUN", Protection::Signal));
    assert_eq!(say("waiting", own.start_time), ("ASK", Protection::Signal));
    assert_eq!(say("idle", own.start_time), ("IDLE", Protection::Signal));
    // A file that was left behind: its number belongs to another process now.
    assert_eq!(say("busy", own.start_time + 1), ("END", Protection::Unneeded));
}

#[test]
fn what_holds_a_session_is_said_and_stops_only_where_it_is_to() {
    let lab = Lab::new();
    write(&lab, &[Line { cents: 2100, ..LINE }, Line { session: "s2", ..LINE }]);
    ingest(&lab);
    let key = SessionKey { agent: AgentId::Claude, session_id: "s2".into() };
    let mark = |action| Mark {
        session: key.clone(),
        action,
        cap: None,
        reason: "too \x1b[2Jdear".into(),
        by: "maya".into(),
        at: now(),
    };
    let mut writer = Writer::open(&lab.db()).unwrap();
    let apply = |writer: &mut Writer, action| {
        writer.store_note(&Note::Mark(mark(action)), &[]).unwrap();
    };
    apply(&mut writer, CapAction::Flag);
    let held = |app: &App, id: &str| {
        let session = data(app).sessions.iter().find(|s| &*s.key.session_id == id).unwrap().clone();
        (session.state.word(), session.held.iter().map(|held| held.why.clone()).collect::<Vec<_>>())
    };
    let flagged = "flagged by maya: too \u{fffd}[2Jdear".to_owned();
    let app = seen(&lab, "Europe/Berlin", super::NOW);
    assert_eq!(held(&app, "s2"), ("run", vec![flagged.clone()]));
    assert_eq!(held(&app, "s1"), ("run", vec![]));
    apply(&mut writer, CapAction::Block);
    let app = seen(&lab, "Europe/Berlin", super::NOW);
    // Nothing can stop it, and it called a model a moment ago.
    assert_eq!(held(&app, "s2").0, "run");
    let app = seen(&lab, "Europe/Berlin", "2026-11-23T14:51:30Z");
    let (state, why) = held(&app, "s2");
    assert_eq!((state, why.len()), ("BLK", 2));
    assert_eq!(why[1], flagged, "what stops it comes first");
}

#[test]
fn a_block_that_no_hook_carries_out_is_not_shown_as_done() {
    let lab = Lab::new();
    write(&lab, &[LINE]);
    ingest(&lab);
    let own = Kernel::new().own();
    let folder = lab.folder.path().join("home/.claude/sessions");
    std::fs::create_dir_all(&folder).unwrap();
    let file = serde_json::json!({
        "pid": own.pid, "sessionId": "s1", "procStart": own.start_time.to_string(),
        "status": "busy", "kind": "interactive", "entrypoint": "cli",
    });
    std::fs::write(folder.join(format!("{}.json", own.pid)), file.to_string()).unwrap();
    let mut writer = Writer::open(&lab.db()).unwrap();
    // It could be signalled, which a block does not do, and a kill does.
    for (action, word) in [(CapAction::Block, "RUN"), (CapAction::Kill, "BLK")] {
        let mark = Mark {
            session: SessionKey { agent: AgentId::Claude, session_id: "s1".into() },
            action,
            cap: None,
            reason: "too dear".into(),
            by: "maya".into(),
            at: now(),
        };
        writer.store_note(&Note::Mark(mark), &[]).unwrap();
        let app = seen(&lab, "UTC", super::NOW);
        let session = &data(&app).sessions[0];
        assert_eq!((session.state.word(), session.protection), (word, Protection::Signal));
        assert!(!session.held.is_empty(), "that it is marked is said all the same");
    }
}

#[test]
fn what_a_turn_is_at_is_told_beside_its_session() {
    let lab = Lab::new();
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    lab.install(&fixture.join("tests/fixtures/claude/loop/home"));
    ingest(&lab);
    let app = seen(&lab, "UTC", "2026-11-23T16:12:00Z");
    let session = &data(&app).sessions[0];
    let turn = session.turn.unwrap();
    // Recorded from the real agent: one tool call over and over, until it was cut short.
    assert_eq!((turn.steps, turn.repeats, turn.in_turn), (13, 13, true));
    assert_eq!(session.state.word(), "run");
    let screen = super::drawn(&app, 120, 40).to_string();
    assert!(screen.contains("×13"), "{screen}");
    // Hours later the turn is nobody's concern any more.
    let app = seen(&lab, "UTC", "2026-11-23T19:12:00Z");
    assert_eq!(data(&app).sessions[0].turn, None);
}

#[test]
fn a_screen_that_has_been_open_shows_what_one_opened_now_does() {
    let lab = Lab::new();
    a_day(&lab);
    let mut open = App::new(setting(), Look::default(), now());
    let mut follower = Follower::new(facts(&lab, Some(10)));
    let mut assert_same = |now: Millis| {
        if let Some(action) = look_at(&mut open, &mut follower, now) {
            open.update(action);
        }
        let mut anew = App::new(setting(), Look::default(), now);
        let action = look_at(&mut anew, &mut Follower::new(facts(&lab, Some(10))), now);
        anew.update(action.unwrap());
        assert_eq!(data(&open), data(&anew));
    };
    assert_same(now());
    let lines = [
        Line { session: "s2", cwd: "/w/docs", model: "claude-haiku-5-5-20260901", ..LINE },
        // Of an old session, and of a new one whose project makes the name of another longer.
        Line { session: "s4", cwd: "/srv/other/shop", branch: "", ..LINE },
        Line { session: "s9", cwd: "/home/maya/w/shop", ..LINE },
        Line { agent: "a9", branch: "feat/pay", ..LINE },
    ];
    for (number, line) in (20..).zip(&lines) {
        line.write(&lab, number);
        ingest(&lab);
        assert_same(now());
    }
    // What runs, and then what is idle, has ended a while later.
    for minutes in [1, 3, 20, 45] {
        assert_same(Millis(now().0 + minutes * 60_000));
    }
}
