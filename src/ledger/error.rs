//! What can go wrong with a ledger, in words that say what to do.

use std::path::PathBuf;

/// An error of the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file was written by a newer version.
    #[error(
        "the ledger {} has schema {found}, this spendtop knows up to {known}: upgrade spendtop, or \
         set SPENDTOP_DB to another file",
        path.display()
    )]
    Newer {
        /// The ledger.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this program.
        known: i64,
    },
    /// The file is not a ledger, or damaged.
    #[error(
        "the ledger{} is damaged ({what}): move it away and run `spendtop ingest`, which builds a \
         new one from the transcripts that still exist",
        path.as_ref().map_or(String::new(), |path| format!(" {}", path.display()))
    )]
    Corrupt {
        /// The ledger, where the damage was found by one who knows.
        path: Option<PathBuf>,
        /// SQLite's words.
        what: String,
    },
    /// The file is another program's.
    #[error("{} is another program's database: set SPENDTOP_DB to another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The folder or file cannot be made or written.
    #[error("cannot write the ledger {}: {why}", path.display())]
    Unwritable {
        /// The ledger or its folder.
        path: PathBuf,
        /// The operating system's words. Not called `source`: they are in the message already, and
        /// whoever prints the chain of sources would print them twice.
        why: std::io::Error,
    },
    /// There is no space left.
    #[error("no space left for the ledger; the next run goes on from the last whole step")]
    Full,
    /// Another program holds the database for longer than we wait.
    #[error("the ledger is busy: another program holds it")]
    Busy,
    /// Anything else that SQLite says.
    #[error("the ledger: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
        };
        match error.sqlite_error_code() {
            Some(NotADatabase | DatabaseCorrupt) => {
                Self::Corrupt { path: None, what: error.to_string() }
            }
            Some(DiskFull) => Self::Full,
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

impl LedgerError {
    /// The same may succeed later, with nothing done about the ledger itself: it is busy, or there
    /// is no space for now.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::Unwritable { .. })
    }

    /// Names the file in errors that mean it is not a ledger at all.
    #[must_use]
    pub(super) fn of_file(self, path: &std::path::Path) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
        let error = match self {
            Self::Corrupt { what, .. } => {
                return Self::Corrupt { path: Some(path.to_owned()), what };
            }
            Self::Sqlite(error) => error,
            other => return other,
        };
        match error.sqlite_error_code() {
            Some(CannotOpen | PermissionDenied | ReadOnly) => Self::Unwritable {
                path: path.to_owned(),
                why: std::io::Error::other(error.to_string()),
            },
            _ => Self::Sqlite(error),
        }
    }
}
