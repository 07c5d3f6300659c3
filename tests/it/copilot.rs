//! Copilot CLI: answers told one by one, and totals from which calls have to be made.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use spendtop::ledger::Turn;
use spendtop::model::{AgentId, Millis, PicoUsd};

use super::arrival::arrive;
use super::harness::Lab;

const FILE: &str = "s/events.jsonl";

/// An event, so many seconds after nine.
fn event(seconds: u64, kind: &str, data: &Value) -> Value {
    json!({"type": kind, "id": format!("{kind}-{seconds:012}"), "data": data,
        "timestamp": format!("2026-11-20T09:{:02}:{:02}.000Z", seconds / 60, seconds % 60)})
}

fn start() -> Value {
    let context = json!({"cwd": "/home/dev/proj", "branch": "main"});
    event(0, "session.start", &json!({"sessionId": "s", "context": context}))
}

fn resume(seconds: u64) -> Value {
    event(seconds, "session.resume", &json!({"eventCount": 9}))
}

/// Input, output, read from and written to the cache.
type Counts = [u64; 4];

fn usage([input, output, read, written]: Counts) -> Value {
    json!({"inputTokens": input, "outputTokens": output, "cacheReadTokens": read,
        "cacheWriteTokens": written})
}

fn record(seconds: u64, counts: Counts) -> Value {
    let mut usage = usage(counts);
    usage["model"] = json!("gpt-5.5");
    usage["apiCallId"] = json!(format!("chatcmpl-{seconds:012}"));
    event(seconds, "session.usage_record", &json!({ "usage": usage }))
}

/// What the models have used, by name, in so many answers.
fn totals(seconds: u64, models: &[(&str, Counts)], requests: u64) -> Value {
    let metrics: Value = models
        .iter()
        .map(|(model, counts)| {
            let metric = json!({"requests": {"count": requests}, "usage": usage(*counts)});
            ((*model).to_owned(), metric)
        })
        .collect::<serde_json::Map<String, Value>>()
        .into();
    event(seconds, "session.shutdown", &json!({"modelMetrics": metrics}))
}

fn lab_of(events: &[Value]) -> Lab {
    let lines = [start()].iter().chain(events).map(Value::to_string).collect();
    arrive(AgentId::Copilot, &[(FILE, lines)])
}

/// Usages of the calls that count.
fn usages(lab: &Lab) -> Vec<String> {
    let usage = |row: &String| row.rsplit_once(' ').unwrap().1.to_owned();
    let mut usages: Vec<String> = lab.counted().iter().map(usage).collect();
    usages.sort();
    usages
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/copilot/resume")
}

/// The transcript of the real client, without some kinds of its events.
fn without(kinds: &[&str]) -> Lab {
    let lab = Lab::of(AgentId::Copilot);
    for entry in fs::read_dir(folder().join("home/.copilot/session-state")).unwrap() {
        let entry = entry.unwrap();
        let text = fs::read_to_string(entry.path().join("events.jsonl")).unwrap();
        let is_left = |line: &&str| {
            let event: Value = serde_json::from_str(line).unwrap();
            !kinds.contains(&event["type"].as_str().unwrap())
        };
        let lines: String = text.lines().filter(is_left).flat_map(|line| [line, "\n"]).collect();
        let session = entry.file_name().into_string().unwrap();
        lab.append_bytes(&format!("{session}/events.jsonl"), lines.as_bytes());
    }
    lab.ingest();
    lab
}

