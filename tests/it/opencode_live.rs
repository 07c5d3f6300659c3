//! Databases that are being written: no writer ever waits for us, and none is left a trace of us.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::harness::Lab;
use super::opencode_db::{Db, lab, schema_of_1};

const OPUS: &str = "claude-opus-5";

fn calls(lab: &Lab) -> usize {
    lab.ingest();
    lab.counted().len()
}

fn path(lab: &Lab) -> PathBuf {
    lab.projects().join("opencode.db")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_writer_in_mid_transaction_is_not_waited_for_and_does_not_wait() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.connection.busy_timeout(Duration::ZERO).unwrap();
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    db.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    db.answer("ses_a", OPUS, [2, 2, 0, 0, 0]);
    assert_eq!(calls(&lab), 1, "what was committed");
    db.answer("ses_a", OPUS, [3, 3, 0, 0, 0]);
    db.connection.execute_batch("COMMIT").unwrap();
    assert_eq!(calls(&lab), 3);
    // While somebody reads in the midst of it, the writer writes on.
    let reading = Connection::open(path(&lab)).unwrap();
    reading.execute_batch("BEGIN; SELECT count(*) FROM part").unwrap();
    db.answer("ses_a", OPUS, [4, 4, 0, 0, 0]);
    assert_eq!(calls(&lab), 4);
}

#[test]
fn a_transaction_that_is_rolled_back_was_never_there() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    db.connection.execute_batch("BEGIN").unwrap();
    db.answer("ses_a", OPUS, [2, 2, 0, 0, 0]);
    lab.ingest();
    db.connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(calls(&lab), 1);
}

#[test]
fn a_database_that_nobody_writes_is_left_as_it_is() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    // The last to close it takes its `-wal` away.
    drop(db);
    assert_eq!(files(&lab.projects()), ["opencode.db"]);
    let before = fs::read(path(&lab)).unwrap();
    assert_eq!(calls(&lab), 1);
    assert_eq!(files(&lab.projects()), ["opencode.db"], "no trace of us");
    assert_eq!(fs::read(path(&lab)).unwrap(), before);
}

#[test]
fn what_a_killed_client_left_in_its_wal_is_read_and_stays() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.checkpoint();
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    // As it is on the disk when a process is killed.
    let kept = lab.folder.path().join("kept");
    fs::create_dir_all(&kept).unwrap();
    for name in ["opencode.db", "opencode.db-wal"] {
        fs::copy(lab.projects().join(name), kept.join(name)).unwrap();
    }
    drop(db);
    for name in ["opencode.db", "opencode.db-wal"] {
        fs::copy(kept.join(name), lab.projects().join(name)).unwrap();
    }
    let wal = fs::read(lab.projects().join("opencode.db-wal")).unwrap();
    assert!(!wal.is_empty());
    assert_eq!(calls(&lab), 1);
    assert_eq!(fs::read(lab.projects().join("opencode.db-wal")).unwrap(), wal, "not put in place");
}

#[test]
fn a_wal_that_is_gone_takes_with_it_what_it_held() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    db.checkpoint();
    db.answer("ses_a", OPUS, [2, 2, 0, 0, 0]);
    let copy = lab.folder.path().join("copy.db");
    fs::copy(path(&lab), &copy).unwrap();
    drop(db);
    fs::rename(&copy, path(&lab)).unwrap();
    assert_eq!(calls(&lab), 1);
    assert_eq!(lab.cursor("opencode.db").unparsed, 0);
}

#[test]
fn what_is_only_in_the_wal_is_a_change() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    assert_eq!(lab.ingest().changed_files, 1);
    assert_eq!(lab.ingest().changed_files, 0, "nothing was written");
    let before = fs::metadata(path(&lab)).unwrap();
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    let after = fs::metadata(path(&lab)).unwrap();
    assert_eq!(before.len(), after.len(), "the database itself was not written");
    assert_eq!(lab.ingest().changed_files, 1);
    assert_eq!(lab.ingest().changed_files, 0, "our own reading is no change");
    db.checkpoint();
    assert_eq!(calls(&lab), 1);
}

#[test]
fn a_database_that_somebody_keeps_to_himself_is_read_when_he_lets_go() {
    let lab = lab();
    let mut db = Db::of_1(&lab);
    db.session("ses_a", None);
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    drop(db);
    let owner = Connection::open(path(&lab)).unwrap();
    owner.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
    owner.execute_batch("UPDATE session SET title = 'mine'").unwrap();
    let found = lab.ingest();
    assert_eq!(found.problems.len(), 1, "{found:?}");
    assert_eq!(lab.counted().len(), 0);
    drop(owner);
    assert_eq!(calls(&lab), 1);
}

#[test]
fn without_wal_mode_it_is_read_between_transactions() {
    let lab = lab();
    let path = path(&lab);
    let mut db = Db::open(&path, "");
    db.connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    db.connection.execute_batch(&schema_of_1()).unwrap();
    db.session("ses_a", None);
    db.connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    db.answer("ses_a", OPUS, [1, 1, 0, 0, 0]);
    assert_eq!(lab.ingest().problems.len(), 1, "it is locked");
    db.connection.execute_batch("COMMIT").unwrap();
    assert_eq!(calls(&lab), 1);
    db.answer("ses_a", OPUS, [2, 2, 0, 0, 0]);
    assert_eq!(calls(&lab), 2);
}
