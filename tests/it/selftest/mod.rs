//! `doctor --selftest`: the real program proves itself, leaves nothing behind and touches nothing of
//! the user's.

mod ends;
mod worse;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::cli_home::{Home, Ran, ran};
use super::daemon::kill::{KILLS, Stage};
use super::daemon::spending;
use super::notice_bus::{Bus, Desktop, Manner};

/// What the issue promises.
const WITHIN: Duration = Duration::from_secs(15);

const NAMES: [&str; 6] = [
    "daemon ready",
    "transcript noticed",
    "cap broken",
    "hook answer given",
    "process stopped",
    "notification accepted",
];

/// The selftest in a home whose temporary folder is its own, on this session bus or on none.
fn selftest(home: &Home, bus: Option<&str>, more: &[&str]) -> Command {
    let mut command = home.command_now(&[&["doctor", "--selftest"], more].concat());
    for (name, folder) in [("TMPDIR", "tmp"), ("XDG_RUNTIME_DIR", "run")] {
        fs::create_dir_all(home.path(folder)).unwrap();
        command.env(name, home.path(folder));
    }
    command.envs(bus.map(|address| ("DBUS_SESSION_BUS_ADDRESS", address)));
    command
}

/// Runs it, in time, to an end that leaves nothing behind.
#[track_caller]
fn run(home: &Home, bus: Option<&str>, more: &[&str]) -> Ran {
    let start = Instant::now();
    let ran = ran(selftest(home, bus, more));
    assert!(start.elapsed() < WITHIN, "{:?}: {ran:?}", start.elapsed());
    nothing_is_left(home);
    ran
}

#[track_caller]
fn nothing_is_left(home: &Home) {
    let files: Vec<_> = fs::read_dir(home.path("tmp")).unwrap().collect();
    assert!(files.is_empty(), "{files:?}");
    assert_eq!(processes(home), Vec::<PathBuf>::new());
}

/// Processes that run from the temporary folder, or have their home in there.
fn processes(home: &Home) -> Vec<PathBuf> {
    let folder = fs::canonicalize(home.path("tmp")).unwrap();
    let needle = format!("HOME={}", folder.display());
    let entries = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let is_of_it = |process: &PathBuf| {
        let exe = fs::read_link(process.join("exe")).unwrap_or_default();
        let environ = fs::read(process.join("environ")).unwrap_or_default();
        exe.starts_with(&folder) || String::from_utf8_lossy(&environ).contains(&needle)
    };
    entries.filter(is_of_it).collect()
}

/// Every file below a folder, with its time of change and length.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (i64, i64, u64)> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let about = entry.metadata().unwrap();
            all.insert(entry.path(), (about.mtime(), about.mtime_nsec(), about.len()));
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    all
}

/// The line of each step: its mark, and the whole line.
fn lines(ran: &Ran) -> Vec<(String, String)> {
    let line_of = |name: &&str| {
        let line = ran.out.lines().find(|line| line.get(6..).is_some_and(|l| l.starts_with(name)));
        let line = line.unwrap_or_else(|| panic!("no line of {name}: {ran:?}"));
        (line.split_whitespace().next().unwrap().to_owned(), line.to_owned())
    };
    NAMES.iter().map(line_of).collect()
}

#[track_caller]
fn assert_marks(ran: &Ran, expected: [&str; 6]) {
    let marks: Vec<String> = lines(ran).into_iter().map(|(mark, _)| mark).collect();
    assert_eq!(marks, expected, "{}", ran.out);
}

#[test]
fn all_is_proven_and_one_notification_says_that_it_is_a_test() {
    let Some(bus) = Bus::start() else { return };
    let desktop = Desktop::start(&bus, Manner::Markup);
    let home = Home::new();
    fs::create_dir_all(home.path("home")).unwrap();
    let ran = run(&home, Some(&bus.address), &[]);
    assert_eq!((ran.code, &*ran.err), (0, ""), "{ran:?}");
    assert_marks(&ran, ["ok"; 6]);
    let lines = lines(&ran);
    assert!(lines[1].1.contains("$0.02 in its ledger"), "{}", ran.out);
    assert!(lines[2].1.contains("$0.04 of $0.03 today"), "{}", ran.out);
    assert!(lines[4].1.contains("SIGTERM"), "{}", ran.out);
    assert!(lines[5].1.ends_with("by test service 1.0"), "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().starts_with("All is proven in "), "{}", ran.out);
    let shown = desktop.next();
    assert_eq!((&*shown.app, &*shown.summary), ("spendtop", "spendtop: this is a test"));
    assert!(shown.body.contains("spendtop doctor --selftest"), "{}", shown.body);
    assert!(shown.body.contains("Nothing of yours was stopped"), "{}", shown.body);
    assert_eq!((shown.urgency, shown.timeout), (Some(1), 15_000));
    assert!(desktop.is_silent(), "one is enough");
    assert_eq!(snapshot(&home.path("home")), BTreeMap::new(), "nothing in the user's home");
}

#[test]
fn what_the_machine_lacks_is_skipped_and_the_rest_proven() {
    let home = Home::new();
    let ran = run(&home, None, &["--json"]);
    assert_eq!((ran.code, &*ran.err), (5, ""), "{ran:?}");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["schema"], &json["ok"]), (&"spendtop.selftest/1".into(), &false.into()));
    assert!(json["took_ms"].as_u64().unwrap() < 15_000);
    let steps = json["steps"].as_array().unwrap();
    let names: Vec<String> =
        steps.iter().map(|step| step["step"].as_str().unwrap().replace('_', " ")).collect();
    assert_eq!(names, NAMES);
    for step in &steps[..5] {
        assert_eq!((&step["outcome"], &step["hint"]), (&"ok".into(), &Value::Null), "{json}");
        assert!(step["took_ms"].as_u64().unwrap() < 5_000, "{json}");
    }
    let last = &steps[5];
    assert_eq!((&last["outcome"], &last["took_ms"]), (&"skipped".into(), &Value::Null));
    assert_eq!(last["detail"], "no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set)");
    assert!(last["hint"].as_str().unwrap().contains("[notify] in the config"), "{last}");
}

