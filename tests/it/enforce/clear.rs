//! One process, another session: `/clear`, a resume from within, and witnesses that disagree.

use super::*;

const MOVED: Option<&str> = Some("the process is in another session now");

#[test]
fn clear_gives_the_process_another_session() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "before", "");
    let seen = [sighting("before", &agent, 1)];
    assert!(scratch.locate("before", &seen)[0].is_certain());
    scratch.register(&agent, "after", "");
    assert_eq!(scratch.locate("before", &[]), []);
    assert_eq!(scratch.locate("before", &seen)[0].why_not.as_deref(), MOVED);
    assert!(scratch.locate("after", &[])[0].is_certain());
    let mut driver = Driver::with(&scratch, scratch.demand("before"));
    driver.run_for(60_000);
    assert!(agent.is_alive());
}

#[test]
fn the_newest_sighting_of_a_process_counts() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    let seen = [sighting("before", &agent, 1), sighting("after", &agent, 2)];
    assert_eq!(scratch.locate("before", &seen)[0].why_not.as_deref(), MOVED);
    assert!(scratch.locate("after", &seen)[0].is_certain());
    // Old versions leave their file as it was after `/clear`: then nobody is certain.
    scratch.register(&agent, "before", "");
    assert!(!scratch.locate("before", &seen)[0].is_certain());
    assert!(!scratch.locate("after", &seen)[0].is_certain());
}

#[test]
fn clear_between_the_first_signal_and_the_last() {
    let scratch = Scratch::new();
    let agent = scratch.agent(IGNORES, &[]);
    scratch.register(&agent, "before", "");
    let mut driver = Driver::with(&scratch, scratch.demand("before"));
    driver.run_for(1_000);
    scratch.register(&agent, "after", "");
    driver.run_for(60_000);
    assert!(agent.is_alive());
    let refused = format!("SIGKILL refused: {}", MOVED.unwrap());
    assert_eq!(driver.outcomes(), ["SIGTERM sent", &*refused]);
}

#[test]
fn clear_while_a_hook_has_its_time() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "before", "");
    let mut driver = Driver::with(&scratch, Demand { with_hook: true, ..scratch.demand("before") });
    driver.run_for(9_000);
    scratch.register(&agent, "after", "");
    driver.run_for(60_000);
    assert!(agent.is_alive());
    assert_eq!(driver.count(ActionKind::Signal), 0);
}

#[test]
fn an_agent_that_took_its_file_away_and_stays_is_killed() {
    let scratch = Scratch::new();
    let agent = scratch.agent(IGNORES, &[]);
    let file = scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(1_000);
    fs::remove_file(file).unwrap();
    driver.run_for(10_000);
    assert!(!agent.is_alive());
}
