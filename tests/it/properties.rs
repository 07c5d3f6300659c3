//! The ledger depends on what the transcripts say, never on how they came to be read: any order
//! of files, any interleaving of appends cut at any byte, any restart, and reading all over again.

use proptest::prelude::*;
use proptest::test_runner::Config;
use rusqlite::Connection;
use serde_json::json;
use spendtop::daemon::catch_up;
use spendtop::ingest;
use spendtop::ledger::Writer;

use super::claude_lines::{Line, answer, bytes};
use super::harness::{Lab, list_prices};
use super::world::{File, world};

fn config() -> Config {
    Config { cases: 64, failure_persistence: None, ..Config::default() }
}

/// The ledger of transcripts that were there before the first look.
fn at_once(files: &[File]) -> Vec<String> {
    let lab = Lab::new();
    for file in files {
        lab.append_bytes(&file.path, file.text.as_bytes());
    }
    lab.ingest();
    // That the sums are those of the rows.
    lab.counted();
    lab.dump()
}

fn open(lab: &Lab) -> Writer {
    Writer::open(&lab.db()).unwrap()
}

fn read(lab: &Lab, writer: &mut Writer) {
    catch_up(writer, &lab.roots(), &mut list_prices(), &mut |_| {}).unwrap();
}

/// One append of a file, and what happens after it.
#[derive(Clone, Copy, Debug)]
struct Append {
    file: usize,
    /// Of what is left of the file, in 256ths.
    part: u8,
    ingests: bool,
    /// The reading counts as a backfill.
    bulk: bool,
    restarts: bool,
}

fn append() -> impl Strategy<Value = Append> {
    let after = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (any::<usize>(), any::<u8>(), after).prop_map(|(file, part, (ingests, bulk, restarts))| {
        Append { file, part, ingests, bulk, restarts }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_order_of_files_gives_the_same_ledger(
        (files, order) in world().prop_flat_map(|files| {
            let order = Just((0..files.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(files), order)
        })
    ) {
        let lab = Lab::new();
        let mut writer = open(&lab);
        for which in order {
            lab.append_bytes(&files[which].path, files[which].text.as_bytes());
            read(&lab, &mut writer);
        }
        prop_assert_eq!(lab.dump(), at_once(&files));
    }

    #[test]
    fn any_interleaving_of_appends_gives_the_same_ledger(
        files in world(),
        appends in prop::collection::vec(append(), 0..30),
    ) {
        let lab = Lab::new();
        let mut writer = open(&lab);
        let mut written = vec![0; files.len()];
        for append in appends {
            let which = append.file % files.len();
            let left = &files[which].text.as_bytes()[written[which]..];
            let chunk = &left[..left.len() * usize::from(append.part) / 255];
            lab.append_bytes(&files[which].path, chunk);
            written[which] += chunk.len();
            if append.bulk {
                writer.begin_bulk().unwrap();
            }
            if append.ingests {
                read(&lab, &mut writer);
            }
            if append.bulk {
                writer.end_bulk().unwrap();
            }
            if append.restarts {
                drop(writer);
                writer = open(&lab);
            }
        }
        for (file, written) in files.iter().zip(written) {
            lab.append_bytes(&file.path, &file.text.as_bytes()[written..]);
        }
        read(&lab, &mut writer);
        prop_assert_eq!(lab.dump(), at_once(&files));
    }

    #[test]
    fn reading_all_over_again_changes_nothing(files in world(), cut in any::<u8>()) {
        let lab = Lab::new();
        for half in 0..2 {
            for file in &files {
                let (first, second) = file.text.as_bytes().split_at(
                    file.text.len() * usize::from(cut) / 255);
                lab.append_bytes(&file.path, [first, second][half]);
            }
            lab.ingest();
        }
        let before = lab.dump();
        let forget = "UPDATE source SET \"offset\" = 0, anchor = 0, size = 0, ctime_ns = 0, state = NULL";
        Connection::open(lab.db()).unwrap().execute(forget, []).unwrap();
        lab.ingest();
        prop_assert_eq!(lab.dump(), before);
    }
}

/// Enough for many batches, steps of storing and threads.
#[test]
fn a_long_session_and_its_forks_on_many_threads() {
    let call = |number: u64, output: u64| {
        let (minute, second) = (number / 60 % 60, number % 60);
        answer(&format!("u{number}+{output}"), &format!("msg_01{number}"))
            .session("K")
            .request(&format!("req_{number}"))
            .at(&format!("0{}:{minute:02}:{second:02}", number / 3600))
            .output(output)
    };
    let calls = 3000;
    let lines: Vec<Line> =
        (0..calls).flat_map(|number| [call(number, 1), call(number, 9)]).collect();
    let lab = Lab::new();
    lab.append_bytes("proj/K.jsonl", &bytes(&lines));
    for fork in ["B", "Z"] {
        let mut copy: Vec<Line> = lines.iter().map(|line| line.clone().session(fork)).collect();
        copy.push(call(9000, 5).with("message.id", &json!(format!("msg_01{fork}"))).session(fork));
        lab.append_bytes(&format!("proj/{fork}.jsonl"), &bytes(&copy));
    }
    let mut writer = open(&lab);
    writer.begin_bulk().unwrap();
    let scans = ingest::scan(ingest::discover(&lab.roots()), &mut writer.sources().unwrap());
    let mut prices = list_prices();
    let problems = ingest::backfill(&scans, 3, |batch| {
        writer.apply(batch, &mut prices)?;
        if writer.uncommitted_calls() > 1000 { writer.commit(&mut prices) } else { Ok(()) }
    });
    assert_eq!(problems.unwrap(), []);
    writer.commit(&mut prices).unwrap();
    writer.end_bulk().unwrap();
    let counted = lab.counted();
    assert_eq!(counted.len() as u64, calls + 2);
    let of_the_original = counted.iter().filter(|call| call.starts_with("K "));
    assert_eq!(of_the_original.count() as u64, calls);
    assert_eq!(lab.total().usage.output_tokens, 9 * calls + 10);
}
