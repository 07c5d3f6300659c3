//! Qwen Code: each answer once, though most are told twice, and what is told beside them.

use serde_json::{Value, json};
use spendtop::ledger::Turn;
use spendtop::model::{AgentId, Millis};

use super::arrival::arrive;
use super::cli_home::Home;
use super::harness::{Lab, append_to};
use super::hook_home::fed;

/// The chat of a session, below `projects`.
fn file(session: &str) -> String {
    format!("-home-dev-proj/chats/{session}.jsonl")
}

/// A line of session `s`, so many seconds after nine.
fn line(seconds: u64, kind: &str, more: &Value) -> Value {
    let mut line = json!({"uuid": format!("{kind}-{seconds:08}"), "sessionId": "s", "type": kind,
        "timestamp": format!("2026-11-20T09:00:{seconds:02}.000Z"), "cwd": "/home/dev/proj",
        "gitBranch": "main"});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

/// Prompt, cached, output, thoughts and total.
type Counts = [u64; 5];

/// What the client's telemetry says of an answer.
fn telemetry(
    seconds: u64,
    id: &str,
    prompt_id: &str,
    [input, cached, output, thoughts, total]: Counts,
) -> Value {
    let event = json!({"event.name": "qwen-code.api_response", "response_id": id, "model": "qwen-a",
        "prompt_id": prompt_id, "input_token_count": input, "cached_content_token_count": cached,
        "output_token_count": output, "thoughts_token_count": thoughts, "total_token_count": total});
    line(
        seconds,
        "system",
        &json!({"subtype": "ui_telemetry", "systemPayload": {"uiEvent": event}}),
    )
}

/// The record of what the model said.
fn record(seconds: u64, [input, cached, output, thoughts, total]: Counts) -> Value {
    let usage = json!({"promptTokenCount": input, "cachedContentTokenCount": cached,
        "candidatesTokenCount": output, "thoughtsTokenCount": thoughts, "totalTokenCount": total});
    let said = json!({"role": "model", "parts": [{"text": "x"}]});
    line(seconds, "assistant", &json!({"model": "qwen-a", "message": said, "usageMetadata": usage}))
}

fn lab_of(lines: &[Value]) -> Lab {
    let lines = lines.iter().map(Value::to_string).collect();
    arrive(AgentId::Qwen, &[(&file("s"), lines)])
}

/// The calls that count, by name.
fn counted(lab: &Lab) -> Vec<String> {
    let mut counted = lab.counted();
    counted.sort();
    counted
}

const ONE: Counts = [900, 600, 50, 30, 950];
const ID: &str = "chatcmpl-0000000000000001";

#[test]
fn an_answer_is_counted_once_by_whichever_tells_it() {
    let by_telemetry = format!("s {ID} 300/50/0/0/600");
    let by_record = "s assistant-00000002 300/50/0/0/600".to_owned();
    let (event, said) = (telemetry(1, ID, "", ONE), record(2, ONE));
    for (lines, expected) in [
        (vec![event.clone(), said.clone()], vec![by_telemetry.clone()]),
        (vec![event.clone()], vec![by_telemetry.clone()]),
        (vec![said.clone()], vec![by_record.clone()]),
        (vec![said.clone(), event.clone()], vec![by_record]),
        // The next answer is another one, with the same counts or not.
        (
            vec![event.clone(), said.clone(), record(3, ONE), record(4, [9, 0, 1, 0, 10])],
            vec![
                "s assistant-00000003 300/50/0/0/600".to_owned(),
                "s assistant-00000004 9/1/0/0/0".to_owned(),
                by_telemetry.clone(),
            ],
        ),
        (vec![event.clone(), event.clone(), said], vec![by_telemetry]),
    ] {
        assert_eq!(counted(&lab_of(&lines)), expected, "{lines:?}");
    }
}

#[test]
fn the_total_tells_whether_thoughts_are_output() {
    let google = telemetry(1, ID, "", [900, 600, 50, 30, 980]);
    assert_eq!(lab_of(&[google]).counted(), [format!("s {ID} 300/80/0/0/600")]);
    let none = telemetry(1, "short", "", [0, 0, 0, 0, 0]);
    assert!(lab_of(&[none]).counted().is_empty());
    // An id that is no provider's may come again.
    let (one, two) = (telemetry(1, "short", "", ONE), telemetry(2, "short", "", ONE));
    assert_eq!(lab_of(&[one, two]).counted().len(), 2);
}

#[test]
fn a_subagent_is_told_by_its_prompts_name() {
    let of = |prompt_id| lab_of(&[telemetry(1, ID, prompt_id, ONE)]).counted().remove(0);
    assert!(of("s#reviewer-7f#3").starts_with("s/reviewer-7f "), "{}", of("s#reviewer-7f#3"));
    for own in ["s########3", "9415fce71f2b6", "s########cron17", "other#x#1", "s#"] {
        assert!(of(own).starts_with("s chatcmpl"), "{own}");
    }
}

#[test]
fn a_fork_is_no_second_call_and_its_answers_are_the_first_sessions() {
    let lines = [telemetry(1, ID, "", ONE), record(2, ONE), record(3, [9, 0, 1, 0, 10])];
    let copy = |line: &Value| {
        let mut copy = line.clone();
        copy["sessionId"] = json!("t");
        copy["forkedFrom"] = json!({"sessionId": "s", "messageUuid": line["uuid"]});
        copy.to_string()
    };
    let mut fork: Vec<String> = lines.iter().map(copy).collect();
    let mut own = record(5, [20, 0, 2, 0, 22]);
    own["sessionId"] = json!("t");
    fork.push(own.to_string());
    let first = lines.iter().map(Value::to_string).collect();
    let lab = arrive(AgentId::Qwen, &[(&file("s"), first), (&file("t"), fork)]);
    let expected = [
        "s assistant-00000003 9/1/0/0/0".to_owned(),
        format!("s {ID} 300/50/0/0/600"),
        "t assistant-00000005 20/2/0/0/0".to_owned(),
    ];
    assert_eq!(counted(&lab), expected);
}

#[test]
fn turns_tools_and_failed_requests() {
    let part =
        |name: &str| json!({"functionCall": {"id": format!("c-{name}"), "name": name, "args": {}}});
    let mut asks = record(2, ONE);
    asks["message"]["parts"] = json!([part("read_file"), part("edit"), part("run_shell_command")]);
    let gave = |seconds, id: &str, status: &str| {
        let parts = json!([{"functionResponse": {"id": id, "response": {"output": "x"}}}]);
        line(
            seconds,
            "tool_result",
            &json!({"message": {"parts": parts}, "toolCallResult": {"callId": id, "status": status}}),
        )
    };
    let failed = json!({"event.name": "qwen-code.api_error", "status_code": 429});
    let lines = [
        line(0, "user", &json!({"message": {"parts": [{"text": "go"}]}})),
        telemetry(1, ID, "", ONE),
        asks,
        gave(3, "c-read_file", "success"),
        gave(4, "c-edit", "error"),
        gave(5, "c-run_shell_command", "cancelled"),
        line(6, "system", &json!({"subtype": "chat_compression", "systemPayload": {}})),
        line(7, "user", &json!({"subtype": "cron", "message": {"parts": [{"text": "go"}]}})),
        line(
            8,
            "system",
            &json!({"subtype": "ui_telemetry", "systemPayload": {"uiEvent": failed}}),
        ),
    ];
    let lab = lab_of(&lines);
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
    rows.reverse();
    assert_eq!(rows, ["Human 1 3/1/1 1", "Automated 0 0/1/0 0"]);
}

#[test]
fn the_hook_blocks_the_next_prompt() {
    let home = Home::new();
    home.write_config("daily_cap = 1\naction = \"block\"\n[notify]\ndesktop = false\n");
    let mut answer = record(1, [0, 0, 100_000, 0, 100_000]);
    answer["model"] = json!("gemini-2.5-pro");
    answer["timestamp"] = json!("2026-11-23T10:00:00Z");
    let chat = home.path("home/.qwen/projects").join(file("s"));
    append_to(&chat, format!("{answer}\n").as_bytes());
    let event = json!({"session_id": "s", "transcript_path": chat, "cwd": "/home/dev/proj",
        "hook_event_name": "UserPromptSubmit", "prompt": "x"});
    let ran = fed(home.command(&["hook", "run", "qwen"]), event.to_string().as_bytes());
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(said["decision"], "block", "{said}");
    home.out(&["hook", "install", "qwen"]);
    let settings = std::fs::read_to_string(home.path("home/.qwen/settings.json")).unwrap();
    let settings: Value = serde_json::from_str(&settings).unwrap();
    let hooks = settings["hooks"].as_object().unwrap();
    assert_eq!(hooks["UserPromptSubmit"][0]["hooks"][0]["timeout"], 10_000);
    assert_eq!(hooks.len(), 1);
}

#[test]
fn its_login_tells_whether_a_quota_covers_the_calls() {
    for (login, account) in [("qwen-oauth", "subscription"), ("openai", "api")] {
        let home = Home::new();
        let chat = home.path("home/.qwen/projects").join(file("s"));
        append_to(&chat, format!("{}\n", record(1, [1, 0, 1, 0, 2])).as_bytes());
        let settings = json!({"security": {"auth": {"selectedType": login}}});
        append_to(&home.path("home/.qwen/settings.json"), settings.to_string().as_bytes());
        assert_eq!(home.json(&["explain", "s", "--json"])["account"], account, "{login}");
    }
}

#[test]
fn lines_that_no_client_should_write() {
    for (bad, unread, calls) in [
        (&b"not json"[..], 1, 0),
        (b"[1]", 1, 0),
        (b"{}", 0, 0),
        (b"\0\0", 0, 0),
        (br#"{"type":"assistant","uuid":7,"usageMetadata":[],"message":"x"}"#, 0, 0),
        (br#"{"type":"assistant","uuid":"u","usageMetadata":{"promptTokenCount":5}}"#, 1, 0),
        (br#"{"type":"system","systemPayload":{"uiEvent":{"event.name":"qwen-code.api_response"}}}"#, 0, 0),
        (br#"{"type":"assistant","uuid":"u","timestamp":"2026-11-20T09:00:01Z","usageMetadata":{"promptTokenCount":1e18,"candidatesTokenCount":1e30,"thoughtsTokenCount":1e30}}"#, 0, 1),
    ] {
        let lab = Lab::of(AgentId::Qwen);
        let good = record(2, ONE).to_string();
        lab.append_bytes(&file("s"), &[good.as_bytes(), bad, b""].join(&b'\n'));
        assert_eq!(lab.ingest().problems, []);
        let found = (lab.cursor(&file("s")).unparsed, lab.counted().len());
        assert_eq!(found, (unread, 1 + calls), "{}", String::from_utf8_lossy(bad));
    }
}
