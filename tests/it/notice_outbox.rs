//! The outbox on a real ledger: once for each key, again after a failure, across restarts, and not
//! for ever.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use jiff::tz::TimeZone;
use spendtop::config::Notify;
use spendtop::daemon::Outbox;
use spendtop::ledger::{Delivery, Reader, Writer};
use spendtop::model::{Millis, Note, Notice};

use super::cli_home::{Home, NOW, ran};

const PATIENT: Duration = Duration::from_secs(20);

/// A ledger, a command that tells into a file, unless there is a file `broken`, and the outbox of
/// a daemon that can be started anew.
struct World {
    home: Home,
    writer: Writer,
    outbox: Outbox,
    woken: Receiver<()>,
    start: Millis,
}

impl World {
    fn new() -> Self {
        let home = Home::new();
        let writer = Writer::open(&home.db()).unwrap();
        let (outbox, woken) = outbox(&home);
        Self { home, writer, outbox, woken, start: Millis::parse(NOW).unwrap() }
    }

    /// A new daemon on the same ledger.
    fn restart(&mut self) {
        self.writer = Writer::open(&self.home.db()).unwrap();
        (self.outbox, self.woken) = outbox(&self.home);
    }

    fn at(&self, seconds: i64) -> Millis {
        Millis(self.start.0 + seconds * 1000)
    }

    fn notice(&self, key: &str) -> Notice {
        Notice {
            key: key.into(),
            at: self.start,
            title: format!("spendtop: {key}"),
            body: "body".into(),
            urgent: false,
        }
    }

    fn store(&mut self, key: &str) -> bool {
        let channels = self.outbox.channels();
        let notice = self.notice(key);
        self.writer.store_notice(&notice, &channels).unwrap()
    }

    /// Pumps at a time, waits for what that started, and notes it; when to pump again.
    fn pump(&mut self, seconds: i64) -> Option<Millis> {
        let now = self.at(seconds);
        self.outbox.pump(&mut self.writer, now).unwrap();
        while self.writer.outgoing(now).unwrap().iter().any(|out| out.channel == "command") {
            self.woken.recv_timeout(PATIENT).unwrap();
            self.outbox.pump(&mut self.writer, now).unwrap();
        }
        self.outbox.pump(&mut self.writer, now).unwrap()
    }

    fn broken(&self) -> PathBuf {
        self.home.path("broken")
    }

    fn told(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.path("told")).unwrap_or_default();
        let title = |line: &str| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            json["title"].as_str().unwrap().to_owned()
        };
        text.lines().map(title).collect()
    }

    fn untold(&self) -> Vec<Delivery> {
        Reader::open(&self.home.db()).unwrap().unwrap().untold(10).unwrap()
    }
}

fn outbox(home: &Home) -> (Outbox, Receiver<()>) {
    let (told, broken) = (home.path("told"), home.path("broken"));
    let script = format!("test ! -e {} && cat >>{}", broken.display(), told.display());
    let config = Notify {
        desktop: false,
        webhook: None,
        command: ["sh", "-c", &script].map(str::to_owned).to_vec(),
    };
    let (wake, woken) = mpsc::channel();
    let wake = move || wake.send(()).unwrap_or_default();
    (Outbox::start(&config, TimeZone::UTC, wake), woken)
}

#[test]
fn a_key_is_told_once_whoever_stores_it_and_however_often() {
    let mut world = World::new();
    assert!(world.store("a"));
    assert!(!world.store("a"), "the key is known");
    assert_eq!(world.pump(0), None, "nothing is left to do");
    world.store("a");
    world.pump(1);
    world.restart();
    world.store("a");
    world.pump(3600);
    assert_eq!(world.told(), ["spendtop: a"]);
    // What a hook has told itself is not told again; what it could not tell, is.
    let channels = world.outbox.channels();
    for (key, told) in [("b", true), ("c", false)] {
        let note = Note::Notice { notice: world.notice(key), told };
        world.writer.store_note(&note, &channels).unwrap();
    }
    world.pump(4000);
    assert_eq!(world.told(), ["spendtop: a", "spendtop: c"]);
    assert_eq!(world.untold(), []);
}

