//! What no client should write, for every agent whose transcripts are files: it is counted or passed
//! over, and costs no other record. Databases are held to the same in `opencode_bad`.

use std::fs;

use serde_json::{Value, json};
use spendtop::agents::{Source, adapter};
use spendtop::ingest::MAX_LINE;
use spendtop::model::AgentId;

use super::contract::{Fixture, every_fixture};
use super::harness::Lab;

/// No JSON object, so that each is counted as unread.
const UNREAD: [&[u8]; 8] = [
    b"not json",
    b"{\"type\":\"assistant\",\"message\":{\"usage\":{",
    b"[1,2,3]",
    b"\"usage\"",
    b"null",
    b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe",
    b"\xff\xfe\x00{",
    b"{\"tokens\":",
];

/// Nothing is in it.
const NOTHING: [&[u8]; 5] = [b"", b" ", b"\r", b"\0\0\0\0", b"{}"];

/// Two fixtures of each agent, for what takes long.
fn few_of_each() -> Vec<Fixture> {
    let mut known: Vec<AgentId> = Vec::new();
    let mut few = every_fixture();
    few.retain(|fixture| {
        known.push(fixture.agent);
        known.iter().filter(|agent| **agent == fixture.agent).count() <= 2
    });
    few
}

fn is_lines(fixture: &Fixture, path: &str) -> bool {
    adapter(fixture.agent).source(&fixture.lab().projects().join(path)) == Some(Source::Lines)
}

/// Reads a fixture with each file of lines written anew.
fn read(fixture: &Fixture, anew: impl Fn(&[u8]) -> Vec<u8>) -> Lab {
    let lab = fixture.lab();
    for (path, bytes) in &fixture.files {
        let bytes = if is_lines(fixture, path) { anew(bytes) } else { bytes.clone() };
        lab.append_bytes(path, &bytes);
    }
    assert_eq!(lab.ingest().problems, [], "{}", fixture.words());
    lab
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}

fn unread(lab: &Lab) -> u64 {
    lab.reader().sources().unwrap().values().map(|source| source.cursor.unparsed).sum()
}

/// Each line followed by all of these.
fn among(bytes: &[u8], odd: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for line in lines(bytes) {
        for line in [line].iter().chain(odd) {
            all.extend_from_slice(line);
            all.push(b'\n');
        }
    }
    all
}

#[test]
fn lines_that_are_no_records_are_counted_and_cost_no_other() {
    let deep: Vec<Vec<u8>> = ["[", "{\"usage\":", "{\"data\":["]
        .into_iter()
        .map(|open| open.repeat(100_000).into_bytes())
        .collect();
    for fixture in every_fixture() {
        let whole = read(&fixture, <[u8]>::to_vec);
        let odd: Vec<&[u8]> = UNREAD.into_iter().chain(NOTHING).collect();
        let lab = read(&fixture, |bytes| among(bytes, &odd));
        assert_eq!(lab.counted(), whole.counted(), "{}", fixture.words());
        let files = fixture.files.iter().filter(|(path, _)| is_lines(&fixture, path));
        let expected: usize = files.map(|(_, bytes)| lines(bytes).count() * UNREAD.len()).sum();
        assert_eq!(unread(&lab), expected as u64, "{}", fixture.words());
        // Nesting costs no stack; after each file once, because it costs time.
        let lab = read(&fixture, |bytes| {
            let odd = deep.iter().flat_map(|line| line.iter().copied().chain([b'\n']));
            bytes.iter().copied().chain(odd).collect()
        });
        assert_eq!(lab.counted(), whole.counted(), "{}", fixture.words());
        assert!(
            unread(&lab) > 0 || fixture.files.iter().all(|(path, _)| !is_lines(&fixture, path))
        );
    }
}

#[test]
fn line_ends_leading_nuls_and_blanks_are_passed_over() {
    for fixture in every_fixture() {
        let whole = read(&fixture, <[u8]>::to_vec);
        for (before, after) in [("\0\0", ""), ("", "\r"), ("  ", "  ")] {
            let lab = read(&fixture, |bytes| {
                let odd = |line| [before.as_bytes(), line, after.as_bytes(), b"\n"].concat();
                lines(bytes).flat_map(odd).collect()
            });
            assert_eq!(lab.counted(), whole.counted(), "{}", fixture.words());
            assert_eq!(unread(&lab), 0, "{}", fixture.words());
        }
    }
}

