//! What is said once, what is noted once, and many hooks at once.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use spendtop::daemon::{Attempt, InstanceLock, Role};
use spendtop::model::{ActionKind, Note};

use super::cli_home::{Home, write};
use super::harness::copy_program;
use super::hook_home::{answered, ask, event, failures, fed, notes, stop_reason, stopped, today};

/// The line for the model, if there is one.
fn context(answer: Option<&Value>) -> Option<String> {
    let line = &answer?["hookSpecificOutput"]["additionalContext"];
    line.as_str().map(str::to_owned)
}

fn home(config: &str) -> Home {
    let home = Home::new();
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    home.write_config(&format!("{config}\n[notify]\ndesktop = false\n"));
    home
}

#[test]
fn each_level_is_told_to_the_model_once() {
    let home = home("daily_cap = 10\nwarn_at = [0.4, 0.8]\naction = \"block\"");
    assert_eq!(ask(&home, "PreToolUse"), None);
    let line = context(ask(&home, "UserPromptSubmit").as_ref()).unwrap();
    assert_eq!(
        line,
        "spendtop: $4.02 of $10.00 today (40 %) of the spending cap \"daily\" are used; it resets \
         at 00:00."
    );
    for name in ["UserPromptSubmit", "SessionStart", "PostToolUse"] {
        assert_eq!(ask(&home, name), None, "{name}");
    }
    // Of the next two levels only the last is news, whichever session asks.
    home.append("atlas/A.jsonl", &[today("a2", "A")]);
    home.out(&["ingest"]);
    let line = context(ask(&home, "PostToolUse").as_ref()).unwrap();
    assert!(line.contains("(80 %)"), "{line}");
    assert_eq!(ask(&home, "SessionStart"), None);
    // The next day begins anew.
    let tomorrow = today("a3", "A").at("2026-11-24T08:00:00.000Z");
    home.append("atlas/A.jsonl", &[tomorrow]);
    let mut command = home.command_now(&["hook", "run", "--now", "2026-11-24T09:00:00Z"]);
    command.current_dir("/");
    let answer = answered(command, event(&home, "UserPromptSubmit").to_string().as_bytes());
    assert!(context(answer.as_ref()).unwrap().contains("(40 %)"));
}

#[test]
fn a_flag_is_told_at_the_limit_and_stops_nothing() {
    let home = home("daily_cap = 4\naction = \"flag\"");
    let answer = ask(&home, "SessionStart");
    assert!(context(answer.as_ref()).unwrap().contains("is reached: $4.02 of $4.00 today"));
    assert_eq!(ask(&home, "UserPromptSubmit"), None);
}

/// A command that keeps what it is told.
fn with_command(home: &Home, config: &str) -> PathBuf {
    let (told, script) = (home.path("told"), home.path("tell.sh"));
    let file = told.display();
    write(&script, &format!("#!/bin/sh\ncat >> '{file}'\necho >> '{file}'\n"));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let notify = format!("[notify]\ndesktop = false\ncommand = ['{}']\n", script.display());
    home.write_config(&format!("{config}\n{notify}"));
    told
}

