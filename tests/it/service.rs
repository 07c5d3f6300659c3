//! `service` with a `systemctl` of the tests' own, which notes what it is asked.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use spendtop::daemon::{Attempt, InstanceLock, Role};

use super::cli_home::{Home, Ran, ran, write, write_script};

/// A home whose PATH has nothing but this `systemctl`.
fn home(systemctl: Option<&str>) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.path("bin")).unwrap();
    if let Some(script) = systemctl {
        let tool = home.path("bin/systemctl");
        let log = home.path("asked").display().to_string();
        write_script(&tool, &format!("#!/bin/sh\necho \"$@\" >>{log}\n{script}\n"));
    }
    home
}

fn command(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command(args);
    command.env("PATH", home.path("bin"));
    command
}

fn run(home: &Home, code: i32, args: &[&str]) -> Ran {
    let ran = ran(command(home, args));
    assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.out, ran.err);
    ran
}

fn unit(home: &Home) -> PathBuf {
    home.path("home/.config/systemd/user/spendtop.service")
}

fn asked(home: &Home) -> Vec<String> {
    let text = fs::read_to_string(home.path("asked")).unwrap_or_default();
    let _ = fs::remove_file(home.path("asked"));
    text.lines().map(str::to_owned).collect()
}

#[test]
fn install_starts_it_and_uninstall_undoes_that() {
    let home = home(Some("exit 0"));
    let dry = run(&home, 0, &["service", "install", "--dry-run"]);
    assert!(!unit(&home).exists() && asked(&home).is_empty(), "a dry run does nothing");
    assert!(dry.err.contains("systemctl --user daemon-reload"), "{}", dry.err);

    let installed = run(&home, 0, &["service", "install"]);
    let text = fs::read_to_string(unit(&home)).unwrap();
    assert_eq!(text, dry.out);
    let program = env!("CARGO_BIN_EXE_spendtop");
    assert!(text.contains(&format!("\nExecStart={program} daemon\n")), "{text}");
    assert!(installed.out.contains("ran   systemctl --user daemon-reload\n"), "{}", installed.out);
    assert_eq!(
        asked(&home),
        [
            "--user daemon-reload",
            "--user enable spendtop.service",
            "--user restart --no-block spendtop.service"
        ]
    );
    // Again is fine, and brings the unit up to date.
    fs::write(unit(&home), text.replace("daemon\n", "old-daemon\n")).unwrap();
    run(&home, 0, &["service", "install"]);
    assert_eq!(fs::read_to_string(unit(&home)).unwrap(), text);

    asked(&home);
    run(&home, 0, &["service", "uninstall", "--dry-run"]);
    assert!(unit(&home).exists() && asked(&home).is_empty());
    run(&home, 0, &["service", "uninstall"]);
    assert!(!unit(&home).exists());
    assert_eq!(asked(&home), ["--user disable --now spendtop.service", "--user daemon-reload"]);
    let again = run(&home, 0, &["service", "uninstall"]);
    assert!(again.out.starts_with("There is no ~/.config/systemd"), "{}", again.out);
    let left = fs::read_dir(unit(&home).parent().unwrap()).unwrap().count();
    assert_eq!(left, 0, "no temporary file stays");
}

#[test]
fn the_unit_carries_what_says_where_things_are() {
    let home = home(None);
    let mut command = command(&home, &["service", "install", "--dry-run", "--db", "my $l.db"]);
    command.env("CLAUDE_CONFIG_DIR", "/a b,/100%").env("SPENDTOP_CONFIG", "c.toml");
    write(&home.path("c.toml"), "");
    let text = ran(command).out;
    let here = fs::canonicalize(home.folder.path()).unwrap().display().to_string();
    assert!(text.contains(&format!(" --db \"{here}/my $$l.db\" daemon\n")), "{text}");
    assert!(text.contains("\nEnvironment=\"CLAUDE_CONFIG_DIR=/a b,/100%%\"\n"), "{text}");
    assert!(text.contains(&format!("\nEnvironment=SPENDTOP_CONFIG={here}/c.toml\n")), "{text}");
}

#[test]
fn a_unit_of_somebody_else_is_left_alone_unless_forced() {
    let home = home(Some("exit 0"));
    write(&unit(&home), "[Unit]\nDescription=mine\n");
    for verb in ["install", "uninstall"] {
        let refused = run(&home, 1, &["service", verb]);
        assert!(refused.err.contains("is not by `spendtop service install`"), "{}", refused.err);
    }
    assert_eq!(fs::read_to_string(unit(&home)).unwrap(), "[Unit]\nDescription=mine\n");
    assert!(asked(&home).is_empty());
    run(&home, 0, &["service", "install", "--force"]);
    assert!(fs::read_to_string(unit(&home)).unwrap().contains("Type=notify"));
}

#[test]
fn what_could_not_be_run_is_said_to_be_typed() {
    let nothing = home(None);
    let ran = run(&nothing, 0, &["service", "install"]);
    assert!(
        ran.out.contains("type  systemctl --user daemon-reload   (systemctl is not here)"),
        "{}",
        ran.out
    );
    assert!(unit(&nothing).exists());

    let refusing = home(Some("echo 'Failed to connect to bus' >&2; exit 1"));
    let ran = run(&refusing, 1, &["service", "install"]);
    let says = "type  systemctl --user enable spendtop.service   (it failed: Failed to connect";
    assert!(ran.out.contains(says), "{}", ran.out);
    run(&refusing, 1, &["service", "uninstall"]);
    assert!(!unit(&refusing).exists(), "the unit goes all the same");
}

#[test]
fn status_tells_of_the_unit_and_of_the_lock() {
    let home = home(Some("case $2 in is-enabled) echo enabled;; is-active) echo active;; esac"));
    let status = |home: &Home| -> Value {
        let ran = run(home, 0, &["service", "status", "--json"]);
        serde_json::from_str(&ran.out).unwrap()
    };
    let before = status(&home);
    assert_eq!((&before["installed"], &before["ledger_held"]), (&false.into(), &false.into()));
    assert!(!spendtop::paths::lock_of(&home.db()).exists(), "looking makes no file");
    run(&home, 0, &["service", "install"]);
    let lock = InstanceLock::try_take(&spendtop::paths::lock_of(&home.db()), Role::Collector);
    let Attempt::Held(mut lock) = lock.unwrap() else { panic!("taken") };
    lock.set_caught_up().unwrap();
    let after = status(&home);
    for (key, value) in [("installed", true), ("up_to_date", true), ("ledger_held", true)] {
        assert_eq!(after[key], value, "{key}: {after}");
    }
    assert_eq!((&after["enabled"], &after["active"]), (&"enabled".into(), &"active".into()));
    assert_eq!(after["holder"]["pid"], std::process::id());
    let text = run(&home, 0, &["service", "status"]).out;
    assert!(text.contains("unit     ~/.config/systemd/user/spendtop.service\n"), "{text}");
    assert!(text.contains(&format!("ledger   held by pid {}", std::process::id())), "{text}");
    drop(lock);
    assert_eq!(status(&home)["ledger_held"], false);
}