#[test]
fn what_another_process_told_is_not_told_again_and_the_rest_is() {
    let mut world = World::new();
    let channels = ["command", "webhook"];
    let delivered = |key: &str, channel: &str, error: Option<&str>| Note::Delivered {
        key: key.into(),
        channel: channel.into(),
        at: world.start,
        error: error.map(str::to_owned),
    };
    let notes = [
        Note::Notice { notice: world.notice("a"), told: false },
        delivered("a", "command", None),
        delivered("a", "webhook", Some("down")),
        // Left by one that was killed before it could tell.
        Note::Notice { notice: world.notice("b"), told: false },
        delivered("nothing of that key", "command", None),
    ];
    for note in &notes {
        world.writer.store_note(note, &channels).unwrap();
    }
    let due = world.writer.outgoing(world.at(0)).unwrap();
    let due: Vec<_> = due.iter().map(|out| (&*out.notice.key, &*out.channel)).collect();
    assert_eq!(due, [("a", "webhook"), ("b", "command"), ("b", "webhook")]);
    let untold = world.untold();
    assert_eq!((untold[0].attempts, untold[0].error.as_deref()), (1, Some("down")));
    // Again: a crash between the two files stores notes twice.
    for note in &notes {
        world.writer.store_note(note, &channels).unwrap();
    }
    world.pump(0);
    assert_eq!(world.told(), ["spendtop: b"]);
}

#[test]
fn a_failure_is_tried_again_at_its_time_and_after_a_restart() {
    let mut world = World::new();
    fs::write(world.broken(), "").unwrap();
    world.store("a");
    assert_eq!(world.pump(0), Some(world.at(5)));
    assert_eq!(world.untold()[0].error.as_deref(), Some("sh ended with exit code 1"));
    fs::remove_file(world.broken()).unwrap();
    assert_eq!(world.pump(4), Some(world.at(5)), "not before its time");
    assert_eq!(world.told().len(), 0);
    fs::write(world.broken(), "").unwrap();
    assert_eq!(world.pump(5), Some(world.at(35)));
    world.restart();
    assert_eq!(world.pump(20), Some(world.at(35)));
    assert_eq!(world.pump(35), Some(world.at(155)));
    let untold = &world.untold()[0];
    assert_eq!((untold.attempts, untold.given_up), (3, false));
    fs::remove_file(world.broken()).unwrap();
    world.restart();
    assert_eq!(world.pump(1000), None);
    assert_eq!(world.told(), ["spendtop: a"]);
    let told = fs::read_to_string(world.home.path("told")).unwrap();
    assert!(
        told.contains("This was on Mon 23 Nov 12:00, and could not be told earlier."),
        "{told}"
    );
    assert_eq!(world.untold(), []);
}

#[test]
fn what_cannot_be_told_is_given_up_after_a_day_and_listed() {
    let mut world = World::new();
    fs::write(world.broken(), "").unwrap();
    world.store("a");
    let mut next = world.pump(0);
    let mut attempts = 1;
    while let Some(at) = next {
        next = world.pump((at.0 - world.start.0) / 1000);
        attempts += 1;
        assert!(attempts < 100);
    }
    let untold = world.untold();
    assert_eq!((untold[0].attempts, untold[0].given_up), (attempts, true));
    fs::remove_file(world.broken()).unwrap();
    world.restart();
    assert_eq!(world.pump(2 * 86_400), None);
    assert_eq!(world.told().len(), 0);

    let mut command = world.home.command_now(&["doctor"]);
    command.args(["--now", "2026-11-24T12:00:00Z"]);
    let doctor = ran(command);
    assert_eq!(doctor.code, 5, "{doctor:?}");
    assert!(doctor.out.contains("! could not be told: 1 notice;"), "{}", doctor.out);
    let says = format!(
        "    command: spendtop: a: given up after {attempts} attempts: sh ended with exit code 1\n"
    );
    assert!(doctor.out.contains(&says), "{}", doctor.out);
    let mut command = world.home.command_now(&["doctor", "--json"]);
    command.args(["--now", "2026-12-24T12:00:00Z"]);
    assert!(!ran(command).out.contains("untold_notice"), "old news");
}

#[test]
fn a_channel_that_is_no_more_is_given_up_at_once() {
    let mut world = World::new();
    let notice = world.notice("a");
    world.writer.store_notice(&notice, &["webhook", "command"]).unwrap();
    assert_eq!(world.pump(0), None);
    assert_eq!(world.told(), ["spendtop: a"]);
    let untold = &world.untold()[0];
    assert_eq!((&*untold.channel, untold.attempts, untold.given_up), ("webhook", 1, true));
    assert_eq!(untold.error.as_deref(), Some("this channel is not configured any more"));
}

#[test]
fn a_daemon_that_ends_notes_what_is_under_way() {
    let mut world = World::new();
    world.store("a");
    let now = world.at(0);
    world.outbox.pump(&mut world.writer, now).unwrap();
    world.outbox.finish(&mut world.writer, now, PATIENT).unwrap();
    assert_eq!(world.writer.outgoing(now).unwrap(), []);
    world.restart();
    world.pump(10);
    assert_eq!(world.told(), ["spendtop: a"]);
}
