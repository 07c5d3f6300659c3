//! What the ledger does not have yet counts, once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::claude_lines::{Line, tokens};
use super::cli_home::{Home, call};
use super::hook_home::{answered, event, failures, goes_on, hook, stop_reason, stopped, today};

/// A home with a cap of so many dollars a day.
fn home(cap: &str) -> Home {
    let home = Home::new();
    home.write_config(&format!(
        "daily_cap = {cap}\naction = \"block\"\n[notify]\ndesktop = false\n"
    ));
    home
}

/// The amount that the hook has counted, as the reason of a stop at a cap of a cent tells it.
#[track_caller]
fn counted(home: &Home) -> String {
    home.write_config("daily_cap = 0.01\naction = \"block\"\n[notify]\ndesktop = false\n");
    let reason = stopped(home, "PreToolUse");
    let amount = reason.split("is reached: ").nth(1).unwrap();
    amount.split(" of ").next().unwrap().to_owned()
}

/// A line of a subagent's transcript.
fn subagent(line: Line) -> Line {
    line.sidechain("a1")
}

const SUBAGENT: &str = "atlas/A/subagents/agent-a1.jsonl";

#[test]
fn with_no_ledger_everything_is_in_the_transcripts() {
    let home = home("8");
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    goes_on(&home);
    home.append("atlas/A.jsonl", &[today("a2", "A")]);
    stopped(&home, "PreToolUse");
    assert_eq!(counted(&home), "$8.0400");
    assert!(!home.db().exists(), "a hook makes no ledger");
    assert_eq!(failures(&home), Vec::<String>::new());
}

#[test]
fn what_is_stored_and_what_is_not_add_up() {
    let home = home("8");
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    home.append("atlas/B.jsonl", &[today("b1", "B")]);
    home.out(&["ingest"]);
    assert_eq!(counted(&home), "$8.0400");
    home.append("atlas/A.jsonl", &[today("a2", "A"), today("a3", "A")]);
    assert_eq!(counted(&home), "$16.0800");
    // Of another day, of another developer's root, of another session's file: not ours to count.
    let old = call("a4", "A", "claude-opus-5-5").at("2026-11-20T10:00:00.000Z");
    home.append("atlas/A.jsonl", &[old]);
    assert_eq!(counted(&home), "$16.0800");
    home.out(&["ingest"]);
    assert_eq!(counted(&home), "$16.0800");
}

#[test]
fn the_same_message_counts_once_and_a_fuller_one_by_its_difference() {
    let home = home("8");
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    home.out(&["ingest"]);
    let again = today("a1", "A").with("uuid", &"u-again".into());
    home.append("atlas/A.jsonl", &[again.clone(), again]);
    assert_eq!(counted(&home), "$4.0200");
    // The same answer, with a thousand output tokens more: two cents.
    let fuller = today("a1", "A").with("uuid", &"u-fuller".into());
    home.append("atlas/A.jsonl", &[fuller.usage(&tokens(1_000_000, 2_000, 0, 0, 0))]);
    assert_eq!(counted(&home), "$4.0400");
    let before = counted(&home);
    home.out(&["ingest"]);
    assert_eq!(counted(&home), before);
}

#[test]
fn a_fork_that_is_not_read_yet_costs_nothing_again() {
    let home = home("8");
    home.append("atlas/A.jsonl", &[today("a1", "A"), today("a2", "A")]);
    home.out(&["ingest"]);
    let copy = |id: &str| today(id, "A").session("F");
    let own = today("f1", "F").at("2026-11-23T11:00:00.000Z");
    home.append("atlas/F.jsonl", &[copy("a1"), copy("a2"), own]);
    home.write_config("daily_cap = 0.01\naction = \"block\"\n[notify]\ndesktop = false\n");
    let ask = || {
        let mut event = event(&home, "PreToolUse");
        event["session_id"] = "F".into();
        event["transcript_path"] = home.projects().join("atlas/F.jsonl").to_str().unwrap().into();
        let answer = answered(hook(&home, &[]), event.to_string().as_bytes());
        stop_reason(answer.as_ref()).unwrap()
    };
    let before = ask();
    assert!(before.contains("$12.0600"), "{before}");
    home.out(&["ingest"]);
    assert_eq!(ask(), before);
}

