//! What an agent started ends with it, but for other agents and what is older or newer.

use super::*;

/// An agent with a tool in a session of its own, as its tools are.
fn with_tool(scratch: &Scratch, agent: &str, tool: &str) -> (Running, Process) {
    let script = format!("{agent} exec 3<&0; echo ready; setsid bash -c '{tool}' <&3 & wait");
    let mut agent = scratch.agent(&script, &[]);
    let tool = process(&agent.line());
    (agent, tool)
}

#[test]
fn tools_in_their_own_sessions_end_with_the_agent() {
    let scratch = Scratch::new();
    let (agent, tool) = with_tool(&scratch, "", "echo $$; read _; :");
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(10_000);
    assert!(!agent.is_alive() && !scratch.kernel.is_alive(&tool.key));
    let of_tool: Vec<&Action> =
        driver.rows.iter().filter(|row| row.process.as_ref() == Some(&tool.key)).collect();
    assert_eq!(of_tool[0].signal.as_deref(), Some("SIGTERM"));
    assert_eq!(of_tool[0].evidence, "a tool that the session left behind");
}

#[test]
fn a_tool_that_ignores_the_signal_is_killed() {
    let scratch = Scratch::new();
    let tool = "trap \"\" TERM; echo $$; while read _; do :; done";
    let (agent, tool) = with_tool(&scratch, "", tool);
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(10_000);
    let patience = Instant::now() + Duration::from_secs(5);
    while scratch.kernel.is_alive(&tool.key) {
        assert!(Instant::now() < patience, "{:?}", driver.outcomes());
        thread::sleep(Duration::from_millis(5));
    }
    assert!(driver.outcomes().contains(&"SIGKILL sent".to_owned()));
}

#[test]
fn tools_of_an_agent_that_had_to_be_killed_end_too() {
    let scratch = Scratch::new();
    let (agent, tool) = with_tool(&scratch, "trap : TERM INT;", "echo $$; read _; :");
    scratch.register(&agent, "s", "");
    let mut demand = scratch.demand("s");
    demand.grace = Duration::from_millis(200);
    let mut driver = Driver::with(&scratch, demand);
    driver.run_for(10_000);
    assert!(!agent.is_alive() && !scratch.kernel.is_alive(&tool.key));
}

#[test]
fn an_agent_that_a_tool_started_is_a_session_of_its_own() {
    let scratch = Scratch::new();
    let claude = scratch.path("bin/claude");
    let nested = format!("{} -c \"echo \\$\\$; read _; :\"; :", claude.display());
    let (agent, nested) = with_tool(&scratch, "", &nested);
    assert_eq!(nested.exe.as_deref(), Some(&*claude));
    scratch.register(&agent, "s", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(10_000);
    assert!(!agent.is_alive());
    assert!(scratch.kernel.is_alive(&nested.key), "{:?}", driver.outcomes());
}

#[test]
fn nobodys_tool_is_touched() {
    let scratch = Scratch::new();
    let (agent, tool) = with_tool(&scratch, "", "echo $$; read _; :");
    let (other, others_tool) = with_tool(&scratch, "", "echo $$; read _; :");
    scratch.register(&agent, "s", "");
    scratch.register(&other, "t", "");
    let mut driver = Driver::with(&scratch, scratch.demand("s"));
    driver.run_for(10_000);
    assert!(!scratch.kernel.is_alive(&tool.key));
    assert!(other.is_alive() && scratch.kernel.is_alive(&others_tool.key));
}
