//! Which records are one call: rules 1 to 6, where a case does not show the whole of one. Each is
//! read in every order of arrival.

use serde_json::json;
use spendtop::ingest::Root;
use spendtop::model::{AgentId, CallId};

use super::arrival::ledger_of;
use super::claude_lines::{Line, answer, bytes, prompt, tokens, tool_result};
use super::harness::Lab;

fn one_file(lines: Vec<Line>) -> Vec<String> {
    ledger_of(&[("proj/A.jsonl", lines)])
}

#[test]
fn rule_01_a_copy_may_raise_the_snapshot_but_is_no_call() {
    let first = answer("u1", "msg_01a").request("req_1").output(1);
    let own = answer("a2", "msg_01x").request("req_x").output(5).at("00:02:00");
    let copy = first.clone().background("B").output(427).stop("end_turn");
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", vec![first, own]), ("proj/B.jsonl", vec![copy])]),
        ["A msg_01a 0/427/0/0/0", "A msg_01x 0/5/0/0/0"]
    );
}

#[test]
fn rule_02_both_ids_are_one_call_in_every_root() {
    let lab = Lab::new();
    let call = answer("u1", "msg_01a").request("req_1").output(9);
    lab.append_bytes("proj/A.jsonl", &bytes(std::slice::from_ref(&call)));
    lab.append_bytes("../profile/projects/proj/A.jsonl", &bytes(&[call]));
    let second = Root {
        agent: AgentId::Claude,
        path: lab.projects().join("../profile/projects"),
        developer: "dev".into(),
    };
    let roots = [lab.roots(), vec![second]].concat();
    assert_eq!(lab.try_ingest(&roots).unwrap().files, 2);
    assert_eq!(lab.counted(), ["A msg_01a 0/9/0/0/0"]);
}

#[test]
fn rule_03_a_real_id_needs_no_request_id() {
    for id in ["msg_01a", "msg_bdrk_01a", "msg_vrtx_01a"] {
        // Whatever comes between, and whichever session has the request id.
        let lines = vec![
            answer("u1", id).output(25),
            prompt("u2", "go on").at("00:10:00"),
            answer("u3", id).output(25).at("00:20:00"),
        ];
        let keyed = answer("b1", id).session("B").request("req_1").output(25).at("00:30:00");
        assert_eq!(
            ledger_of(&[("proj/A.jsonl", lines), ("proj/B.jsonl", vec![keyed])]),
            [format!("A {id} 0/25/0/0/0")]
        );
    }
}

#[test]
fn rule_03_without_a_request_id_its_own_session_comes_first() {
    // Until the session's own request turns up the other one is the best guess. Then that must
    // be as if it had never been: it never used 500.
    let bare = answer("u1", "msg_01a").output(500);
    let own = answer("u2", "msg_01a").request("req_2").output(400).at("00:00:01");
    let other = answer("b1", "msg_01a").session("B").request("req_1").output(20).at("00:00:02");
    assert_eq!(
        ledger_of(&[
            ("proj/A.jsonl", vec![bare]),
            ("proj/B.jsonl", vec![other]),
            ("copy/A.jsonl", vec![own]),
        ]),
        ["A msg_01a 0/500/0/0/0", "B msg_01a 0/20/0/0/0"]
    );
}

#[test]
fn rule_03_a_bare_prefix_is_no_real_id() {
    let lines = vec![
        answer("u1", "msg_proxy_stream").output(25),
        prompt("u2", "go on").at("00:00:05"),
        answer("u3", "msg_proxy_stream").output(25).at("00:00:09"),
    ];
    assert_eq!(one_file(lines).len(), 2);
}

