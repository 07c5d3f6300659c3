//! What one record says, and how it is written: cases E12 to E24.

use std::fs;

use serde_json::{Value, json};
use spendtop::agents;
use spendtop::model::{AgentId, Event, Millis};

use super::arrival::ledger_of;
use super::claude_lines::{Line, answer, bytes, line, prompt, tokens, tool_result};
use super::harness::Lab;

/// An answer whose whole usage is given.
fn used(usage: &Value) -> Line {
    answer("u1", "msg_01a").request("req_1").usage(usage)
}

fn counts(line: Line) -> Vec<String> {
    ledger_of(&[("proj/A.jsonl", vec![line])])
}

#[test]
fn e12_advisor() {
    let first = used(&json!({
        "input_tokens": 2, "output_tokens": 100,
        "iterations": [
            {"type": "message", "model": null, "input_tokens": 2, "output_tokens": 100},
            {"type": "advisor_message", "model": "claude-fable-5",
             "input_tokens": 5000, "output_tokens": 700},
        ],
    }));
    let again = first.clone().with("uuid", &json!("u2")).at("00:00:01");
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", vec![first, again])]),
        ["A msg_01a 2/100/0/0/0", "A msg_01a:advisor:0 5000/700/0/0/0 on claude-fable-5"]
    );
}

#[test]
fn e13_fallback_attempt() {
    let lab = Lab::new();
    let line = used(&json!({
        "input_tokens": 2, "output_tokens": 13_658, "cache_read_input_tokens": 79_214,
        "iterations": [
            {"type": "message", "model": "claude-fable-5", "input_tokens": 2, "output_tokens": 578,
             "cache_creation_input_tokens": 10_421, "cache_read_input_tokens": 72_769},
            {"type": "fallback_message", "model": "claude-opus-4-8", "input_tokens": 2,
             "output_tokens": 13_658, "cache_read_input_tokens": 79_214},
        ],
    }))
    .model("claude-opus-4-8");
    lab.append_bytes("proj/A.jsonl", &bytes(&[line]));
    lab.ingest();
    assert_eq!(
        lab.counted(),
        [
            "A msg_01a 2/13658/0/0/79214",
            "A msg_01a:fallback:0 2/578/10421/0/72769 on claude-fable-5",
        ]
    );
    // $0.2319515 at Fable's rates, the lifetime of the cache write assumed.
    let attempt = lab.dump().into_iter().find(|row| row.contains(":fallback:0")).unwrap();
    assert!(attempt.contains("cost=Some(231951500000) status=Some(2)"), "{attempt}");
}

#[test]
fn e13_an_attempt_keeps_its_id_when_an_earlier_one_grows() {
    let attempts = |uuid: &str, first: u64, at: &str| {
        let attempt = |model: &str, output: u64| json!({"type": "message", "model": model, "input_tokens": 2, "output_tokens": output});
        let served = json!({"type": "fallback_message", "model": "claude-opus-4-8",
            "input_tokens": 2, "output_tokens": 90});
        let usage = json!({
            "input_tokens": 2, "output_tokens": 90,
            "iterations": [attempt("claude-fable-5", first), attempt("claude-sonnet-5", 60), served],
        });
        used(&usage).model("claude-opus-4-8").with("uuid", &json!(uuid)).at(at)
    };
    let lines = vec![attempts("u1", 0, "00:00:00"), attempts("u2", 50, "00:00:01")];
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", lines)]),
        [
            "A msg_01a 2/90/0/0/0",
            "A msg_01a:fallback:1 2/60/0/0/0 on claude-sonnet-5",
            "A msg_01a:fallback:0 2/50/0/0/0 on claude-fable-5",
        ]
    );
}

#[test]
fn e14_null_model_in_an_iteration() {
    let line = used(&json!({
        "input_tokens": 7, "output_tokens": 9,
        "iterations": [{"type": "message", "model": null, "input_tokens": 7, "output_tokens": 9}],
    }));
    assert_eq!(counts(line), ["A msg_01a 7/9/0/0/0"]);
}

#[test]
fn e15_an_error_is_no_call() {
    let error = answer("u1", "0b5d2f5e-0000-4000-8000-000000000000")
        .model("<synthetic>")
        .usage(&tokens(0, 0, 0, 0, 0))
        .with("isApiErrorMessage", &json!(true))
        .with("apiErrorStatus", &json!(429));
    let claude = agents::adapter(AgentId::Claude);
    let mut parser = claude.open("A.jsonl".as_ref(), None);
    let mut events = Vec::new();
    parser.parse(error.text().as_bytes(), 0, &mut events).unwrap();
    let at = Millis::parse("2026-09-08T00:00:00Z");
    assert!(matches!(
        events[..],
        [Event::ApiError { status: Some(429), timestamp, .. }] if timestamp == at
    ));
    assert!(counts(error).is_empty());
}