#[test]
fn what_the_real_client_wrote_is_what_was_served() {
    let ledger = fs::read_to_string(folder().join("ledger.jsonl")).unwrap();
    let row = |line: &str| {
        let call: Value = serde_json::from_str(line).unwrap();
        let count = |field: &str| call["usage"][field].as_u64().unwrap();
        let cached = count("cached_input_tokens");
        format!("{}/{}/0/0/{cached}", count("input_tokens") - cached, count("output_tokens"))
    };
    let mut served: Vec<String> = ledger.lines().map(row).collect();
    served.sort();
    let lab = without(&[]);
    assert_eq!(usages(&lab), served);
    let calls = lab.dump().into_iter().filter(|row| row.contains(" standing=Some(0) "));
    for call in calls {
        assert!(call.contains("project=Some(\"/home/dev/proj\")"), "{call}");
        assert!(call.contains("model=Some(\"gpt-5.5\")"), "{call}");
    }
    // As a client would have written it that has totals alone: two ends, two calls.
    let (whole, by_totals) = (lab.total().usage, without(&["session.usage_record"]));
    assert_eq!((by_totals.counted().len(), by_totals.total().usage), (2, whole));
    // And one that died before them.
    assert_eq!(without(&["session.shutdown"]).total().usage, whole);
}

#[test]
fn totals_are_cumulative() {
    let one = [1000, 50, 600, 100];
    let more = [1500, 80, 900, 150];
    let a = |counts| vec![("gpt-5.5", counts)];
    for (events, expected) in [
        (vec![totals(5, &a(one), 3)], vec!["300/50/100/0/600"]),
        (vec![totals(5, &a(one), 3), totals(6, &a(one), 3)], vec!["300/50/100/0/600"]),
        (
            vec![totals(5, &a(one), 3), resume(6), totals(9, &a(more), 4)],
            vec!["150/30/50/0/300", "300/50/100/0/600"],
        ),
        // Begun anew, with more of something and less of another.
        (
            vec![totals(5, &a(one), 3), resume(6), totals(9, &a([2000, 20, 0, 0]), 1)],
            vec!["2000/20/0/0/0", "300/50/100/0/600"],
        ),
        (
            vec![totals(5, &a(one), 3), totals(9, &a([20, 2, 0, 0]), 1)],
            vec!["20/2/0/0/0", "300/50/100/0/600"],
        ),
        // Two models, each with a meter of its own.
        (
            vec![
                totals(5, &a(one), 3),
                totals(9, &[("gpt-5.5", one), ("claude-sonnet-4.5", [20, 2, 0, 0])], 3),
            ],
            vec!["20/2/0/0/0", "300/50/100/0/600"],
        ),
        // A record that the totals have, and one that they do not.
        (
            vec![record(1, one), totals(5, &a(more), 2), record(7, one)],
            vec!["150/30/50/0/300", "300/50/100/0/600", "300/50/100/0/600"],
        ),
    ] {
        assert_eq!(usages(&lab_of(&events)), expected, "{events:?}");
    }
}

#[test]
fn the_output_of_messages_is_a_floor_until_the_totals_come() {
    let message = |seconds: u64, id: &str, tokens: u64| {
        let data = json!({"messageId": format!("message-{seconds:012}"), "model": "gpt-5.5",
            "apiCallId": id, "outputTokens": tokens});
        event(seconds, "assistant.message", &data)
    };
    let (one, two) = ("chatcmpl-00000000001", "chatcmpl-00000000002");
    let live = [message(1, one, 20), message(2, one, 20), message(3, two, 30)];
    let lab = lab_of(&live);
    assert_eq!(usages(&lab), ["0/20/0/0/0", "0/30/0/0/0"], "parts of one answer are one");
    assert_eq!(lab.total().not_final_calls, 2);
    let ended = [&live[..], &[totals(9, &[("gpt-5.5", [1000, 60, 600, 0])], 2)]].concat();
    let lab = lab_of(&ended);
    assert_eq!(usages(&lab), ["0/20/0/0/0", "0/30/0/0/0", "400/10/0/0/600"]);
    assert_eq!(lab.total().not_final_calls, 0, "the totals have all of it");
    // Beside records a message tells nothing of its own.
    let both = [record(1, [10, 20, 0, 0]), message(2, "chatcmpl-000000000001", 20)];
    assert_eq!(usages(&lab_of(&both)), ["10/20/0/0/0"]);
}

