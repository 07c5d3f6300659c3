//! Opens the database and brings its schema up to date.

use std::fmt::Write;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::LedgerError;

/// In the order of `user_version`: the first leads to version 1.
const MIGRATIONS: [&str; 5] = [
    include_str!("../../assets/migrations/0001_ledger.sql"),
    include_str!("../../assets/migrations/0002_guard.sql"),
    include_str!("../../assets/migrations/0003_days.sql"),
    include_str!("../../assets/migrations/0004_turn.sql"),
    include_str!("../../assets/migrations/0005_loop.sql"),
];

/// Says in the file's header that it is a spendtop ledger ("SPTL").
const APPLICATION_ID: i64 = 0x5350_544c;

/// How long a reader waits for a checkpoint, or a writer for another's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens for writing, creating what is missing; folder 0700, file 0600.
pub(super) fn open_writable(path: &Path) -> Result<Connection, LedgerError> {
    create(path)?;
    free_side_files(path)?;
    let mut connection =
        Connection::open(path).map_err(|error| LedgerError::from(error).of_file(path))?;
    let prepared = configure(&connection, BUSY_TIMEOUT)
        // Before anything is changed: a file that is not ours stays as it is.
        .and_then(|()| check_version(&connection, path))
        .and_then(|_| set_private(path))
        .and_then(|()| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            // References are made in the transaction that uses them; checking each costs as much
            // as storing it. `doctor` checks them all.
            connection.pragma_update(None, "foreign_keys", false)?;
            Ok(())
        })
        .and_then(|()| migrate(&mut connection, path));
    prepared.map_err(|error| error.of_file(path))?;
    Ok(connection)
}

/// Makes a new ledger for one connection alone, without a journal: after a crash or an error it is
/// worth nothing. What stands at its place goes.
pub(super) fn open_new(path: &Path) -> Result<Connection, LedgerError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(path, suffix)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => {
                return Err(LedgerError::Unwritable { path: path.to_owned(), why });
            }
            _ => {}
        }
    }
    create(path)?;
    let mut connection =
        Connection::open(path).map_err(|error| LedgerError::from(error).of_file(path))?;
    let prepared = configure(&connection, BUSY_TIMEOUT)
        .and_then(|()| {
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.pragma_update(None, "journal_mode", "OFF")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "foreign_keys", false)?;
            Ok(())
        })
        .and_then(|()| migrate(&mut connection, path));
    prepared.map_err(|error| error.of_file(path))?;
    Ok(connection)
}

/// Nothing of a ledger is there, not even a log.
pub(super) fn is_nowhere(path: &Path) -> bool {
    ["", "-wal", "-journal"].iter().all(|suffix| beside(path, suffix).symlink_metadata().is_err())
}

/// Opens for reading; none if there is no ledger yet.
pub(super) fn open_readable(path: &Path) -> Result<Option<Connection>, LedgerError> {
    open_readable_within(path, BUSY_TIMEOUT)
}

/// The same, waiting no longer than this for whoever has the ledger locked.
pub(super) fn open_readable_within(
    path: &Path,
    patience: Duration,
) -> Result<Option<Connection>, LedgerError> {
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // A WAL reader needs to write the shared memory file; where it cannot, the database may still
    // be readable.
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags)
        .or_else(|_| Connection::open_with_flags(path, read_only))
        .map_err(|error| LedgerError::from(error).of_file(path))
        .and_then(|connection| prepare_reading(connection, path, patience));
    match opened {
        // In a folder that cannot be written, shared memory cannot be made. As long as there is no
        // log beside the database, nobody is writing it, and it can be read without.
        Err(LedgerError::Unwritable { .. }) if !beside(path, "-wal").exists() => {
            let flags = read_only | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable_uri(path), flags)
                .map_err(|error| LedgerError::from(error).of_file(path))
                .and_then(|connection| prepare_reading(connection, path, patience))
        }
        opened => opened,
    }
}

/// None where the schema is older, or not yet made: there is nothing this version could read.
fn prepare_reading(
    connection: Connection,
    path: &Path,
    patience: Duration,
) -> Result<Option<Connection>, LedgerError> {
    let version = configure(&connection, patience)
        .and_then(|()| {
            connection.pragma_update(None, "query_only", true)?;
            check_version(&connection, path)
        })
        .map_err(|error| error.of_file(path))?;
    Ok((version == MIGRATIONS.len()).then_some(connection))
}

/// The name of one of SQLite's side files, or of ours.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path as a URI that promises SQLite a file which nobody changes.
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?immutable=1"
}

fn configure(connection: &Connection, patience: Duration) -> Result<(), LedgerError> {
    connection.busy_timeout(patience)?;
    // Without this SQLite plans a statement anew for every new value bound to it: three quarters
    // of all the time a backfill took.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -12_000)?;
    Ok(())
}

/// The version of a ledger's schema, 0 for an empty file; an error if it is another program's file
/// or too new.
fn check_version(connection: &Connection, path: &Path) -> Result<usize, LedgerError> {
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            return Err(LedgerError::Foreign { path: path.to_owned() });
        }
    }
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    usize::try_from(found)
        .ok()
        .filter(|&found| found <= MIGRATIONS.len())
        .ok_or_else(|| LedgerError::Newer { path: path.to_owned(), found, known })
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    if check_version(connection, path)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Again, now that no other process can be at it.
    let version = check_version(&transaction, path)?;
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()?;
    Ok(())
}

/// Makes a file that only its owner can read, or makes one such.
pub(super) fn create_private(path: &Path) -> Result<(), LedgerError> {
    create(path)?;
    set_private(path)
}

/// Makes what is missing: the folder 0700, the file 0600.
fn create(path: &Path) -> Result<(), LedgerError> {
    let unwritable = |why| LedgerError::Unwritable { path: path.to_owned(), why };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unwritable)?;
    }
    fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map(|_| ())
        .map_err(unwritable)
}

/// SQLite gives its side files the mode that the database has at that time. Those of a database
/// that could not be written then would keep it from being written for ever.
fn free_side_files(path: &Path) -> Result<(), LedgerError> {
    for file in ["-wal", "-shm"].map(|suffix| beside(path, suffix)) {
        let Ok(metadata) = fs::metadata(&file) else { continue };
        if metadata.permissions().mode() & 0o200 == 0 {
            fs::set_permissions(&file, Permissions::from_mode(0o600))
                .map_err(|why| LedgerError::Unwritable { path: file, why })?;
        }
    }
    Ok(())
}

/// SQLite gives its side files the mode of the database.
fn set_private(path: &Path) -> Result<(), LedgerError> {
    let unwritable = |why| LedgerError::Unwritable { path: path.to_owned(), why };
    let mode = fs::metadata(path).map_err(unwritable)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(unwritable)?;
    }
    Ok(())
}
