//! Turns, steps and tools by the rules of the facts: what begins a turn, what belongs to it, how
//! it went. Each case is read in every order of arrival.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::arrival::{Transcript, in_every_order};
use super::claude_lines::{Line, answer, line, prompt, tool_result};
use super::harness::Lab;
use spendtop::ledger::Turn;
use spendtop::model::{Millis, TurnSource};

/// A turn, short: `A person 2 steps 3 tools`, and what else there is.
pub fn shown(turn: &Turn) -> String {
    let place = match &*turn.thread.subagent {
        "" => turn.thread.session_id.to_string(),
        subagent => format!("{}/{subagent}", turn.thread.session_id),
    };
    let by = if turn.source == TurnSource::Human { "person" } else { "program" };
    let mut text = format!("{place} {by}");
    let deeds = &turn.deeds;
    for (count, what) in [
        (deeds.steps, "steps"),
        (deeds.tool_calls, "tools"),
        (deeds.errors, "errors"),
        (deeds.denied, "denied"),
        (deeds.subagents, "subagents"),
        (deeds.compactions, "compactions"),
    ] {
        if count > 0 {
            write!(text, " {count} {what}").unwrap();
        }
    }
    if deeds.repeats > 1 {
        write!(text, " ×{}", deeds.repeats).unwrap();
    }
    text
}

/// The turns of a ledger, the oldest first.
pub fn turns_of(lab: &Lab) -> Vec<String> {
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    let mut turns = Vec::new();
    let mut add = |turn: Turn| {
        turns.push((turn.at, shown(&turn)));
        true
    };
    lab.reader().turns(&always, &|_| true, &mut add).unwrap();
    turns.sort();
    turns.into_iter().map(|(_, turn)| turn).collect()
}

