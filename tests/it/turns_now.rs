//! The turn that a thread is in: whether it goes on, what repeats in it, what was done lately.

use serde_json::{Value, json};

use super::arrival::in_every_order;
use super::claude_lines::{Line, answer, bytes, line, prompt};
use super::dump;
use super::harness::Lab;
use super::turns_rules::{at, bash, result, step, using};
use spendtop::ledger::TurnNow;
use spendtop::model::{Deed, Millis, ToolKind, ToolOutcome, TurnSource};

fn now_of(lab: &Lab) -> Vec<TurnNow> {
    lab.reader().turns_now(Millis(0)).unwrap()
}

/// The present turn of one main thread, however its lines arrive.
fn now(lines: Vec<Line>) -> TurnNow {
    let lab = in_every_order(&[("proj/A.jsonl", lines)]);
    let mut turns = now_of(&lab);
    assert_eq!(turns.len(), 1);
    turns.remove(0)
}

fn begin() -> Line {
    prompt("p1", "begin").at(&at(1))
}

#[test]
fn whether_the_agent_is_at_work() {
    let used = using(2, &[("t1", "Bash", bash("make"))]);
    let done = result(3, "t1", "fine", false, &json!({}));
    let last = step(4).stop("end_turn");
    let error = answer("e1", "made-up")
        .model("<synthetic>")
        .with("isApiErrorMessage", &json!(true))
        .at(&at(5));
    let system = |pending: Value| {
        line("system", "s1")
            .with("subtype", &json!("turn_duration"))
            .with("pendingBackgroundAgentCount", &pending)
            .at(&at(5))
    };
    let interrupted = prompt("i1", "[Request interrupted by user]").at(&at(5));
    for (is_open, lines) in [
        (true, vec![begin()]),
        (true, vec![begin(), used.clone()]),
        (true, vec![begin(), used.clone(), done.clone()]),
        (false, vec![begin(), used.clone(), done.clone(), last.clone()]),
        (false, vec![begin(), step(2).stop("max_tokens")]),
        (false, vec![begin(), step(2).stop("refusal")]),
        (true, vec![begin(), step(2).stop("pause_turn")]),
        (false, vec![begin(), used.clone(), interrupted.clone()]),
        (false, vec![begin(), used.clone(), error]),
        (true, vec![begin(), last.clone(), system(json!(2))]),
        (false, vec![begin(), last.clone(), system(json!(0))]),
        (true, vec![begin(), last.clone(), prompt("p2", "go on").at(&at(6))]),
        // The times decide.
        (false, vec![begin(), last.clone(), done.clone()]),
        // Of the last answer a later line.
        (false, vec![begin(), last.clone(), last.with("uuid", &json!("u4b")).at(&at(5))]),
        // A command of the client's own is nothing to work on.
        (
            false,
            vec![
                begin(),
                step(2).stop("end_turn"),
                prompt("c", "<bash-input>ls</bash-input>").at(&at(7)),
            ],
        ),
    ] {
        let text: Vec<String> = lines.iter().map(Line::text).collect();
        assert_eq!(now(lines).is_open, is_open, "{text:#?}");
    }
}