#[test]
fn rule_04_what_ends_a_run() {
    let relay = |uuid: &str, output, at: &str| answer(uuid, "ocgo").output(output).at(at);
    // Another id came in between.
    let lines = vec![
        relay("u1", 10, "00:00:00"),
        answer("u2", "other").output(5).at("00:00:01"),
        relay("u3", 10, "00:00:02"),
    ];
    assert_eq!(one_file(lines).len(), 3);
    let lines = vec![
        relay("u1", 10, "00:00:00"),
        answer("u2", "msg_01a").request("req_1").output(5).at("00:00:01"),
        relay("u3", 10, "00:00:02"),
    ];
    assert_eq!(one_file(lines).len(), 3);
    // More than two minutes passed.
    assert_eq!(one_file(vec![relay("u1", 1, "00:00:00"), relay("u2", 9, "00:02:00")]).len(), 1);
    assert_eq!(one_file(vec![relay("u1", 1, "00:00:00"), relay("u2", 9, "00:02:00.001")]).len(), 2);
    // Output fell while the input changed.
    let used = |uuid, input, output| answer(uuid, "ocgo").input(input).output(output);
    assert_eq!(one_file(vec![used("u1", 5, 9), used("u2", 6, 8)]).len(), 2);
    assert_eq!(one_file(vec![used("u1", 5, 9), used("u2", 5, 8)]).len(), 1);
    // Or the input became another, once it was known.
    assert_eq!(one_file(vec![used("u1", 5, 9), used("u2", 6, 9)]).len(), 2);
    assert_eq!(one_file(vec![used("u1", 5, 9), used("u2", 0, 9)]).len(), 2);
    assert_eq!(one_file(vec![used("u1", 5, 8), used("u2", 5, 9)]).len(), 1);
    assert_eq!(one_file(vec![used("u1", 0, 9), used("u2", 6, 9)]).len(), 1);
    assert_eq!(one_file(vec![used("u1", 0, 9), used("u2", 6, 8)]).len(), 2);
    // A tool's result, an injected text and a hidden one are no prompts.
    let lines = vec![
        relay("u1", 1, "00:00:00"),
        tool_result("u2", "t1", &json!("done")),
        prompt("u3", "<task-notification>done</task-notification>"),
        prompt("u4", "reminder").with("isMeta", &json!(true)),
        relay("u5", 9, "00:00:02"),
    ];
    assert_eq!(one_file(lines), ["A ocgo 0/9/0/0/0"]);
}

#[test]
fn rule_04_a_relay_in_a_loop_of_tools() {
    let turn = |turn: u64| {
        let at = format!("00:00:{:02}", 5 * turn);
        let call = answer(&format!("u{turn}"), "ocgo").input(1000 * turn).output(40 + 10 * turn);
        [call.at(&at), tool_result(&format!("r{turn}"), "t1", &json!("done")).at(&at)]
    };
    let expected: Vec<String> =
        (1..=6).map(|turn| format!("A ocgo {}/{}/0/0/0", 1000 * turn, 40 + 10 * turn)).collect();
    let mut counted = one_file((1..=6).flat_map(turn).collect());
    counted.sort();
    assert_eq!(counted, expected);
}

#[test]
fn rule_04_a_fork_repeats_a_run_and_adds_its_own() {
    let first = answer("u1", "ocgo").output(10);
    let copy = first.clone().session("B");
    let own = vec![
        copy,
        prompt("b2", "another way").session("B").at("00:01:00"),
        answer("b3", "ocgo").session("B").output(20).at("00:01:09"),
    ];
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", vec![first]), ("proj/B.jsonl", own)]),
        ["A ocgo 0/10/0/0/0", "B ocgo 0/20/0/0/0"]
    );
}

#[test]
fn rule_05_without_an_id_the_line_is_the_call() {
    let nameless = |uuid: &str| answer(uuid, "").output(7);
    let copy = nameless("u1").session("B");
    let own = nameless("b2").session("B").at("00:05:00");
    let calls = ledger_of(&[
        ("proj/A.jsonl", vec![nameless("u1"), nameless("u2"), nameless("u1")]),
        ("proj/B.jsonl", vec![copy, own]),
    ]);
    assert_eq!(calls, ["A u1 0/7/0/0/0", "A u2 0/7/0/0/0", "B b2 0/7/0/0/0"]);
}