/// The turns of these transcripts, however they arrive.
pub fn turns(transcripts: &[Transcript<'_>]) -> Vec<String> {
    turns_of(&in_every_order(transcripts))
}

/// The turns of one main thread.
fn of(lines: Vec<Line>) -> Vec<String> {
    turns(&[("proj/A.jsonl", lines)])
}

/// A whole call: an answer in one line, its id from its second of the day.
pub fn step(second: u32) -> Line {
    answer(&format!("u{second}"), &format!("msg_01{second}"))
        .request(&format!("req_{second}"))
        .at(&at(second))
        .output(9)
        .stop("tool_use")
}

pub fn at(second: u32) -> String {
    format!("00:{:02}:{:02}", second / 60, second % 60)
}

/// The same with tools, by id, name and input.
pub fn using(second: u32, tools: &[(&str, &str, Value)]) -> Line {
    let blocks: Vec<Value> = tools
        .iter()
        .map(
            |(id, name, input)| json!({"type": "tool_use", "id": id, "name": name, "input": input}),
        )
        .collect();
    step(second).with("message.content", &json!(blocks))
}

/// A tool's result: its text, whether it is an error, and the client's notes.
pub fn result(second: u32, id: &str, text: &str, is_error: bool, notes: &Value) -> Line {
    let block = json!({
        "type": "tool_result", "tool_use_id": id, "content": text, "is_error": is_error,
    });
    tool_result(&format!("r{second}"), id, notes)
        .with("message.content", &json!([block]))
        .at(&at(second))
}

pub fn bash(command: &str) -> Value {
    json!({"command": command, "description": "Runs it"})
}

/// What a record between two answers makes of them: one turn, or two, the second by whom.
fn between(record: Line) -> String {
    let lines = vec![prompt("p1", "begin").at(&at(1)), step(2), record.at(&at(5)), step(6)];
    match &of(lines)[..] {
        [one] if one == "A person 2 steps" => "none".to_owned(),
        [first, second] if first == "A person 1 steps" => {
            second.strip_prefix("A ").unwrap().replace(" 1 steps", "")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_begins_a_turn() {
    let say = |text: &str| prompt("p2", text);
    let blocks = |blocks: &Value| say("").with("message.content", blocks);
    let ide = "<ide_opened_file>The user opened /a.rs</ide_opened_file>";
    let text = |text: &str| json!({"type": "text", "text": text});
    let image = json!({"type": "image", "source": {"type": "base64", "data": "AAAA"}});
    for (begins, record) in [
        ("person", say("go on")),
        ("person", blocks(&json!([text("go on")]))),
        ("person", blocks(&json!([image]))),
        ("person", blocks(&json!([text(ide), text("go on")]))),
        ("person", say(&format!("{ide}\ngo on"))),
        ("person", say("go on").with("promptSource", &json!("typed"))),
        ("person", say("go on").with("promptSource", &json!("queued"))),
        ("person", say("go on").with("origin", &json!({"kind": "human"}))),
        ("program", say("go on").with("promptSource", &json!("sdk"))),
        ("program", say("go on").with("promptSource", &json!("system"))),
        ("program", say("go on").with("entrypoint", &json!("sdk-cli"))),
        ("program", say("go on").with("origin", &json!({"kind": "coordinator"}))),
        ("program", say("go on").with("origin", &json!({"kind": "peer"}))),
        ("program", say("go on").with("turnOrigin", &json!("peer"))),
        ("program", say("<cross-session-message from=\"b\">hi</cross-session-message>")),
        ("person", say("<command-name>/review</command-name>")),
        ("person", say("<command-message>review is running</command-message>")),
        ("none", say("go on").with("isMeta", &json!(true))),
        ("none", say("go on").with("isCompactSummary", &json!(true))),
        ("none", say("go on").with("isVisibleInTranscriptOnly", &json!(true))),
        ("none", say("go on").with("isSidechain", &json!(true))),
        ("none", say("<local-command-stdout>ok</local-command-stdout>")),
        ("none", say("<bash-input>ls</bash-input>")),
        ("none", say("<bash-stdout>a</bash-stdout>")),
        ("none", say("<bash-stderr>a</bash-stderr>")),
        ("none", say("<task-notification><task-id>7</task-id></task-notification>")),
        ("none", say("[Request interrupted by user]")),
        ("none", say(ide)),
        ("none", say("  <ide_selection>let x</ide_selection>\n")),
        ("none", result(5, "t1", "go on", false, &json!({}))),
        ("none", line("attachment", "a1")),
        ("program", line("system", "s1").with("subtype", &json!("scheduled_task_fire"))),
        ("none", line("system", "s1").with("subtype", &json!("turn_duration"))),
    ] {
        assert_eq!(between(record.clone()), begins, "{}", record.text());
    }
}

#[test]
fn records_of_one_prompt_are_one_turn() {
    let of_prompt = |uuid: &str, second| {
        prompt(uuid, "look at this").with("promptId", &json!("p")).at(&at(second))
    };
    let lines = vec![of_prompt("u-a", 1), step(2), of_prompt("u-b", 3), step(4)];
    assert_eq!(of(lines), ["A person 2 steps"]);
}

#[test]
fn a_command_is_a_turn_only_if_the_model_answers() {
    let command = |second| prompt("c", "<command-name>/cost</command-name>").at(&at(second));
    let output =
        |second| prompt("o", "<local-command-stdout>$3</local-command-stdout>").at(&at(second));
    // Nothing came of it: what follows belongs to the prompt.
    let lines = vec![
        prompt("p1", "begin").at(&at(1)),
        step(2),
        command(3),
        output(4),
        prompt("p2", "go on").at(&at(5)),
        step(6),
    ];
    assert_eq!(of(lines), ["A person 1 steps", "A person 1 steps"]);
    let lines = vec![prompt("p1", "begin").at(&at(1)), step(2), command(3), step(4), step(5)];
    assert_eq!(of(lines), ["A person 1 steps", "A person 2 steps"]);
}

#[test]
fn a_schedule_and_its_prompt_are_one_turn() {
    let fire = line("system", "s1").with("subtype", &json!("scheduled_task_fire")).at(&at(3));
    let given = prompt("p2", "check again").with("promptSource", &json!("system")).at(&at(4));
    let lines = vec![prompt("p1", "watch it").at(&at(1)), step(2), fire, given, step(5)];
    assert_eq!(of(lines), ["A person 1 steps", "A program 1 steps"]);
}

#[test]
fn a_step_is_a_response_however_many_records_it_has() {
    let thinking = step(2).output(1).stop("");
    let text = step(2).with("uuid", &json!("u2b"));
    let tool = using(2, &[("t1", "Read", json!({"file_path": "/a"}))]);
    let tool = tool.with("uuid", &json!("u2c")).at(&at(3));
    let compacted = text.clone();
    let lines = vec![prompt("p1", "begin").at(&at(1)), thinking, text, tool, step(9), compacted];
    assert_eq!(of(lines), ["A person 2 steps 1 tools"]);
}

#[test]
fn what_is_billed_on_its_own_is_no_step_of_its_own() {
    let usage = json!({
        "input_tokens": 2, "output_tokens": 100,
        "iterations": [
            {"type": "message", "model": null, "input_tokens": 2, "output_tokens": 100},
            {"type": "advisor_message", "model": "claude-fable-5", "input_tokens": 5000,
             "output_tokens": 700},
        ],
    });
    let lines = vec![prompt("p1", "begin").at(&at(1)), step(2).usage(&usage)];
    let lab = in_every_order(&[("proj/A.jsonl", lines)]);
    assert_eq!(turns_of(&lab), ["A person 1 steps"]);
    let mut calls = Vec::new();
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    let mut add = |turn: Turn| {
        calls.push((turn.totals.calls, turn.totals.cost.to_decimal()));
        true
    };
    lab.reader().turns(&always, &|_| true, &mut add).unwrap();
    assert_eq!(calls, [(2, "0.087510000000".to_owned())]);
}

#[test]
fn a_tool_call_is_an_id() {
    let two = using(2, &[("t1", "Bash", bash("a")), ("t2", "Bash", bash("b"))]);
    // Told again by a later line of the same response; and by one that a compaction kept.
    let again = two.clone().with("uuid", &json!("u2b")).at(&at(3));
    // Its result comes between two lines of the response.
    let between = result(3, "t1", "fine", false, &json!({}));
    let late = using(2, &[("t3", "Bash", bash("c"))]).with("uuid", &json!("u2c")).at(&at(4));
    let broken = using(5, &[("t4", "Bash", json!({"__unparsedToolInput": "{\"comm"}))]);
    let nameless = using(6, &[("", "Bash", bash("d"))]);
    let lines = vec![
        prompt("p1", "begin").at(&at(1)),
        two.clone(),
        between,
        late,
        broken,
        nameless,
        again,
        two,
    ];
    assert_eq!(of(lines), ["A person 3 steps 4 tools"]);
}

#[test]
fn how_a_tool_went() {
    let of_result = |result: Line| {
        let used = using(2, &[("t1", "Bash", bash("make"))]);
        let lines = vec![prompt("p1", "begin").at(&at(1)), used, result];
        of(lines).remove(0).replace("A person 1 steps 1 tools", "").trim().to_owned()
    };
    let said = |text: &str, is_error, notes: Value| result(3, "t1", text, is_error, &notes);
    let blocks = |text: &str| {
        said("", false, json!({})).with(
            "message.content",
            &json!([{
                "type": "tool_result", "tool_use_id": "t1",
                "content": [{"type": "text", "text": text}],
            }]),
        )
    };
    let denied = |kind: &str| {
        said("The user doesn't want it", true, json!("Error: no"))
            .with("toolDenialKind", &json!(kind))
    };
    for (outcome, record) in [
        ("", said("fine", false, json!({"stdout": "fine"}))),
        ("", said("Error: is what the file says", false, json!({}))),
        ("", blocks("fine")),
        ("", said("fine", false, json!({"toolUseResult": "\"toolDenialKind\": not here"}))),
        ("1 errors", said("Exit code 1", true, json!("Error: Exit code 1"))),
        ("1 errors", said("went wrong", false, json!("Error: went wrong"))),
        ("1 errors", said("<tool_use_error>no such file</tool_use_error>", false, json!({}))),
        ("1 errors", said("InputValidationError: Bash failed", false, json!({}))),
        ("1 errors", blocks("<tool_use_error>String not found</tool_use_error>")),
        ("1 denied", said("The user doesn't want it", true, json!("User rejected tool use"))),
        ("1 denied", denied("user-rejected")),
        ("1 denied", denied("permission-rule")),
        ("1 denied", denied("automode-blocked")),
        ("1 denied", denied("interrupted")),
        // Of another tool.
        ("", result(3, "t9", "Exit code 1", true, &json!("Error"))),
    ] {
        assert_eq!(of_result(record.clone()), outcome, "{}", record.text());
    }
}

#[test]
fn a_failure_is_told_once_however_often_it_is_written() {
    let used = using(2, &[("t1", "Bash", bash("make"))]);
    let failed = result(3, "t1", "no", true, &json!("Error: no"));
    let again = failed.clone().with("uuid", &json!("r3b")).at(&at(4));
    let lines = vec![prompt("p1", "begin").at(&at(1)), used, failed, again];
    assert_eq!(of(lines), ["A person 1 steps 1 tools 1 errors"]);
}

#[test]
fn a_failed_request_is_an_error_of_the_turn() {
    let error = answer("e1", "made-up")
        .model("<synthetic>")
        .with("isApiErrorMessage", &json!(true))
        .with("error", &json!("rate_limit"))
        .with("apiErrorStatus", &json!(429));
    let lines = vec![
        prompt("p1", "begin").at(&at(1)),
        step(2),
        error.clone().at(&at(3)),
        prompt("p2", "again").at(&at(4)),
        error.with("uuid", &json!("e2")).at(&at(5)),
    ];
    assert_eq!(of(lines), ["A person 1 steps 1 errors", "A person 1 errors"]);
}

#[test]
fn compactions_are_counted_and_begin_nothing() {
    let boundary = |uuid: &str, trigger: &str, second| {
        line("system", uuid)
            .with("subtype", &json!("compact_boundary"))
            .with("compactMetadata", &json!({"trigger": trigger, "preTokens": 15_115}))
            .at(&at(second))
    };
    let summary = prompt("s1", "This session is being continued from")
        .with("isCompactSummary", &json!(true))
        .with("isVisibleInTranscriptOnly", &json!(true))
        .at(&at(4));
    let auto = boundary("b1", "auto", 3);
    let lines = vec![
        prompt("p1", "begin").at(&at(1)),
        using(2, &[("t1", "Bash", bash("make"))]),
        auto.clone(),
        summary,
        using(5, &[("t2", "Bash", bash("make"))]),
        boundary("b2", "manual", 6),
        auto,
    ];
    // A run of the same call is kept through it.
    assert_eq!(of(lines), ["A person 2 steps 2 tools 2 compactions ×2"]);
}

#[test]
fn subagents_are_counted_and_have_turns_of_their_own() {
    let task = |what: &str| json!({"description": what, "prompt": what, "subagent_type": "x"});
    let main = vec![
        prompt("p1", "delegate").with("promptId", &json!("p")).at(&at(1)),
        using(
            2,
            &[("t1", "Agent", task("a")), ("t2", "Task", task("b")), ("t3", "Agent", task("c"))],
        ),
        // One was not let run, so it started nobody.
        result(3, "t3", "no", true, &json!("User rejected tool use")),
        step(30),
    ];
    let own = |line: Line| line.sidechain("a1").with("promptId", &json!("p"));
    let subagent = vec![
        own(prompt("s1", "do it").at(&at(4))),
        own(using(5, &[("t4", "Bash", bash("ls"))])),
        own(result(6, "t4", "no", true, &json!("Error: no"))),
        own(step(7)),
        // Asked for more of it: the same prompt id, its parent's.
        own(prompt("s2", "and the tests").at(&at(8))),
        own(step(9)),
    ];
    let files = [("proj/A.jsonl", main), ("proj/A/subagents/agent-a1.jsonl", subagent)];
    assert_eq!(
        turns(&files),
        [
            "A person 2 steps 3 tools 1 denied 2 subagents",
            "A/a1 program 2 steps 1 tools 1 errors",
            "A/a1 program 1 steps",
        ]
    );
}

#[test]
fn calls_before_any_prompt_belong_to_no_turn() {
    let lines = vec![step(1), prompt("p1", "begin").at(&at(2)), step(3)];
    assert_eq!(of(lines), ["A person 1 steps"]);
}

#[test]
fn the_times_decide_and_not_the_order_in_the_file() {
    // Interactive: answers may be written before the prompt that caused them.
    let lines = vec![
        step(2),
        step(3),
        prompt("p1", "begin").at(&at(1)),
        step(5),
        prompt("p2", "x").at(&at(4)),
    ];
    assert_eq!(of(lines), ["A person 2 steps", "A person 1 steps"]);
}
