//! Keeps an agent from lifting the caps that hold it.

use anyhow::{Result, bail};

use crate::enforce::{Kernel, ProcessTable, agent_ancestor};

/// Refuses what only a person may do, where an agent is among the caller's ancestors: a model that
/// is told of a cap may try to lift it.
pub(super) fn refuse(what: &str) -> Result<()> {
    let table = Kernel::new();
    if let Some((agent, process)) = agent_ancestor(&table, table.own().pid) {
        bail!(
            "this runs inside {agent} (pid {}), and an agent may not {what}: do it from a \
             terminal of your own",
            process.key.pid
        );
    }
    Ok(())
}