#[test]
fn subagents_count_and_are_stopped_too() {
    for ingested in [false, true] {
        let home = home("8");
        home.append(
            "atlas/A.jsonl",
            &[super::claude_lines::prompt("u", "go").at("2026-11-23T09:00:00Z")],
        );
        home.append(SUBAGENT, &[subagent(today("s1", "A")), subagent(today("s2", "A"))]);
        home.append("atlas/A/subagents/deep/agent-a2.jsonl", &[today("s3", "A").sidechain("a2")]);
        if ingested {
            home.out(&["ingest"]);
        }
        let mut event = event(&home, "PreToolUse");
        event["agent_id"] = "a1".into();
        let answer = answered(hook(&home, &[]), event.to_string().as_bytes());
        assert!(stop_reason(answer.as_ref()).is_some(), "{ingested}");
        assert_eq!(counted(&home), "$12.0600");
    }
}

#[test]
fn a_switch_of_models_starts_no_new_budget() {
    let home = home("4.05");
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    goes_on(&home);
    let other = call("a2", "A", "claude-haiku-5-5").at("2026-11-23T11:00:00.000Z");
    home.append("atlas/A.jsonl", &[other]);
    stopped(&home, "PreToolUse");
}

#[test]
fn a_cap_on_a_model_holds_the_thread_that_uses_it() {
    let home = home("400");
    home.write_config(
        "[[cap]]\nname = \"opus\"\nscope = \"model\"\npattern = \"claude-opus-*\"\nlimit = 4\n\
         action = \"block\"\n[notify]\ndesktop = false\n",
    );
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    stopped(&home, "PreToolUse");
    let cheap = call("a2", "A", "claude-haiku-5-5").at("2026-11-23T11:00:00.000Z");
    home.append("atlas/A.jsonl", &[cheap]);
    goes_on(&home);
    home.out(&["ingest"]);
    goes_on(&home);
    // The subagent that goes on with the dear one is stopped.
    home.append(SUBAGENT, &[subagent(today("s1", "A"))]);
    let mut event = event(&home, "PreToolUse");
    event["agent_id"] = "a1".into();
    let answer = answered(hook(&home, &[]), event.to_string().as_bytes());
    assert!(stop_reason(answer.as_ref()).is_some());
}

#[test]
fn an_unknown_model_has_a_reserve_and_says_so() {
    for ingested in [false, true] {
        let home = home("2");
        let unknown = call("a1", "A", "claude-nova-9").at("2026-11-23T10:00:00.000Z");
        home.append("atlas/A.jsonl", &[unknown]);
        if ingested {
            home.run(&["ingest"]);
        }
        let reason = stopped(&home, "PreToolUse");
        assert!(reason.contains("set aside for calls without a known price"), "{reason}");
    }
}

#[test]
fn a_price_of_the_users_own_is_used() {
    let home = home("2");
    home.append("atlas/A.jsonl", &[call("a1", "A", "in-house").at("2026-11-23T10:00:00.000Z")]);
    home.write_config(
        "daily_cap = 0.5\naction = \"block\"\n[notify]\ndesktop = false\n[[prices.row]]\n\
         provider = \"other\"\nmodel = \"in-house\"\ninput = \"1\"\noutput = \"1\"\n",
    );
    let reason = stopped(&home, "PreToolUse");
    assert!(reason.contains("$1.0010 of $0.5000") && !reason.contains("aside"), "{reason}");
}

#[test]
fn a_corrupt_count_stops_nobody() {
    for ingested in [false, true] {
        let home = home("20");
        let corrupt = today("a1", "A").usage(&tokens(20_000_001, 1, 0, 0, 0));
        let vast = today("a2", "A").usage(&tokens(1_000_000_000_000_000_000, 1, 0, 0, 0));
        home.append("atlas/A.jsonl", &[corrupt, vast, today("a3", "A")]);
        if ingested {
            home.run(&["ingest"]);
        }
        goes_on(&home);
        assert_eq!(counted(&home), "$4.0200");
    }
}

