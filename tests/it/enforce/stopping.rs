//! How a session is ended: gently, then for good, with every step on record.

use super::*;

#[test]
fn each_kind_gets_the_signal_that_ends_it_gently() {
    let scratch = Scratch::new();
    for (arguments, more, signal) in [
        (&["-p", "hi"][..], "", "SIGINT"),
        (&[], r#","entrypoint":"sdk-cli""#, "SIGINT"),
        (&[], r#","entrypoint":"cli","status":"busy""#, "SIGTERM"),
    ] {
        let agent = scratch.agent(WAITS, arguments);
        scratch.register(&agent, "s", more);
        let mut driver = Driver::with(&scratch, scratch.demand("s"));
        driver.run_for(20_000);
        assert!(!agent.is_alive());
        assert_eq!(driver.outcomes()[0], format!("{signal} sent"));
        assert_eq!(driver.count(ActionKind::Ended), 1);
    }
}

#[test]
fn an_agent_that_ignores_the_signal_dies_after_its_grace() {
    let scratch = Scratch::new();
    let agent = scratch.agent(IGNORES, &[]);
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(2_999);
    assert!(agent.is_alive());
    assert_eq!(driver.outcomes(), ["SIGTERM sent"]);
    driver.run_for(2_000);
    assert!(!agent.is_alive());
    assert_eq!(driver.outcomes(), ["SIGTERM sent", "SIGKILL sent", "SIGKILL exited"]);
    assert!((3_000..3_100).contains(&driver.rows[1].latency_ms.unwrap()));
}

#[test]
fn a_clock_that_steps_back_saves_nobody() {
    let scratch = Scratch::new();
    let agent = scratch.agent(IGNORES, &[]);
    scratch.register(&agent, "s", "");
    let hooked = scratch.agent(WAITS, &[]);
    scratch.register(&hooked, "h", r#","status":"busy""#);
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    // A hook has ten seconds to stop this one.
    driver.demand(Demand { with_hook: true, hook_stops_turn: true, ..scratch.demand("h") });
    driver.run_for(1_000);
    assert_eq!(driver.outcomes(), ["SIGTERM sent"]);
    driver.now = driver.now.minus(3_600_000);
    driver.tick();
    assert!(agent.is_alive() && hooked.is_alive(), "nor ends it anybody early");
    driver.run_for(4_000);
    assert!(!agent.is_alive() && hooked.is_alive());
    let late: Vec<_> = driver.rows.iter().filter_map(|row| row.latency_ms).collect();
    assert!(late.iter().all(|ms| (0..5_000).contains(ms)), "{late:?}");
    driver.run_for(6_000);
    assert!(!hooked.is_alive());
}

#[test]
fn every_step_says_why_and_how_late() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", "");
    let mut driver = Driver::new(&scratch);
    driver.now = Millis(STARTED_AT.0 + 4);
    driver.demand(scratch.demand("s"));
    driver.run_for(10_000);
    let row = &driver.rows[0];
    assert_eq!((row.kind, row.latency_ms, &*row.by), (ActionKind::Signal, Some(4), "daemon"));
    assert_eq!(row.process.as_ref(), Some(&agent.key));
    assert_eq!(row.session, Some(key("s")));
    assert_eq!(row.cap.as_deref(), Some("daily"));
    assert_eq!(row.evidence, "$20.02 of $20.00");
    assert_eq!(row.overshoot, Some(PicoUsd(20_000_000_000)));
    assert_eq!(row.resume.as_deref(), Some("claude --resume s"));
}

#[test]
fn a_session_that_starts_again_is_stopped_again() {
    let scratch = Scratch::new();
    let mut agent = scratch.agent(WAITS, &[]);
    let file = scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(1_000);
    assert!(!agent.is_alive());
    agent.kill();
    fs::remove_file(file).unwrap();
    // The last lines of the one that ended: no news.
    driver.demand(scratch.demand("s"));
    driver.guard.call_priced(&key("s"), driver.now);
    driver.run_for(1_000);
    assert_eq!(driver.rows.len(), 2, "{:?}", driver.outcomes());
    let again = scratch.agent(WAITS, &[]);
    scratch.register(&again, "s", "");
    driver.demand(scratch.demand("s"));
    driver.run_for(1_000);
    assert!(!again.is_alive());
    driver.run_for(40_000);
    assert!(driver.guard.is_empty() && driver.guard.deadline().is_none(), "it is forgotten");
}

#[test]
fn a_second_process_that_joins_while_the_first_is_ended() {
    let scratch = Scratch::new();
    let first = scratch.agent(IGNORES, &[]);
    scratch.register(&first, "s", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(1_000);
    let second = scratch.agent(WAITS, &[]);
    scratch.register(&second, "s", "");
    driver.demand(scratch.demand("s"));
    driver.run_for(20_000);
    assert!(!first.is_alive() && !second.is_alive());
}

#[test]
fn a_person_may_stop_an_idle_session() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", r#","status":"idle""#);
    let demand = Demand { in_turn: false, person: Some("maya".to_owned()), ..scratch.demand("s") };
    let mut driver = Driver::with(&scratch, demand);
    driver.run_for(1_000);
    assert!(!agent.is_alive());
    assert_eq!(driver.rows[0].by, "maya");
}
