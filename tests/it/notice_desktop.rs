//! Desktop notifications on a real bus, by the real program.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spendtop::ledger::Inbox;
use spendtop::model::{Note, Notice};

use super::cli_home::{Home, NOW, Ran, ended, ran};
use super::notice_bus::{Bus, Desktop, Manner};

/// Runs with this session bus.
fn on(home: &Home, address: &str, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    command.env("DBUS_SESSION_BUS_ADDRESS", address);
    ran(command)
}

fn channels(ran: &Ran) -> Value {
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["schema"], "spendtop.notify/1");
    json["channels"].clone()
}

/// Has `notify deliver` tell a notice.
fn deliver(home: &Home, address: &str, input: &[u8]) -> Ran {
    let mut command = home.command_now(&["notify", "deliver"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", address);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    ended(&child.wait_with_output().unwrap())
}

fn notes(home: &Home) -> Vec<Note> {
    let inbox = Inbox::open(&spendtop::paths::inbox_of(&home.db())).unwrap();
    inbox.notes().unwrap().into_iter().map(|(_, note)| note.unwrap()).collect()
}

fn notice(title: &str, urgent: bool) -> Notice {
    Notice {
        key: "cap/daily/dev/0/1000/1".into(),
        at: spendtop::model::Millis::parse(NOW).unwrap(),
        title: title.into(),
        body: "Sessions are <b>blocked</b> & so on\nIt resets at 00:00.".into(),
        urgent,
    }
}

/// The notice as it is left, to be told.
fn left(notice: &Notice) -> Note {
    Note::Notice { notice: notice.clone(), told: false }
}

/// How the desktop fared, at whatever time it says.
fn fared(notes: &[Note], notice: &Notice, error: Option<&str>) -> Note {
    let Some(Note::Delivered { at, .. }) = notes.last() else { panic!("{notes:?}") };
    let (key, channel) = (notice.key.clone(), "desktop".to_owned());
    Note::Delivered { key, channel, at: *at, error: error.map(str::to_owned) }
}

#[test]
fn a_test_is_shown() {
    let Some(bus) = Bus::start() else { return };
    let desktop = Desktop::start(&bus, Manner::Markup);
    let home = Home::new();
    let ran = on(&home, &bus.address, &["notify", "test"]);
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "desktop  told\n", ""));
    let shown = desktop.next();
    assert_eq!((&*shown.app, &*shown.summary), ("spendtop", "spendtop: this is a test"));
    assert_eq!(shown.body, "This is how you will be told of your caps.");
    assert_eq!((shown.urgency, shown.timeout), (Some(1), 15_000));
    assert!(desktop.is_silent());
    let doctor = on(&home, &bus.address, &["doctor", "--json"]);
    assert!(!doctor.out.contains("notification_service"), "{}", doctor.out);
}

#[test]
fn what_a_hook_leaves_is_shown_and_noted_as_told() {
    let Some(bus) = Bus::start() else { return };
    let desktop = Desktop::start(&bus, Manner::Markup);
    let home = Home::new();
    let sent = notice("spendtop: $20.01 of $20.00 today (limit reached)", true);
    let ran = deliver(&home, &bus.address, &serde_json::to_vec(&sent).unwrap());
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "", ""));
    let shown = desktop.next();
    assert_eq!(shown.summary, "spendtop: $20.01 of $20.00 today (limit reached)");
    assert_eq!(
        shown.body, "Sessions are &lt;b&gt;blocked&lt;/b&gt; &amp; so on\nIt resets at 00:00.",
        "no markup comes from us"
    );
    assert_eq!((shown.urgency, shown.timeout), (Some(2), 0));
    assert_eq!(notes(&home), [left(&sent), fared(&notes(&home), &sent, None)]);
}

