//! Brings the ledger up to date with the transcripts, once.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use crate::ingest::{self, Problem, Root, Scan, SourceFile};
use crate::ledger::{LedgerError, Pricing, Writer};
use crate::model::StoredSource;

/// Calls in one transaction of a backfill: what a crash makes us read again. Few in a debug build,
/// so that a corpus that is quick to test with has many commits to be interrupted at.
const CALLS_PER_COMMIT: usize = if cfg!(debug_assertions) { 1_024 } else { 32_768 };

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

/// What is to be read.
#[derive(Debug)]
pub struct Plan {
    scans: Vec<Scan>,
    found: CaughtUp,
}

/// Finds the transcripts below the roots that changed since the ledger read them.
pub fn plan(writer: &Writer, roots: &[Root]) -> Result<Plan, LedgerError> {
    let mut discovery = ingest::discover(roots);
    let problems = std::mem::take(&mut discovery.problems);
    let files = discovery.files.len();
    let scans = ingest::scan(discovery, &mut writer.sources()?);
    Ok(Plan { found: CaughtUp { files, changed_files: scans.len(), problems }, scans })
}

/// The same for these files alone; a folder among them means looking at everything.
pub fn plan_paths(
    writer: &Writer,
    roots: &[Root],
    paths: &BTreeSet<PathBuf>,
) -> Result<Plan, LedgerError> {
    let mut scans = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        if path.is_dir() {
            return plan(writer, roots);
        }
        let Some(source) = below(roots, path) else { continue };
        let (source, stored) = known_as(writer, roots, source)?;
        // Two links to one file change at once.
        if !seen.insert((source.stat.dev, source.stat.ino)) {
            continue;
        }
        if stored.as_ref().is_none_or(|stored| stored.stat != source.stat) {
            scans.push(Scan { source, stored });
        }
    }
    Ok(Plan::of(scans))
}

fn below(roots: &[Root], path: &Path) -> Option<SourceFile> {
    roots.iter().find_map(|root| ingest::source_file(root, path))
}

/// A file as the ledger knows it: through another link, it has been read already.
fn known_as(
    writer: &Writer,
    roots: &[Root],
    source: SourceFile,
) -> Result<(SourceFile, Option<StoredSource>), LedgerError> {
    if let Some(stored) = writer.source(&source.path)? {
        return Ok((source, Some(stored)));
    }
    for path in writer.paths_of(&source.stat)? {
        // It must still lead there: a file that was renamed is read by its new name.
        let same = below(roots, &path)
            .filter(|other| (other.stat.dev, other.stat.ino) == (source.stat.dev, source.stat.ino));
        if let Some(other) = same {
            let stored = writer.source(&path)?;
            return Ok((other, stored));
        }
    }
    Ok((source, None))
}

/// Reads everything new below the roots into the ledger.
pub fn catch_up(
    writer: &mut Writer,
    roots: &[Root],
    pricing: &mut Pricing<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<CaughtUp, LedgerError> {
    plan(writer, roots)?.run(writer, pricing, progress)
}

impl Plan {
    /// A plan to read these.
    fn of(scans: Vec<Scan>) -> Self {
        Self { found: CaughtUp { changed_files: scans.len(), ..CaughtUp::default() }, scans }
    }

    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        self.scans.is_empty()
    }

    /// What was found, where nothing is to be read.
    pub fn nothing_to_do(self) -> CaughtUp {
        self.found
    }

    /// Reads it into the ledger.
    pub fn run(
        self,
        writer: &mut Writer,
        pricing: &mut Pricing<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<CaughtUp, LedgerError> {
        let Self { scans, mut found } = self;
        let total_bytes = scans.iter().map(Scan::new_bytes).sum();
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
            let enough = writer.uncommitted_calls() >= CALLS_PER_COMMIT;
            if enough { writer.commit(pricing) } else { Ok(()) }
        });
        let stored = read.and_then(|problems| {
            found.problems.extend(problems);
            writer.commit(pricing)
        });
        // Also after an error: what was committed is worth keeping in one file.
        let ended = if is_backfill { writer.end_bulk() } else { Ok(()) };
        stored.and(ended).map(|()| found)
    }
}
