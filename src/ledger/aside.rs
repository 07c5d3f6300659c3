//! Waits for the disk on a thread of its own while a bulk goes on.
//!
//! Of a ledger in its place the write-ahead log is folded in: at the end of the bulk only the last
//! transaction's pages are left to wait for. Readers see no difference: a log page that one of them
//! still needs stays where it is. A ledger that is being made has its pages written through.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, OpenFlags};

/// A thread that works when told to.
#[derive(Debug)]
pub(super) struct Aside {
    wanted: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Aside {
    /// Folds in the log of a ledger.
    pub(super) fn checkpoint(path: &Path) -> Self {
        let path = path.to_owned();
        Self::start(move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = Connection::open_with_flags(&path, flags).ok()?;
            // What it cannot do now, the end of the bulk will, and there errors are told.
            Some(move || {
                let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            })
        })
    }

    /// Writes a file through.
    pub(super) fn sync(path: &Path) -> Self {
        let path = path.to_owned();
        Self::start(move || {
            let file = File::open(&path).ok()?;
            // The end is told of errors.
            Some(move || {
                let _ = file.sync_data();
            })
        })
    }

    fn start<W: FnMut()>(work: impl FnOnce() -> Option<W> + Send + 'static) -> Self {
        let (wanted, receiver) = sync_channel(1);
        let thread = thread::spawn(move || {
            let Some(mut work) = work() else { return };
            for () in receiver {
                work();
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

impl Drop for Aside {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, there is nothing it holds.
            let _ = thread.join();
        }
    }
}
