//! What an agent's tools are: all that it started, but for other agents.

use std::collections::BTreeSet;

use super::table::ProcessTable;
use crate::agents;
use crate::model::{AgentId, ProcessKey};

/// What a process started, without the agents among it and what they started: those are sessions
/// of their own, to be judged by themselves.
pub(super) fn tools_below(table: &dyn ProcessTable, process: &ProcessKey) -> BTreeSet<ProcessKey> {
    let mut tools: BTreeSet<ProcessKey> = table.descendants(process).into_iter().collect();
    let agents: Vec<ProcessKey> =
        tools.iter().filter(|tool| is_agent(table, tool)).cloned().collect();
    for agent in agents {
        for theirs in table.descendants(&agent) {
            tools.remove(&theirs);
        }
        tools.remove(&agent);
    }
    tools
}

pub(super) fn is_agent(table: &dyn ProcessTable, key: &ProcessKey) -> bool {
    let Some(process) = table.process(key.pid).filter(|process| process.key == *key) else {
        return false;
    };
    let Some(exe) = process.exe.as_deref() else { return false };
    AgentId::ALL.iter().any(|agent| agents::adapter(*agent).is_executable(exe, &process.argv))
}
