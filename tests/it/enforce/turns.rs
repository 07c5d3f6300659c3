//! When a session is signalled: at once, after the hook had its chance, or not at all.

use super::*;

fn idle(scratch: &Scratch, with_hook: bool) -> Demand {
    Demand { in_turn: false, with_hook, ..scratch.demand("s") }
}

fn in_turn_with_hook(scratch: &Scratch) -> Demand {
    Demand { with_hook: true, ..scratch.demand("s") }
}

#[test]
fn an_idle_session_is_never_signalled() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", "");
    for with_hook in [false, true] {
        let mut driver = Driver::with(&scratch, idle(&scratch, with_hook));
        driver.run_for(600_000);
        assert_eq!(driver.guard.deadline(), None);
        assert!(agent.is_alive() && driver.rows.is_empty());
        driver.run_for(4_000_000);
        driver.tick();
        assert!(driver.guard.is_empty(), "it is forgotten in the end");
    }
    // The agent's own word counts too, when the transcript ended in the middle of a turn.
    for status in ["idle", "waiting"] {
        scratch.register(&agent, "s", &format!(r#","status":"{status}""#));
        let mut driver = Driver::with(&scratch, scratch.demand("s"));
        driver.run_for(600_000);
        assert!(agent.is_alive() && driver.rows.is_empty());
    }
}

#[test]
fn without_a_hook_an_idle_session_is_signalled_at_its_first_call() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", r#","status":"idle""#);
    let mut driver = Driver::with(&scratch, idle(&scratch, false));
    driver.run_for(60_000);
    driver.guard.call_priced(&key("s"), driver.now);
    driver.guard.turn(&key("s"), false, driver.now);
    driver.run_for(1_000);
    assert!(!agent.is_alive());
}

#[test]
fn a_hook_has_ten_seconds() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, in_turn_with_hook(&scratch));
    driver.run_for(5_000);
    // Told again in the same turn: the time does not start anew.
    driver.demand(in_turn_with_hook(&scratch));
    driver.guard.turn(&key("s"), true, driver.now);
    driver.run_for(4_999);
    assert!(agent.is_alive() && driver.rows.is_empty());
    driver.run_for(1_000);
    assert!(!agent.is_alive());
    assert_eq!(driver.rows[0].latency_ms, Some(10_000));
}

#[test]
fn a_further_call_ends_the_hooks_chance() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", r#","status":"busy""#);
    let mut driver = Driver::with(&scratch, in_turn_with_hook(&scratch));
    driver.run_for(1_000);
    driver.guard.call_priced(&key("s"), driver.now);
    driver.run_for(1_000);
    assert!(!agent.is_alive());
    assert_eq!(driver.rows[0].latency_ms, Some(1_000));
}

#[test]
fn a_session_that_the_hook_stopped_is_left_alone_until_it_goes_on() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, in_turn_with_hook(&scratch));
    driver.run_for(2_000);
    driver.guard.hook_stopped(&key("s"), driver.now);
    driver.run_for(600_000);
    assert!(agent.is_alive() && driver.rows.is_empty());
    // A subagent's hook ends only the subagent: the parent went on.
    driver.guard.call_priced(&key("s"), driver.now);
    driver.run_for(1_000);
    assert!(!agent.is_alive());
}

#[test]
fn a_turn_that_ends_by_itself_is_the_hooks_next_prompt() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, in_turn_with_hook(&scratch));
    driver.run_for(2_000);
    // The call in flight was the turn's last.
    driver.guard.call_priced(&key("s"), driver.now);
    driver.guard.turn(&key("s"), false, driver.now);
    driver.run_for(600_000);
    assert!(agent.is_alive() && driver.rows.is_empty());
    // The next prompt, whose hook does not answer.
    driver.guard.turn(&key("s"), true, driver.now);
    driver.run_for(9_999);
    assert!(agent.is_alive());
    driver.run_for(1_000);
    assert!(!agent.is_alive());
}

#[test]
fn calls_of_a_session_that_calls_itself_idle_are_not_endless() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", r#","status":"idle""#);
    let mut driver = Driver::with(&scratch, in_turn_with_hook(&scratch));
    driver.guard.call_priced(&key("s"), driver.now);
    driver.run_for(1_000);
    assert!(agent.is_alive());
    driver.guard.call_priced(&key("s"), driver.now);
    driver.run_for(1_000);
    assert!(!agent.is_alive());
}

#[test]
fn a_lifted_cap_stops_nothing_any_more() {
    let scratch = Scratch::new();
    let agent = scratch.agent(WAITS, &[]);
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, in_turn_with_hook(&scratch));
    driver.run_for(2_000);
    driver.guard.withdraw(&key("s"));
    driver.guard.call_priced(&key("s"), driver.now);
    driver.run_for(60_000);
    assert!(agent.is_alive() && driver.rows.is_empty());
}

/// How the lab's sessions ended, by the last records of their transcripts.
#[test]
fn the_end_of_a_real_transcript_tells_whether_it_is_in_mid_turn() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude");
    let mut said = Vec::new();
    for fixture in fixtures.read_dir().unwrap() {
        let fixture = fixture.unwrap();
        let projects = fixture.path().join("home/.claude/projects");
        let Ok(projects) = projects.read_dir() else { continue };
        for project in projects {
            for file in project.unwrap().path().read_dir().unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "jsonl") {
                    let bytes = fs::read(&path).unwrap();
                    let tail = &bytes[bytes.len().saturating_sub(65_536)..];
                    let word = spendtop::agents::adapter(AgentId::Claude).in_turn(tail);
                    said.push(format!("{} {word:?}", fixture.file_name().display()));
                }
            }
        }
    }
    // That one was cut off in its loop; the others were answered, resumed or interrupted.
    said.retain(|word| !word.ends_with("Some(false)"));
    assert_eq!(said, ["loop Some(true)"]);
}
