//! Records that no Gemini CLI should write: each is read, or counted as unread, and costs no other.

use serde_json::{Value, json};
use spendtop::model::AgentId;

use super::gemini_lines::{answer, file, head, id, message, tokens};
use super::harness::Lab;

/// Reads a line between two good ones; both must count. Returns what else does, and how many lines
/// were counted as unread.
fn between(line: &[u8]) -> (Vec<String>, u64) {
    let lab = Lab::of(AgentId::Gemini);
    let good = |number: u64| answer(number, &id(number), [number, 0, 1, 0]).to_string();
    let (first, last) = (good(1), good(9));
    let lines = [head("s").as_bytes(), first.as_bytes(), line, last.as_bytes(), b""].join(&b'\n');
    lab.append_bytes(&file("s"), &lines);
    assert_eq!(lab.ingest().problems, []);
    let mut counted = lab.counted();
    for number in [1, 9] {
        let row = format!("s {} {number}/1/0/0/0", id(number));
        let at = counted.iter().position(|found| *found == row);
        counted.remove(at.unwrap_or_else(|| panic!("{row} is missing")));
    }
    let cursor = lab.cursor(&file("s"));
    assert_eq!(cursor.offset, lines.len() as u64);
    (counted, cursor.unparsed)
}

#[test]
fn what_is_no_json_object_is_counted() {
    let unread: &[&[u8]] = &[
        b"not json",
        b"[1,2,3]",
        b"null",
        b"{\"id\":\"x\",\"tokens\":{",
        b"{\"id\":\"x\"} trailing }",
        b"\xff\xfe\x00{",
    ];
    for line in unread {
        assert_eq!(between(line), (Vec::new(), 1), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn what_says_nothing_is_not_counted() {
    for text in ["", " ", "\r", "\0\0\0", "{}", r#"{"id":7,"type":[],"tokens":9,"toolCalls":{}}"#] {
        assert_eq!(between(text.as_bytes()), (Vec::new(), 0), "{text:?}");
    }
    for value in [json!(null), json!(7), json!([]), json!([7]), json!("x"), json!({"messages": 7})]
    {
        for field in
            ["$set", "$rewindTo", "messages", "directories", "toolCalls", "content", "tokens"]
        {
            let line = json!({"id": "x", "type": "gemini", field: value}).to_string();
            assert_eq!(between(line.as_bytes()), (Vec::new(), 0), "{line}");
        }
    }
}

#[test]
fn counts_of_every_kind() {
    let row = |usage: &str| vec![format!("s {} {usage}", id(5))];
    for (counts, expected) in [
        (json!({"input": -1, "output": 5}), row("0/5/0/0/0")),
        (json!({"input": "7", "output": " 8 "}), row("7/8/0/0/0")),
        (json!({"input": 7.9, "output": 1e3}), row("7/1000/0/0/0")),
        (json!({"input": [1], "output": 5}), row("0/5/0/0/0")),
        (json!({"input": 5, "cached": 9}), row("0/0/0/0/9")),
        (json!({"input": {}, "output": null}), Vec::new()),
    ] {
        let line = message(5, &id(5), "gemini", &json!({"model": "m", "tokens": counts}));
        assert_eq!(between(line.to_string().as_bytes()), (expected, 0), "{counts}");
    }
}

#[test]
fn a_corrupt_count_is_kept_and_adds_up_without_an_overflow() {
    let lab = Lab::of(AgentId::Gemini);
    let huge = json!({"input": 1_000_000_000_000_000_000_u64, "output": u64::MAX, "thoughts": 1e30,
        "cached": 1e18, "tool": 1e18});
    let line = |number: u64| {
        let more = json!({"model": "gemini-2.5-pro", "tokens": huge});
        message(number, &id(number), "gemini", &more).to_string() + "\n"
    };
    for number in 1..4 {
        lab.append_bytes(&file("s"), line(number).as_bytes());
    }
    lab.ingest();
    assert_eq!(lab.counted().len(), 3);
    assert!(lab.total().usage.output_tokens >= i64::MAX as u64);
}

#[test]
fn control_characters_halves_of_pairs_and_no_time() {
    let mut strange = answer(5, "a\u{1b}[2J\u{202e}\u{0}", [5, 0, 1, 0]);
    strange["model"] = json!("x\u{7}\n");
    let (rows, unread) = between(strange.to_string().as_bytes());
    assert_eq!((rows.len(), unread), (1, 0));
    let half = answer(5, &id(5), [5, 0, 1, 0])
        .to_string()
        .replace("\"content\":\"\"", r#""content":"\ud83d""#);
    assert_eq!(between(half.as_bytes()), (vec![format!("s {} 5/1/0/0/0", id(5))], 0));
    let nuls =
        [b"\0\0".as_slice(), answer(5, &id(5), [5, 0, 1, 0]).to_string().as_bytes()].concat();
    assert_eq!(between(&nuls).0.len(), 1);
    // The latest time before it is its own.
    let timeless: Value = json!({"id": id(5), "type": "gemini", "tokens": tokens([5, 0, 1, 0])});
    assert_eq!(between(timeless.to_string().as_bytes()).0.len(), 1);
    let lab = Lab::of(AgentId::Gemini);
    lab.append_bytes(&file("s"), format!("{timeless}\n").as_bytes());
    lab.ingest();
    assert_eq!((lab.counted().len(), lab.cursor(&file("s")).unparsed), (0, 1));
}

#[test]
fn empty_and_binary_files() {
    for bytes in [&b""[..], &[0; 4096], &[0xff; 4096], b"\n\n\n"] {
        for name in ["a.jsonl", "a.json"] {
            let (lab, path) = (Lab::of(AgentId::Gemini), format!("proj/chats/{name}"));
            lab.append_bytes(&path, bytes);
            assert_eq!(lab.ingest().problems, []);
            assert_eq!(lab.counted(), Vec::<String>::new());
        }
    }
}
