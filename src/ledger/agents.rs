//! What the ledger has of each agent.

use super::{LedgerError, Reader};
use crate::model::AgentId;

/// What was read of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// The agent.
    pub agent: AgentId,
    /// Transcripts.
    pub files: u64,
    /// Calls that count.
    pub calls: u64,
    /// Records that could not be read.
    pub unparsed: u64,
    /// Records that were too long to be read.
    pub oversized: u64,
}

impl Reader {
    /// What the ledger has of each agent, in the order of the list.
    pub fn agents(&self) -> Result<Vec<AgentRow>, LedgerError> {
        let mut rows = Vec::new();
        for agent in AgentId::ALL {
            let mut statement = self.db.prepare_cached(
                "SELECT count(*), ifnull(sum(unparsed), 0), ifnull(sum(oversized), 0),
                     (SELECT ifnull(sum(rollup.calls), 0) FROM rollup
                      JOIN attribution ON attribution.id = rollup.attribution
                      JOIN session ON session.id = attribution.session
                      WHERE session.agent = ?1)
                 FROM source WHERE agent = ?1",
            )?;
            rows.push(statement.query_row([agent as i64], |row| {
                let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
                Ok(AgentRow {
                    agent,
                    files: count(0)?,
                    unparsed: count(1)?,
                    oversized: count(2)?,
                    calls: count(3)?,
                })
            })?);
        }
        Ok(rows)
    }
}
