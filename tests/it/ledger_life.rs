//! The ledger's own life: rows outlive transcripts, reading again changes nothing, a crash costs
//! nothing, others read while one writes, and every released schema still opens.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::Connection;
use serde_json::json;
use spendtop::daemon::catch_up;
use spendtop::ingest;
use spendtop::ledger::{LedgerError, Reader, Totals, Writer};
use spendtop::model::Millis;

use super::claude_lines::{answer, bytes, line, tokens};
use super::harness::{Lab, list_prices};

const ALWAYS: std::ops::Range<Millis> = Millis(i64::MIN)..Millis(i64::MAX);

/// A main thread, a subagent, a fork and a stated total.
fn install(lab: &Lab) {
    let call = |number: u64| {
        answer(&format!("u{number}"), &format!("msg_01{number}"))
            .request(&format!("req_{number}"))
            .at(&format!("0{number}:00:00"))
            .usage(&tokens(10, 100 * number, 300, 700, 12_000))
            .stop("end_turn")
    };
    let total = line("cost-state", "").at("03:00:00").with("totalCostUSD", &json!(1.5));
    let fork = [call(1), call(2)].map(|line| line.background("B"));
    lab.append_bytes("proj/A.jsonl", &bytes(&[call(1), call(2), total]));
    lab.append_bytes("proj/A/subagents/agent-a7.jsonl", &bytes(&[call(3).sidechain("a7")]));
    lab.append_bytes(
        "proj/B.jsonl",
        &bytes(&[fork.to_vec(), vec![call(4).background("B")]].concat()),
    );
}

const INSTALLED: [&str; 4] = [
    "A msg_011 10/100/300/700/12000",
    "A msg_012 10/200/300/700/12000",
    "A/a7 msg_013 10/300/300/700/12000",
    "B msg_014 10/400/300/700/12000",
];

#[test]
fn rows_survive_the_transcripts() {
    let lab = Lab::new();
    install(&lab);
    lab.ingest();
    assert_eq!(lab.counted(), INSTALLED);
    let before = lab.dump();
    // What the agent's own cleaning deletes; the subagents' folder stays behind.
    fs::remove_file(lab.projects().join("proj/A.jsonl")).unwrap();
    lab.ingest();
    assert_eq!(lab.dump(), before);
    fs::remove_dir_all(lab.folder.path().join("home")).unwrap();
    let found = lab.ingest();
    assert_eq!((found.files, found.problems), (0, vec![]));
    assert_eq!(lab.dump(), before);
}

#[test]
fn a_subagents_folder_without_its_parent_still_counts() {
    let lab = Lab::new();
    install(&lab);
    fs::remove_file(lab.projects().join("proj/A.jsonl")).unwrap();
    fs::remove_file(lab.projects().join("proj/B.jsonl")).unwrap();
    lab.ingest();
    assert_eq!(lab.counted(), [INSTALLED[2]]);
}

#[test]
fn a_second_look_reads_nothing_and_a_full_one_changes_nothing() {
    let lab = Lab::new();
    install(&lab);
    assert_eq!(lab.ingest().changed_files, 3);
    let before = lab.dump();
    assert_eq!(lab.ingest().changed_files, 0);
    // Written again with the same content: nothing tells that it is the same.
    for file in ["proj/A.jsonl", "proj/B.jsonl"] {
        lab.rewrite(file, &fs::read(lab.projects().join(file)).unwrap());
    }
    assert_eq!(lab.ingest().changed_files, 2);
    assert_eq!(lab.dump(), before);
    // The same files under other names: a restored backup.
    fs::rename(lab.projects(), lab.projects().with_file_name("old")).unwrap();
    fs::create_dir_all(lab.projects()).unwrap();
    fs::rename(lab.projects().with_file_name("old"), lab.projects().join("restored")).unwrap();
    assert_eq!(lab.ingest().changed_files, 3);
    assert_eq!(lab.dump(), before);
}

#[test]
fn what_a_crash_leaves_uncommitted_is_read_again() {
    let lab = Lab::new();
    install(&lab);
    let mut writer = Writer::open(&lab.db()).unwrap();
    let scans = ingest::scan(ingest::discover(&lab.roots()), &mut writer.sources().unwrap());
    let mut prices = list_prices();
    ingest::backfill(&scans, 1, |batch| writer.apply(batch, &mut prices)).unwrap();
    // No commit: neither rows nor cursors may be there.
    drop(writer);
    assert_eq!(lab.reader().sources().unwrap().len(), 0);
    assert_eq!(lab.total(), Totals::default());
    lab.ingest();
    assert_eq!(lab.counted(), INSTALLED);
}

#[test]
fn the_ledger_is_private() {
    let lab = Lab::new();
    lab.ingest();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(lab.db().parent().unwrap()), mode(&lab.db())), (0o700, 0o600));
}

