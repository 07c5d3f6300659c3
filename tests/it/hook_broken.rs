//! Whatever is broken, the agent gets valid JSON or nothing, quickly, and `doctor` hears of it.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cli_home::{Home, write};
use super::hook_home::{
    answered, ask, event, failures, fed, goes_on, hook, stop_reason, stopped, today,
};

/// Longer than an agent should ever wait.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// A home over its cap; with what a hook that fails answers.
fn home(on_error: &str) -> Home {
    let home = Home::new();
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    home.write_config(&config(100, on_error));
    home
}

fn config(cap: u32, on_error: &str) -> String {
    format!(
        "daily_cap = {cap}\naction = \"block\"\n[hook]\non_error = \"{on_error}\"\n\
         [notify]\ndesktop = false\n"
    )
}

/// Feeds both kinds of home and expects a failure that is noted.
#[track_caller]
fn fails(stdin: &[u8]) {
    for (on_error, stops) in [("allow", false), ("block", true)] {
        let home = home(on_error);
        let began = Instant::now();
        let answer = answered(hook(&home, &[]), stdin);
        assert!(began.elapsed() < TIME_LIMIT, "{:?}", began.elapsed());
        assert_eq!(stop_reason(answer.as_ref()).is_some(), stops, "{on_error}: {answer:?}");
        let failures = failures(&home);
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(!failures[0].contains("secret"), "{failures:?}");
    }
}

