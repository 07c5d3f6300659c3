//! Files that move under the reader's feet, lead in circles or cannot be read: no call is lost
//! or counted twice, and what cannot be read is told.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use spendtop::daemon::plan_paths;
use spendtop::ingest::{self, Root};
use spendtop::ledger::Writer;
use spendtop::model::AgentId;

use super::claude_lines::{Line, answer, bytes};
use super::harness::{Lab, list_prices};

fn call(number: u64) -> Line {
    answer(&format!("u{number}"), &format!("msg_01{number}"))
        .request(&format!("req_{number}"))
        .output(number)
}

fn calls(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    bytes(&numbers.into_iter().map(call).collect::<Vec<_>>())
}

/// Numbers of the calls that count.
fn counted(lab: &Lab) -> Vec<u64> {
    let rows = lab.counted();
    let number = |row: &String| row.split('/').nth(1).unwrap().parse().unwrap();
    let mut numbers: Vec<u64> = rows.iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

const FILE: &str = "proj/A.jsonl";

#[test]
fn a_file_that_shrinks_and_grows_again() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=5));
    lab.ingest();
    for (kept, then) in [(3, 6), (0, 7), (1, 8)] {
        lab.rewrite(FILE, &calls(1..=kept));
        lab.ingest();
        lab.append_bytes(FILE, &calls(then..=then));
        lab.ingest();
    }
    assert_eq!(counted(&lab), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(lab.cursor(FILE).offset, calls([1, 8]).len() as u64);
}

#[test]
fn a_file_that_is_cut_and_grows_past_its_length_between_two_looks() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=5));
    lab.ingest();
    lab.rewrite(FILE, &calls([1, 2, 6, 7, 8, 9, 5]));
    lab.ingest();
    assert_eq!(counted(&lab), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_file_that_is_replaced() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    lab.ingest();
    // The usual way of editors and of rsync: another file takes the name.
    lab.append_bytes("proj/A.tmp", &calls(2..=9));
    fs::rename(lab.projects().join("proj/A.tmp"), lab.projects().join(FILE)).unwrap();
    lab.ingest();
    assert_eq!(counted(&lab), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_file_that_is_rewritten_in_place_with_the_same_size_and_time() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    lab.ingest();
    let path = lab.projects().join(FILE);
    let before = fs::metadata(&path).unwrap();
    lab.rewrite(FILE, &calls([4, 2, 3]));
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(
        (after.len(), after.modified().unwrap()),
        (before.len(), before.modified().unwrap())
    );
    lab.ingest();
    assert_eq!(counted(&lab), [1, 2, 3, 4]);
}

#[test]
fn a_file_that_is_rewritten_in_the_middle_and_grows() {
    // The end is far away, or the file is long and the change is near its beginning.
    for (count, changed) in [(40, 1), (40, 20), (400, 1), (400, 390)] {
        let lab = Lab::new();
        let mut numbers: Vec<u64> = (1000..1000 + count).collect();
        lab.append_bytes(FILE, &calls(numbers.iter().copied()));
        lab.ingest();
        numbers[changed - 1] = 5000;
        numbers.push(6000);
        lab.rewrite(FILE, &calls(numbers));
        lab.ingest();
        assert_eq!(counted(&lab).len() as u64, count + 2, "{changed} of {count}");
    }
}

#[test]
fn a_rewrite_of_equal_length_far_before_a_new_line_is_the_one_that_is_not_noticed() {
    let lab = Lab::new();
    let mut numbers: Vec<u64> = (1000..1400).collect();
    lab.append_bytes(FILE, &calls(numbers.iter().copied()));
    lab.ingest();
    // Behind the file's first bytes and more than 64 KiB before its end.
    numbers[20] = 5000;
    assert!(calls(numbers[21..].iter().copied()).len() > 64 << 10);
    assert!(calls(numbers[..20].iter().copied()).len() > 512);
    lab.rewrite(FILE, &calls(numbers.iter().copied().chain([6000])));
    lab.ingest();
    // Nothing that was known is lost, and what was appended counts.
    let with = |further: &[u64]| (1000..1400).chain(further.iter().copied()).collect::<Vec<_>>();
    assert_eq!(counted(&lab), with(&[6000]));
    assert_eq!(lab.cursor(FILE).unparsed, 0);
    // Without the growth it is noticed, and then all of it counts.
    lab.rewrite(FILE, &calls(numbers));
    lab.ingest();
    assert_eq!(counted(&lab), with(&[5000, 6000]));
}

#[test]
fn a_file_whose_times_alone_change() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    lab.ingest();
    let before = lab.dump();
    let file = fs::OpenOptions::new().write(true).open(lab.projects().join(FILE)).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(lab.ingest().changed_files, 1);
    assert_eq!(lab.dump(), before);
}

