//! Calls the real hook as an agent does: an event on stdin, in a scratch home.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use spendtop::ledger::Inbox;
use spendtop::model::{Note, SessionKey};

use super::claude_lines::Line;
use super::cli_home::{Home, Ran, call, ended};

/// The project of every call that does not say otherwise.
pub const CWD: &str = "/home/dev/proj";

/// The events that an agent stops at.
pub const STOPPING: [&str; 3] = ["UserPromptSubmit", "PreToolUse", "PostToolUse"];

/// Words that would tell a model how to get round a cap.
const WAYS_ROUND: [&str; 14] = [
    "snooze",
    "raise",
    "unblock",
    "lift",
    "uninstall",
    "spendtop hook",
    "spendtop cap",
    "spendtop stop",
    "config",
    "daily_cap",
    "SPENDTOP_",
    "disable",
    "settings",
    "doctor",
];

/// A call of today: $4.02 on claude-opus-5-5, half a cent and a bit less than 11 cents else.
pub fn today(id: &str, session: &str) -> Line {
    call(id, session, "claude-opus-5-5").at("2026-11-23T10:00:00.000Z")
}

/// An event of session `A`.
pub fn event(home: &Home, name: &str) -> Value {
    let mut event = json!({
        "session_id": "A",
        "transcript_path": home.projects().join("atlas/A.jsonl"),
        "cwd": CWD, "hook_event_name": name, "permission_mode": "default",
    });
    match name {
        "UserPromptSubmit" => event["prompt"] = "a secret prompt".into(),
        "SessionStart" => event["source"] = "resume".into(),
        _ => {
            event["tool_name"] = "Bash".into();
            event["tool_input"] = json!({"command": "echo a secret tool"});
            event["tool_use_id"] = "toolu_01".into();
            if name == "PostToolUse" {
                event["tool_response"] = json!({"stdout": "a secret answer"});
            }
        }
    }
    event
}

/// The hook of a home, about to be called.
pub fn hook(home: &Home, args: &[&str]) -> Command {
    let mut all = vec!["hook", "run", "claude"];
    all.extend(args);
    home.command(&all)
}

/// Calls it with these bytes on stdin.
pub fn fed(mut command: Command, stdin: &[u8]) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have heard enough before the end.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    ended(&child.wait_with_output().unwrap())
}

/// Calls it and reads its answer: an object, or none. Whatever it says names no way round.
#[track_caller]
pub fn answered(command: Command, stdin: &[u8]) -> Option<Value> {
    let ran = fed(command, stdin);
    assert_eq!(ran.code, 0, "{ran:?}");
    for word in WAYS_ROUND {
        assert!(!ran.out.to_lowercase().contains(&word.to_lowercase()), "{word}: {}", ran.out);
    }
    assert!(!ran.out.contains("secret"), "{}", ran.out);
    if ran.out.is_empty() {
        return None;
    }
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(answer.is_object(), "{answer}");
    assert!(!ran.out.contains("permission"), "a decision beside it would undo the stop: {answer}");
    Some(answer)
}

/// The answer to an event of session `A`.
#[track_caller]
pub fn ask(home: &Home, name: &str) -> Option<Value> {
    answered(hook(home, &[]), event(home, name).to_string().as_bytes())
}

/// The reason for which an answer stops the agent; none if it goes on.
pub fn stop_reason(answer: Option<&Value>) -> Option<String> {
    let answer = answer?;
    if answer["decision"] == "block" {
        return Some(answer["reason"].as_str().unwrap().to_owned());
    }
    (answer["continue"] == false).then(|| answer["stopReason"].as_str().unwrap().to_owned())
}

/// Asks at an event and expects a stop.
#[track_caller]
pub fn stopped(home: &Home, name: &str) -> String {
    let answer = ask(home, name);
    stop_reason(answer.as_ref()).unwrap_or_else(|| panic!("{name} goes on: {answer:?}"))
}

/// Asks at every stopping event and expects that the agent goes on.
#[track_caller]
pub fn goes_on(home: &Home) {
    for name in STOPPING {
        let answer = ask(home, name);
        assert_eq!(stop_reason(answer.as_ref()), None, "{name}: {answer:?}");
    }
}

/// The inbox's notes.
pub fn notes(home: &Home) -> Vec<Note> {
    let Some(inbox) = inbox(home) else { return Vec::new() };
    inbox.notes().unwrap().into_iter().map(|(_, note)| note.unwrap()).collect()
}

/// The inbox, if there is one.
pub fn inbox(home: &Home) -> Option<Inbox> {
    let path = spendtop::paths::inbox_of(&home.db());
    path.exists().then(|| Inbox::open(&path).unwrap())
}

/// What the hook says went wrong.
pub fn failures(home: &Home) -> Vec<String> {
    let what = |note| match note {
        Note::Failure { what, .. } => Some(what),
        _ => None,
    };
    notes(home).into_iter().filter_map(what).collect()
}

/// Session `A`.
pub fn session() -> SessionKey {
    SessionKey { agent: spendtop::model::AgentId::Claude, session_id: "A".into() }
}