#[test]
fn stdin_that_is_no_event() {
    fails(b"");
    fails(b"\x00\xff\xfe binary \x80");
    fails(b"{\"session_id\": \"A\", \"prompt\": \"secret");
    fails(b"[1, 2]");
    fails(b"null");
    fails(b"{}");
    fails(br#"{"hook_event_name": 7, "session_id": ["A"]}"#);
    fails(br#"{"hook_event_name": "PreToolUse", "session_id": 7}"#);
    fails(b"\xef\xbb\xbf{}");
}

#[test]
fn a_hundred_megabytes() {
    fails(&vec![b'['; 100 << 20]);
    fails(&vec![b' '; 100 << 20]);
    // A tool's result may be large; what counts comes before it, and is answered.
    for megabytes in [30, 100] {
        let home = home("allow");
        home.write_config(&config(4, "allow"));
        let head = head(&home, "PostToolUse").to_string().replace('}', ", \"tool_response\": \"");
        let text = format!("{head}{}\"}}", "x".repeat(megabytes << 20));
        let began = Instant::now();
        let answer = answered(hook(&home, &[]), text.as_bytes());
        assert!(stop_reason(answer.as_ref()).is_some(), "{megabytes}");
        assert!(began.elapsed() < TIME_LIMIT, "{:?}", began.elapsed());
    }
}

/// What an agent says first.
fn head(home: &Home, name: &str) -> Value {
    json!({"session_id": "A", "transcript_path": home.projects().join("atlas/A.jsonl"),
        "cwd": "/home/dev/proj", "hook_event_name": name})
}

#[test]
fn half_an_event_that_says_enough_is_answered() {
    let home = home("allow");
    home.write_config(&config(4, "allow"));
    let text =
        head(&home, "PreToolUse").to_string().replace('}', ", \"tool_input\": {\"command\": \"sec");
    let answer = answered(hook(&home, &[]), text.as_bytes());
    assert!(stop_reason(answer.as_ref()).is_some());
    assert_eq!(failures(&home).len(), 1);
}

#[test]
fn stdin_that_never_ends() {
    let home = home("allow");
    let mut child = hook(&home, &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    let began = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(began.elapsed() < TIME_LIMIT, "{:?}", began.elapsed());
    drop(stdin);
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(failures(&home).len(), 1);
}

#[test]
fn an_event_is_answered_before_its_pipe_is_closed() {
    use std::io::Write;
    let home = home("allow");
    home.write_config(&config(4, "allow"));
    let mut child = hook(&home, &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(event(&home, "PreToolUse").to_string().as_bytes()).unwrap();
    let began = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    drop(stdin);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["continue"], false);
}

#[test]
fn arguments_of_all_kinds_never_make_it_an_error() {
    let home = home("allow");
    home.write_config(&config(4, "allow"));
    let event = event(&home, "PreToolUse").to_string();
    let strange: [&[&str]; 9] = [
        &["nobody"],
        &["--frobnicate"],
        &["--frobnicate=1", "-x"],
        &["claude", "claude", "claude"],
        &["--help"],
        &["--version"],
        &["--json", "--", "x"],
        &["-vvvv"],
        &[""],
    ];
    for args in strange {
        let mut all = vec!["hook", "run"];
        all.extend(args);
        let ran = fed(home.command(&all), event.as_bytes());
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(answer["continue"], false, "{args:?}");
    }
    // Options before the command, too; one without its value, and a time that is none.
    for args in [
        &["--quiet", "hook", "run"][..],
        &["--db"],
        &["hook", "--no-color", "run", "claude", "--config"],
        &["hook", "run", "--now", "yesterday"],
    ] {
        let mut command = home.command_now(args);
        if args.len() > 1 {
            command.arg("--db").arg(home.db());
            assert_eq!(fed(command, event.as_bytes()).code, 0, "{args:?}");
        }
    }
    // What is not the hook is not taken for it.
    assert_eq!(home.run(&["hook", "frobnicate"]).code, 2);
    assert_eq!(home.run(&["explain", "hook", "run"]).code, 2);
}

#[test]
fn no_environment_at_all() {
    let home = home("allow");
    let mut command = hook(&home, &[]);
    command.env_clear();
    assert_eq!(answered(command, event(&home, "PreToolUse").to_string().as_bytes()), None);
}

#[test]
fn a_config_that_cannot_be_read() {
    for (text, stops) in [
        ("daily_cap = 4\nfrobnicate = 1\n", false),
        ("daily_cap = \n[hook]\non_error = \"block\"\n", true),
        ("daily_cap = \n[hook]\n  on_error='block' # sure\n", true),
        ("nonsense\n# on_error = \"block\"\n", false),
        ("nonsense\nhook = { on_error = \"block\" }\n", true),
    ] {
        let home = home("allow");
        write(&home.config(), text);
        let answer = ask(&home, "PreToolUse");
        assert_eq!(stop_reason(answer.as_ref()).is_some(), stops, "{text}");
        assert_eq!(failures(&home).len(), 1);
        let prompt = ask(&home, "UserPromptSubmit");
        assert_eq!(prompt.is_some_and(|answer| answer["decision"] == "block"), stops);
        assert_eq!(ask(&home, "Stop"), None);
    }
}

/// Makes a ledger unusable.
type Spoil = fn(&Home);

/// Ledgers that cannot be used, each with what makes them so.
fn broken_ledgers() -> Vec<(&'static str, Spoil)> {
    vec![
        ("damaged", |home| {
            let bytes = std::fs::read(home.db()).unwrap();
            let mut bytes: Vec<u8> = bytes.iter().map(|byte| byte ^ 0x55).collect();
            bytes[..16].copy_from_slice(b"SQLite format 3\0");
            std::fs::write(home.db(), bytes).unwrap();
        }),
        ("no database", |home| std::fs::write(home.db(), "nothing of the kind").unwrap()),
        ("newer", |home| {
            let db = rusqlite::Connection::open(home.db()).unwrap();
            db.pragma_update(None, "user_version", 99).unwrap();
        }),
        ("older", |home| {
            let db = rusqlite::Connection::open(home.db()).unwrap();
            db.pragma_update(None, "user_version", 1).unwrap();
        }),
        ("another program's", |home| {
            let db = rusqlite::Connection::open(home.db()).unwrap();
            db.pragma_update(None, "application_id", 7).unwrap();
        }),
    ]
}

#[test]
fn a_ledger_that_cannot_be_used_leaves_what_the_transcript_says() {
    for (name, spoil) in broken_ledgers() {
        for (on_error, cap, stops) in
            [("allow", 100, false), ("block", 100, true), ("allow", 4, true)]
        {
            let home = home(on_error);
            home.out(&["ingest"]);
            spoil(&home);
            home.write_config(&config(cap, on_error));
            let began = Instant::now();
            let answer = ask(&home, "PreToolUse");
            assert!(began.elapsed() < TIME_LIMIT);
            assert_eq!(stop_reason(answer.as_ref()).is_some(), stops, "{name} {on_error} {cap}");
            assert_eq!(failures(&home).len(), 1, "{name}: {:?}", failures(&home));
        }
    }
}

#[test]
fn a_ledger_that_another_program_holds_is_not_waited_for() {
    let home = home("allow");
    home.out(&["ingest"]);
    home.append("atlas/A.jsonl", &[today("a2", "A")]);
    home.write_config(&config(8, "allow"));
    // A writer in the middle of its work is no hindrance at all.
    let db = rusqlite::Connection::open(home.db()).unwrap();
    db.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let began = Instant::now();
    stopped(&home, "PreToolUse");
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(failures(&home), Vec::<String>::new());
    db.execute_batch("ROLLBACK").unwrap();
    // One that shuts everybody out is.
    db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM mark").unwrap();
    let began = Instant::now();
    stopped(&home, "PreToolUse");
    assert!(began.elapsed() < TIME_LIMIT, "{:?}", began.elapsed());
    assert_eq!(failures(&home).len(), 1);
}

#[test]
fn an_inbox_that_cannot_be_used_stops_no_stop() {
    let home = home("allow");
    home.write_config(&config(4, "allow"));
    home.out(&["ingest"]);
    write(&spendtop::paths::inbox_of(&home.db()), "no database at all, but a text of some length");
    let ran = fed(hook(&home, &[]), event(&home, "PreToolUse").to_string().as_bytes());
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("is reached"), "{ran:?}");
    assert!(ran.err.starts_with("spendtop: "), "{ran:?}");
}

#[test]
fn a_transcript_that_is_none_is_not_waited_for() {
    let home = home("allow");
    home.out(&["ingest"]);
    let fifo = home.path("pipe.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    for path in ["pipe.jsonl", "none.jsonl", "", "home", "/dev/zero", "/etc/passwd", "../../../etc"]
    {
        let mut event = event(&home, "PreToolUse");
        event["transcript_path"] = home.path(path).to_str().unwrap().into();
        let began = Instant::now();
        assert_eq!(answered(hook(&home, &[]), event.to_string().as_bytes()), None, "{path}");
        assert!(began.elapsed() < Duration::from_secs(1), "{path}");
    }
    let mut event = event(&home, "PreToolUse");
    event.as_object_mut().unwrap().remove("transcript_path");
    event.as_object_mut().unwrap().remove("cwd");
    home.write_config(&config(4, "allow"));
    let answer = answered(hook(&home, &[]), event.to_string().as_bytes());
    assert!(stop_reason(answer.as_ref()).is_some(), "the ledger knows enough");
    assert_eq!(failures(&home), Vec::<String>::new());
}

#[test]
fn names_of_all_kinds_do_no_harm() {
    let home = home("allow");
    home.out(&["ingest"]);
    for id in ["'; DROP TABLE call; --", "\u{1b}[2J", "../../x", "🦀", &"x".repeat(4000), "%s"] {
        for key in ["session_id", "cwd", "agent_id", "tool_use_id", "model"] {
            let mut event = event(&home, "PostToolUse");
            event[key] = id.into();
            answered(hook(&home, &[]), event.to_string().as_bytes());
        }
    }
    goes_on(&home);
    assert_eq!(failures(&home), Vec::<String>::new());
}

#[test]
fn doctor_counts_failures_while_they_wait_and_when_they_are_stored() {
    let home = home("allow");
    home.out(&["ingest"]);
    for _ in 0..3 {
        answered(hook(&home, &[]), b"broken");
    }
    let finding = |home: &Home| {
        let ran = home.run(&["doctor", "--json"]);
        let doctor: Value = serde_json::from_str(&ran.out).unwrap();
        let findings = doctor["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|finding| finding["kind"] == "hook_failure").unwrap()
    };
    for _ in 0..2 {
        let finding = finding(&home);
        assert_eq!(finding["count"], 3);
        assert!(finding["items"][0].as_str().unwrap().contains("no JSON"), "{finding}");
        home.out(&["ingest"]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_on_stderr_alone() {
    let home = home("allow");
    home.write_config(&config(4, "allow"));
    let data = home.path("home/.local");
    write(&data, "a file where a folder should be");
    let ran = fed(hook(&home, &[]), event(&home, "PreToolUse").to_string().as_bytes());
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("is reached"), "{ran:?}");
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o600)).unwrap();
}
