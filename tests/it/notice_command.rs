//! The user's own command: JSON on its stdin, no shell, and an end in time.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spendtop::config::Notify;
use spendtop::model::{Millis, Notice};
use spendtop::notice::{notifiers, tell_within};

use super::cli_home::{Home, write_script};

const PATIENT: Duration = Duration::from_secs(20);

fn tell(words: &[&str], limit: Duration) -> Result<(), String> {
    let command = words.iter().map(|word| (*word).to_owned()).collect();
    let config = Notify { desktop: false, webhook: None, command };
    let notice = Notice {
        key: "k".into(),
        at: Millis(0),
        title: "spendtop: $1".into(),
        body: "b".repeat(100_000),
        urgent: false,
    };
    tell_within(&notifiers(&config, limit)[0], &notice, PATIENT)
}

fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    status.is_ok_and(|text| !text.contains(") Z "))
}

#[test]
fn a_command_gets_the_notice_on_stdin_and_its_arguments_untouched() {
    let home = Home::new();
    let script = home.path("tell me.sh");
    let text = "#!/bin/sh\ncat >stdin\nprintf '%s|' \"$@\" >arguments\necho out\n";
    write_script(&script, text);
    let script = script.display().to_string();
    home.write_config(&format!(
        "[notify]\ndesktop = false\ncommand = [\"{script}\", \"a b\", \"$HOME; touch evil\"]\n"
    ));
    assert_eq!(home.out(&["notify", "test"]), "command  told\n");
    let stdin: Value = serde_json::from_slice(&fs::read(home.path("stdin")).unwrap()).unwrap();
    assert_eq!(stdin["schema"], "spendtop.notice/1");
    assert_eq!(stdin["title"], "spendtop: this is a test");
    assert_eq!(stdin["at"], json!("2026-11-23T12:00:00Z"));
    let arguments = fs::read_to_string(home.path("arguments")).unwrap();
    assert_eq!(arguments, "a b|$HOME; touch evil|");
    assert!(!home.path("evil").exists());
}

#[test]
fn how_a_command_fails_is_said() {
    assert_eq!(tell(&["true"], PATIENT), Ok(()), "one that reads nothing is fine");
    assert_eq!(tell(&["sh", "-c", "exit 3"], PATIENT), Err("sh ended with exit code 3".into()));
    let killed = tell(&["sh", "-c", "kill -9 $$"], PATIENT);
    assert_eq!(killed, Err("sh was ended by signal 9".into()));
    let missing = tell(&["/nowhere/tell"], PATIENT).unwrap_err();
    assert!(missing.starts_with("cannot start /nowhere/tell: No such file"), "{missing}");
}

#[test]
fn a_command_that_hangs_is_killed_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids").display().to_string();
    // Reads nothing, and has a child that ignores everything polite.
    let script = format!("trap '' TERM HUP; sleep 600 & echo $$ $! >{file}; wait");
    let start = Instant::now();
    let error = tell(&["sh", "-c", &script], Duration::from_millis(700)).unwrap_err();
    assert_eq!(error, "sh was killed: it had not ended within 0.7 s");
    assert!(start.elapsed() < Duration::from_secs(10));
    let pids = fs::read_to_string(&file).unwrap();
    assert_eq!(pids.split_whitespace().count(), 2);
    if Path::new("/proc/self/stat").exists() {
        let deadline = Instant::now() + PATIENT;
        while pids.split_whitespace().any(is_alive) {
            assert!(Instant::now() < deadline, "still alive: {pids}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
