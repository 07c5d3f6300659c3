//! Ledgers that are locked, damaged, somebody else's or out of space: a message that says what to
//! do, never a panic, and afterwards every call exactly once.

use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use spendtop::daemon::catch_up;
use spendtop::ingest::Root;
use spendtop::ledger::{LedgerError, Reader, Writer};
use spendtop::model::AgentId;

use super::claude_lines::{answer, bytes};
use super::dump;
use super::harness::{Lab, list_prices};

fn install(lab: &Lab, file: &str, numbers: std::ops::Range<u64>) {
    let calls: Vec<_> = numbers
        .map(|number| answer(&format!("u{number}"), &format!("msg_01{number}")).output(number))
        .collect();
    lab.append_bytes(file, &bytes(&calls));
}

#[test]
fn a_locked_ledger_is_waited_for_then_told() {
    let lab = Lab::new();
    install(&lab, "proj/A.jsonl", 0..10);
    lab.ingest();
    install(&lab, "proj/A.jsonl", 10..20);
    let other = Connection::open(lab.db()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = lab.try_ingest(&lab.roots()).unwrap_err();
    assert!(matches!(error, LedgerError::Busy), "{error}");
    assert_eq!(error.to_string(), "the ledger is busy: another program holds it");
    // Readers do not mind.
    assert_eq!(lab.total().calls, 10);
    other.execute_batch("ROLLBACK").unwrap();
    lab.ingest();
    assert_eq!(lab.counted().len(), 20);
}

/// Neither opening nor reading nor writing panics, and each error tells what to do.
fn refused(lab: &Lab) -> Vec<String> {
    let mut errors = Vec::new();
    let mut note = |error: LedgerError| {
        let text = error.to_string();
        assert!(matches!(error, LedgerError::Corrupt { .. }), "{text}");
        assert!(text.starts_with("the ledger "), "{text}");
        assert!(text.contains("move it away and run `spendtop ingest`"), "{text}");
        errors.push(text);
    };
    if let Err(error) = lab.try_ingest(&lab.roots()) {
        assert!(error.to_string().contains(&lab.db().display().to_string()), "{error}");
        note(error);
    }
    match Reader::open(&lab.db()) {
        Ok(reader) => {
            if let Some(Err(error)) = reader.map(|reader| reader.sources()) {
                note(error);
            }
        }
        Err(error) => note(error),
    }
    errors
}

#[test]
fn what_is_no_database_is_refused_and_kept() {
    let content = "not a database at all, but longer than the header of one".repeat(99);
    let lab = Lab::new();
    install(&lab, "proj/A.jsonl", 0..10);
    fs::create_dir_all(lab.db().parent().unwrap()).unwrap();
    fs::write(lab.db(), &content).unwrap();
    assert_eq!(refused(&lab).len(), 2);
    assert_eq!(fs::read_to_string(lab.db()).unwrap(), content);
}

#[test]
fn another_programs_database_is_refused_and_kept() {
    let lab = Lab::new();
    install(&lab, "proj/A.jsonl", 0..10);
    fs::create_dir_all(lab.db().parent().unwrap()).unwrap();
    let other = Connection::open(lab.db()).unwrap();
    other
        .execute_batch("CREATE TABLE shopping (item TEXT); INSERT INTO shopping VALUES ('tea')")
        .unwrap();
    let error = lab.try_ingest(&lab.roots()).unwrap_err();
    assert!(error.to_string().contains("another program's database"), "{error}");
    let items: i64 =
        other.query_row("SELECT count(*) FROM shopping", [], |row| row.get(0)).unwrap();
    let tables: i64 =
        other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!((items, tables), (1, 1));
}

#[test]
fn damaged_pages_are_told_wherever_they_lie() {
    let lab = Lab::new();
    install(&lab, "proj/A.jsonl", 0..300);
    lab.ingest();
    install(&lab, "proj/A.jsonl", 250..310);
    let sound = fs::read(lab.db()).unwrap();
    let mut told = 0;
    for page in 0..sound.len() / 4096 {
        fs::write(lab.db(), &sound).unwrap();
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(lab.db().with_file_name(format!("ledger.db{side}")));
        }
        let file = fs::OpenOptions::new().write(true).open(lab.db()).unwrap();
        file.write_all_at(&[0xa5; 4096], page as u64 * 4096).unwrap();
        told += usize::from(!refused(&lab).is_empty());
    }
    assert!(told > 5, "only {told} damaged pages were noticed");
}