#[test]
fn a_service_without_markup_gets_the_text_as_it_is() {
    let Some(bus) = Bus::start() else { return };
    let desktop = Desktop::start(&bus, Manner::Plain);
    let home = Home::new();
    let sent = notice("spendtop:\u{1b}[2J\r\nx", false);
    deliver(&home, &bus.address, &serde_json::to_vec(&sent).unwrap());
    let shown = desktop.next();
    assert_eq!(shown.summary, "spendtop:\u{fffd}[2J\u{fffd}\u{fffd}x", "nothing to fake with");
    assert_eq!(shown.body, sent.body);
}

#[test]
fn a_service_that_hangs_is_given_up_in_time_and_the_notice_kept() {
    let Some(bus) = Bus::start() else { return };
    let desktop = Desktop::start(&bus, Manner::HangsAtShowing);
    let home = Home::new();
    let start = Instant::now();
    let sent = notice("spendtop: x", true);
    let ran = deliver(&home, &bus.address, &serde_json::to_vec(&sent).unwrap());
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!((ran.code, &*ran.out, &*ran.err), (1, "", ""));
    let why = "did not answer within 9 s";
    assert_eq!(notes(&home), [left(&sent), fared(&notes(&home), &sent, Some(why))]);
    drop(desktop);

    let _desktop = Desktop::start(&bus, Manner::Hangs);
    let doctor = on(&Home::new(), &bus.address, &["doctor"]);
    assert_eq!(doctor.code, 0);
    assert!(doctor.out.contains("did not answer within 2 s"), "{}", doctor.out);
}

#[test]
fn a_hanging_desktop_delays_no_other_channel() {
    let Some(bus) = Bus::start() else { return };
    let _desktop = Desktop::start(&bus, Manner::Hangs);
    let home = Home::new();
    home.write_config("[notify]\ncommand = [\"/bin/sh\", \"-c\", \"cat > told\"]\n");
    let ran = on(&home, &bus.address, &["notify", "test", "--json"]);
    assert_eq!(ran.code, 1);
    let channels = channels(&ran);
    assert_eq!(channels[0]["error"], "did not answer within 9 s");
    assert_eq!((&channels[1]["channel"], &channels[1]["told"]), (&json!("command"), &json!(true)));
    assert!(channels[1]["took_ms"].as_u64().unwrap() < 5_000, "{channels}");
    assert!(home.path("told").exists());
}

#[test]
fn without_a_bus_or_a_service_it_says_what_is_missing() {
    let home = Home::new();
    let ran = on(&home, "unix:path=/nowhere/bus", &["notify", "test"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("desktop  failed: no session bus"), "{}", ran.out);
    home.write_config("[notify]\ndesktop = false\n");
    let ran = on(&home, "unix:path=/nowhere/bus", &["notify", "test"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("No channel is configured"), "{}", ran.out);

    let Some(bus) = Bus::start() else { return };
    let home = Home::new();
    let ran = on(&home, &bus.address, &["notify", "test"]);
    assert_eq!(ran.code, 1);
    let says = "desktop  failed: no notification service runs on the session bus\n";
    assert_eq!(ran.out, says);
    let doctor = on(&home, &bus.address, &["doctor"]);
    assert_eq!(doctor.code, 0, "a hint");
    assert!(doctor.out.contains("no notification service runs"), "{}", doctor.out);
}

#[test]
fn deliver_says_nothing_whatever_it_gets() {
    let home = Home::new();
    home.write_config("daily_cap = \"lots\"\n");
    for input in [&b""[..], b"{", b"[1]", &[0xff; 100], &vec![b' '; 60_000]] {
        let ran = deliver(&home, "unix:path=/nowhere/bus", input);
        assert_eq!((ran.code, &*ran.out, &*ran.err), (1, "", ""));
    }
    assert!(!home.db().exists() && notes(&home).is_empty());
    // A config that is wrong silences nothing.
    let sent = notice("spendtop: x", true);
    deliver(&home, "unix:path=/nowhere/bus", &serde_json::to_vec(&sent).unwrap());
    assert_eq!(notes(&home)[0], left(&sent));
}
