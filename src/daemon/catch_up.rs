//! Brings the ledger up to date with the transcripts, once.

use std::thread::available_parallelism;

use crate::ingest::{self, Problem, Root};
use crate::ledger::{LedgerError, Pricing, Writer};

/// Calls in one transaction of a backfill: what a crash makes us read again.
const CALLS_PER_COMMIT: usize = 32_768;

/// Bytes to read beyond which reading counts as a backfill.
const BACKFILL_BYTES: u64 = 4 << 20;

/// How far a catch-up has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were to be read.
    pub total_bytes: u64,
    /// Bytes read so far.
    pub read_bytes: u64,
}

/// What a catch-up found.
#[derive(Clone, Debug, Default)]
pub struct CaughtUp {
    /// Transcripts below the roots.
    pub files: usize,
    /// Transcripts that were read, in part or whole.
    pub changed_files: usize,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Reads everything new below the roots into the ledger.
pub fn catch_up(
    writer: &mut Writer,
    roots: &[Root],
    pricing: &mut Pricing<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<CaughtUp, LedgerError> {
    let mut discovery = ingest::discover(roots);
    let mut found = CaughtUp {
        files: discovery.files.len(),
        problems: std::mem::take(&mut discovery.problems),
        ..CaughtUp::default()
    };
    let scans = ingest::scan(discovery, &mut writer.sources()?);
    found.changed_files = scans.len();
    if scans.is_empty() {
        return Ok(found);
    }
    let total_bytes = scans.iter().map(ingest::Scan::new_bytes).sum();
    let is_backfill = total_bytes > BACKFILL_BYTES;
    if is_backfill {
        writer.begin_bulk()?;
    }
    let threads = if is_backfill { available_parallelism().map_or(1, Into::into) } else { 1 };
    let mut done = Progress { total_bytes, read_bytes: 0 };
    let read = ingest::backfill(&scans, threads, |batch| {
        done.read_bytes += batch.new_bytes;
        progress(done);
        writer.apply(batch, pricing)?;
        if writer.uncommitted_calls() >= CALLS_PER_COMMIT { writer.commit(pricing) } else { Ok(()) }
    });
    let stored = read.and_then(|problems| {
        found.problems.extend(problems);
        writer.commit(pricing)
    });
    // Also after an error: what was committed is worth keeping in one file.
    let ended = if is_backfill { writer.end_bulk() } else { Ok(()) };
    stored.and(ended).map(|()| found)
}
