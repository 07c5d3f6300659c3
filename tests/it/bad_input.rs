//! Lines that no one should write: each is read, or counted as unread, and costs no other line.

use std::fs;
use std::io::Write;

use serde_json::json;
use spendtop::ingest::MAX_LINE;

use super::claude_lines::{answer, bytes, line, prompt, tokens, tool_result};
use super::harness::Lab;

/// A call of `number` output tokens.
fn call(number: u64) -> String {
    answer(&format!("u{number}"), &format!("msg_01{number}"))
        .request(&format!("req_{number}"))
        .at(&format!("00:00:0{number}"))
        .output(number)
        .text()
}

fn row(number: u64) -> String {
    format!("A msg_01{number} 0/{number}/0/0/0")
}

/// Reads a line between two good ones; both must count. Returns what else does, and how many
/// lines were counted as unread.
fn between(line: &[u8]) -> (Vec<String>, u64) {
    let lab = Lab::new();
    let lines = [call(1).as_bytes(), line, call(9).as_bytes(), b""].join(&b'\n');
    lab.append_bytes("proj/A.jsonl", &lines);
    assert_eq!(lab.ingest().problems, []);
    let mut counted = lab.counted();
    assert_eq!(counted.pop(), Some(row(9)));
    assert_eq!(counted.remove(0), row(1));
    let cursor = lab.cursor("proj/A.jsonl");
    assert_eq!(cursor.offset, lines.len() as u64);
    // And a look from another process does not count them again.
    lab.append_bytes("proj/A.jsonl", b"\n");
    lab.ingest();
    assert_eq!(lab.cursor("proj/A.jsonl").unparsed, cursor.unparsed);
    (counted, cursor.unparsed)
}

const NOTHING: Vec<String> = Vec::new();

