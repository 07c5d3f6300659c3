//! How far a transcript has been read, and what came out of it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{AgentId, DeedLog, Event};

/// What the file system says about a file. Equal stats mean nothing was written, moved or
/// replaced: `ctime` changes even when a tool restores `mtime`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileStat {
    /// Device.
    pub dev: u64,
    /// Inode.
    pub ino: u64,
    /// Length in bytes.
    pub size: u64,
    /// Last write to the content, nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// Last change of content or inode, nanoseconds since the epoch.
    pub ctime_ns: i64,
}

/// How far a file has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Bytes consumed: just after a line end, or all of a document, or so much of a database.
    pub offset: u64,
    /// Hash of the bytes before the offset: tells that the file was rewritten.
    pub anchor: i64,
    /// Records up to the offset that could not be read.
    pub unparsed: u64,
    /// Records up to the offset that were too long to read.
    pub oversized: u64,
    /// What the adapter remembers; of a database, how far each table was read.
    pub state: Option<String>,
}

/// A file the ledger knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSource {
    /// Its stat when the cursor was stored.
    pub stat: FileStat,
    /// How far it was read.
    pub cursor: Cursor,
}

/// What was read from a file in one go, to be stored in one transaction with its cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The file.
    pub path: PathBuf,
    /// Whose transcript it is.
    pub agent: AgentId,
    /// Who pays for its calls.
    pub developer: Arc<str>,
    /// The file's stat before the first byte was read; of a database, with its `-wal`.
    pub stat: FileStat,
    /// Where reading goes on.
    pub cursor: Cursor,
    /// Bytes that were read for this batch.
    pub new_bytes: u64,
    /// What was found, in the order of the file.
    pub events: Vec<Event>,
    /// What was done in threads.
    pub deeds: DeedLog,
}