#[test]
fn credits_are_kept_as_reported() {
    let mut billed = record(1, [1000, 50, 600, 0]);
    billed["data"]["usage"]["copilotUsage"] = json!({"totalNanoAiu": 1_500_000_000_u64});
    let checkpoint = event(5, "session.usage_checkpoint", &json!({"totalNanoAiu": 2.5e9}));
    let lab = lab_of(&[billed, checkpoint]);
    let row = lab.dump().into_iter().find(|row| row.contains(" standing=Some(0) ")).unwrap();
    // A cent and a half.
    assert!(row.contains("reported=Some(15000000000)"), "{row}");
    let unlogged = lab.reader().unlogged().unwrap();
    let reported: Vec<PicoUsd> = unlogged.iter().map(|session| session.amount).collect();
    assert_eq!(reported, [PicoUsd(25_000_000_000)]);
}

#[test]
fn turns_tools_and_failed_requests() {
    let request = |id: &str, name: &str| json!({"toolCallId": id, "name": name, "arguments": {}});
    let said = json!({"messageId": "m", "apiCallId": "chatcmpl-000000000001", "content": "x",
        "toolRequests": [request("c1", "view"), request("c2", "edit"), request("c3", "bash")]});
    let done = |seconds, id: &str, success: bool, code: &str| {
        let data = json!({"toolCallId": id, "success": success, "result": {"content": "x"},
            "error": {"message": "no", "code": code}});
        event(seconds, "tool.execution_complete", &data)
    };
    let mut events = vec![
        event(1, "user.message", &json!({"content": "go"})),
        record(1, [10, 1, 0, 0]),
        event(2, "assistant.message", &said),
        done(3, "c1", true, ""),
        done(4, "c2", false, "failure"),
        done(5, "c3", false, "denied"),
        event(6, "session.compaction_complete", &json!({"success": true})),
        event(7, "user.message", &json!({"content": "go", "source": "skill-pdf"})),
        event(8, "session.error", &json!({"statusCode": 429})),
    ];
    let mut of_subagent = record(9, [20, 2, 0, 0]);
    of_subagent["agentId"] = json!("reviewer-1");
    events.push(of_subagent);
    let lab = lab_of(&events);
    assert!(lab.counted().iter().any(|row| row.starts_with("s/reviewer-1 ")));
    let mut rows = Vec::new();
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    let mut add = |turn: Turn| {
        let deeds = &turn.deeds;
        rows.push(format!(
            "{:?} {} {}/{}/{} {}",
            turn.source,
            deeds.steps,
            deeds.tool_calls,
            deeds.errors,
            deeds.denied,
            deeds.compactions
        ));
        true
    };
    lab.reader().turns(&always, &|_| true, &mut add).unwrap();
    rows.sort();
    assert_eq!(rows, ["Automated 0 0/1/0 0", "Human 1 3/1/1 1"]);
}

#[test]
fn lines_that_no_client_should_write() {
    for (bad, unread, calls) in [
        (&b"not json"[..], 1, 0),
        (b"[1]", 1, 0),
        (b"{}", 0, 0),
        (b"\0\0", 0, 0),
        (br#"{"type":"session.usage_record","id":"x","data":{"usage":7}}"#, 0, 0),
        (br#"{"type":"session.shutdown","data":{"modelMetrics":[1]}}"#, 0, 0),
        (br#"{"type":"session.shutdown","data":{"modelMetrics":{"m":[],"n":{"usage":"x"}}}}"#, 0, 0),
        (br#"{"type":"session.shutdown","id":"x","data":{"modelMetrics":{"m":{"usage":{"inputTokens":1e30,"outputTokens":"9e18"}}}}}"#, 0, 1),
        (br#"{"type":"session.usage_checkpoint","data":{"totalNanoAiu":1e30}}"#, 0, 0),
    ] {
        let lab = Lab::of(AgentId::Copilot);
        let (start, good) = (start().to_string(), record(5, [10, 1, 0, 0]).to_string());
        lab.append_bytes(FILE, &[start.as_bytes(), bad, good.as_bytes(), b""].join(&b'\n'));
        assert_eq!(lab.ingest().problems, []);
        let found = (lab.cursor(FILE).unparsed, lab.counted().len());
        assert_eq!(found, (unread, 1 + calls), "{}", String::from_utf8_lossy(bad));
    }
}