#[test]
fn a_torn_line_a_rewritten_file_and_one_that_shrank_are_read_right() {
    let home = home("100");
    home.append("atlas/A.jsonl", &[today("a1", "A"), today("a2", "A")]);
    home.out(&["ingest"]);
    home.append_bytes("atlas/A.jsonl", b"{\"type\":\"assistant\",\"message\":{");
    assert_eq!(counted(&home), "$8.0400");
    // Rewritten with one call more: those that went stay in the ledger.
    let lines = [today("a2", "A"), today("a3", "A")];
    std::fs::write(home.projects().join("atlas/A.jsonl"), super::claude_lines::bytes(&lines))
        .unwrap();
    assert_eq!(counted(&home), "$12.0600");
    std::fs::write(home.projects().join("atlas/A.jsonl"), b"").unwrap();
    assert_eq!(counted(&home), "$8.0400");
    std::fs::remove_file(home.projects().join("atlas/A.jsonl")).unwrap();
    assert_eq!(counted(&home), "$8.0400");
}

#[test]
fn a_home_behind_a_link_is_the_same_home() {
    let home = home("8");
    std::fs::create_dir_all(home.path("elsewhere/.claude/projects")).unwrap();
    std::fs::create_dir_all(home.path("home")).unwrap();
    std::os::unix::fs::symlink(home.path("elsewhere/.claude"), home.path("home/.claude")).unwrap();
    home.append("atlas/A.jsonl", &[today("a1", "A"), today("a2", "A")]);
    home.out(&["ingest"]);
    let mut event = event(&home, "PreToolUse");
    let real = home.path("elsewhere/.claude/projects/atlas/A.jsonl");
    event["transcript_path"] = real.to_str().unwrap().into();
    let answer = answered(hook(&home, &[]), event.to_string().as_bytes());
    let reason = stop_reason(answer.as_ref()).unwrap();
    assert!(reason.contains("$8.04 of $8.00"), "{reason}");
}

#[test]
fn near_the_cap_it_waits_for_the_call_of_the_tool() {
    let home = home("8");
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    let tool = |line: Line| {
        let block = json!([{"type": "tool_use", "id": "toolu_01", "name": "Bash", "input": {}}]);
        line.with("message.content", &block)
    };
    let late = super::claude_lines::bytes(&[tool(today("a2", "A"))]);
    let path = home.projects().join("atlas/A.jsonl");
    // The call lands a moment after its tool has run.
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        super::harness::append_to(&path, &late);
    });
    let began = Instant::now();
    let event = event(&home, "PostToolUse").to_string();
    let answer = answered(hook(&home, &[]), event.as_bytes());
    writer.join().unwrap();
    assert!(stop_reason(answer.as_ref()).is_some(), "after {:?}", began.elapsed());
}

#[test]
fn far_from_the_cap_or_before_the_tool_it_does_not_wait() {
    let quick = |home: &Home, event: &Value| {
        let best = (0..5).map(|_| {
            let began = Instant::now();
            answered(hook(home, &[]), event.to_string().as_bytes());
            began.elapsed()
        });
        best.min().unwrap()
    };
    let near = home("8");
    near.append("atlas/A.jsonl", &[today("a1", "A")]);
    // The call never comes: no longer than the limit.
    let waited = quick(&near, &event(&near, "PostToolUse"));
    assert!(waited >= Duration::from_millis(140) && waited < Duration::from_secs(1), "{waited:?}");
    assert!(quick(&near, &event(&near, "PreToolUse")) < Duration::from_millis(120));
    let far = home("800");
    far.append("atlas/A.jsonl", &[today("a1", "A")]);
    assert!(quick(&far, &event(&far, "PostToolUse")) < Duration::from_millis(120));
}

#[test]
fn what_a_plan_reports_beyond_the_calls_counts_where_it_is_to() {
    let home = home("8");
    let total = super::claude_lines::line("cost-state", "c").at("2026-11-23T11:00:00.000Z");
    home.append("atlas/A.jsonl", &[today("a1", "A"), total.with("totalCostUSD", &json!(10.0))]);
    home.out(&["ingest"]);
    goes_on(&home);
    home.write_config(
        "daily_cap = 8\naction = \"block\"\ninclude_unlogged = true\n[notify]\ndesktop = false\n",
    );
    assert!(stopped(&home, "PreToolUse").contains("$10.00 of $8.00"));
}