#[test]
fn invalid_utf8_in_a_text_costs_only_itself() {
    for fixture in every_fixture() {
        let whole = read(&fixture, <[u8]>::to_vec);
        let field = b"{\"odd\":\"\xff\xfe\xed\xa0\x80\",";
        let lab = read(&fixture, |bytes| {
            lines(bytes).flat_map(|line| [&field[..], &line[1..], b"\n"].concat()).collect()
        });
        assert_eq!(lab.counted(), whole.counted(), "{}", fixture.words());
        assert_eq!(unread(&lab), 0, "{}", fixture.words());
    }
}

#[test]
fn a_line_over_the_limit_is_skipped_to_its_end() {
    for fixture in few_of_each() {
        let whole = read(&fixture, <[u8]>::to_vec);
        let lab = read(&fixture, |bytes| {
            let first = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
            let giant = [&b"{\"x\":\""[..], &vec![b'x'; MAX_LINE], b"\"}\n"].concat();
            [&bytes[..first], &giant, &bytes[first..]].concat()
        });
        assert_eq!(lab.counted(), whole.counted(), "{}", fixture.words());
        let sources = lab.reader().sources().unwrap();
        let oversized: u64 = sources.values().map(|source| source.cursor.oversized).sum();
        let files = fixture.files.iter().filter(|(path, _)| is_lines(&fixture, path)).count();
        assert_eq!(oversized, files as u64, "{}", fixture.words());
    }
}

#[test]
fn every_field_may_be_of_any_type_and_every_number_of_any_size() {
    let odd = [
        json!(-1),
        json!(i64::MIN),
        json!(1_000_000_000_000_000_000_u64),
        json!(u64::MAX),
        json!(1e30),
        json!(-0.5),
        json!("12"),
        json!("many"),
        json!(true),
        json!(null),
        json!([1, {"a": [2]}]),
        json!({"a": {"b": 1}}),
    ];
    for fixture in few_of_each() {
        for odd in &odd {
            // All numbers, and then every value that holds no other.
            for numbers_alone in [true, false] {
                if !numbers_alone && odd.is_number() {
                    continue;
                }
                let lab = read(&fixture, |bytes| {
                    let anew = |line| {
                        let mut value: Value = serde_json::from_slice(line).unwrap();
                        replace(&mut value, odd, numbers_alone);
                        (value.to_string() + "\n").into_bytes()
                    };
                    lines(bytes).flat_map(anew).collect()
                });
                // No sum overflows, and none has what no call can have used.
                lab.total();
                lab.counted();
                // And reading again finds nothing new.
                let before = lab.dump();
                lab.ingest();
                assert_eq!(lab.dump(), before, "{} {odd}", fixture.words());
            }
        }
    }
}

fn replace(value: &mut Value, odd: &Value, numbers_alone: bool) {
    match value {
        Value::Object(fields) => {
            for value in fields.values_mut() {
                replace(value, odd, numbers_alone);
            }
        }
        Value::Array(values) => {
            for value in values {
                replace(value, odd, numbers_alone);
            }
        }
        Value::Number(_) => value.clone_from(odd),
        _ if !numbers_alone => value.clone_from(odd),
        _ => {}
    }
}

#[test]
fn what_is_no_file_or_has_nothing_in_it_is_no_trouble() {
    for fixture in every_fixture() {
        let lab = fixture.lab();
        for (path, _) in &fixture.files {
            fs::create_dir_all(lab.projects().join(path)).unwrap();
        }
        assert_eq!(lab.ingest().problems, [], "{}", fixture.words());
        let lab = fixture.lab();
        for (path, _) in &fixture.files {
            lab.append_bytes(path, b"");
        }
        lab.ingest();
        assert_eq!((lab.counted().len(), unread(&lab)), (0, 0), "{}", fixture.words());
        // And it may become something.
        for (path, bytes) in &fixture.files {
            lab.append_bytes(path, bytes);
        }
        lab.ingest();
        let whole = read(&fixture, <[u8]>::to_vec);
        assert_eq!(lab.counted(), whole.counted(), "{}", fixture.words());
    }
}

#[test]
fn a_file_that_ends_anywhere_is_no_error() {
    for fixture in few_of_each() {
        let whole = read(&fixture, <[u8]>::to_vec).counted();
        for part in 1..8 {
            let lab = fixture.lab();
            for (path, bytes) in &fixture.files {
                lab.append_bytes(path, &bytes[..bytes.len() * part / 8]);
            }
            lab.ingest();
            assert_eq!(unread(&lab), 0, "{}", fixture.words());
            assert!(lab.counted().len() <= whole.len(), "{}", fixture.words());
        }
    }
}