#[test]
fn a_cut_ledger_is_told_and_an_empty_one_is_new() {
    let lab = Lab::new();
    install(&lab, "proj/A.jsonl", 0..300);
    lab.ingest();
    let file = fs::OpenOptions::new().write(true).open(lab.db()).unwrap();
    file.set_len(3 * 4096).unwrap();
    assert!(!refused(&lab).is_empty());
    file.set_len(0).unwrap();
    assert!(Reader::open(&lab.db()).unwrap().is_none());
    lab.ingest();
    assert_eq!(lab.counted().len(), 300);
}

#[test]
fn a_ledger_that_cannot_be_made_is_told() {
    let lab = Lab::new();
    install(&lab, "proj/A.jsonl", 0..3);
    // A file stands where the folder should be.
    fs::write(lab.folder.path().join("data"), "").unwrap();
    let error = lab.try_ingest(&lab.roots()).unwrap_err();
    assert!(matches!(error, LedgerError::Unwritable { .. }), "{error}");
    assert!(error.to_string().starts_with("cannot write the ledger "), "{error}");
    // The ledger's name is a folder's.
    fs::remove_file(lab.folder.path().join("data")).unwrap();
    fs::create_dir_all(lab.db()).unwrap();
    let error = lab.try_ingest(&lab.roots()).unwrap_err();
    assert!(matches!(error, LedgerError::Unwritable { .. }), "{error}");
}

/// Marks a folder that was made for the inner test.
const MARK: &str = "made-for-the-full-disk";

#[test]
fn a_full_disk() {
    let lab = Lab::new();
    install(&lab, "proj/A.jsonl", 0..100);
    fs::create_dir_all(lab.db().parent().unwrap()).unwrap();
    fs::write(lab.folder.path().join(MARK), "").unwrap();
    // A small disk of our own, in a namespace of our own, and the inner test on it.
    let run = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg("mount -t tmpfs -o size=2m none data || exit 77; exec \"$@\"")
        .arg("sh")
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "bad_ledgers::on_a_small_disk", "--nocapture"])
        .current_dir(lab.folder.path())
        .output();
    let run = match run {
        Ok(run) if run.status.code() != Some(77) && !is_refusal(&run.stderr) => run,
        _ => return println!("skipped: a small disk cannot be mounted here"),
    };
    let said = String::from_utf8_lossy(&run.stdout);
    let why = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("1 passed"), "{said}\n{why}");
}

/// The system does not give us a namespace.
fn is_refusal(stderr: &[u8]) -> bool {
    stderr.starts_with(b"unshare: ")
}

#[test]
#[ignore = "the inner half of a_full_disk"]
fn on_a_small_disk() {
    let folder = std::env::current_dir().unwrap();
    if !folder.join(MARK).exists() {
        return;
    }
    let db = folder.join("data/ledger.db");
    let root = Root {
        agent: AgentId::Claude,
        path: folder.join("home/.claude/projects"),
        developer: "dev".into(),
    };
    let roots = [root];
    let mut writer = Writer::open(&db).unwrap();
    let read =
        |writer: &mut Writer| catch_up(writer, &roots, &mut list_prices(), &mut |_| {}).map(drop);
    read(&mut writer).unwrap();
    assert_eq!(dump::counted(&db).len(), 100);
    let ballast = folder.join("data/ballast");
    fill(&ballast);
    let more: Vec<_> = (100..3000)
        .map(|number| answer(&format!("u{number}"), &format!("msg_01{number}")).output(number))
        .collect();
    fs::write(folder.join("home/.claude/projects/proj/B.jsonl"), bytes(&more)).unwrap();
    for _ in 0..2 {
        let error = read(&mut writer).unwrap_err();
        assert!(matches!(error, LedgerError::Full), "{error:?}");
        assert!(error.to_string().starts_with("no space left for the ledger"), "{error}");
    }
    // A program that starts now.
    drop(writer);
    match Writer::open(&db).map(|mut writer| read(&mut writer)) {
        Ok(Err(error)) | Err(error) => assert!(matches!(error, LedgerError::Full), "{error:?}"),
        Ok(Ok(())) => panic!("there was space"),
    }
    fs::remove_file(ballast).unwrap();
    let mut writer = Writer::open(&db).unwrap();
    assert_eq!(dump::counted(&db).len(), 100);
    read(&mut writer).unwrap();
    assert_eq!(dump::counted(&db).len(), 3000);
}

/// Takes all the space but a little.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length - 16 * 4096).unwrap();
}
