//! Which records are one call, and whose: cases E1 to E11. Each is read in every order of arrival.

use serde_json::json;

use super::arrival::ledger_of;
use super::claude_lines::{Line, answer, prompt, tokens};

/// The three snapshots of one response.
fn growing(session: &str) -> Vec<Line> {
    let snapshot = |uuid: &str, output| {
        answer(uuid, "msg_01a")
            .request("req_1")
            .session(session)
            .usage(&tokens(10, output, 0, 1000, 20_000))
    };
    vec![snapshot("u1", 1), snapshot("u2", 3), snapshot("u3", 427).stop("tool_use")]
}

const GROWN: &str = "A msg_01a 10/427/0/1000/20000";

#[test]
fn e01_growing_snapshots() {
    assert_eq!(ledger_of(&[("proj/A.jsonl", growing("A"))]), [GROWN]);
}

#[test]
fn e02_stale_copy_after_the_final() {
    let mut lines = growing("A");
    lines.push(lines[1].clone().with("uuid", &json!("u4")));
    assert_eq!(ledger_of(&[("proj/A.jsonl", lines)]), [GROWN]);
}

#[test]
fn e03_fork() {
    let mut fork: Vec<Line> = growing("B").into_iter().map(|line| line.background("B")).collect();
    fork.push(answer("u9", "msg_01b").request("req_2").background("B").at("00:05:00").output(50));
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", growing("A")), ("proj/B.jsonl", fork)]),
        [GROWN, "B msg_01b 0/50/0/0/0"]
    );
}

#[test]
fn e04_session_copy_without_uuid_reuse() {
    let copy = growing("C").into_iter().zip(["c1", "c2", "c3"]);
    let copy = copy.map(|(line, uuid)| line.with("uuid", &json!(uuid))).collect();
    assert_eq!(ledger_of(&[("proj/A.jsonl", growing("A")), ("proj/C.jsonl", copy)]), [GROWN]);
}

#[test]
fn e05_no_request_id_in_two_snapshots() {
    let lines =
        vec![answer("u1", "msg_01c").output(25), answer("u2", "msg_01c").output(25).at("00:00:01")];
    assert_eq!(ledger_of(&[("proj/A.jsonl", lines)]), ["A msg_01c 0/25/0/0/0"]);
}

#[test]
fn e06_with_and_without_request_id() {
    let keyed = answer("u1", "msg_01d").request("req_9").output(25);
    let bare = answer("u2", "msg_01d").output(25).at("00:00:01");
    for lines in [vec![keyed.clone(), bare.clone()], vec![bare, keyed]] {
        assert_eq!(ledger_of(&[("proj/A.jsonl", lines)]), ["A msg_01d 0/25/0/0/0"]);
    }
}

#[test]
fn e07_relay_id_in_two_sessions() {
    let a = answer("u1", "ocgo").input(100).output(1);
    let b = answer("u2", "ocgo").session("B").input(300).output(1);
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", vec![a]), ("proj/B.jsonl", vec![b])]),
        ["A ocgo 100/1/0/0/0", "B ocgo 300/1/0/0/0"]
    );
}

#[test]
fn e08_relay_id_in_two_snapshots() {
    let lines = vec![
        answer("u1", "chatcmpl-1").input(0).output(0),
        answer("u2", "chatcmpl-1").input(900).output(80).at("00:00:00.35"),
    ];
    assert_eq!(ledger_of(&[("proj/A.jsonl", lines)]), ["A chatcmpl-1 900/80/0/0/0"]);
}

#[test]
fn e09_relay_id_before_and_after_a_prompt() {
    let lines = vec![
        answer("u1", "ocgo").output(10),
        prompt("u2", "and now the tests").at("00:00:05"),
        answer("u3", "ocgo").output(20).at("00:00:09"),
    ];
    assert_eq!(ledger_of(&[("proj/A.jsonl", lines)]), ["A ocgo 0/10/0/0/0", "A ocgo 0/20/0/0/0"]);
}

#[test]
fn e10_an_aside_replays_its_parent() {
    let parent = answer("u1", "msg_01p").request("req_p").usage(&tokens(0, 10, 0, 0, 20));
    let aside = vec![
        answer("u2", "msg_01p")
            .request("req_x")
            .sidechain("btw")
            .at("00:01:00")
            .usage(&tokens(0, 10, 0, 0, 50_000)),
        answer("u3", "msg_01q")
            .request("req_y")
            .sidechain("btw")
            .at("00:01:05")
            .usage(&tokens(0, 30, 0, 0, 700)),
    ];
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", vec![parent]), ("proj/A/subagents/agent-btw.jsonl", aside)]),
        ["A msg_01p 0/10/0/0/20", "A/btw msg_01q 0/30/0/0/700"]
    );
}

#[test]
fn e11_one_id_two_requests() {
    let call = |uuid: &str, request: &str, tool: &str| {
        let block = json!({"type": "tool_use", "id": tool, "name": "Read", "input": {}});
        answer(uuid, "msg_01z").request(request).output(40).with("message.content", &json!([block]))
    };
    let lines = vec![call("u1", "req_1", "t1"), call("u2", "req_2", "t2")];
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", lines)]),
        ["A msg_01z 0/40/0/0/0", "A msg_01z 0/40/0/0/0"]
    );
}
