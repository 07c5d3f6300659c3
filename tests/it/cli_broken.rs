//! A ledger that cannot be written, is none, or is somebody else's: said in words, never a panic,
//! and what is not ours is left as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;

use super::cli_home::{Home, Ran, ran, write};
use super::harness::require;

/// What opens the ledger, in some way.
const OPENING: [&[&str]; 8] = [
    &["report"],
    &["sessions", "--json"],
    &["explain", "A"],
    &["ingest"],
    &["doctor"],
    &["reprice"],
    &["prices", "list"],
    &["prices", "missing"],
];

fn with_ledger(home: &Home, db: &Path, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    command.env("SPENDTOP_DB", db);
    ran(command)
}

/// The one line in which a command says why it failed; for `doctor` it is a finding.
#[track_caller]
fn told(args: &[&str], ran: &Ran) -> String {
    if args == ["doctor"] {
        assert_eq!(ran.code, 5, "{ran:?}");
        let findings: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("! ")).collect();
        assert_eq!(findings.len(), 1, "{ran:?}");
        return findings[0].to_owned();
    }
    assert_eq!(ran.code, 1, "{args:?}: {ran:?}");
    assert_eq!(ran.out, "", "{args:?}");
    assert_eq!(ran.err.lines().count(), 1, "{args:?}: {}", ran.err);
    ran.err.clone()
}

/// Every command fails and says this.
#[track_caller]
fn all_fail(home: &Home, db: &Path, says: &[&str]) {
    for args in OPENING {
        let said = told(args, &with_ledger(home, db, args));
        for part in says {
            assert!(said.contains(part), "{args:?}: {said:?} lacks {part:?}");
        }
    }
}

#[test]
fn a_ledger_that_cannot_be_made_is_named_once() {
    let home = Home::small();
    // Root may write anywhere, but not below a file.
    let file = home.path("file");
    write(&file, "in the way");
    let db = file.join("ledger.db");
    for args in OPENING.iter().filter(|args| args[0] != "prices" || args[1] != "list") {
        let ran = with_ledger(&home, &db, args);
        let said = told(args, &ran);
        assert!(said.contains("cannot write the ledger "), "{said}");
        assert!(said.contains(file.to_str().unwrap()), "{said}");
        assert_eq!(said.matches("os error").count(), 1, "{said}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
}

#[test]
fn a_text_file_in_the_ledgers_place_is_left_alone() {
    let home = Home::small();
    let db = home.path("notes/ledger.db");
    let text = "These are my notes, and no database at all. ".repeat(100);
    write(&db, &text);
    fs::set_permissions(&db, fs::Permissions::from_mode(0o644)).unwrap();
    all_fail(&home, &db, &[db.to_str().unwrap(), "not a database", "move it away"]);
    assert_eq!(fs::read_to_string(&db).unwrap(), text);
    assert_eq!(fs::metadata(&db).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn a_cut_off_ledger_is_called_damaged() {
    let home = Home::small();
    home.out(&["ingest"]);
    let db = home.db();
    let whole = fs::read(&db).unwrap();
    fs::write(&db, &whole[..whole.len() / 2]).unwrap();
    for args in OPENING.iter().filter(|args| args[0] != "prices" && args[0] != "doctor") {
        let ran = home.run(args);
        assert!(matches!(ran.code, 0 | 1), "{args:?}: {ran:?}");
        if ran.code == 1 {
            assert!(ran.err.contains("damaged"), "{args:?}: {}", ran.err);
        }
    }
    assert_ne!(home.run(&["doctor"]).code, 0);
}

#[test]
fn a_newer_ledger_is_refused_with_both_versions() {
    let home = Home::small();
    home.out(&["ingest"]);
    let version = |number: i64| {
        Connection::open(home.db()).unwrap().pragma_update(None, "user_version", number).unwrap();
    };
    version(99);
    all_fail(&home, &home.db(), &["has schema 99", "knows up to 5", "upgrade spendtop"]);
    version(-1);
    all_fail(&home, &home.db(), &["has schema -1"]);
    version(5);
    assert_eq!(home.total().0, 3);
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    // Whatever its own version says.
    for version in [0, 1] {
        let home = Home::small();
        let db = home.path("theirs/ledger.db");
        fs::create_dir_all(db.parent().unwrap()).unwrap();
        let theirs = Connection::open(&db).unwrap();
        theirs
            .execute_batch("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('x')")
            .unwrap();
        theirs.pragma_update(None, "user_version", version).unwrap();
        drop(theirs);
        fs::set_permissions(&db, fs::Permissions::from_mode(0o644)).unwrap();
        let before = fs::read(&db).unwrap();
        all_fail(&home, &db, &[db.to_str().unwrap(), "another program's database"]);
        assert!(fs::read(&db).unwrap() == before, "version {version}: its bytes changed");
        let mode = fs::metadata(&db).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "version {version}");
    }
}

#[test]
fn a_locked_ledger_is_said_to_be_busy_and_reading_goes_on() {
    let home = Home::small();
    home.out(&["ingest"]);
    let other = Connection::open(home.db()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Nothing to write: the sums are there to read.
    assert_eq!(home.total().0, 3);
    home.append("atlas/A.jsonl", &[super::cli_home::call("a3", "A", "claude-opus-5-5")]);
    let ran = home.expect(1, &["ingest"]);
    assert_eq!(ran.err, "spendtop: the ledger is busy: another program holds it\n");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(home.total().0, 4);
}

#[test]
fn the_ledger_and_its_folder_are_private() {
    let home = Home::small();
    home.out(&["report"]);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.db().parent().unwrap().to_owned()), 0o700);
    for name in ["ledger.db", "ledger.db.lock"] {
        assert_eq!(mode(home.db().with_file_name(name)), 0o600, "{name}");
    }
}

#[test]
fn a_folder_named_like_a_transcript_and_a_link_to_nowhere_are_none() {
    let home = Home::small();
    fs::create_dir_all(home.projects().join("atlas/folder.jsonl")).unwrap();
    std::os::unix::fs::symlink("nowhere", home.projects().join("atlas/link.jsonl")).unwrap();
    assert_eq!(home.total().0, 3);
    home.out(&["ingest"]);
}

/// A file system of a few pages; unmounted when dropped.
struct Tiny(PathBuf);

impl Tiny {
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=700k,mode=0700", "spendtop-test"])
            .arg(&at)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(at))
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_and_costs_nothing_once_there_is_room() {
    let home = Home::new();
    let tiny = Tiny::mount(home.path("tiny"));
    if !require("the right to mount a tmpfs", tiny.is_some()) {
        return;
    }
    let db = home.path("tiny/ledger.db");
    let ballast = home.path("tiny/ballast");
    fs::write(&ballast, vec![0; 300 << 10]).unwrap();
    // More bytes than make a bulk, and more calls than fit.
    super::cli_kill::write_corpus(&home);
    let ran = with_ledger(&home, &db, &["ingest"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("no space left for the ledger"), "{}", ran.err);
    // Even reading what there is must not fail in another way.
    let ran = with_ledger(&home, &db, &["report"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("no space left"), "{}", ran.err);

    fs::remove_file(ballast).unwrap();
    let roomy = Command::new("mount")
        .args(["-o", "remount,size=64m"])
        .arg(home.path("tiny"))
        .status()
        .unwrap();
    assert!(roomy.success());
    assert_eq!(with_ledger(&home, &db, &["ingest"]).code, 0);
    let report = with_ledger(&home, &db, &["report", "--json"]).out;
    let whole = with_ledger(&home, &home.path("whole/ledger.db"), &["report", "--json"]).out;
    assert_eq!(report, whole);
}
