//! However a selftest ends, its processes end with it, and its folder is gone.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::{nothing_is_left, processes, selftest};
use crate::cli_home::{Home, ended};
use crate::daemon::until;

/// Starts it and reads until a step is over.
fn start_until(home: &Home, step: &str) -> (Child, BufReader<ChildStdout>) {
    let mut command = selftest(home, None, &[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(step) {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before {step}");
    }
    (child, out)
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn whoever_interrupts_it_finds_nothing_left() {
    for (step, number) in [
        ("daemon ready", Signal::INT),
        ("hook answer given", Signal::TERM),
        ("hook answer given", Signal::HUP),
    ] {
        let home = Home::new();
        let (child, _out) = start_until(&home, step);
        signal(&child, number);
        let ran = ended(&child.wait_with_output().unwrap());
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("interrupted; nothing of the selftest is left"), "{ran:?}");
        nothing_is_left(&home);
    }
}

#[test]
fn its_processes_end_with_it_even_where_it_is_killed() {
    let home = Home::new();
    let (mut child, _out) = start_until(&home, "hook answer given");
    assert!(processes(&home).len() >= 2, "the daemon and the agent");
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    until("the end of its processes", || processes(&home).is_empty());
}

#[test]
fn a_reader_that_goes_away_leaves_nothing_either() {
    let home = Home::new();
    let (child, out) = start_until(&home, "daemon ready");
    drop(out);
    let ran = ended(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, &*ran.err), (0, ""), "{ran:?}");
    nothing_is_left(&home);
}