#[test]
fn how_often_in_a_row_the_newest_tool_call_was_made() {
    let calls = |inputs: &[(&str, Value)]| {
        let ids: Vec<String> = (0..inputs.len()).map(|at| format!("t{at}")).collect();
        let lines = inputs.iter().zip(&ids).zip(2..).map(|(((name, input), id), second)| {
            using(second, &[(id.as_str(), *name, input.clone())])
        });
        let turn = now([begin()].into_iter().chain(lines).collect());
        (turn.repeats, turn.deeds.repeats, turn.deeds.tool_calls)
    };
    let a = || ("Bash", bash("make"));
    let b = || ("Bash", bash("make test"));
    assert_eq!(calls(&[]), (0, 0, 0));
    assert_eq!(calls(&[a()]), (1, 1, 1));
    assert_eq!(calls(&[a(), a(), a()]), (3, 3, 3));
    assert_eq!(calls(&[a(), a(), a(), b()]), (1, 3, 4));
    assert_eq!(calls(&[a(), b(), a(), b()]), (1, 1, 4));
    // What changes nothing does not count, nor does the order of the fields.
    let also_a = [
        json!({"description": "Once more", "command": "make"}),
        json!({"timeout": 600_000, "command": "make", "run_in_background": true}),
        json!({"dangerouslyDisableSandbox": true, "command": "make"}),
        json!({"command": "make"}),
    ];
    let same: Vec<(&str, Value)> = also_a.into_iter().map(|input| ("Bash", input)).collect();
    assert_eq!(calls(&same), (4, 4, 4));
    // Of another's tool, a description says what to do.
    let issue = |text: &str| ("mcp__tracker__create", json!({"description": text}));
    assert_eq!(calls(&[issue("a"), issue("b"), issue("b")]), (2, 2, 3));
    // Another tool with the same input; an input that is no object.
    assert_eq!(calls(&[a(), ("PowerShell", bash("make"))]), (1, 1, 2));
    assert_eq!(calls(&[("X", json!("a")), ("X", json!("a")), ("X", json!(["a"]))]), (1, 2, 3));
    let nested = |first: &str, second: &str| {
        let text = format!(r#"{{"todos":[{{{first},{second}}}],"a":{{"b":[1,2]}}}}"#);
        ("TodoWrite", serde_json::from_str::<Value>(&text).unwrap())
    };
    assert_eq!(calls(&[nested(r#""x":1"#, r#""y":2"#), nested(r#""y":2"#, r#""x":1"#)]), (2, 2, 2));
}

#[test]
fn tools_asked_for_at_once_come_in_the_order_of_their_times() {
    let two = |second: u32, first: &str, then: &str| {
        let tool = |id: String, command| {
            json!({
                "type": "tool_use", "id": id, "name": "Bash", "input": bash(command),
            })
        };
        [
            step(second).with("message.content", &json!([tool(format!("a{second}"), first)])),
            step(second)
                .with("uuid", &json!(format!("v{second}")))
                .with("message.content", &json!([tool(format!("b{second}"), then)]))
                .at(&format!("{}.5", at(second))),
        ]
    };
    let lines = [vec![begin()], two(2, "x", "y").to_vec(), two(4, "y", "y").to_vec()].concat();
    let turn = now(lines);
    assert_eq!((turn.repeats, turn.deeds.tool_calls, turn.deeds.steps), (3, 4, 2));
}

#[test]
fn a_prompt_begins_every_count_anew() {
    let used = |second, id: &str| using(second, &[(id, "Bash", bash("make"))]);
    let lines = vec![
        begin(),
        used(2, "t1"),
        used(3, "t2"),
        prompt("p2", "go on").with("promptSource", &json!("sdk")).at(&at(5)),
        used(6, "t3"),
    ];
    let lab = in_every_order(&[("proj/A.jsonl", lines)]);
    let turn = &now_of(&lab)[0];
    assert_eq!((turn.repeats, turn.deeds.steps), (1, 1));
    let (began, source) = turn.began.unwrap();
    assert_eq!(began, Millis::parse("2026-09-08T00:00:05Z").unwrap());
    assert_eq!(source, TurnSource::Automated);
    assert_eq!(lab.reader().recent_deeds(&turn.thread).unwrap().len(), 1);
}

#[test]
fn only_threads_that_did_something_since_are_shown() {
    let lab = Lab::new();
    for (session, second) in [("A", 10), ("B", 20), ("C", 30)] {
        let lines = [prompt(&format!("p{session}"), "x"), step(second)];
        let lines = lines.map(|line| line.session(session).at(&at(second)));
        lab.append_bytes(&format!("proj/{session}.jsonl"), &bytes(&lines));
    }
    lab.ingest();
    let shown = |second| -> Vec<String> {
        let since = Millis::parse(&format!("2026-09-08T{}Z", at(second))).unwrap();
        let turns = lab.reader().turns_now(since).unwrap();
        turns.iter().map(|turn| turn.thread.session_id.to_string()).collect()
    };
    assert_eq!(shown(0), ["C", "B", "A"]);
    assert_eq!(shown(20), ["C", "B"]);
    assert_eq!(shown(31), Vec::<String>::new());
}

#[test]
fn what_was_done_lately_is_told_in_full() {
    let edit = json!({"file_path": "/a.rs", "old_string": "x", "new_string": "y"});
    let back = json!({"new_string": "x", "old_string": "y", "file_path": "/a.rs"});
    let lines = vec![
        begin(),
        using(2, &[("t1", "Edit", edit)]),
        result(3, "t1", "done", false, &json!({})),
        using(4, &[("t2", "Edit", back)]),
        result(
            5,
            "t2",
            "<tool_use_error>line 12 of 0xdeadbeef</tool_use_error>",
            true,
            &json!("E"),
        ),
        using(6, &[("t3", "Read", json!({"file_path": "/a.rs"}))]),
        result(7, "t3", "<tool_use_error>line 99 of 0xcafe01</tool_use_error>", true, &json!("E")),
    ];
    let lab = in_every_order(&[("proj/A.jsonl", lines)]);
    let turn = &now_of(&lab)[0];
    let deeds = lab.reader().recent_deeds(&turn.thread).unwrap();
    let uses: Vec<_> = deeds
        .iter()
        .filter_map(|told| match &told.deed {
            Deed::ToolUse(used) => Some(used),
            _ => None,
        })
        .collect();
    let results: Vec<_> = deeds
        .iter()
        .filter_map(|told| match &told.deed {
            Deed::ToolResult(result) => Some(result),
            _ => None,
        })
        .collect();
    assert_eq!((uses.len(), results.len()), (3, 3));
    assert_eq!(
        uses.iter().map(|used| used.kind).collect::<Vec<_>>(),
        [ToolKind::Edit, ToolKind::Edit, ToolKind::Read]
    );
    assert_eq!(&*uses[0].name, "Edit");
    // The same file, and the edit taken back.
    assert!(uses[0].target.is_some());
    assert!(uses.iter().all(|used| used.target == uses[0].target));
    let (old, new) = uses[0].edit.unwrap();
    assert_eq!(uses[1].edit, Some((new, old)));
    assert_ne!(uses[0].input, uses[1].input);
    assert_eq!(results[0].outcome, ToolOutcome::Done);
    assert_eq!(results[0].error, None);
    // The same error but for its numbers.
    assert_eq!(results[1].outcome, ToolOutcome::Failed);
    assert_eq!(results[1].error, results[2].error);
    assert_ne!(results[1].output, results[2].output);
    assert_eq!(results[1].id, uses[1].id);
}

#[test]
fn what_is_kept_of_a_runaway_is_bounded_and_counted_in_full() {
    let lab = Lab::new();
    let id = |at: u32| format!("t{at}");
    let lines: Vec<Line> = (0..3000)
        .flat_map(|at| {
            let used = using(at + 2, &[(&id(at), "Bash", bash("make"))]);
            [used, result(at + 2, &id(at), "no", at % 3 == 0, &json!({}))]
        })
        .collect();
    lab.append_bytes("proj/A.jsonl", &bytes(&[vec![begin()], lines].concat()));
    lab.ingest();
    let turn = &now_of(&lab)[0];
    assert_eq!((turn.repeats, turn.deeds.steps, turn.deeds.errors), (3000, 3000, 1000));
    assert_eq!(lab.reader().recent_deeds(&turn.thread).unwrap().len(), 128);
    let db = rusqlite::Connection::open(lab.db()).unwrap();
    let kept: i64 =
        db.query_row("SELECT sum(length(recent)) FROM thread", [], |row| row.get(0)).unwrap();
    assert!(kept < 5 << 10, "{kept} bytes");
}

#[test]
fn what_was_done_long_ago_is_kept_of_nobody() {
    let of_day = |session: &str, day: u32| {
        let lines = [begin(), using(2, &[("t", "Bash", bash("make"))])];
        let lines = lines.map(|line| {
            let time = line.get("timestamp").replace("-08T", &format!("-{day:02}T"));
            line.session(session).at(&time).with("message.id", &json!(format!("msg_01{session}")))
        });
        (format!("proj/{session}.jsonl"), lines.to_vec())
    };
    let (old, new) = (of_day("A", 8), of_day("B", 12));
    let lab = in_every_order(&[(&old.0, old.1), (&new.0, new.1)]);
    let recent: Vec<String> =
        dump::turns(&lab.db()).into_iter().filter(|line| line.starts_with("recent")).collect();
    assert_eq!(recent.len(), 1);
    assert!(recent[0].contains("session_id: \"B\""), "{recent:?}");
    assert_eq!(now_of(&lab).len(), 2);
}
