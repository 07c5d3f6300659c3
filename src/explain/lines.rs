//! The lines of the transcripts that tell of a call, read anew: the ledger keeps only one of them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::ingest;
use crate::ledger::CallRow;
use crate::model::{AgentId, Call, CallId, Event, TokenUsage};

/// A line that tells of a call.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub path: PathBuf,
    pub offset: u64,
    pub session_id: String,
    pub usage: TokenUsage,
}

/// The lines by call, and the transcripts that are gone.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub by_call: HashMap<CallId, Vec<Line>>,
    pub gone: BTreeSet<PathBuf>,
}

/// Reads every transcript that holds one of the rows.
pub(super) fn read(rows: &[CallRow]) -> Lines {
    let mut files: BTreeSet<(&Path, AgentId)> = BTreeSet::new();
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for row in rows {
        files.insert((&row.path, row.agent));
        wanted.insert(&row.call_id.id);
    }
    let mut lines = Lines::default();
    for (path, agent) in files {
        let replayed = ingest::replay(path, agent, |offset, events| {
            for event in events.unwrap_or_default() {
                if let Event::Call(call) = event
                    && wanted.contains(&*call.call_id.id)
                {
                    lines
                        .by_call
                        .entry(call.call_id.clone())
                        .or_default()
                        .push(line(path, offset, call));
                }
            }
        });
        if replayed.is_err() {
            lines.gone.insert(path.to_owned());
        }
    }
    lines
}

fn line(path: &Path, offset: u64, call: &Call) -> Line {
    Line {
        path: path.to_owned(),
        offset,
        session_id: call.session_id.to_string(),
        usage: call.usage,
    }
}
