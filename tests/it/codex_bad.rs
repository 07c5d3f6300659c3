//! Lines that no Codex should write: each is read, or counted as unread, and costs no other line.

use serde_json::json;
use spendtop::ingest::MAX_LINE;
use spendtop::model::AgentId;

use super::codex_lines::{count, event, file, line, meta, record, turn};
use super::harness::Lab;

const NOTHING: Vec<String> = Vec::new();

fn call(number: u64) -> String {
    let at = format!("09:00:0{number}.000");
    record(&at, "A", &format!("resp_{number}"), [number, 0, 1], [number, 0, 1])
}

fn row(number: u64) -> String {
    format!("A resp_{number} {number}/1/0/0/0")
}

/// Reads a line between two good ones; both must count. Returns what else does, and how many lines
/// were counted as unread.
fn between(line: &[u8]) -> (Vec<String>, u64) {
    let lab = Lab::of(AgentId::Codex);
    let head = meta("09:00:00.000", "A", &json!({}));
    let lines = [head.as_bytes(), call(1).as_bytes(), line, call(9).as_bytes(), b""].join(&b'\n');
    lab.append_bytes(&file("A"), &lines);
    assert_eq!(lab.ingest().problems, []);
    let mut counted = lab.counted();
    assert_eq!(counted.pop(), Some(row(9)));
    assert_eq!(counted.remove(0), row(1));
    let cursor = lab.cursor(&file("A"));
    assert_eq!(cursor.offset, lines.len() as u64);
    (counted, cursor.unparsed)
}

