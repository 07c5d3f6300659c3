//! Codex: what a rollout tells beside its calls, turn by turn. Read at once, in every order and
//! line by line it is the same.

use serde_json::{Value, json};
use spendtop::ledger::Turn;
use spendtop::model::{AgentId, Deed, Millis, ToolKind, ToolOutcome};

use super::arrival::arrive;
use super::codex_fixtures;
use super::codex_lines::{count, event, file, line, meta, numbered, record, turn};
use super::harness::Lab;

const A: &str = "01a20000-0000-7000-8000-00000000000a";
const B: &str = "01a20000-0000-7000-8000-00000000000b";

/// Who began a turn, its steps, and of tools how many were asked for, failed and were denied;
/// subagents, compactions and the longest repetition.
fn row(turn: &Turn) -> String {
    let deeds = &turn.deeds;
    let subagent = if turn.thread.subagent.is_empty() { "" } else { " (subagent)" };
    format!(
        "{:?}{subagent} {} {}/{}/{} {} {} {}",
        turn.source,
        deeds.steps,
        deeds.tool_calls,
        deeds.errors,
        deeds.denied,
        deeds.subagents,
        deeds.compactions,
        deeds.repeats
    )
}

/// The turns of a ledger, oldest first.
fn turns(lab: &Lab) -> Vec<String> {
    let mut rows = Vec::new();
    let always = Millis(i64::MIN)..Millis(i64::MAX);
    let mut add = |turn: Turn| {
        rows.push(row(&turn));
        true
    };
    lab.reader().turns(&always, &|_| true, &mut add).unwrap();
    rows.reverse();
    rows
}

fn fixture(name: &str) -> Vec<(String, Vec<String>)> {
    let lines = |text: String| text.lines().map(str::to_owned).collect();
    codex_fixtures::rollouts(name)
        .into_iter()
        .map(|(path, text)| (path.to_str().unwrap().to_owned(), lines(text)))
        .collect()
}

fn arrived(rollouts: &[(String, Vec<String>)]) -> Lab {
    let rollouts: Vec<(&str, Vec<String>)> =
        rollouts.iter().map(|(path, lines)| (path.as_str(), lines.clone())).collect();
    arrive(AgentId::Codex, &rollouts)
}

#[test]
fn the_turns_of_the_real_client() {
    for (name, expected) in [
        ("chat", &["Human 1 0/0/0 0 0 0"][..]),
        ("loop", &["Human 9 9/0/0 0 0 9"]),
        ("tools", &["Human 3 2/0/0 0 0 1"]),
        // A patch without its tool, an exit code of 3, four tools called wrong, one not allowed.
        ("variety", &["Human 12 11/8/1 0 0 1"]),
        ("failed", &["Human 2 1/0/0 0 0 1", "Human 0 0/1/0 0 0 0"]),
        ("fork", &["Human 2 1/0/0 0 0 1", "Human 2 1/0/0 0 0 1"]),
        ("subagent", &["Human 3 2/0/0 1 0 1", "Automated (subagent) 3 2/0/0 0 0 1"]),
        // The compaction is a call of the turn that it makes room for.
        ("compact", &["Human 1 0/0/0 0 0 0", "Human 2 0/0/0 0 1 0"]),
        ("sigkill", &["Human 1 1/0/0 0 0 1", "Human 1 0/0/0 0 0 0"]),
    ] {
        assert_eq!(turns(&arrived(&fixture(name))), expected, "{name}");
    }
}

#[test]
fn what_the_real_clients_tools_are_and_give() {
    let lab = arrived(&fixture("variety"));
    let thread = lab.reader().turns_now(Millis(0)).unwrap().remove(0).thread;
    let (mut kinds, mut outcomes) = (Vec::new(), Vec::new());
    for deed in lab.reader().recent_deeds(&thread).unwrap() {
        match deed.deed {
            Deed::ToolUse(used) => kinds.push((used.name.to_string(), used.kind)),
            Deed::ToolResult(result) => outcomes.push(result.outcome),
            other => panic!("{other:?}"),
        }
    }
    let named = |name: &str, kind| (name.to_owned(), kind);
    assert_eq!(
        kinds,
        [
            named("apply_patch", ToolKind::Edit),
            named("apply_patch", ToolKind::Edit),
            named("apply_patch", ToolKind::Edit),
            named("exec_command", ToolKind::Run),
            named("exec_command", ToolKind::Run),
            named("write_stdin", ToolKind::Poll),
            named("nonsense", ToolKind::Other),
            named("exec_command", ToolKind::Run),
            named("view_image", ToolKind::Read),
            named("exec_command", ToolKind::Run),
            named("update_plan", ToolKind::Other),
        ]
    );
    let mut expected = vec![ToolOutcome::Failed; 11];
    expected[4..6].fill(ToolOutcome::Done);
    expected[9] = ToolOutcome::Denied;
    assert_eq!(outcomes, expected);
}

