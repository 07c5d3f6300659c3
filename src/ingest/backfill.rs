//! Reads many files on all cores, one receiver.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use super::discover::{Discovery, Problem, SourceFile};
use super::read::Reader;
use crate::model::{Batch, StoredSource};

/// Batches that may wait for the receiver; bounds memory. The largest files come first, and reading
/// is faster than storing: more would only be more to hold.
const WAITING_BATCHES: usize = 32;

/// A file to read, and how far it was read before.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The file.
    pub source: SourceFile,
    /// What the ledger knows of it.
    pub stored: Option<StoredSource>,
}

impl Scan {
    /// Bytes that are still to be read, if nothing before was rewritten.
    pub fn new_bytes(&self) -> u64 {
        let read = self.stored.as_ref().map_or(0, |stored| stored.cursor.offset);
        self.source.stat.size.saturating_sub(read)
    }
}

/// The files that changed since the ledger last read them, largest first so that no core is left
/// with a long one at the end.
pub fn scan<S: std::hash::BuildHasher>(
    discovery: Discovery,
    stored: &mut HashMap<PathBuf, StoredSource, S>,
) -> Vec<Scan> {
    let mut scans: Vec<Scan> = discovery
        .files
        .into_iter()
        .filter_map(|source| match stored.remove(&source.path) {
            Some(known) if known.stat == source.stat => None,
            known => Some(Scan { source, stored: known }),
        })
        .collect();
    scans.sort_by(|a, b| {
        b.new_bytes().cmp(&a.new_bytes()).then_with(|| a.source.path.cmp(&b.source.path))
    });
    scans
}

/// Reads the files on `threads` threads and hands every batch to `sink` on this one; batches of
/// one file come in the file's order. An error of the sink stops the reading. Returns what could
/// not be read.
pub fn backfill<E>(
    scans: &[Scan],
    threads: usize,
    mut sink: impl FnMut(Batch) -> Result<(), E>,
) -> Result<Vec<Problem>, E> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING_BATCHES);
        for _ in 0..threads.clamp(1, scans.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || read_files(scans, next, &sender));
        }
        drop(sender);
        let mut problems = Vec::new();
        for message in receiver {
            match message {
                Ok(batch) => sink(batch)?,
                Err(problem) => problems.push(problem),
            }
        }
        Ok(problems)
    })
}

fn read_files(scans: &[Scan], next: &AtomicUsize, sender: &SyncSender<Result<Batch, Problem>>) {
    let mut reader = Reader::default();
    while let Some(scan) = scans.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut listening = true;
        let outcome = reader.read(&scan.source, scan.stored.as_ref(), &mut |batch| {
            listening = sender.send(Ok(batch)).is_ok();
            listening
        });
        if let Err(error) = outcome
            && error.kind() != std::io::ErrorKind::NotFound
        {
            let problem = Problem { path: scan.source.path.clone(), what: error.to_string() };
            listening = listening && sender.send(Err(problem)).is_ok();
        }
        if !listening {
            return;
        }
    }
}