/// What was told after a while: each notice is one object.
fn told(path: &PathBuf, count: usize) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let told: Vec<Value> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if told.len() >= count || Instant::now() > until {
            return told;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn with_no_daemon_the_person_is_told_once_by_a_process_of_its_own() {
    let home = home("");
    let path = with_command(&home, "daily_cap = 4\nwarn_at = [0.5]\naction = \"block\"");
    for _ in 0..3 {
        stopped(&home, "PreToolUse");
    }
    let told = told(&path, 1);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["title"].as_str().unwrap().contains("$4.02 of $4.00 today"), "{told:?}");
    assert_eq!(told[0]["urgent"], true);
    let until = Instant::now() + Duration::from_secs(10);
    let is_told = |note: &Note| matches!(note, Note::Delivered { error: None, .. });
    while !notes(&home).iter().any(is_told) && Instant::now() < until {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(notes(&home).iter().filter(|note| is_told(note)).count(), 1);
}

#[test]
fn with_a_daemon_the_hook_leaves_telling_to_it() {
    let home = home("");
    let path = with_command(&home, "daily_cap = 4\naction = \"block\"");
    let lock = spendtop::paths::lock_of(&home.db());
    let held = InstanceLock::try_take(&lock, Role::Collector).unwrap();
    assert!(matches!(held, Attempt::Held(_)));
    stopped(&home, "PreToolUse");
    drop(held);
    // A command that holds the lock for a moment tells nobody anything.
    let _held = InstanceLock::try_take(&lock, Role::Command).unwrap();
    thread::sleep(Duration::from_millis(300));
    assert!(!path.exists());
    stopped(&home, "PreToolUse");
    assert_eq!(told(&path, 1).len(), 1);
}

#[test]
fn twenty_hooks_at_once_say_it_once() {
    let home = home("");
    let path = with_command(&home, "daily_cap = 5\nwarn_at = [0.5]\naction = \"block\"");
    home.out(&["ingest"]);
    let ask_all = |name: &'static str| -> Vec<Option<Value>> {
        thread::scope(|scope| {
            let ask = || scope.spawn(|| ask(&home, name));
            let all: Vec<_> = (0..20).map(|_| ask()).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        })
    };
    let told_context = ask_all("UserPromptSubmit");
    assert_eq!(told_context.iter().flatten().count(), 1, "{told_context:?}");
    home.append("atlas/A.jsonl", &[today("a2", "A")]);
    let stops = ask_all("PreToolUse");
    assert!(stops.iter().all(|answer| stop_reason(answer.as_ref()).is_some()));
    assert_eq!(told(&path, 2).len(), 2);
    let is_stop =
        |note: &&Note| matches!(note, Note::Action(action) if action.kind == ActionKind::HookStop);
    assert_eq!(notes(&home).iter().filter(is_stop).count(), 20);
    assert_eq!(failures(&home), Vec::<String>::new());
}

#[test]
fn the_process_of_a_session_is_noted_once() {
    // A shell by the agent's name, which calls its hook as the agent does.
    let home = home("");
    let agent = home.path("bin/claude");
    copy_program(Path::new("/bin/sh"), &agent);
    let script = format!("{} hook run claude; true", env!("CARGO_BIN_EXE_spendtop"));
    let call = |times: usize| {
        let mut command = std::process::Command::new(&agent);
        command.env_clear().env("HOME", home.path("home")).env("USER", "dev");
        command.arg("-c").arg(vec![script.as_str(); times].join("\n"));
        // Every call reads its own event from one stdin: no more than its object.
        let ran = fed(command, event(&home, "PreToolUse").to_string().as_bytes());
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    };
    let sightings = || -> Vec<spendtop::model::Sighting> {
        let sighting = |note| match note {
            Note::Sighting(sighting) => Some(sighting),
            _ => None,
        };
        notes(&home).into_iter().filter_map(sighting).collect()
    };
    call(1);
    let first = sightings();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].exe, std::fs::canonicalize(&agent).unwrap());
    assert!(first[0].process.start_time > 0 && !first[0].process.boot_id.is_empty());
    assert_eq!(first[0].transcript, Some(home.projects().join("atlas/A.jsonl")));
    // Another process of the same session is another sighting, stored or not.
    call(1);
    assert_eq!(sightings().len(), 2);
    home.out(&["ingest"]);
    assert_eq!(sightings().len(), 0);
    let status = home.run(&["hook", "status", "--json"]);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert!(status["homes"][0]["last_seen_at"].is_string(), "{status}");
}

#[test]
fn one_process_is_noted_once_for_all_its_calls() {
    let home = home("");
    let agent = home.path("bin/claude");
    copy_program(Path::new("/bin/sh"), &agent);
    let path = home.path("event.json");
    write(&path, &event(&home, "PreToolUse").to_string());
    let program = env!("CARGO_BIN_EXE_spendtop");
    let hook = format!("{program} hook run claude < {}\n", path.display());
    let ingest = format!("{program} ingest > {}\n", home.path("out").display());
    let mut command = std::process::Command::new(&agent);
    command.env_clear().env("HOME", home.path("home")).env("USER", "dev");
    let script = format!("{hook}{hook}{ingest}{hook}{hook}true");
    command.arg("-c").arg(script);
    let ran = super::cli_home::ran(command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(notes(&home).is_empty(), "{:?}", notes(&home));
    let reader = spendtop::ledger::Reader::open(&home.db()).unwrap().unwrap();
    assert_eq!(reader.sightings(&super::hook_home::session()).unwrap().len(), 1);
}
