//! What is read of each agent: its folders, transcripts, calls, and what could not be read.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Setup;
use crate::ledger::{AgentRow, LedgerError, Reader};
use crate::model::{AgentId, StoredSource};

/// A folder that transcripts are looked for in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootState {
    /// Where.
    pub path: PathBuf,
    /// It is there.
    pub exists: bool,
    /// Transcripts of it that the ledger knows, whether they are still there or not.
    pub files: u64,
    /// Records of those that could not be read, or were too long to be.
    pub not_read: u64,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentState {
    /// What the ledger has of it.
    pub row: AgentRow,
    /// Its folders.
    pub roots: Vec<RootState>,
}

impl AgentState {
    /// The folders that are there.
    pub fn found(&self) -> impl Iterator<Item = &RootState> {
        self.roots.iter().filter(|root| root.exists)
    }
}

/// How far every transcript has been read.
pub type Sources = HashMap<PathBuf, StoredSource>;

/// Every agent, in the order of the list. A ledger that is not there yet has nothing of anybody.
pub fn agents(
    setup: &Setup,
    reader: Option<&Reader>,
    sources: &Sources,
) -> Result<Vec<AgentState>, LedgerError> {
    let none = |agent| AgentRow { agent, files: 0, calls: 0, unparsed: 0, oversized: 0 };
    let rows = match reader {
        Some(reader) => reader.agents()?,
        None => AgentId::ALL.into_iter().map(none).collect(),
    };
    let state = |row: AgentRow| {
        let roots = setup.roots.iter().filter(|root| root.agent == row.agent);
        AgentState { row, roots: roots.map(|root| root_state(&root.path, sources)).collect() }
    };
    Ok(rows.into_iter().map(state).collect())
}

fn root_state(path: &std::path::Path, sources: &Sources) -> RootState {
    let mut state =
        RootState { path: path.to_owned(), exists: path.is_dir(), files: 0, not_read: 0 };
    for (_, source) in sources.iter().filter(|(file, _)| file.starts_with(path)) {
        state.files += 1;
        state.not_read += source.cursor.unparsed + source.cursor.oversized;
    }
    state
}
