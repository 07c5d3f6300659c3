//! Background workers: stopped by their agent's own command, met again when they come back.

use super::*;

const SESSION: &str = "0a1b2c3d-dfa8-4977-aea4-8486b672fa6a";
const WORKER: &str = r#","kind":"bg","jobId":"0a1b2c3d""#;

/// A worker whose agent's `stop` is this script; the shell finds it by `PATH`.
fn worker(scratch: &Scratch, stop: &str) -> Running {
    fs::write(scratch.path("bin/stop"), stop).unwrap();
    let mut command = scratch.command(&scratch.path("bin/claude"), WAITS, &[]);
    let path = format!("{}:/usr/bin:/bin", scratch.path("bin").display());
    command.env_clear().env("HOME", scratch.path("home")).env("PATH", path);
    let worker = scratch.start(command.env("SECRET_KEY", "hidden"));
    fs::write(scratch.path("home/worker"), worker.pid().to_string()).unwrap();
    scratch.register(&worker, SESSION, WORKER);
    worker
}

/// Notes its argument and environment and ends the worker.
const STOPS: &str =
    "echo \"$1 $# ${SECRET_KEY-none}\" >> \"$HOME/stops\"; kill \"$(<\"$HOME/worker\")\"";

#[test]
fn a_worker_is_stopped_by_its_own_program_and_met_when_it_comes_back() {
    let scratch = Scratch::new();
    let first = worker(&scratch, STOPS);
    let mut driver = Driver::with(&scratch, scratch.demand(SESSION));
    driver.run_for(2_000);
    assert!(!first.is_alive());
    assert_eq!(driver.outcomes(), ["claude stop 0a1b2c3d stopped", "exited"]);
    assert_eq!(driver.rows[0].kind, ActionKind::AgentStop);
    // Its supervisor starts it again, 11 s later and under another number.
    driver.run_for(9_000);
    let second = worker(&scratch, STOPS);
    driver.run_for(3_000);
    assert!(!second.is_alive());
    assert_eq!(driver.count(ActionKind::AgentStop), 2);
    assert_eq!(driver.count(ActionKind::Signal), 0, "{:?}", driver.outcomes());
    let said = fs::read_to_string(scratch.path("home/stops")).unwrap();
    assert_eq!(said, "0a1b2c3d 1 none\n0a1b2c3d 1 none\n");
    driver.run_for(60_000);
    assert!(driver.guard.is_empty());
}

#[test]
fn a_worker_is_signalled_when_its_program_does_not_stop_it() {
    let scratch = Scratch::new();
    for (stop, word) in [
        ("exit 1", "claude stop 0a1b2c3d failed: exit status: 1"),
        ("exit 0", "claude stop 0a1b2c3d stopped"),
    ] {
        let agent = worker(&scratch, stop);
        let mut driver = Driver::with(&scratch, scratch.demand(SESSION));
        driver.run_for(10_000);
        assert!(!agent.is_alive());
        assert_eq!(driver.outcomes(), [word, "SIGTERM sent", "SIGTERM exited"]);
        // It comes back after the signal, and is met.
        let again = worker(&scratch, stop);
        driver.run_for(10_000);
        assert!(!again.is_alive());
    }
}

#[test]
fn a_job_id_that_is_none_is_never_run() {
    let scratch = Scratch::new();
    let agent = worker(&scratch, STOPS);
    for job in [r#""ffffffff""#, r#""; reboot""#, r#""0A1B2C3D""#, "7"] {
        scratch.register(&agent, SESSION, &format!(r#","kind":"bg","jobId":{job}"#));
        assert_eq!(
            scratch.locate(SESSION, &[])[0].kind,
            spendtop::agents::LiveKind::Background { job_id: None }
        );
    }
    let mut driver = Driver::with(&scratch, scratch.demand(SESSION));
    driver.run_for(10_000);
    assert!(!agent.is_alive());
    assert_eq!(driver.outcomes(), ["SIGTERM sent", "SIGTERM exited"]);
    assert!(!scratch.path("home/stops").exists());
}

#[test]
fn a_command_that_hangs_is_given_up() {
    let scratch = Scratch::new();
    let exe = scratch.path("bin/claude");
    let stop = spendtop::enforce::AgentStop {
        session: key(SESSION),
        process: scratch.kernel.own(),
        means: spendtop::enforce::Means::Command {
            exe,
            arguments: ["-c", "while :; do :; done"].map(Into::into).to_vec(),
            environment: Vec::new(),
        },
    };
    let started = Instant::now();
    let error = run_agent_stop(&stop, Duration::from_millis(200)).unwrap_err();
    assert!(error.starts_with("no end after"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
}
