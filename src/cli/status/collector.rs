//! Who keeps the ledger up to date, since when, and how far behind.

use std::fs;

use anyhow::Result;
use serde::Serialize;

use crate::cli::context::{Context, Freshness};
use crate::ingest;
use crate::ledger::Reader;
use crate::model::Millis;
use crate::paths;

/// A holder that has not touched its lock for this long does not work.
pub(super) const SILENT_AFTER_MS: i64 = 90_000;

/// Who keeps the ledger up to date.
#[derive(Debug, Default, Serialize)]
pub(super) struct CollectorState {
    /// A process follows the transcripts.
    pub running: bool,
    pub pid: Option<u32>,
    pub version: Option<String>,
    /// Since when it runs.
    pub since: Option<String>,
    #[serde(skip)]
    pub since_at: Option<Millis>,
    /// Milliseconds since its last sign of life.
    pub silent_ms: Option<i64>,
    /// Transcripts with something that it has not read, and how much that is.
    pub behind_files: usize,
    pub behind_bytes: u64,
}

pub(super) fn state(
    context: &Context,
    freshness: &Freshness,
    reader: Option<&Reader>,
    short: bool,
) -> Result<CollectorState> {
    let holder = match freshness {
        Freshness::Collected(holder) => holder.as_ref(),
        _ => return Ok(CollectorState::default()),
    };
    let mut state = CollectorState { running: true, ..CollectorState::default() };
    if let Some(holder) = holder {
        state.pid = Some(holder.pid);
        state.version = Some(holder.version.clone());
        state.since_at = holder.since;
        state.since = holder.since.map(|at| at.timestamp().to_string());
    }
    let lock = paths::lock_of(&context.ledger);
    if let Ok(touched) = fs::metadata(lock).and_then(|file| file.modified())
        && let Ok(touched) = jiff::Timestamp::try_from(touched)
    {
        state.silent_ms = Some((context.now().0 - touched.as_millisecond()).max(0));
    }
    if let Some(reader) = reader
        && !short
    {
        let unread = ingest::scan(ingest::discover(&context.roots()), &mut reader.sources()?);
        state.behind_files = unread.len();
        state.behind_bytes = unread.iter().map(ingest::Scan::new_bytes).sum();
    }
    Ok(state)
}