#[test]
fn e16_cache_write_split() {
    let written = |usage: Value| counts(used(&usage)).remove(0);
    let flat = json!({"cache_creation_input_tokens": 999});
    assert_eq!(written(flat), "A msg_01a 0/0/999/0/0");
    let split = |flat: u64, w5: u64, w1h: u64| {
        json!({
            "cache_creation_input_tokens": flat,
            "cache_creation": {"ephemeral_5m_input_tokens": w5, "ephemeral_1h_input_tokens": w1h},
        })
    };
    assert_eq!(written(split(500, 0, 0)), "A msg_01a 0/0/500/0/0");
    assert_eq!(written(split(30, 10, 20)), "A msg_01a 0/0/10/20/0");
    // The rest of a split that falls short is five minutes; one that is larger is trusted.
    assert_eq!(written(split(40, 10, 20)), "A msg_01a 0/0/20/20/0");
    assert_eq!(written(split(5, 10, 20)), "A msg_01a 0/0/10/20/0");
}

#[test]
fn e17_a_progress_line_echoes_a_subagent() {
    let echo = line("progress", "u1").with(
        "data",
        &json!({
            "type": "agent_progress",
            "message": {
                "type": "assistant", "requestId": "req_s", "isSidechain": true,
                "timestamp": "2026-09-08T00:00:00.000Z",
                "message": {"id": "msg_01s", "model": "claude-opus-5",
                    "usage": {"input_tokens": 0, "output_tokens": 10}},
            },
        }),
    );
    let own = answer("s1", "msg_01s").request("req_s").sidechain("a7").output(90).at("00:00:01");
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", vec![echo]), ("proj/A/subagents/agent-a7.jsonl", vec![own]),]),
        ["A/a7 msg_01s 0/90/0/0/0"]
    );
}

#[test]
fn e18_a_tool_result_repeats_a_subagents_usage() {
    let notes = json!({"agentId": "a1", "usage": tokens(5, 6, 7, 8, 9), "totalTokens": 86_120});
    assert!(counts(tool_result("u1", "t1", &notes)).is_empty());
}

/// An answer with the use of a `WebSearch` tool, after a text block of the same response, and the
/// tool's result.
fn searched(counter: u64, told: u64) -> Vec<Line> {
    let text = used(&tokens(1, 5, 0, 0, 0))
        .stop("tool_use")
        .with("message.usage.server_tool_use.web_search_requests", &json!(counter))
        .with("message.content", &json!([{"type": "text", "text": "Let me look that up."}]));
    let block = json!({"type": "tool_use", "id": "t1", "name": "WebSearch", "input": {}});
    let tool = text.clone().with("uuid", &json!("u2")).with("message.content", &json!([block]));
    let result = tool_result("u3", "t1", &json!({"searchCount": told})).at("00:00:09");
    vec![text, tool, result]
}

#[test]
fn e19_web_searches() {
    for (counter, told, searches) in [(0, 2, 2), (3, 2, 3)] {
        assert_eq!(
            ledger_of(&[("proj/A.jsonl", searched(counter, told))]),
            [format!("A msg_01a 1/5/0/0/0 {searches} searches")]
        );
        // The tool block may also be the only one, or the first.
        for skipped in [vec![0], vec![]] {
            let mut lines = searched(counter, told);
            lines.swap(0, 1);
            for at in skipped {
                lines.remove(at + 1);
            }
            assert_eq!(
                ledger_of(&[("proj/A.jsonl", lines)]),
                [format!("A msg_01a 1/5/0/0/0 {searches} searches")]
            );
        }
    }
}

#[test]
fn e20_half_a_line_at_the_end() {
    let lab = Lab::new();
    let first = bytes(&[used(&tokens(10, 1, 0, 0, 0))]);
    let second = bytes(&[used(&tokens(10, 3, 0, 0, 0)).with("uuid", &json!("u2"))]);
    let (half, rest) = second.split_at(second.len() / 2);
    lab.append_bytes("proj/A.jsonl", &[&first, half].concat());
    lab.ingest();
    assert_eq!(lab.counted(), ["A msg_01a 10/1/0/0/0"]);
    assert_eq!(lab.cursor("proj/A.jsonl").offset, first.len() as u64);
    lab.append_bytes("proj/A.jsonl", rest);
    lab.ingest();
    assert_eq!(lab.counted(), ["A msg_01a 10/3/0/0/0"]);
    assert_eq!(lab.cursor("proj/A.jsonl").offset, (first.len() + second.len()) as u64);
    assert_eq!(lab.cursor("proj/A.jsonl").unparsed, 0);
}