#[test]
fn a_bus_without_a_service_is_skipped_and_one_that_is_not_there_is_a_failure() {
    let home = Home::new();
    let ran = run(&home, Some("unix:path=/nowhere/bus"), &[]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_marks(&ran, ["ok", "ok", "ok", "ok", "ok", "FAIL"]);
    assert!(ran.out.contains("nobody answers where DBUS_SESSION_BUS_ADDRESS points"), "{ran:?}");
    assert!(ran.out.ends_with("Not all is proven: 1 of 6 failed.\n"), "{ran:?}");
    let Some(bus) = Bus::start() else { return };
    let ran = run(&home, Some(&bus.address), &[]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_marks(&ran, ["ok", "ok", "ok", "ok", "ok", "skip"]);
    assert!(ran.out.contains("no notification service runs on the session bus"), "{ran:?}");
}

#[test]
fn a_notification_service_that_hangs_is_not_waited_for() {
    let Some(bus) = Bus::start() else { return };
    for manner in [Manner::Hangs, Manner::HangsAtShowing] {
        let _desktop = Desktop::start(&bus, manner);
        let home = Home::new();
        let ran = run(&home, Some(&bus.address), &[]);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert_marks(&ran, ["ok", "ok", "ok", "ok", "ok", "FAIL"]);
        let says = "the notification service did not answer within 3 s";
        assert!(ran.out.contains(says), "{ran:?}");
    }
}

#[test]
fn the_users_agent_that_runs_it_over_a_cap_is_not_touched() {
    let stage = Stage::new(KILLS);
    let home = &stage.home;
    let command = selftest(home, None, &[]);
    // Typed into an agent of the user's own, whose session is far over the user's own cap.
    let variables = command.get_envs().map(|(name, value)| {
        format!("{}='{}'", name.to_str().unwrap(), value.unwrap().to_str().unwrap())
    });
    let variables = variables.collect::<Vec<_>>().join(" ");
    let (program, out) = (command.get_program().to_str().unwrap(), home.path("out"));
    let script = format!(
        "echo ready; read _; env -i {variables} {program} doctor --selftest >'{}' 2>&1; \
         echo \"$?\"; read _",
        out.display()
    );
    let mut agent = stage.agent("mine", &script);
    let neighbour = stage.agent("other", super::enforce::WAITS);
    stage.append("mine", &[spending("1", "mine"), spending("2", "mine")]);
    stage.append("other", &[spending("3", "other"), spending("4", "other")]);
    let before = snapshot(&home.path("home"));
    agent.go_on();
    let code = agent.line();
    let said = fs::read_to_string(&out).unwrap();
    assert_eq!(code, "5", "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 5, "{said}");
    assert!(agent.is_alive() && neighbour.is_alive());
    assert_eq!(snapshot(&home.path("home")), before);
    assert!(!home.db().exists());
    nothing_is_left(home);
}

#[test]
fn a_config_and_a_ledger_that_cannot_be_used_do_not_matter() {
    let home = Home::new();
    home.write_config("daily_cap = \"lots\"\n");
    super::cli_home::write(&home.db(), "no ledger");
    super::cli_home::write(&home.path("home/.claude/settings.json"), "no settings");
    let before = snapshot(&home.path("home"));
    let ran = run(&home, None, &[]);
    assert_marks(&ran, ["ok", "ok", "ok", "ok", "ok", "skip"]);
    assert_eq!(snapshot(&home.path("home")), before);
}

#[test]
fn a_config_of_the_users_is_refused() {
    let home = Home::new();
    for more in [["--db", "x.db"], ["--config", "x.toml"], ["--now", "2026-11-23T12:00:00Z"]] {
        let ran = run(&home, None, &more);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{ran:?}");
        assert!(ran.err.contains("leave out --config, --db and --now"), "{ran:?}");
    }
}
