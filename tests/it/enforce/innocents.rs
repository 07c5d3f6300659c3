//! Sessions that look alike: only the one that is meant is found, and only it ends.

use super::*;

#[test]
fn two_sessions_in_one_directory() {
    let scratch = Scratch::new();
    let (over, under) = (scratch.agent(WAITS, &[]), scratch.agent(WAITS, &[]));
    scratch.register(&over, "over", "");
    scratch.register(&under, "under", "");
    let mut driver = Driver::with(&scratch, scratch.demand("over"));
    driver.run_for(10_000);
    assert!(!over.is_alive() && under.is_alive());
    assert_eq!(driver.outcomes(), ["SIGTERM sent", "SIGTERM exited"]);
}

#[test]
fn a_new_session_beside_an_expensive_old_transcript() {
    let scratch = Scratch::new();
    let new = scratch.agent(WAITS, &[]);
    scratch.register(&new, "new", "");
    let mut driver = Driver::with(&scratch, scratch.demand("old"));
    driver.run_for(60_000);
    assert!(new.is_alive());
    assert_eq!(driver.outcomes(), ["not signalled: no process was found"]);
    assert_eq!(driver.rows[0].kind, ActionKind::Unlocated);
}

#[test]
fn a_stale_file_after_a_kill() {
    let scratch = Scratch::new();
    let mut dead = scratch.agent(WAITS, &[]);
    scratch.register(&dead, "s", "");
    dead.kill();
    assert_eq!(scratch.locate("s", &[sighting("s", &dead, 1)]), []);
}

#[test]
fn a_reused_pid() {
    let scratch = Scratch::new();
    let taken = scratch.agent(WAITS, &[]);
    let earlier = taken.key.start_time - 100;
    let claim = scratch.claim(&taken.pid().to_string(), earlier, "s", "");
    scratch.write_claim(&format!("{}.json", taken.pid()), &claim);
    let found = scratch.locate("s", &[]);
    assert_eq!(found[0].why_not.as_deref(), Some("the pid belongs to another process now"));
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.guard.call_priced(&key("s"), driver.now);
    driver.run_for(60_000);
    assert!(taken.is_alive());
    assert_eq!((driver.count(ActionKind::Signal), driver.count(ActionKind::Unlocated)), (0, 1));
    // The same by a hook's old sighting.
    let mut old = sighting("t", &taken, 1);
    old.process.start_time -= 100;
    assert_eq!(scratch.locate("t", &[old]), []);
}

#[test]
fn a_fork_names_the_old_session_in_its_arguments() {
    let scratch = Scratch::new();
    let old = scratch.agent(WAITS, &["--session-id", "old"]);
    let fork = scratch.agent(WAITS, &["--resume", "old", "--fork-session"]);
    scratch.register(&old, "old", "");
    scratch.register(&fork, "fork", "");
    let mut driver = Driver::with(&scratch, scratch.demand("old"));
    driver.run_for(10_000);
    assert!(!old.is_alive() && fork.is_alive());
}

#[test]
fn two_resumes_of_one_session_both_end() {
    let scratch = Scratch::new();
    let agents = [scratch.agent(WAITS, &[]), scratch.agent(WAITS, &[])];
    for agent in &agents {
        scratch.register(agent, "s", "");
    }
    assert_eq!(scratch.locate("s", &[]).len(), 2);
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(10_000);
    assert!(agents.iter().all(|agent| !agent.is_alive()));
    assert_eq!(driver.count(ActionKind::Ended), 2);
}

#[test]
fn a_session_of_another_user() {
    let scratch = Scratch::new();
    let Some(theirs) = table::of_another_user(&scratch) else { return };
    scratch.register(&theirs, "s", "");
    let seen = [sighting("s", &theirs, 1)];
    for found in [scratch.locate("s", &[]), scratch.locate("s", &seen)] {
        assert_eq!(found[0].why_not.as_deref(), Some("it is another user's process"));
    }
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(60_000);
    assert!(theirs.is_alive());
    assert_eq!(driver.count(ActionKind::Signal), 0);
}

#[test]
fn a_process_that_only_calls_itself_claude() {
    let scratch = Scratch::new();
    symlink("/bin/bash", scratch.path("work/claude")).unwrap();
    let sham = scratch.start(&mut scratch.command(&scratch.path("work/claude"), WAITS, &["-p"]));
    assert_eq!(fs::read_to_string(format!("/proc/{}/comm", sham.pid())).unwrap(), "claude\n");
    scratch.register(&sham, "s", "");
    let found = scratch.locate("s", &[sighting("s", &sham, 1)]);
    assert_eq!(found[0].why_not.as_deref(), Some("its executable is not claude's"));
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(60_000);
    assert!(sham.is_alive());
    assert_eq!(driver.count(ActionKind::Signal), 0);
}

#[test]
fn a_process_that_runs_another_program_by_the_time_of_the_signal() {
    let scratch = Scratch::new();
    // The same pid and start time, but no agent any more.
    let mut agent = scratch.agent("echo ready; read _; exec bash -c 'echo other; read _'", &[]);
    scratch.register(&agent, "s", "");
    let demand = scratch.demand("s");
    assert!(demand.located[0].is_certain());
    agent.go_on();
    assert_eq!(agent.line(), "other");
    let mut driver = Driver::with(&scratch, demand);
    driver.run_for(60_000);
    assert!(agent.is_alive());
    assert_eq!(driver.outcomes(), ["SIGTERM refused: its executable is not claude's"]);
}
