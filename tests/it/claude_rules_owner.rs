//! What a call comes to, when, and whose it is: rules 7 to 11, where a case does not show the whole
//! of one. Each is read in every order of arrival.

use serde_json::json;
use spendtop::model::Millis;

use super::arrival::ledger_of;
use super::claude_lines::{Line, answer, bytes, line, prompt, tokens, tool_result};
use super::harness::Lab;

fn one_file(lines: Vec<Line>) -> Vec<String> {
    ledger_of(&[("proj/A.jsonl", lines)])
}

#[test]
fn rule_07_the_fullest_record_wins_whole() {
    let usage = |uuid: &str, usage| answer(uuid, "msg_01a").request("req_1").usage(&usage);
    // The greatest output, with its own input, not the greatest of each.
    let lines = vec![usage("u1", tokens(900, 5, 0, 0, 0)), usage("u2", tokens(10, 6, 0, 0, 0))];
    assert_eq!(one_file(lines), ["A msg_01a 10/6/0/0/0"]);
    // Then the greatest total.
    let lines = vec![usage("u1", tokens(10, 6, 0, 0, 9)), usage("u2", tokens(10, 6, 0, 0, 0))];
    assert_eq!(one_file(lines), ["A msg_01a 10/6/0/0/9"]);
    // Then the one that is known to be the last: here it tells another lifetime of the write.
    let lines = vec![
        usage("u1", tokens(0, 6, 5, 0, 0)).stop("end_turn"),
        usage("u2", tokens(0, 6, 0, 5, 0)),
    ];
    assert_eq!(one_file(lines.clone()), ["A msg_01a 0/6/5/0/0"]);
    assert_eq!(one_file(lines.into_iter().rev().collect()), ["A msg_01a 0/6/5/0/0"]);
    // Searches are the most that any record tells.
    let searches = |line: Line, count: u64| {
        line.with("message.usage.server_tool_use", &json!({"web_search_requests": count}))
    };
    let lines = vec![
        searches(usage("u1", tokens(0, 5, 0, 0, 0)), 3),
        searches(usage("u2", tokens(0, 6, 0, 0, 0)), 1),
    ];
    assert_eq!(one_file(lines), ["A msg_01a 0/6/0/0/0 3 searches"]);
}

#[test]
fn rule_08_a_growing_call_moves_the_sums_by_the_difference() {
    let lab = Lab::new();
    for (uuid, output) in [("u1", 1), ("u2", 427), ("u3", 3)] {
        let snapshot = answer(uuid, "msg_01a").request("req_1").output(output);
        lab.append_bytes("proj/A.jsonl", &bytes(&[snapshot]));
        lab.ingest();
        let total = lab.total();
        let grown = output.max(if uuid == "u3" { 427 } else { 0 });
        assert_eq!((total.calls, total.usage.output_tokens), (1, grown));
        assert_eq!(
            total.cost.to_decimal(),
            if grown == 1 { "0.000025000000" } else { "0.010675000000" }
        );
    }
}

#[test]
fn rule_09_the_owner_has_the_earliest_record_of_its_own() {
    let shared = answer("u1", "msg_01s").request("req_s").output(10).at("00:10:00");
    let own = |session: &str, at: &str| {
        answer(&format!("{session}-own"), &format!("msg_01{session}"))
            .request("req_own")
            .session(session)
            .output(1)
            .at(at)
    };
    // The fork's id is the smaller one, and only its own record tells that it is the fork.
    let owner = |lines: Vec<Line>, others: Vec<Line>| {
        let calls = ledger_of(&[("proj/B.jsonl", others), ("proj/Z.jsonl", lines)]);
        let shared: Vec<_> = calls.into_iter().filter(|call| call.contains("msg_01s")).collect();
        assert_eq!(shared.len(), 1);
        shared[0].split(' ').next().unwrap().to_owned()
    };
    let in_session = |session: &str| shared.clone().session(session);
    let fork = vec![in_session("B"), own("B", "00:20:00")];
    assert_eq!(owner(vec![in_session("Z"), own("Z", "00:11:00")], fork.clone()), "Z");
    assert_eq!(owner(vec![own("Z", "00:01:00"), in_session("Z")], fork.clone()), "Z");
    assert_eq!(owner(vec![in_session("Z")], fork), "Z");
    // A dated record without a uuid is in no copy either.
    let begun = |session: &str, at: &str| line("queue-operation", "").session(session).at(at);
    assert_eq!(
        owner(
            vec![begun("Z", "00:09:00"), in_session("Z")],
            vec![begun("B", "00:15:00"), in_session("B")]
        ),
        "Z"
    );
    // A background copy comes last, whatever it has of its own.
    let worker = vec![own("B", "00:01:00").background("B"), shared.clone().background("B")];
    assert_eq!(owner(vec![in_session("Z"), own("Z", "00:30:00")], worker), "Z");
    // Nothing is its own, but it was written again later, as the lines of a new session.
    let again = shared.clone().with("uuid", &json!("b1")).session("B").at("00:40:00");
    assert_eq!(owner(vec![in_session("Z")], vec![again]), "Z");
    // Nothing tells them apart but their ids.
    assert_eq!(owner(vec![in_session("Z")], vec![in_session("B")]), "B");
}