/// Reads one long file and does something to it as soon as the first part has been read.
fn meanwhile(lab: &Lab, disturb: impl FnOnce(&Path)) {
    let mut writer = Writer::open(&lab.db()).unwrap();
    let scans = ingest::scan(ingest::discover(&lab.roots()), &mut writer.sources().unwrap());
    let mut disturb = Some(disturb);
    let mut prices = list_prices();
    let problems = ingest::backfill(&scans, 1, |batch| {
        if let Some(disturb) = disturb.take() {
            disturb(&batch.path);
        }
        writer.apply(batch, &mut prices)
    });
    assert_eq!(problems.unwrap(), []);
    writer.commit(&mut prices).unwrap();
}

const LONG: u64 = 12_000;

#[test]
fn a_file_that_vanishes_before_it_is_opened() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    lab.append_bytes("proj/B.jsonl", &calls(4..=5));
    let mut writer = Writer::open(&lab.db()).unwrap();
    let scans = ingest::scan(ingest::discover(&lab.roots()), &mut writer.sources().unwrap());
    fs::remove_file(lab.projects().join(FILE)).unwrap();
    let mut prices = list_prices();
    let problems = ingest::backfill(&scans, 1, |batch| writer.apply(batch, &mut prices)).unwrap();
    writer.commit(&mut prices).unwrap();
    assert_eq!(problems, []);
    assert_eq!(counted(&lab), [4, 5]);
}

#[test]
fn a_file_that_vanishes_while_it_is_read() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=LONG));
    meanwhile(&lab, |path| fs::remove_file(path).unwrap());
    assert_eq!(lab.total().calls, LONG);
    lab.ingest();
    assert_eq!(lab.total().calls, LONG);
}

#[test]
fn a_file_that_shrinks_or_is_replaced_while_it_is_read() {
    for replaced in [false, true] {
        let lab = Lab::new();
        lab.append_bytes(FILE, &calls(1..=LONG));
        meanwhile(&lab, |path| {
            if replaced {
                fs::remove_file(path).unwrap();
            }
            fs::write(path, calls([1, LONG + 1])).unwrap();
        });
        lab.ingest();
        lab.append_bytes(FILE, &calls([LONG + 2]));
        lab.ingest();
        // How much of the old file was read is the system's affair; what is there now counts.
        let numbers = counted(&lab);
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "a call counts twice");
        assert_eq!(numbers[numbers.len() - 2..], [LONG + 1, LONG + 2]);
        assert!(numbers.starts_with(&[1]) && (!replaced || numbers.len() as u64 == LONG + 2));
        assert_eq!(lab.cursor(FILE).offset, calls([1, LONG + 1, LONG + 2]).len() as u64);
        assert_eq!(lab.cursor(FILE).unparsed, 0);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    // A regular file whose first byte nobody may read, not even root.
    symlink("/proc/self/mem", lab.projects().join("proj/odd.jsonl")).unwrap();
    let found = lab.ingest();
    assert_eq!(counted(&lab), [1, 2, 3]);
    if Path::new("/proc/self/mem").exists() {
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].path.ends_with("proj/odd.jsonl"));
        assert!(!found.problems[0].what.is_empty());
    } else {
        println!("skipped: there is no /proc here");
    }
}

