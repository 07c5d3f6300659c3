//! Folds the write-ahead log into the database while a bulk goes on.
//!
//! The disk is waited for on a thread of its own; at the end of the bulk only the last
//! transaction's pages are left to wait for. Readers see no difference: a log page that one of
//! them still needs stays where it is.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, OpenFlags};

/// A thread that checkpoints when told to.
#[derive(Debug)]
pub(super) struct Checkpointer {
    wanted: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Self {
        let (wanted, receiver) = sync_channel(1);
        let path = path.to_owned();
        let thread = thread::spawn(move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let Ok(db) = Connection::open_with_flags(&path, flags) else { return };
            for () in receiver {
                // What it cannot do now, the end of the bulk will, and there errors are told.
                let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            }
        });
        Self { wanted: Some(wanted), thread: Some(thread) }
    }

    /// A transaction was committed. Does not wait.
    pub(super) fn want(&self) {
        if let Some(wanted) = &self.wanted {
            // It is at work: there will be another transaction, or the end.
            let _ = wanted.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, there is nothing it holds.
            let _ = thread.join();
        }
    }
}
