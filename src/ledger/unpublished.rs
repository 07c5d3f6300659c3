//! A ledger that is made: in a file beside its place, and moved there when it is whole.
//!
//! Nobody reads it before, and a crash means to start anew. So it needs neither a journal nor to
//! wait for the disk before its end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{LedgerError, schema};

/// A ledger that is not in its place yet. Dropped before it is, it is gone.
#[derive(Debug)]
pub(super) struct Unpublished {
    file: PathBuf,
    /// What was written before an error cannot be undone.
    is_spoiled: bool,
}

impl Unpublished {
    /// Begins a ledger; none if there is one.
    pub(super) fn begin(path: &Path) -> Result<Option<(Connection, Self)>, LedgerError> {
        if !schema::is_nowhere(path) {
            return Ok(None);
        }
        let file = schema::beside(path, ".new");
        let db = schema::open_new(&file)?;
        Ok(Some((db, Self { file, is_spoiled: false })))
    }

    /// Clears away what a crash left of one, where there is a ledger by now. It takes room, and no
    /// more: failing to is nobody's concern.
    pub(super) fn clear(path: &Path) {
        for suffix in [".new", ".new-wal", ".new-shm"] {
            let _ = fs::remove_file(schema::beside(path, suffix));
        }
    }

    /// Where it is made.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// There was an error.
    pub(super) fn spoil(&mut self) {
        self.is_spoiled = true;
    }

    /// Puts it in its place, safe from a crash of the machine. After an error there is nothing to
    /// put there: whoever comes next begins anew.
    pub(super) fn publish(self, db: Connection, path: &Path) -> Result<(), LedgerError> {
        if self.is_spoiled {
            return Ok(());
        }
        db.pragma_update(None, "locking_mode", "NORMAL")?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.close().map_err(|(_, error)| error)?;
        File::open(&self.file)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.file, path))
            .map_err(|why| LedgerError::Unwritable { path: path.to_owned(), why })
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        // It has been moved, or will be written over the next time.
        let _ = fs::remove_file(&self.file);
    }
}
