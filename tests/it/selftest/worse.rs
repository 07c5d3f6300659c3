//! The selftest on machines that lack something: each in namespaces of its own.

use std::process::Command;

use super::{assert_marks, nothing_is_left, selftest};
use crate::cli_home::{Home, Ran, ended};

/// In namespaces of its own, where a command has made things worse before; none where the machine
/// allows no such thing. What is changed there is changed for nobody else.
fn after(worse: &str, home: &Home) -> Option<Ran> {
    let inner = selftest(home, None, &[]);
    let mut command = Command::new("unshare");
    let script = format!("{worse} || exit 99; exec \"$0\" \"$@\"");
    command.args(["--user", "--map-root-user", "--mount", "/bin/sh", "-c", &script]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = command.output().ok().map(|output| ended(&output));
    let ran = ran.filter(|ran| ran.code != 99 && !ran.err.contains("unshare"));
    if ran.is_none() {
        eprintln!("skipped: no namespaces can be had here");
    }
    ran
}

#[test]
fn where_changes_are_not_told_it_says_so() {
    let home = Home::new();
    // Of this namespace alone.
    let Some(ran) = after("echo 0 >/proc/sys/user/max_inotify_instances", &home) else { return };
    assert_marks(&ran, ["ok", "ok", "ok", "ok", "ok", "skip"]);
    assert!(ran.out.contains("looking every second instead"), "{ran:?}");
    nothing_is_left(&home);
}

#[test]
fn a_folder_that_nothing_may_be_run_from_is_said_with_what_to_do() {
    let home = Home::new();
    let on = |options| after(&format!("mount -t tmpfs -o {options} none \"$TMPDIR\""), &home);
    let Some(ran) = on("noexec,size=1g") else { return };
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_marks(&ran, ["ok", "skip", "skip", "skip", "skip", "skip"]);
    assert!(ran.out.contains("Set TMPDIR to a folder that is not mounted \"noexec\""), "{ran:?}");
    assert!(ran.out.contains("needs \"transcript noticed\""), "{ran:?}");

    let ran = on("size=4m").unwrap();
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_marks(&ran, ["ok", "FAIL", "skip", "skip", "skip", "skip"]);
    assert!(ran.out.contains("No space left on device"), "{ran:?}");
    assert!(ran.out.contains("Set TMPDIR to a folder with room for it"), "{ran:?}");
}