fn item(at: &str, kind: &str, more: &Value) -> String {
    let mut payload = json!({ "type": kind });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line(at, "response_item", &payload)
}

fn call(at: &str, id: &str, command: &str) -> String {
    let arguments = json!({"command": ["bash", "-lc", command], "timeout_ms": 9}).to_string();
    let more = json!({"name": "shell", "arguments": arguments, "call_id": id});
    item(at, "function_call", &more)
}

fn output(at: &str, id: &str, text: &str, exit_code: i64) -> String {
    let output = json!({"output": text, "metadata": {"exit_code": exit_code}}).to_string();
    item(at, "function_call_output", &json!({"call_id": id, "output": output}))
}

fn prompt(at: &str) -> String {
    event(at, "user_message", &json!({"message": "go"}))
}

/// The older format, in which a prompt is an event of its own and nothing has an id.
fn older() -> Vec<String> {
    vec![
        meta("09:00:00.000", A, &json!({})),
        turn("09:00:00.010", "", "gpt-5-codex"),
        prompt("09:00:00.020"),
        call("09:00:02.000", "c1", "make"),
        count("09:00:02.010", [1000, 0, 10], [1000, 0, 10]),
        output("09:00:03.000", "c1", "line 3: wrong", 2),
        call("09:00:04.000", "c2", "make"),
        count("09:00:04.010", [2000, 0, 20], [1000, 0, 10]),
        output("09:00:05.000", "c2", "line 4: wrong", 2),
    ]
}

#[test]
fn a_person_who_speaks_up_in_a_turn_begins_another() {
    let mut lines = older();
    lines.extend([
        prompt("09:00:06.000"),
        call("09:00:07.000", "c3", "make test"),
        count("09:00:07.010", [3000, 0, 30], [1000, 0, 10]),
        output("09:00:08.000", "c3", "fine", 0),
    ]);
    let lab = arrived(&[(file(A), lines)]);
    assert_eq!(turns(&lab), ["Human 2 2/2/0 0 0 2", "Human 1 1/0/0 0 0 1"]);
}

#[test]
fn whether_the_agent_is_at_work() {
    let end = |kind: &str| event("09:00:06.000", kind, &json!({}));
    for (is_open, more) in [
        (true, vec![]),
        (false, vec![end("task_complete")]),
        (false, vec![end("turn_aborted")]),
        (true, vec![end("task_complete"), event("09:00:07.000", "task_started", &json!({}))]),
        (true, vec![end("task_complete"), prompt("09:00:07.000")]),
    ] {
        let lines = older().into_iter().chain(more).collect();
        let lab = arrived(&[(file(A), lines)]);
        assert_eq!(lab.reader().turns_now(Millis(0)).unwrap()[0].is_open, is_open);
    }
}

#[test]
fn a_compaction_that_a_person_asks_for_is_told_from_the_clients_own() {
    let compacted = |at| line(at, "compacted", &json!({"message": "", "type": "compacted"}));
    let started = event("09:00:06.000", "task_started", &json!({"turn_id": "2"}));
    let ended = event("09:00:09.000", "task_complete", &json!({"turn_id": "2"}));
    for (kind, more) in [
        // By itself in mid-turn, before a prompt, and as all that the turn is about.
        (1, vec![compacted("09:00:06.000")]),
        (1, vec![started.clone(), compacted("09:00:07.000"), prompt("09:00:08.000")]),
        (2, vec![started, compacted("09:00:07.000"), ended]),
    ] {
        let lines = older().into_iter().chain(more).collect();
        let incidents = arrived(&[(file(A), lines)]).dump();
        let incidents: Vec<&String> =
            incidents.iter().filter(|row| row.starts_with("incident")).collect();
        let [incident] = &incidents[..] else { panic!("{incidents:?}") };
        assert!(incident.ends_with(&format!(" {kind}")), "{incident}");
    }
}

#[test]
fn what_a_thread_inherits_is_not_what_it_did() {
    let numbered = |from: u64, lines: Vec<String>| -> Vec<String> {
        (from..).zip(lines).map(|(number, text)| numbered(number, &text)).collect()
    };
    let parent = older();
    let more = json!({
        "parent_thread_id": A, "session_id": A, "subagent_history_start_ordinal": 20,
    });
    let mut child = numbered(0, vec![meta("09:00:10.000", B, &more)]);
    child.extend(numbered(1, parent[..8].to_vec()));
    child.extend(numbered(
        20,
        vec![
            event("09:00:10.100", "task_started", &json!({"turn_id": "t9"})),
            turn("09:00:10.110", "t9", "gpt-5-codex"),
            call("09:00:12.000", "c9", "ls"),
            record("09:00:12.010", B, "resp_9", [500, 0, 5], [500, 0, 5]),
            output("09:00:13.000", "c9", "a.rs", 0),
        ],
    ));
    let lab = arrived(&[(file(A), parent), (file(B), child)]);
    assert_eq!(turns(&lab), ["Human 2 2/2/0 0 0 2", "Automated (subagent) 1 1/0/0 0 0 1"]);
}
