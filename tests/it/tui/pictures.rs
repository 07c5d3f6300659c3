//! What is read from the ledger, and when.

use jiff::tz::TimeZone;
use spendtop::format::money;
use spendtop::model::Millis;
use spendtop::tui::{Action, Follower, Snapshot};

use super::{LINE, Line, a_day, ingest, ingest_as, now, setting, write};
use crate::harness::Lab;

fn picture(lab: &Lab, zone: &str, now: &str) -> Snapshot {
    let zone = TimeZone::get(zone).unwrap();
    Snapshot::read(&lab.reader(), "maya", &zone, Millis::parse(now).unwrap()).unwrap()
}

#[test]
fn a_session_holds_what_its_subagents_used() {
    let lab = Lab::new();
    a_day(&lab);
    let picture = picture(&lab, "Europe/Berlin", super::NOW);
    let shop = &picture.sessions[0];
    assert_eq!((shop.project.as_str(), shop.branch.as_str()), ("w/shop", "feat/pay"));
    assert_eq!(shop.models, ["opus-5-5", "sonnet-5-5", "haiku-5-5"]);
    assert_eq!((shop.subagents, shop.total.calls), (2, 4));
    assert_eq!(money(shop.total.cost), "$9.40");
    assert_eq!(shop.last, now());
}

#[test]
fn a_day_begins_at_midnight_of_the_zone() {
    let lab = Lab::new();
    a_day(&lab);
    let costs = |zone: &str| {
        let picture = picture(&lab, zone, super::NOW);
        let days: Vec<String> = picture.days.iter().map(|day| money(day.totals.cost)).collect();
        (money(picture.today().cost), days[5].clone())
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
    let picture = picture(&lab, "Europe/Berlin", "2026-10-25T22:30:00Z");
    assert_eq!(picture.day.end.0 - picture.day.start.0, 25 * 3_600_000);
    assert_eq!(money(picture.today().cost), "$2.00");
}

#[test]
fn others_on_the_same_ledger_are_told_apart() {
    let lab = Lab::new();
    write(&lab, &[LINE]);
    ingest(&lab);
    let theirs = Lab::new();
    Line { session: "theirs", cents: 700, ..LINE }.write(&theirs, 2);
    ingest_as(&lab, "ken", &theirs.projects());
    let picture = picture(&lab, "UTC", super::NOW);
    assert_eq!(money(picture.today().cost), "$1.00");
    assert_eq!(money(picture.others_today.cost), "$7.00");
    assert_eq!(picture.sessions.len(), 2);
}

#[test]
fn a_new_picture_comes_with_a_change_or_a_new_day_only() {
    let lab = Lab::new();
    let mut follower = Follower::new(lab.db(), &setting(None));
    assert!(follower.look(now()).is_none(), "there is no ledger yet");
    write(&lab, &[LINE]);
    ingest(&lab);
    // A look costs its share of time before the next; the test does not wait for it.
    let mut look = |now| loop {
        if let Some(action) = follower.look(now) {
            break action;
        }
    };
    let Action::Picture(first) = look(now()) else { panic!() };
    assert_eq!(first.sessions[0].total.calls, 1);
    Line { at: "2026-11-23T14:40:00Z", ..LINE }.write(&lab, 2);
    ingest(&lab);
    let Action::Picture(second) = look(now()) else { panic!() };
    assert_eq!(second.sessions[0].total.calls, 2);
    let tomorrow = Millis(now().0 + 86_400_000);
    let Action::Picture(third) = look(tomorrow) else { panic!() };
    assert_eq!(third.today().calls, 0);
    assert_eq!(third.days[5].totals.calls, 2);
}

#[test]
fn a_ledger_that_cannot_be_read_is_said_so() {
    let lab = Lab::new();
    std::fs::create_dir_all(lab.db().parent().unwrap()).unwrap();
    std::fs::write(lab.db(), "not a database, but long enough to look like one".repeat(40))
        .unwrap();
    let mut follower = Follower::new(lab.db(), &setting(None));
    let Some(Action::Unreadable(why)) = follower.look(now()) else { panic!() };
    assert!(why.contains("damaged"), "{why}");
}