#[test]
fn what_is_no_json_object_is_counted() {
    let unread: &[&[u8]] = &[
        b"not json",
        b"{\"type\":\"assistant\",\"message\":{\"usage\":{",
        b"{\"type\":\"assistant\",\"message\":{\"usage\":{\"output_tokens\":5}}} trailing }",
        b"[1,2,3]",
        b"\"usage\"",
        b"null",
        b"{\"usage\": }",
        b"\xff\xfe\x00{",
    ];
    for line in unread {
        assert_eq!(between(line), (NOTHING, 1), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn what_says_nothing_is_not_counted() {
    for line in ["", " ", "\r", "\0\0\0\0", "{}", "{\"usage\":null}", "{\"type\":7,\"usage\":[]}"] {
        assert_eq!(between(line.as_bytes()), (NOTHING, 0), "{line:?}");
    }
    let unknown = line("tomorrows-record", "u5").usage(&tokens(1, 2, 3, 4, 5)).text();
    assert_eq!(between(unknown.as_bytes()), (NOTHING, 0));
}

#[test]
fn line_ends_and_leading_nuls_are_passed_over() {
    for odd in [call(5) + "\r", "\0\0".to_owned() + &call(5), format!("  {}  ", call(5))] {
        assert_eq!(between(odd.as_bytes()), (vec![row(5)], 0), "{odd:?}");
    }
}

#[test]
fn invalid_utf8_costs_only_itself() {
    let text = call(5).replace("/home/dev/proj", "/home/X/proj");
    let mut bytes = text.into_bytes();
    let at = bytes.iter().position(|&byte| byte == b'X').unwrap();
    bytes[at] = 0xff;
    assert_eq!(between(&bytes), (vec![row(5)], 0));
}

#[test]
fn nesting_costs_no_stack() {
    let brackets = |open: &str| open.repeat(100_000);
    for open in ["[", "{\"usage\":", "{\"usage\":[", "{\"message\":"] {
        assert_eq!(between(brackets(open).as_bytes()), (NOTHING, 1), "{open}");
        // What looks like an object from both ends, and holds no usage, is not looked into.
        let closed = brackets(open) + "}";
        let unread = u64::from(open != "{\"message\":");
        assert_eq!(between(closed.as_bytes()), (NOTHING, unread), "{open}");
    }
    // Whole and beside a call, it is a field like any other.
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    for field in ["cwd", "extra", "gitBranch"] {
        let deep = call(5).replacen('{', &format!("{{\"{field}\":{nested},"), 1);
        let deep = deep.replace(&format!(",\"{field}\":\"/home/dev/proj\""), "");
        let deep = deep.replace(&format!(",\"{field}\":\"main\""), "");
        let (counted, unread) = between(deep.as_bytes());
        assert_eq!((counted.len() as u64 + unread, unread), (1, 0), "{field}");
    }
}

#[test]
fn numbers_of_every_kind() {
    let cases = [
        (json!({"input_tokens": -1, "output_tokens": i64::MIN}), "0/0"),
        (json!({"input_tokens": "7", "output_tokens": " 8 "}), "7/8"),
        (json!({"input_tokens": "-7", "output_tokens": "many"}), "0/0"),
        (json!({"input_tokens": 7.9, "output_tokens": 1e3}), "7/1000"),
        (json!({"input_tokens": null, "output_tokens": true}), "0/0"),
        (json!({"input_tokens": [1], "output_tokens": {"a": 1}}), "0/0"),
        (json!({"output_tokens": 5}), "0/5"),
        (json!({}), "0/0"),
        (
            json!({"input_tokens": u64::MAX, "output_tokens": 1e300}),
            "9223372036854775807/9223372036854775807",
        ),
    ];
    for (usage, expected) in cases {
        let line = answer("u5", "msg_015").request("req_5").at("00:00:05").usage(&usage);
        let expected = vec![format!("A msg_015 {expected}/0/0/0")];
        assert_eq!(between(line.text().as_bytes()), (expected, 0), "{usage}");
    }
    // JSON allows numbers that no machine type holds.
    for number in ["1e999", "-1e999", "123456789012345678901234567890", "-0"] {
        let text = call(5).replace("\"output_tokens\":5", &format!("\"output_tokens\":{number}"));
        let (counted, unread) = between(text.as_bytes());
        assert_eq!(counted.len() as u64 + unread, 1, "{number}");
    }
}

#[test]
fn implausible_counts_are_kept_apart_from_the_sums() {
    let lab = Lab::new();
    let huge = answer("u1", "msg_01a").output(u64::MAX);
    let plain = answer("u2", "msg_01b").output(5);
    lab.append_bytes("proj/A.jsonl", &bytes(&[huge, plain]));
    lab.ingest();
    let (total, plausible) =
        (lab.total(), lab.dump().into_iter().find(|row| row.starts_with("sum")));
    assert_eq!((total.calls, total.unpriced_calls), (2, 1));
    assert!(plausible.unwrap().contains(", 1, 0, 5, 0, 0, 0, 0, 0, 125000000, 0, 1]"));
}

#[test]
fn a_call_without_a_time_is_counted_as_unread_or_dated_by_its_neighbour() {
    let undated = answer("u1", "msg_01a").output(1).with("timestamp", &json!("yesterday"));
    let lab = Lab::new();
    lab.append_bytes("proj/A.jsonl", &bytes(&[undated.clone(), answer("u2", "msg_01b").output(2)]));
    lab.append_bytes("proj/A.jsonl", &bytes(&[undated.with("message.id", &json!("msg_01c"))]));
    lab.ingest();
    assert_eq!(lab.counted(), ["A msg_01b 0/2/0/0/0", "A msg_01c 0/1/0/0/0"]);
    assert_eq!(lab.cursor("proj/A.jsonl").unparsed, 1);
}

#[test]
fn spaces_and_reordered_keys() {
    let ordered = r#"{ "timestamp" : "2026-09-08T00:00:05Z",
        "message" : { "usage" : { "output_tokens" : 5 } , "id" : "msg_015", "model": "m" },
        "requestId" : "req_5", "sessionId" : "A", "type" : "assistant" }"#;
    assert_eq!(between(ordered.replace('\n', " ").as_bytes()), (vec![row(5)], 0));
    let escaped = call(5).replace("\"usage\"", "\"us\\u0061ge\"");
    let (counted, unread) = between(escaped.as_bytes());
    // No JSON writer escapes a letter; such a record is not looked at.
    assert_eq!((counted, unread), (NOTHING, 0));
}

#[test]
fn a_torn_line_waits_for_its_end() {
    let lab = Lab::new();
    let text = [call(1), call(2)].join("\n") + "\n";
    for cut in 0..text.len() {
        let file = format!("proj/cut{cut}.jsonl");
        lab.append_bytes(&file, &text.as_bytes()[..cut]);
    }
    lab.ingest();
    for cut in 0..text.len() {
        assert_eq!(lab.cursor(&format!("proj/cut{cut}.jsonl")).unparsed, 0);
        lab.append_bytes(&format!("proj/cut{cut}.jsonl"), &text.as_bytes()[cut..]);
    }
    lab.ingest();
    assert_eq!(lab.counted(), [row(1), row(2)]);
    let sources = lab.reader().sources().unwrap();
    assert!(sources.values().all(|source| source.cursor.offset == text.len() as u64));
    assert_eq!(sources.values().map(|source| source.cursor.unparsed).sum::<u64>(), 0);
}

#[test]
fn a_line_of_80_mib_is_skipped_to_its_end() {
    let lab = Lab::new();
    let path = lab.projects().join("proj/A.jsonl");
    lab.append_bytes("proj/A.jsonl", (call(1) + "\n{\"usage\":\"").as_bytes());
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mib = vec![b'x'; 1 << 20];
    for _ in 0..40 {
        file.write_all(&mib).unwrap();
    }
    // Half of it: not read, not given up.
    lab.ingest();
    assert_eq!(lab.counted(), [row(1)]);
    assert_eq!(lab.cursor("proj/A.jsonl").oversized, 0);
    for _ in 0..40 {
        file.write_all(&mib).unwrap();
    }
    lab.append_bytes("proj/A.jsonl", ("\"}\n".to_owned() + &call(9) + "\n").as_bytes());
    lab.ingest();
    assert_eq!(lab.counted(), [row(1), row(9)]);
    let cursor = lab.cursor("proj/A.jsonl");
    assert_eq!((cursor.oversized, cursor.unparsed), (1, 0));
    assert_eq!(cursor.offset, fs::metadata(&path).unwrap().len());
}

#[test]
fn a_line_just_below_the_limit_is_read() {
    let padded = |length: usize| {
        let text = call(5);
        let pad = "x".repeat(length - text.len() - ",\"pad\":\"\"".len());
        text.replacen('{', &format!("{{\"pad\":\"{pad}\","), 1)
    };
    assert_eq!(padded(1000).len(), 1000);
    assert_eq!(between(padded(MAX_LINE).as_bytes()), (vec![row(5)], 0));
    assert_eq!(between(padded(MAX_LINE + 1).as_bytes()), (NOTHING, 0));
}

#[test]
fn empty_files_are_nothing() {
    let lab = Lab::new();
    lab.append_bytes("proj/A.jsonl", b"");
    lab.append_bytes("proj/B.jsonl", b"\n");
    let found = lab.ingest();
    assert_eq!((found.files, found.problems), (2, vec![]));
    assert_eq!(lab.counted(), NOTHING);
    // And may become something.
    lab.append_bytes("proj/A.jsonl", &bytes(&[answer("u1", "msg_011").output(1)]));
    lab.ingest();
    assert_eq!(lab.counted(), [row(1)]);
}

#[test]
fn half_of_a_surrogate_pair_costs_nothing() {
    let line = call(5).replace("/home/dev/proj", r"/home/dev/\ud83d");
    assert!(line.contains(r"\ud83d"));
    assert_eq!(between(line.as_bytes()), (vec![row(5)], 0));
    // In text that is read on demand only.
    let advised = answer("u5", "msg_015").request("req_5").usage(&json!({
        "output_tokens": 5,
        "iterations": [{"type": "advisor_message", "model": "claude-HALF", "output_tokens": 7}],
    }));
    let advised = advised.at("00:00:05").text().replace("HALF", r"\udc00");
    let advisor = "A msg_015:advisor:0 0/7/0/0/0 on claude-\u{fffd}".to_owned();
    assert_eq!(between(advised.as_bytes()), (vec![row(5), advisor], 0));
}

#[test]
fn half_of_a_surrogate_pair_beside_a_search() {
    let lab = Lab::new();
    let blocks = json!([
        {"type": "text", "text": "HALF"},
        {"type": "tool_use", "id": "t1", "name": "WebSearch", "input": {}},
    ]);
    let lines = [
        answer("u1", "msg_01a").request("req_1").output(5).with("message.content", &blocks),
        tool_result("u2", "t1", &json!({"searchCount": 2, "query": "HALF"})),
    ];
    let text = String::from_utf8(bytes(&lines)).unwrap().replace("HALF", r"\ud83d");
    lab.append_bytes("proj/A.jsonl", text.as_bytes());
    lab.ingest();
    assert_eq!(lab.counted(), ["A msg_01a 0/5/0/0/0 2 searches"]);
}

#[test]
fn a_prompt_that_ends_in_half_of_a_surrogate_pair() {
    let lab = Lab::new();
    let lines = [
        answer("u1", "ocgo").output(10),
        prompt("u2", "and now HALF").at("00:00:05"),
        answer("u3", "ocgo").output(20).at("00:00:09"),
    ];
    let text = String::from_utf8(bytes(&lines)).unwrap().replace("HALF", r"\ud83d");
    lab.append_bytes("proj/A.jsonl", text.as_bytes());
    lab.ingest();
    assert_eq!(lab.counted(), ["A ocgo 0/10/0/0/0", "A ocgo 0/20/0/0/0"]);
}

#[test]
fn of_equal_keys_the_last_holds() {
    let twice = [
        call(5).replacen('{', r#"{"requestId":"req_0","#, 1),
        call(5).replace(r#""usage":{"#, r#""usage":{"output_tokens":3,"#),
        call(5).replace(r#""usage":{"#, r#""usage":null,"usage":{"#),
    ];
    for line in twice {
        assert_eq!(between(line.as_bytes()), (vec![row(5)], 0), "{line}");
    }
    let nothing = r#"{"type":"assistant","type":"assistant","usage":1}"#;
    assert_eq!(between(nothing.as_bytes()), (NOTHING, 0));
}
