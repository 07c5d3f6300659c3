//! The hook of Gemini CLI: its own words for the moments, and the answers that were measured to work.

use std::fs;

use serde_json::{Value, json};

use super::cli_home::Home;
use super::harness::append_to;
use super::hook_home::fed;

const SESSION: &str = "cd0d01c3-2ef7-4e8a-9fdf-f5a5d3b0312e";
const CHAT: &str = "home/.gemini/tmp/proj/chats/session-2026-11-23T10-00-cd0d01c3.jsonl";

/// A home whose session has spent a dollar today, under this config.
fn home(config: &str) -> Home {
    let home = Home::new();
    home.write_config(&format!("{config}\n[notify]\ndesktop = false\n"));
    let head = json!({"sessionId": SESSION, "projectHash": "x", "startTime": "2026-11-23T10:00:00Z",
        "kind": "main"});
    let answer = json!({"id": "00000000-0000-4000-8000-000000000001", "type": "gemini",
        "timestamp": "2026-11-23T10:00:03Z", "model": "gemini-2.5-pro",
        "tokens": {"input": 0, "output": 100_000}});
    append_to(&home.path(CHAT), format!("{head}\n{answer}\n").as_bytes());
    home
}

/// What the hook answers at a moment.
fn ask(home: &Home, moment: &str) -> Option<Value> {
    let event = json!({"session_id": SESSION, "transcript_path": home.path(CHAT),
        "cwd": "/home/dev/proj", "hook_event_name": moment, "timestamp": "2026-11-23T11:00:00Z",
        "prompt": "a secret prompt", "tool_name": "run_shell_command", "tool_input": {}});
    let ran = fed(home.command(&["hook", "run", "gemini"]), event.to_string().as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains("secret"));
    (!ran.out.is_empty()).then(|| serde_json::from_str(&ran.out).unwrap())
}

#[test]
fn over_a_cap_prompts_are_blocked_and_turns_end_at_a_tool() {
    for ingested in [false, true] {
        let home = home("daily_cap = 1\naction = \"block\"");
        if ingested {
            home.out(&["ingest"]);
        }
        let prompt = ask(&home, "BeforeAgent").unwrap();
        assert_eq!(prompt["decision"], "block");
        assert!(prompt["reason"].as_str().unwrap().contains("$1.00 of $1.00 today"), "{prompt}");
        for moment in ["BeforeTool", "AfterTool"] {
            let answer = ask(&home, moment).unwrap();
            assert_eq!((&answer["continue"], answer.get("decision")), (&json!(false), None));
        }
        let start = ask(&home, "SessionStart").unwrap();
        assert!(start["hookSpecificOutput"]["additionalContext"].is_string());
    }
    let home = home("daily_cap = 1.01\naction = \"block\"");
    for moment in ["BeforeTool", "AfterTool", "AfterModel"] {
        let answer = ask(&home, moment);
        assert!(answer.is_none_or(|answer| answer.get("continue").is_none()), "{moment}");
    }
}

#[test]
fn it_is_spoken_to_and_of_in_its_own_words() {
    let near = home("daily_cap = 1.01\naction = \"block\"");
    let warned = ask(&near, "BeforeAgent").unwrap();
    assert_eq!(warned["hookSpecificOutput"]["hookEventName"], "BeforeAgent", "{warned}");
    let over = home("daily_cap = 1\naction = \"block\"");
    ask(&over, "AfterTool").unwrap();
    over.out(&["ingest"]);
    let actions = over.out(&["actions"]);
    assert!(actions.contains("AfterTool: $1.00 of $1.00 today"), "{actions}");
}

#[test]
fn it_is_put_in_and_taken_out_to_the_byte() {
    let home = home("daily_cap = 1");
    let settings = home.path("home/.gemini/settings.json");
    let before = "{\n  \"security\": {\"auth\": {\"selectedType\": \"gemini-api-key\"}}\n}\n";
    fs::write(&settings, before).unwrap();
    home.out(&["hook", "install", "gemini"]);
    let with: Value = serde_json::from_str(&fs::read_to_string(&settings).unwrap()).unwrap();
    for moment in ["SessionStart", "BeforeAgent", "BeforeTool", "AfterTool"] {
        let hook = &with["hooks"][moment][0]["hooks"][0];
        assert!(hook["command"].as_str().unwrap().ends_with("hook run gemini"), "{hook}");
        assert_eq!(hook["timeout"], 10_000);
    }
    home.out(&["hook", "uninstall", "gemini"]);
    assert_eq!(fs::read_to_string(&settings).unwrap(), before);
}
