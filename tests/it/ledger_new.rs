//! A ledger that is made: whole, or not there.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use spendtop::daemon::catch_up;
use spendtop::ledger::{LedgerError, Reader, Writer};

use super::claude_lines::{answer, bytes};
use super::harness::{Lab, list_prices};

/// Enough for several steps of storing, each call in a session and in a fork of it.
fn install(lab: &Lab) {
    let call = |number: u64| {
        answer(&format!("u{number}"), &format!("msg_01{number}"))
            .request(&format!("req_{number}"))
            .output(number)
    };
    let calls: Vec<_> = (1..=1500).map(call).collect();
    let fork: Vec<_> = (1..=700).map(|number| call(number).session("B")).collect();
    lab.append_bytes("proj/A.jsonl", &bytes(&calls));
    lab.append_bytes("proj/B.jsonl", &bytes(&fork));
}

fn read(lab: &Lab, writer: &mut Writer) -> Result<(), LedgerError> {
    catch_up(writer, &lab.roots(), &mut list_prices(), &mut |_| {}).map(drop)
}

/// What lies where the ledger does.
fn files(lab: &Lab) -> Vec<String> {
    let folder = fs::read_dir(lab.db().parent().unwrap()).unwrap();
    let mut names: Vec<_> =
        folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn it_is_there_when_it_is_whole_and_the_same_as_one_filled_in_its_place() {
    let lab = Lab::new();
    install(&lab);
    let mut writer = Writer::open_or_begin(&lab.db()).unwrap();
    read(&lab, &mut writer).unwrap();
    assert!(Reader::open(&lab.db()).unwrap().is_none());
    writer.publish().unwrap();
    assert_eq!(files(&lab), ["ledger.db"]);
    assert_eq!(fs::metadata(lab.db()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(lab.counted().len(), 1500);

    let other = Lab::new();
    install(&other);
    let mut writer = Writer::open(&other.db()).unwrap();
    read(&other, &mut writer).unwrap();
    assert_eq!(other.counted().len(), 1500);
    assert_eq!(lab.dump(), other.dump());
}

#[test]
fn what_is_given_up_leaves_nothing() {
    let lab = Lab::new();
    install(&lab);
    let mut writer = Writer::open_or_begin(&lab.db()).unwrap();
    read(&lab, &mut writer).unwrap();
    drop(writer);
    assert_eq!(files(&lab), [""; 0]);
}

#[test]
fn what_a_crash_left_is_written_over_or_cleared_away() {
    let lab = Lab::new();
    install(&lab);
    let crash = || {
        fs::create_dir_all(lab.db().parent().unwrap()).unwrap();
        for name in ["ledger.db.new", "ledger.db.new-wal"] {
            fs::write(lab.db().with_file_name(name), [0xa5; 9000]).unwrap();
        }
    };
    crash();
    lab.ingest();
    assert_eq!(files(&lab), ["ledger.db"]);
    assert_eq!(lab.counted().len(), 1500);
    // The next to write may be one that fills a ledger in its place.
    crash();
    drop(Writer::open(&lab.db()).unwrap());
    assert_eq!(files(&lab), ["ledger.db"]);
    assert_eq!(lab.counted().len(), 1500);
}

#[test]
fn one_that_is_there_is_opened_whatever_it_is() {
    let lab = Lab::new();
    install(&lab);
    lab.ingest();
    let before = lab.dump();
    let writer = Writer::open_or_begin(&lab.db()).unwrap();
    writer.publish().unwrap();
    assert_eq!(lab.dump(), before);
    fs::write(lab.db(), "no ledger").unwrap();
    assert!(Writer::open_or_begin(&lab.db()).is_err());
    assert_eq!(fs::read(lab.db()).unwrap(), b"no ledger");
}
