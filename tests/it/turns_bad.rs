//! What no one should write, of tools and prompts: it is told as far as it goes, and costs little.

use serde_json::{Value, json};

use super::claude_lines::{Line, bytes, prompt};
use super::dump;
use super::harness::Lab;
use super::turns_rules::{at, bash, result, step, turns_of, using};

/// Reads a line in the middle of a turn of two good steps.
fn between(line: &[u8]) -> (Vec<String>, u64) {
    let lab = Lab::new();
    let first = bytes(&[prompt("p1", "begin").at(&at(1)), using(2, &[("t1", "Bash", bash("a"))])]);
    let last = bytes(&[using(8, &[("t2", "Bash", bash("a"))])]);
    lab.append_bytes("proj/A.jsonl", &[&first[..], line, b"\n", &last[..]].concat());
    assert_eq!(lab.ingest().problems, []);
    // Whatever it was: reading it is no panic, and the ledger can be read.
    dump::dump(&lab.db());
    (turns_of(&lab), lab.cursor("proj/A.jsonl").unparsed)
}

const WHOLE: &str = "A person 2 steps 2 tools ×2";

#[test]
fn a_line_that_is_no_record_takes_nothing_away() {
    let torn = result(5, "t1", "no", true, &json!("Error")).text();
    for line in [
        "null",
        "{}",
        r#"{"type":"user"}"#,
        r#"{"type":"user","message":null}"#,
        r#"{"type":"user","message":{"content":7},"timestamp":"2026-09-08T00:00:05Z"}"#,
        r#"{"type":"user","message":{"content":[null,7,{}]},"timestamp":"x"}"#,
        r#"{"type":"system","subtype":"compact_boundary"}"#,
        r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result"}]},"timestamp":"2026-09-08T00:00:05Z"}"#,
        &torn[..torn.len() / 2],
        &torn.replace("\"timestamp\"", "\"time\""),
    ] {
        assert_eq!(between(line.as_bytes()).0, [WHOLE], "{line}");
    }
    // Told by its bytes: no record at all.
    assert_eq!(between(b"{\"type\":\"user\",\"message\":{\"content\":[}").1, 1);
}

#[test]
fn text_that_is_not_utf_8_is_still_a_result() {
    let raw = result(5, "t1", "CONTENT", true, &json!("Error")).text();
    let raw = raw.replace("CONTENT", "@@@").into_bytes();
    let raw: Vec<u8> = raw.into_iter().map(|b| if b == b'@' { 0xff } else { b }).collect();
    assert_eq!(between(&raw).0, ["A person 2 steps 2 tools 1 errors ×2"]);
}

/// An input of objects or arrays within each other.
fn nested(depth: usize, open: &str, close: &str) -> String {
    let line = using(5, &[("t3", "mcp__x__y", json!("INPUT"))]).text();
    let value = open.repeat(depth) + "1" + &close.repeat(depth);
    line.replace("\"INPUT\"", &value)
}

#[test]
fn inputs_of_any_depth_are_read_or_counted() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [15, 17, 60, 100] {
            let (turns, unparsed) = between(nested(depth, open, close).as_bytes());
            assert_eq!((&*turns[0], unparsed), ("A person 3 steps 3 tools", 0), "{depth} {open}");
        }
        // Deeper than the real parser goes: what nobody reads of the call does not matter to it.
        let (turns, _) = between(nested(100_000, open, close).as_bytes());
        assert!(turns[0].starts_with("A person "), "{turns:?}");
    }
}

#[test]
fn huge_inputs_and_results_are_fingerprints_like_any_other() {
    let text = "x\"\\\n".repeat(1 << 17);
    let lab = Lab::new();
    let lines = [
        prompt("p1", &text).at(&at(1)),
        using(2, &[("t1", "Write", json!({"file_path": "/a", "content": text}))]),
        result(3, "t1", &text, false, &json!({"content": text})),
        using(4, &[("t2", "Write", json!({"file_path": "/a", "content": text}))]),
        result(5, "t2", &text, true, &json!(text)),
    ];
    lab.append_bytes("proj/A.jsonl", &bytes(&lines));
    lab.ingest();
    assert_eq!(turns_of(&lab), ["A person 2 steps 2 tools 1 errors ×2"]);
    let size = std::fs::metadata(lab.db()).unwrap().len();
    assert!(size < 400 << 10, "{size} bytes");
}

#[test]
fn many_tools_at_once_are_all_counted() {
    let ids: Vec<String> = (0..5000).map(|number| format!("t{number}")).collect();
    let tools: Vec<(&str, &str, Value)> =
        ids.iter().map(|id| (id.as_str(), "Bash", bash("make"))).collect();
    let lab = Lab::new();
    lab.append_bytes("proj/A.jsonl", &bytes(&[prompt("p1", "go").at(&at(1)), using(2, &tools)]));
    lab.ingest();
    assert_eq!(turns_of(&lab), ["A person 1 steps 5000 tools ×5000"]);
}

#[test]
fn any_number_of_threads_in_one_file() {
    let lab = Lab::new();
    let lines: Vec<Line> = (0..2000)
        .flat_map(|number| {
            let of = |line: Line| line.session(&format!("S{number}"));
            let prompt = prompt(&format!("p{number}"), "go").at("00:00:01");
            let step =
                step(number % 3000 + 2).with("message.id", &json!(format!("msg_01n{number}")));
            [of(prompt), of(step)]
        })
        .collect();
    lab.append_bytes("proj/A.jsonl", &bytes(&lines));
    lab.ingest();
    assert_eq!(turns_of(&lab).len(), 2000);
}

#[test]
fn prompts_without_an_answer_are_kept_and_not_shown() {
    let lab = Lab::new();
    let lines: Vec<Line> = (0..3000)
        .map(|number| prompt(&format!("p{number}"), "go").at(&at(number % 3500)))
        .collect();
    lab.append_bytes("proj/A.jsonl", &bytes(&[lines, vec![step(3501)]].concat()));
    lab.ingest();
    assert_eq!(turns_of(&lab), ["A person 1 steps"]);
}

#[test]
fn a_tool_may_be_called_anything() {
    for name in ["", "\u{202e}evil\u{1b}[2J", &"n".repeat(100_000), "mcp____", "mcp__a__wait_"] {
        let line = using(5, &[("t3", name, json!({}))]);
        assert_eq!(between(line.text().as_bytes()).0, ["A person 3 steps 3 tools"]);
    }
}

#[test]
fn what_another_program_wrote_in_another_way_is_the_same() {
    // Blanks, escapes and another order of the fields.
    let spaced = r#"{ "timestamp" : "2026-09-08T00:00:05Z", "sessionId": "A", "type": "assistant",
        "requestId": "req_5", "uuid": "u5", "message": { "id": "msg_015", "role": "assistant",
        "model": "claude-opus-5", "stop_reason": "tool_use", "usage": { "output_tokens": 9 },
        "content": [ { "type": "tool_use", "id": "t3", "name": "B\u0061sh",
            "input": { "description": "x", "command": "a" } } ] } }"#
        .replace('\n', " ");
    assert_eq!(between(spaced.as_bytes()).0, ["A person 3 steps 3 tools ×3"]);
}
