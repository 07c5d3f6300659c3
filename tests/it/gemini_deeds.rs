//! Gemini CLI: what a chat tells beside its calls, turn by turn.

use std::fs;

use serde_json::{Value, json};
use spendtop::ledger::Turn;
use spendtop::model::{AgentId, Deed, Millis, ToolKind, ToolOutcome};

use super::arrival::arrive;
use super::gemini_fixtures::{SCENARIOS, folder};
use super::gemini_lines::{answer, file, head, id, message, time};
use super::harness::Lab;

/// Who began a turn, its steps, and of tools how many were asked for, failed and were denied; the
/// longest repetition.
fn turns(lab: &Lab) -> Vec<String> {
    let mut rows = Vec::new();
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    let mut add = |turn: Turn| {
        let (source, deeds) = (turn.source, &turn.deeds);
        let tools = format!("{}/{}/{}", deeds.tool_calls, deeds.errors, deeds.denied);
        rows.push(format!("{source:?} {} {tools} {}", deeds.steps, deeds.repeats));
        true
    };
    lab.reader().turns(&always, &|_| true, &mut add).unwrap();
    rows.reverse();
    rows
}

#[test]
fn the_turns_of_the_real_client() {
    let expected: [&[&str]; 4] = [
        &["Human 1 0/0/0 0"],
        &["Human 20 19/0/0 1"],
        &["Human 3 2/0/0 1"],
        &["Human 3 2/0/0 1", "Human 1 0/0/0 0"],
    ];
    for (name, expected) in SCENARIOS.into_iter().zip(expected) {
        let home = folder(name).join("home/.gemini/tmp/proj/chats");
        let mut chats: Vec<(String, Vec<String>)> = Vec::new();
        for entry in fs::read_dir(home).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let is_document = path.extension().unwrap() == "json";
            let lines =
                if is_document { vec![text] } else { text.lines().map(str::to_owned).collect() };
            let name = path.file_name().unwrap().to_str().unwrap();
            chats.push((format!("proj/chats/{name}"), lines));
        }
        let chats: Vec<_> = chats.iter().map(|(path, lines)| (&**path, lines.clone())).collect();
        assert_eq!(turns(&arrive(AgentId::Gemini, &chats)), expected, "{name}");
    }
}

fn tool(id: &str, name: &str, args: &Value, status: &str, output: &str) -> Value {
    let key = if status == "error" { "error" } else { "output" };
    json!({"id": id, "name": name, "args": args, "status": status, "timestamp": time(5),
        "result": [{"functionResponse": {"id": id, "name": name, "response": {key: output}}}]})
}

#[test]
fn prompts_tools_results_and_failed_requests() {
    let own_words = json!({"content": [{"text": "<session_context>\nx"}]});
    let mut asks = answer(3, &id(3), [10, 0, 1, 0]);
    let bare = asks.clone();
    asks["toolCalls"] = json!([
        tool("c1", "read_file", &json!({"file_path": "a"}), "success", "text"),
        tool(
            "c2",
            "replace",
            &json!({"file_path": "a", "old_string": "x", "new_string": "y"}),
            "error",
            "no"
        ),
        tool("c3", "run_shell_command", &json!({"command": "rm"}), "cancelled", ""),
        tool("c4", "tomorrows", &json!({}), "executing", ""),
    ]);
    let given =
        json!({"content": [{"functionResponse": {"id": "c1", "response": {"output": "text"}}}]});
    let records = [
        message(1, &id(1), "user", &own_words),
        message(2, &id(2), "user", &json!({"content": [{"text": "go"}]})),
        bare,
        asks,
        message(6, &id(6), "user", &given),
        answer(7, &id(7), [20, 0, 2, 0]),
        message(8, &id(8), "user", &json!({"content": "and now?"})),
        message(9, &id(9), "error", &json!({"content": "[API Error: 429]"})),
        message(10, &id(10), "info", &json!({"content": "x"})),
    ];
    let lines = [head("s")].into_iter().chain(records.iter().map(Value::to_string)).collect();
    let lab = arrive(AgentId::Gemini, &[(&file("s"), lines)]);
    assert_eq!(turns(&lab), ["Human 2 4/1/1 1", "Human 0 0/1/0 0"]);
    let always = Millis(0);
    let thread = lab.reader().turns_now(always).unwrap().remove(0).thread;
    assert!(lab.reader().recent_deeds(&thread).unwrap().is_empty(), "none since the last prompt");
}

#[test]
fn what_tools_are_for_and_how_they_went() {
    let mut asks = answer(3, &id(3), [10, 0, 1, 0]);
    asks["toolCalls"] = json!([
        tool("c1", "read_file", &json!({"file_path": "a"}), "success", "text"),
        tool("c2", "replace", &json!({"file_path": "a"}), "error", "no"),
        tool("c3", "run_shell_command", &json!({"command": "rm"}), "cancelled", ""),
    ]);
    let prompt = message(2, &id(2), "user", &json!({"content": [{"text": "go"}]}));
    let lines = vec![head("s"), prompt.to_string(), asks.to_string()];
    let lab = arrive(AgentId::Gemini, &[(&file("s"), lines)]);
    let thread = lab.reader().turns_now(Millis(0)).unwrap().remove(0).thread;
    let (mut kinds, mut outcomes) = (Vec::new(), Vec::new());
    for deed in lab.reader().recent_deeds(&thread).unwrap() {
        match deed.deed {
            Deed::ToolUse(used) => kinds.push(used.kind),
            Deed::ToolResult(result) => outcomes.push(result.outcome),
            other => panic!("{other:?}"),
        }
    }
    // The latest first.
    kinds.reverse();
    outcomes.reverse();
    assert_eq!(kinds, [ToolKind::Read, ToolKind::Edit, ToolKind::Run]);
    assert_eq!(outcomes, [ToolOutcome::Done, ToolOutcome::Failed, ToolOutcome::Denied]);
}