#[test]
fn two_readers_while_one_writes() {
    let lab = Lab::new();
    let calls: u64 = 60;
    let done = AtomicBool::new(false);
    lab.ingest();
    let watch = |done: &AtomicBool| {
        let reader = lab.reader();
        let (mut seen, mut version, mut changes) = (0, reader.data_version().unwrap(), 0);
        loop {
            let last = done.load(Ordering::Acquire);
            // A whole-quarter time is read from the sums, the other from the rows.
            let rows = ALWAYS.start..Millis(i64::MAX - 1);
            let totals = |time| {
                let mut total = Totals::default();
                reader.cells(&time, &mut |cell| total += cell.totals)?;
                Ok::<_, LedgerError>(total)
            };
            let (sums, rows) = reader
                .snapshot(|_| Ok::<_, LedgerError>((totals(ALWAYS)?, totals(rows)?)))
                .unwrap();
            assert_eq!(sums, rows);
            assert!(sums.calls >= seen, "{} calls after {seen}", sums.calls);
            seen = sums.calls;
            let now = reader.data_version().unwrap();
            changes += u64::from(now != version);
            version = now;
            if last {
                return (seen, changes > 0);
            }
        }
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(|| watch(&done)), scope.spawn(|| watch(&done))];
        let mut writer = Writer::open(&lab.db()).unwrap();
        for number in 0..calls {
            let call = answer(&format!("u{number}"), &format!("msg_01{number}"))
                .request("req_1")
                .output(number);
            lab.append_bytes("proj/A.jsonl", &bytes(&[call]));
            catch_up(&mut writer, &lab.roots(), &mut list_prices(), &mut |_| {}).unwrap();
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), (calls, true));
        }
    });
}

fn v1() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ledger/v1.db")
}

/// Writes the fixture anew. Only for a schema that was never released.
#[test]
#[ignore = "writes into the repository"]
fn write_the_fixture_of_schema_1() {
    let lab = Lab::new();
    install(&lab);
    lab.ingest();
    // Where the transcripts lay is nobody's business.
    let db = Connection::open(lab.db()).unwrap();
    let prefix = lab.projects().display().to_string();
    db.execute("UPDATE source SET path = replace(path, ?1, '/home/dev/projects')", [prefix])
        .unwrap();
    db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(db);
    fs::create_dir_all(v1().parent().unwrap()).unwrap();
    // Not a copy: that would keep the ledger's private mode.
    fs::write(v1(), fs::read(lab.db()).unwrap()).unwrap();
}

#[test]
fn a_ledger_of_schema_1_opens_and_reads_the_same() {
    let lab = Lab::new();
    fs::create_dir_all(lab.db().parent().unwrap()).unwrap();
    fs::copy(v1(), lab.db()).unwrap();
    drop(Writer::open(&lab.db()).unwrap());
    let total = lab.total();
    let usage = &total.usage;
    assert_eq!((total.calls, total.unpriced_calls, total.not_final_calls), (4, 0, 0));
    assert_eq!((usage.input_tokens, usage.output_tokens), (40, 1000));
    assert_eq!(usage.cache_read_input_tokens, 48_000);
    assert_eq!(usage.cache_creation_5m_input_tokens, 1200);
    assert_eq!(usage.cache_creation_1h_input_tokens, 2800);
    assert_eq!(total.cost.to_decimal(), "0.084700000000");
    let reader = lab.reader();
    // 1.5 stated, less the three calls of the session up to then.
    let unlogged: Vec<i64> = reader.unlogged().unwrap().iter().map(|row| row.amount.0).collect();
    assert_eq!(unlogged, [1_440_225_000_000]);
    assert_eq!(reader.sources().unwrap().len(), 3);
    let mut charged: Vec<String> = reader
        .charged()
        .unwrap()
        .into_values()
        .map(|to| format!("{}/{} {} {}", to.session_id, to.subagent, to.project, to.model))
        .collect();
    charged.sort();
    let rest = "/home/dev/proj claude-opus-5";
    assert_eq!(charged, [format!("A/ {rest}"), format!("A/a7 {rest}"), format!("B/ {rest}")]);
    // The transcripts it was read from may turn up again: nothing counts twice.
    install(&lab);
    lab.ingest();
    assert_eq!(lab.counted(), INSTALLED);
    assert_eq!(lab.total(), total);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let lab = Lab::new();
    install(&lab);
    lab.ingest();
    Connection::open(lab.db()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(lab.db()).unwrap();
    let refused = [
        Writer::open(&lab.db()).map(drop).unwrap_err(),
        Reader::open(&lab.db()).map(drop).unwrap_err(),
        lab.try_ingest(&lab.roots()).map(drop).unwrap_err(),
    ];
    for error in refused {
        let text = error.to_string();
        assert!(matches!(error, LedgerError::Newer { found: 99, .. }), "{text}");
        assert!(text.contains(&lab.db().display().to_string()), "{text}");
        assert!(text.contains("has schema 99") && text.contains("upgrade spendtop"), "{text}");
    }
    assert_eq!(fs::read(lab.db()).unwrap(), before);
}