#[test]
fn e21_a_discarded_attempt_is_cut_off() {
    let call = |number: u64, output| {
        answer(&format!("u{number}"), &format!("msg_01{number}"))
            .request(&format!("req_{number}"))
            .at(&format!("00:00:0{number}"))
            .output(output)
    };
    let lab = Lab::new();
    let kept: Vec<Line> = (1..=4).map(|number| call(number, 10 * number)).collect();
    lab.append_bytes("proj/A.jsonl", &bytes(&kept));
    lab.append_bytes("proj/A.jsonl", &bytes(&[call(5, 50)]));
    lab.ingest();
    let file = fs::OpenOptions::new().write(true).open(lab.projects().join("proj/A.jsonl"));
    file.unwrap().set_len(bytes(&kept).len() as u64).unwrap();
    lab.append_bytes("proj/A.jsonl", &bytes(&[call(6, 60)]));
    lab.ingest();
    // The attempt was billed: its row stays.
    let expected: Vec<String> =
        (1..=6).map(|number| format!("A msg_01{number} 0/{number}0/0/0/0")).collect();
    assert_eq!(lab.counted(), expected);
}

#[test]
fn e22_a_snapshot_on_each_side_of_midnight() {
    let before = used(&tokens(0, 1, 0, 0, 0)).at("2026-09-07T23:59:59.900Z");
    let after = used(&tokens(0, 500, 0, 0, 0)).with("uuid", &json!("u2")).at("00:00:03");
    let lab = Lab::new();
    for snapshot in [before, after] {
        lab.append_bytes("proj/A.jsonl", &bytes(&[snapshot]));
        lab.ingest();
    }
    let mut cells = Vec::new();
    let first_day = Millis::parse("2026-09-07T00:00:00Z").unwrap()
        ..Millis::parse("2026-09-08T00:00:00Z").unwrap();
    lab.reader().cells(&first_day, &mut |cell| cells.push(cell.totals)).unwrap();
    assert_eq!(cells.len(), 1);
    assert_eq!((cells[0].calls, cells[0].usage.output_tokens), (1, 500));
    assert_eq!(lab.total(), cells[0]);
}

#[test]
fn e23_odd_but_readable_lines() {
    let lab = Lab::new();
    let plain = |number: u64| {
        answer(&format!("u{number}"), &format!("msg_01{number}"))
            .request("req_1")
            .usage(&tokens(1, number, 0, 0, 0))
    };
    let spaced = plain(1).text().replace("\"usage\":{", "\"usage\" : {\t");
    assert!(spaced.contains("\"usage\" : {"));
    let no_model = plain(4).with("message.model", &Value::Null);
    let lines = [
        spaced,
        plain(2).text() + "\r",
        "\0\0\0".to_owned() + &plain(3).text(),
        line("tomorrows-record", "u9").text(),
        no_model.text(),
        prompt("u10", "a \"usage\": {\"output_tokens\": 5} in a text").text(),
    ];
    lab.append_bytes("proj/A.jsonl", (lines.join("\n") + "\n").as_bytes());
    lab.ingest();
    let expected: Vec<String> =
        (1..=4).map(|number| format!("A msg_01{number} 1/{number}/0/0/0")).collect();
    assert_eq!(lab.counted(), expected);
    assert_eq!(lab.cursor("proj/A.jsonl").unparsed, 0);
    // Tokens kept, no price.
    let row = lab.dump().into_iter().find(|row| row.contains("msg_014")).unwrap();
    assert!(row.contains("model=Some(\"\")") && row.contains("cost=None"), "{row}");
}

#[test]
fn e24_strings_and_negatives() {
    let line = used(&json!({
        "input_tokens": "12", "output_tokens": "34", "cache_read_input_tokens": -5,
        "cache_creation_input_tokens": "-7",
    }));
    assert_eq!(counts(line), ["A msg_01a 12/34/0/0/0"]);
    // Sums saturate rather than wrap around.
    let huge = |uuid: &str, id: &str| {
        answer(uuid, id).usage(&json!({"input_tokens": 1e30, "output_tokens": u64::MAX}))
    };
    let lab = Lab::new();
    lab.append_bytes("proj/A.jsonl", &bytes(&[huge("u1", "msg_01a"), huge("u2", "msg_01b")]));
    lab.append_bytes("proj/A.jsonl", &bytes(&[huge("u3", "msg_01c")]));
    lab.ingest();
    let total = lab.total();
    assert_eq!((total.calls, total.usage.output_tokens), (3, u64::MAX));
}
