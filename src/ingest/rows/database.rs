//! Opens an agent's database to read it, without ever being in the agent's way.
//!
//! In WAL mode a reader stops no writer and a writer no reader, but the reader shares the index of
//! the `-wal` and would make one that is not there. So where no `-wal` holds anything, the file is
//! opened as one that nobody writes (`immutable`), which leaves no trace and takes no lock. Should
//! somebody begin to write meanwhile, the file's stat tells it, and what was read is not believed.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::model::FileStat;

/// What a database has written and not yet put in its place.
const WAL: &str = "-wal";

/// How long to wait where a lock is in the way: only while another process mends the database, or
/// where it keeps it to itself.
const PATIENCE: Duration = Duration::from_millis(100);

/// How it is told that somebody began to write a database meanwhile.
pub(super) const WRITTEN_MEANWHILE: io::ErrorKind = io::ErrorKind::Interrupted;

/// The place in a database's header that says how it is written, and what stands there for WAL.
const WRITTEN_HOW: (u64, u8) = (18, 2);

/// The database that a file belongs to: what is told of its `-wal` is told of it.
pub(crate) fn database_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.as_bytes().strip_suffix(WAL.as_bytes())?;
    Some(path.with_file_name(OsStr::from_bytes(name)))
}

fn wal_of(database: &Path) -> PathBuf {
    let mut name: OsString = database.as_os_str().to_owned();
    name.push(WAL);
    name.into()
}

/// The stat of a database with its `-wal`: whatever was written to it, this is another one. When the
/// `-wal` itself was changed says nothing: to read it as root gives it to the database's owner.
pub(crate) fn stat_of(database: &Path, metadata: &Metadata) -> FileStat {
    let stat = FileStat::from(metadata);
    let Ok(wal) = fs::metadata(wal_of(database)) else { return stat };
    let wal = FileStat::from(&wal);
    FileStat {
        size: stat.size.saturating_add(wal.size),
        mtime_ns: stat.mtime_ns.max(wal.mtime_ns),
        ..stat
    }
}

/// An agent's database, to be read.
pub(super) struct Database {
    path: PathBuf,
    pub connection: Connection,
    /// Its stat when it was opened as one that nobody writes.
    frozen: Option<FileStat>,
}

impl Database {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let has_wal = fs::metadata(wal_of(path)).is_ok_and(|wal| wal.len() > 0);
        let frozen = if has_wal || !is_wal_mode(path)? {
            None
        } else {
            Some(stat_of(path, &fs::metadata(path)?))
        };
        let mode = if frozen.is_some() { "immutable=1" } else { "mode=ro" };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let uri = format!("file:{}?{mode}", quoted(path));
        let connection = Connection::open_with_flags(uri, flags).map_err(|why| told(&why))?;
        connection.busy_timeout(PATIENCE).map_err(|why| told(&why))?;
        Ok(Self { path: path.to_owned(), connection, frozen })
    }

    /// What was read up to now was there.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.frozen {
            Some(stat) if stat_of(&self.path, &fs::metadata(&self.path)?) != stat => {
                Err(io::Error::new(WRITTEN_MEANWHILE, "written while it was read"))
            }
            _ => Ok(()),
        }
    }

    /// The database has tables of some kind.
    pub(super) fn has_tables(&self) -> io::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table')";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|why| told(&why))
    }
}

/// The file is of a database in WAL mode. One of nothing is of none.
fn is_wal_mode(path: &Path) -> io::Result<bool> {
    let mut how = [0];
    match File::open(path)?.read_exact_at(&mut how, WRITTEN_HOW.0) {
        Ok(()) => Ok(how[0] == WRITTEN_HOW.1),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// A path as a part of a URI.
fn quoted(path: &Path) -> String {
    let mut uri = String::with_capacity(path.as_os_str().len());
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// What went wrong. A database that is damaged, or none at all, is [`io::ErrorKind::InvalidData`].
pub(super) fn told(why: &rusqlite::Error) -> io::Error {
    let kind = match why.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TooBig) => {
            io::ErrorKind::InvalidData
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => io::ErrorKind::ResourceBusy,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wal_is_its_databases() {
        let of = |path: &str| database_of(Path::new(path));
        assert_eq!(of("/d/a.db-wal"), Some("/d/a.db".into()));
        assert_eq!(of("/d/a.db"), None);
        assert_eq!(of("/d/a.db-shm"), None);
    }

    #[test]
    fn no_name_ends_the_path_of_a_uri() {
        assert_eq!(quoted(Path::new("/a b/c?mode=rwc#%/d.db")), "/a%20b/c%3Fmode%3Drwc%23%25/d.db");
    }
}