#[test]
fn rule_09_an_older_holder_takes_the_call_but_moves_no_total() {
    let lab = Lab::new();
    let shared = answer("u1", "msg_01s").request("req_s").output(10).at("00:10:00");
    let own = answer("b2", "msg_01b").request("req_b").session("B").output(1).at("00:20:00");
    lab.append_bytes("proj/B.jsonl", &bytes(&[shared.clone().session("B"), own]));
    lab.ingest();
    assert_eq!(lab.counted(), ["B msg_01s 0/10/0/0/0", "B msg_01b 0/1/0/0/0"]);
    let before = lab.total();
    lab.append_bytes("proj/A.jsonl", &bytes(&[shared]));
    lab.ingest();
    assert_eq!(lab.counted(), ["A msg_01s 0/10/0/0/0", "B msg_01b 0/1/0/0/0"]);
    assert_eq!(lab.total(), before);
}

#[test]
fn rule_09_project_branch_and_subagent_are_the_records_own() {
    let at_home = answer("u1", "msg_01a").request("req_1").output(1);
    let moved = answer("u2", "msg_01b")
        .request("req_2")
        .output(2)
        .with("cwd", &json!("/home/dev/other/.claude/worktrees/idea"))
        .with("gitBranch", &json!("idea"));
    let helper = answer("s1", "msg_01c").request("req_3").sidechain("a7").output(3);
    let lab = Lab::new();
    lab.append_bytes("proj/A.jsonl", &bytes(&[at_home, moved]));
    lab.append_bytes("proj/A/subagents/workflows/wf_1/agent-a7.jsonl", &bytes(&[helper]));
    lab.ingest();
    let charged = lab.reader().charged().unwrap();
    let mut rows = Vec::new();
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    let mut add = |cell: spendtop::ledger::Cell| {
        let to = &charged[&cell.charged];
        rows.push(format!(
            "{} {}/{} {} {}",
            cell.totals.usage.output_tokens, to.session_id, to.subagent, to.project, to.branch
        ));
    };
    lab.reader().cells(&always, &mut add).unwrap();
    rows.sort();
    assert_eq!(
        rows,
        ["1 A/ /home/dev/proj main", "2 A/ /home/dev/other idea", "3 A/a7 /home/dev/proj main"]
    );
}

#[test]
fn rule_10_a_call_is_dated_by_its_earliest_record() {
    let first = answer("u1", "msg_01a").request("req_1").at("2026-09-07T23:59:59.900Z").output(1);
    let last = answer("u2", "msg_01a").request("req_1").at("00:00:03").output(500);
    for lines in [vec![first.clone(), last.clone()], vec![last, first]] {
        assert_eq!(one_file(lines.clone()), ["A msg_01a 0/500/0/0/0"]);
        let lab = Lab::new();
        lab.append_bytes("proj/A.jsonl", &bytes(&lines));
        lab.ingest();
        assert!(lab.dump()[0].contains(" at=2026-09-07T23:59:59.9Z "), "{}", lab.dump()[0]);
    }
}

#[test]
fn rule_11_what_never_counts() {
    let usage = tokens(1, 2, 3, 4, 5);
    let notification = "<task-notification><usage>total_tokens: 900</usage></task-notification>";
    let lines = vec![
        tool_result("u1", "t1", &json!({"agentId": "a1", "usage": usage, "totalTokens": 86_120})),
        prompt("u2", notification),
        line("attachment", "u3").with("attachment", &json!({"type": "reminder", "usage": usage})),
        line("cost-state", "").with("modelUsage", &json!({"claude-opus-5": {"inputTokens": 7}})),
        line("statusline", "u4").with("cost", &json!({"total_cost_usd": 9})).usage(&usage),
        line("user", "u5").usage(&usage),
        line("system", "u6").usage(&usage),
        answer("u7", "0b5d2f5e").model("<synthetic>").usage(&tokens(0, 0, 0, 0, 0)),
        line("assistant", "u8").with("usage", &usage),
    ];
    assert!(one_file(lines).is_empty());
}