#[test]
fn rule_06_six_responses_that_share_an_id() {
    let call = |number: u64| {
        answer(&format!("u{number}"), "msg_01a")
            .request(&format!("req_{number}"))
            .at(&format!("00:00:0{number}"))
            .output(100 * number)
    };
    let fork = (1..=6).map(|number| call(number).session("B")).collect();
    let expected: Vec<String> =
        (1..=6).map(|number| format!("A msg_01a 0/{number}00/0/0/0")).collect();
    assert_eq!(
        ledger_of(&[("proj/A.jsonl", (1..=6).map(call).collect()), ("proj/B.jsonl", fork)]),
        expected
    );
}

#[test]
fn rule_06_asides_of_an_answer_without_request_id() {
    let parent = answer("u1", "msg_01p").usage(&tokens(0, 10, 0, 0, 20));
    let aside = |name: &str| {
        let replay = answer(&format!("{name}1"), "msg_01p").request(&format!("req_{name}"));
        vec![replay.sidechain(name).at("00:01:00").usage(&tokens(0, 10, 0, 0, 50_000))]
    };
    assert_eq!(
        ledger_of(&[
            ("proj/A.jsonl", vec![parent]),
            ("proj/A/subagents/agent-b.jsonl", aside("b")),
            ("proj/A/subagents/agent-c.jsonl", aside("c")),
        ]),
        ["A msg_01p 0/10/0/0/20"]
    );
}

#[test]
fn rule_06_a_relays_constant_id_makes_no_asides() {
    let call = |uuid: &str, output| {
        answer(uuid, "chatcmpl-x").request(&format!("req_{uuid}")).output(output)
    };
    assert_eq!(
        ledger_of(&[
            ("proj/A.jsonl", vec![call("u1", 10), call("u2", 20)]),
            ("proj/A/subagents/agent-a7.jsonl", vec![call("s1", 30).sidechain("a7")]),
        ]),
        ["A/a7 chatcmpl-x 0/30/0/0/0", "A chatcmpl-x 0/10/0/0/0", "A chatcmpl-x 0/20/0/0/0"]
    );
}

#[test]
fn rule_06_a_constant_id_of_the_common_form_gathers_any_number_of_requests() {
    // So many that their group is searched by request; and later lines of some of them, a copy, and
    // an aside under a request of its own.
    let call = |uuid: &str, request: u64, output| {
        answer(uuid, "msg_constant").request(&format!("req_{request}")).output(output)
    };
    let mut lines: Vec<_> = (0..70).map(|n| call(&format!("u{n}"), n, 1)).collect();
    lines.extend([0, 1, 69].map(|n| call(&format!("v{n}"), n, 500)));
    let copy = vec![call("u3", 3, 1).session("B"), call("b1", 900, 7).session("B")];
    let aside = vec![call("s1", 999, 30).sidechain("a7"), call("s2", 5, 1).sidechain("a7")];
    let calls = ledger_of(&[
        ("proj/A.jsonl", lines),
        ("proj/B.jsonl", copy),
        ("proj/A/subagents/agent-a7.jsonl", aside),
    ]);
    let of = |text: &str| calls.iter().filter(|row| row.as_str() == text).count();
    let (small, grown) = (of("A msg_constant 0/1/0/0/0"), of("A msg_constant 0/500/0/0/0"));
    assert_eq!((small, grown, of("B msg_constant 0/7/0/0/0")), (67, 3, 1), "{calls:?}");
    assert_eq!(calls.len(), 71);
}

#[test]
fn requests_of_a_relays_constant_id_are_groups_of_their_own() {
    let group = |id: &str, request: &str| {
        let request_id = Some(request.into());
        CallId { id: id.into(), request_id, run: None }.group_key()
    };
    for id in ["chatcmpl-x", "ocgo", "x", "x:advisor:0"] {
        assert_eq!(group(id, "req_1"), group(id, "req_1"));
        assert_ne!(group(id, "req_1"), group(id, "req_2"), "{id}");
    }
    // An aside repeats an answer under another request.
    assert_eq!(group("msg_p", "req_p"), group("msg_p", "req_x"));
}