#[test]
fn what_permissions_hide_is_told() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    lab.append_bytes("proj/B.jsonl", &calls(4..=4));
    lab.append_bytes("closed/C.jsonl", &calls(5..=5));
    let close = |path: &str, mode: u32| {
        let path = lab.projects().join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    close("proj/B.jsonl", 0);
    close("closed", 0);
    if fs::File::open(lab.projects().join("proj/B.jsonl")).is_ok() {
        println!("skipped: permissions do not bind this user");
    } else {
        let mut problems = lab.ingest().problems;
        problems.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(counted(&lab), [1, 2, 3]);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].path.ends_with("closed") && problems[1].path.ends_with("B.jsonl"));
        assert!(problems.iter().all(|problem| problem.what.contains("denied")), "{problems:?}");
    }
    close("closed", 0o700);
    close("proj/B.jsonl", 0o600);
    assert_eq!(lab.ingest().problems, []);
    assert_eq!(counted(&lab), [1, 2, 3, 4, 5]);
}

#[test]
fn links_in_circles_and_to_nowhere() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    let projects = lab.projects();
    symlink(&projects, projects.join("proj/up")).unwrap();
    symlink("self.jsonl", projects.join("proj/self.jsonl")).unwrap();
    symlink("nowhere.jsonl", projects.join("proj/broken.jsonl")).unwrap();
    symlink("A.jsonl", projects.join("proj/again.jsonl")).unwrap();
    fs::hard_link(projects.join(FILE), projects.join("proj/twin.jsonl")).unwrap();
    let found = lab.ingest();
    assert_eq!((found.files, counted(&lab)), (1, vec![1, 2, 3]));
    assert!(found.problems.iter().all(|problem| problem.path.ends_with("self.jsonl")));
}

#[test]
fn what_is_no_file_is_left_alone() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    fs::create_dir_all(lab.projects().join("proj/folder.jsonl")).unwrap();
    // Opening a pipe would wait for ever.
    let pipe = lab.projects().join("proj/pipe.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()));
    let found = lab.ingest();
    assert_eq!((found.files, found.problems), (1, vec![]));
    assert_eq!(counted(&lab), [1, 2, 3]);
}

#[test]
fn a_file_that_is_written_through_another_link() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    lab.ingest();
    let projects = lab.projects();
    let twin = projects.join("proj/twin.jsonl");
    fs::hard_link(projects.join(FILE), &twin).unwrap();
    let mut writer = Writer::open(&lab.db()).unwrap();
    let mut look = |paths: &[&Path]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let plan = plan_paths(&writer, &lab.roots(), &paths).unwrap();
        let read = plan.run(&mut writer, &mut list_prices(), &mut |_| {}).unwrap().changed_files;
        (read, writer.sources().unwrap().into_keys().collect::<Vec<_>>())
    };
    // The link itself changes the file's ctime.
    assert_eq!(look(&[&twin]), (1, vec![projects.join(FILE)]));
    lab.append_bytes("proj/twin.jsonl", &calls(4..=5));
    assert_eq!(look(&[&projects.join(FILE), &twin]), (1, vec![projects.join(FILE)]));
    assert_eq!(look(&[&twin]), (0, vec![projects.join(FILE)]));
    // Where only the link is left, it is the file.
    fs::remove_file(projects.join(FILE)).unwrap();
    lab.append_bytes("proj/twin.jsonl", &calls(6..=6));
    assert_eq!(look(&[&twin]).0, 1);
    drop(writer);
    assert_eq!(counted(&lab), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_same_root_twice_through_a_link() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    let link = lab.folder.path().join("link");
    symlink(lab.projects(), &link).unwrap();
    let second = Root { agent: AgentId::Claude, path: link, developer: "dev".into() };
    for roots in [
        [lab.roots(), vec![second.clone()]].concat(),
        [vec![second], lab.roots()].concat(),
        [lab.roots(), lab.roots()].concat(),
    ] {
        assert_eq!(lab.try_ingest(&roots).unwrap().files, 1);
        assert_eq!(counted(&lab), [1, 2, 3]);
        lab.append_bytes(FILE, &calls([3]));
    }
}

#[test]
fn a_root_that_is_missing_or_no_folder() {
    let lab = Lab::new();
    lab.append_bytes(FILE, &calls(1..=3));
    let missing = lab.folder.path().join("missing");
    let root = |path| Root { agent: AgentId::Claude, path, developer: "dev".into() };
    let roots = [lab.roots(), vec![root(missing), root(lab.projects().join(FILE))]].concat();
    let found = lab.try_ingest(&roots).unwrap();
    assert_eq!((found.files, found.problems), (1, vec![]));
    assert_eq!(counted(&lab), [1, 2, 3]);
}