#[test]
fn what_is_no_json_object_is_counted() {
    let unread: &[&[u8]] = &[
        b"not json",
        b"[1,2,3]",
        b"null",
        b"{\"type\":\"token_usage_record\",\"payload\":{",
        b"{\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\"}} trailing }",
        b"{\"token_count\": }",
        b"\xff\xfe\x00{",
    ];
    for line in unread {
        assert_eq!(between(line), (NOTHING, 1), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn what_says_nothing_is_not_counted() {
    for text in ["", " ", "\r", "\0\0\0", "{}", r#"{"type":7,"payload":[]}"#] {
        assert_eq!(between(text.as_bytes()), (NOTHING, 0), "{text:?}");
    }
    for payload in [json!(null), json!(7), json!([]), json!({"info": 7}), json!({"usage": "x"})] {
        for kind in ["token_usage_record", "session_meta", "turn_context", "event_msg"] {
            let text = line("09:00:05.000", kind, &payload);
            assert_eq!(between(text.as_bytes()), (NOTHING, 0), "{text}");
        }
    }
    // Text that looks like an event is text.
    let quoted = call(5).replace('"', "\\\"");
    let said = format!(
        r#"{{"timestamp":"x","type":"response_item","payload":{{"type":"message","x":"{quoted}"}}}}"#
    );
    assert_eq!(between(said.as_bytes()), (NOTHING, 0));
}

#[test]
fn counts_of_every_kind() {
    for (usage, expected) in [
        (json!({"input_tokens": -1, "output_tokens": 5}), "0/5/0/0/0"),
        (json!({"input_tokens": "7", "output_tokens": " 8 "}), "7/8/0/0/0"),
        (json!({"input_tokens": 7.9, "output_tokens": 1e3}), "7/1000/0/0/0"),
        (json!({"input_tokens": [1], "output_tokens": 5}), "0/5/0/0/0"),
        (json!({"input_tokens": 5, "cached_input_tokens": 9}), "0/0/0/0/9"),
        (
            json!({"input_tokens": u64::MAX, "output_tokens": 1e300}),
            "9223372036854775807/9223372036854775807/0/0/0",
        ),
    ] {
        let payload = json!({"response_id": "resp_5", "thread_id": "A", "usage": usage});
        let text = line("09:00:05.000", "token_usage_record", &payload);
        assert_eq!(between(text.as_bytes()), (vec![format!("A resp_5 {expected}")], 0), "{usage}");
    }
    for number in ["1e999", "-1e999", "123456789012345678901234567890", "-0"] {
        let text = call(5).replace("\"input_tokens\":5", &format!("\"input_tokens\":{number}"));
        let (counted, unread) = between(text.as_bytes());
        assert_eq!(counted.len() as u64 + unread, 1, "{number}");
    }
}

#[test]
fn other_writers_than_the_client() {
    // With blanks, in another order, with equal keys, with NULs before it or half of a pair in it.
    let spaced = r#"{ "payload" : { "usage" : { "output_tokens" : 1, "input_tokens" : 5 },
        "thread_id" : "A", "response_id" : "resp_5" },
        "type" : "token_usage_record", "timestamp" : "2026-11-20T09:00:05Z" }"#;
    let twice = call(5).replacen('{', r#"{"type":"x","#, 1);
    let half = call(5).replacen('{', r#"{"extra":"\ud83d","#, 1);
    for text in
        [spaced.replace('\n', " "), twice, half, "\0\0".to_owned() + &call(5), call(5) + "\r"]
    {
        assert_eq!(between(text.as_bytes()), (vec![row(5)], 0), "{text:?}");
    }
    let mut invalid = call(5).replacen('{', r#"{"extra":"X","#, 1).into_bytes();
    let at = invalid.iter().position(|&byte| byte == b'X').unwrap();
    invalid[at] = 0xff;
    assert_eq!(between(&invalid), (vec![row(5)], 0));
}

#[test]
fn an_event_without_a_time_is_dated_by_its_neighbour() {
    let undated = call(5).replace("2026-11-20T09:00:05.000Z", "yesterday");
    let lab = Lab::of(AgentId::Codex);
    lab.append_bytes(&file("A"), (undated.clone() + "\n").as_bytes());
    lab.ingest();
    assert_eq!((lab.counted(), lab.cursor(&file("A")).unparsed), (NOTHING, 1));
    let (counted, unread) = between(undated.as_bytes());
    assert_eq!((counted, unread), (vec![row(5)], 0));
}

#[test]
fn a_line_over_the_limit_is_skipped_to_its_end() {
    let long = |length: usize| {
        let text = call(5);
        let pad = "x".repeat(length - text.len() - ",\"pad\":\"\"".len());
        text.replacen('{', &format!("{{\"pad\":\"{pad}\","), 1)
    };
    assert_eq!(between(long(MAX_LINE).as_bytes()), (vec![row(5)], 0));
    assert_eq!(between(long(MAX_LINE + 1).as_bytes()), (NOTHING, 0));
}

#[test]
fn nesting_costs_no_stack() {
    for open in ["[", "{\"payload\":", "{\"token_count\":["] {
        let deep = open.repeat(100_000);
        assert_eq!(between(deep.as_bytes()), (NOTHING, 1), "{open}");
    }
}

#[test]
fn a_file_of_nothing_may_become_something() {
    let lab = Lab::of(AgentId::Codex);
    lab.append_bytes(&file("A"), b"");
    lab.append_bytes(&file("B"), b"\n");
    // What is beside rollouts is none.
    lab.append_bytes("session_index.jsonl", b"garbage\n");
    lab.append_bytes("2026/11/20/rollout-x.jsonl.tmp", b"garbage\n");
    assert_eq!(lab.ingest().files, 2);
    lab.append_bytes(&file("A"), (call(1) + "\n").as_bytes());
    lab.ingest();
    let named = call(1).len();
    assert_eq!(lab.counted(), ["A resp_1 1/1/0/0/0"], "{named}");
}

#[test]
fn a_hostile_beginning_costs_no_memory() {
    // A "child" whose burst never ends: what is held is bounded, in the saved state too.
    let mut lines = vec![meta("10:00:00.000", "A", &json!({"forked_from_id": "P"}))];
    for number in 1..5000_u64 {
        let at = format!("10:00:{:02}.{:03}", number / 100, number % 100 * 10);
        lines.push(turn(&at, &format!("turn-{number}"), "gpt-5-codex"));
        lines.push(count(&at, [number, 0, 0], [1, 0, 0]));
        lines.push(event(&at, "task_started", &json!({"turn_id": "x".repeat(100)})));
    }
    let lab = Lab::of(AgentId::Codex);
    lab.append_bytes(&file("A"), (lines.join("\n") + "\n").as_bytes());
    lab.ingest();
    assert_eq!(lab.counted(), NOTHING);
    let state = lab.cursor(&file("A")).state.unwrap();
    assert!(state.len() < 4096, "{}", state.len());
}
