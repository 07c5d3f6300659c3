//! What the hook answers over and under caps of every kind.

use serde_json::json;
use spendtop::ledger::{Loop, LoopLevel, Reader, Writer};
use spendtop::model::{ActionKind, CapAction, Mark, Millis, Note};

use super::claude_lines::{Line, prompt};
use super::cli_home::{Home, call};
use super::hook_home::{
    STOPPING, answered, ask, event, failures, goes_on, hook, inbox, notes, session, stop_reason,
    stopped, today,
};

/// A home whose session has spent $4.02 today, under this config. Notices stay unsaid.
fn home(config: &str) -> Home {
    let home = Home::new();
    home.append("atlas/A.jsonl", &[today("a1", "A")]);
    home.write_config(&format!("{config}\n[notify]\ndesktop = false\n"));
    home
}

#[test]
fn over_a_cap_that_stops_every_event_is_answered_as_was_measured_to_work() {
    for action in ["block", "kill"] {
        for ingested in [false, true] {
            let home = home(&format!("daily_cap = 4\naction = \"{action}\""));
            if ingested {
                home.out(&["ingest"]);
            }
            let reason = "spendtop: the spending cap \"daily\" is reached: $4.02 of $4.00 today; \
                          it resets at 00:00.";
            assert_eq!(
                ask(&home, "UserPromptSubmit"),
                Some(json!({"decision": "block", "reason": reason}))
            );
            for name in ["PreToolUse", "PostToolUse"] {
                let expected = json!({"continue": false, "stopReason": reason});
                assert_eq!(ask(&home, name), Some(expected), "{name}");
            }
            let start = ask(&home, "SessionStart").unwrap();
            let told = format!("{reason} Stop here and tell the user.");
            assert_eq!(start["hookSpecificOutput"]["additionalContext"], told);
            assert_eq!(start.as_object().unwrap().len(), 1);
            assert_eq!(failures(&home), Vec::<String>::new());
        }
    }
}

#[test]
fn equality_is_a_breach_and_a_pico_dollar_less_is_none() {
    stopped(&home("daily_cap = 4.02\naction = \"block\""), "PreToolUse");
    goes_on(&home("daily_cap = 4.020000000001\naction = \"block\""));
}

#[test]
fn milder_caps_stop_nothing() {
    for action in ["flag", "notify"] {
        goes_on(&home(&format!("daily_cap = 1\naction = \"{action}\"")));
    }
    goes_on(&home("daily_cap = 400\naction = \"kill\""));
    goes_on(&home(""));
}

#[test]
fn a_stop_is_noted_with_its_amounts_and_no_text() {
    let home = home("daily_cap = 3\naction = \"block\"");
    for name in STOPPING {
        stopped(&home, name);
    }
    let notes = notes(&home);
    let actions: Vec<_> = notes
        .iter()
        .filter_map(|note| match note {
            Note::Action(action) if action.kind != ActionKind::Breach => Some(action),
            _ => None,
        })
        .collect();
    assert_eq!(actions.len(), 3);
    for (action, name) in actions.iter().zip(STOPPING) {
        assert_eq!(action.kind, ActionKind::HookStop);
        assert_eq!(action.session, Some(session()));
        assert_eq!(action.cap.as_deref(), Some("daily"));
        assert_eq!(action.evidence, format!("{name}: $4.02 of $3.00 today"));
        assert_eq!(action.overshoot.unwrap().0, 1_020_000_000_000);
        assert_eq!(action.resume.as_deref(), Some("cd /home/dev/proj && claude --resume A"));
        assert_eq!(action.by, "hook");
    }
    assert!(!serde_json::to_string(&notes).unwrap().contains("secret"));
}

#[test]
fn every_scope_finds_the_session_and_leaves_others_alone() {
    let cap = |scope: &str, pattern: &str, period: &str| {
        format!(
            "[[cap]]\nname = \"c\"\nscope = \"{scope}\"\npattern = \"{pattern}\"\n\
             period = \"{period}\"\nlimit = 4\naction = \"block\""
        )
    };
    for (scope, pattern, period) in [
        ("developer", &*Home::login(), "day"),
        ("project", "*/proj", "week"),
        ("branch", "*/proj@main", "month"),
        ("model", "claude-opus-*", "day"),
        ("agent", "claude", "day"),
        ("session", "A", "day"),
        ("session", "*", "session"),
    ] {
        for ingested in [false, true] {
            let home = home(&cap(scope, pattern, period));
            if ingested {
                home.out(&["ingest"]);
            }
            for name in STOPPING {
                stopped(&home, name);
            }
            // Another session on another project, branch and model, that has spent a little.
            let other = call("b1", "B", "claude-haiku-5-5").at("2026-11-23T11:00:00.000Z");
            let other = other.with("cwd", &"/home/dev/other".into());
            home.append("other/B.jsonl", &[other.with("gitBranch", &"fix".into())]);
            if ingested {
                home.out(&["ingest"]);
            }
            let mut event = event(&home, "PreToolUse");
            event["session_id"] = "B".into();
            event["cwd"] = "/home/dev/other".into();
            event["transcript_path"] =
                home.projects().join("other/B.jsonl").to_str().unwrap().into();
            let answer = answered(hook(&home, &[]), event.to_string().as_bytes());
            // Only what both share is used up for both. What the ledger lacks, A's hook has left.
            let is_shared = matches!(scope, "developer" | "agent");
            assert_eq!(stop_reason(answer.as_ref()).is_some(), is_shared, "{scope} {ingested}");
        }
        let home = home(&cap(scope, "someone else", period));
        goes_on(&home);
    }
}

#[test]
fn the_developer_is_the_one_whose_root_it_is() {
    let config = |home: &Home, id: &str| {
        let root = home.path("home/.claude");
        format!(
            "action = \"block\"\ndaily_cap = 1\n[[developer]]\nid = \"{id}\"\n\
             roots = [{root:?}]\ndaily_cap = 100\n[notify]\ndesktop = false\n"
        )
    };
    let home = home("");
    home.write_config(&config(&home, "maya"));
    goes_on(&home);
    home.out(&["ingest"]);
    goes_on(&home);
}

#[test]
fn a_session_blocked_by_hand_stops_with_no_cap_at_all() {
    let home = home("");
    goes_on(&home);
    let mark = Note::Mark(Mark {
        session: session(),
        action: CapAction::Block,
        cap: None,
        reason: "a reason with unblock in it".into(),
        by: "dev".into(),
        at: Millis(0),
    });
    home.out(&["ingest"]);
    let inbox = inbox(&home).unwrap_or_else(|| {
        spendtop::ledger::Inbox::open(&spendtop::paths::inbox_of(&home.db())).unwrap()
    });
    inbox.leave(&mark, Millis(0)).unwrap();
    // While it waits, and once it is stored.
    for _ in 0..2 {
        for name in STOPPING {
            assert!(stopped(&home, name).contains("blocked by a person"));
        }
        home.out(&["ingest"]);
    }
    let mut other = event(&home, "PreToolUse");
    other["session_id"] = "other".into();
    assert_eq!(answered(hook(&home, &[]), other.to_string().as_bytes()), None);
    inbox.leave(&Note::Unmark(session()), Millis(0)).unwrap();
    for _ in 0..2 {
        goes_on(&home);
        home.out(&["ingest"]);
    }
}

#[test]
fn a_cap_that_was_raised_or_snoozed_stops_nothing_at_once() {
    use spendtop::model::{Lift, LiftBy, PicoUsd};
    let later = Millis::parse("2026-11-24T00:00:00Z").unwrap();
    let now = Millis::parse(super::cli_home::NOW).unwrap();
    for (what, holds) in [
        (LiftBy::Snooze { until: later }, true),
        (LiftBy::Raise { amount: PicoUsd::from_dollars(1), until: later }, true),
        (LiftBy::Raise { amount: PicoUsd(1), until: later }, false),
        (LiftBy::Snooze { until: now }, false),
    ] {
        let home = home("daily_cap = 4\naction = \"block\"");
        stopped(&home, "PreToolUse");
        let lift = Lift {
            cap: "daily".into(),
            what,
            at: Millis(now.0 - 1),
            reason: String::new(),
            by: "dev".into(),
        };
        inbox(&home).unwrap().leave(&Note::Lift(lift), now).unwrap();
        for _ in 0..2 {
            if holds {
                goes_on(&home);
            } else {
                stopped(&home, "PreToolUse");
            }
            home.out(&["ingest"]);
        }
    }
}

#[test]
fn with_no_daemon_what_one_session_breaks_holds_the_others() {
    for ingested in [false, true] {
        let home = home("daily_cap = 8\naction = \"block\"");
        if ingested {
            home.out(&["ingest"]);
        }
        home.append("atlas/A.jsonl", &[today("a2", "A")]);
        let start = |now: &str| {
            let mut event = event(&home, "UserPromptSubmit");
            event["session_id"] = "B".into();
            event["transcript_path"] = json!(home.projects().join("atlas/B.jsonl"));
            let command = home.command_now(&["hook", "run", "claude", "--now", now]);
            stop_reason(answered(command, event.to_string().as_bytes()).as_ref())
        };
        let now = super::cli_home::NOW;
        assert_eq!(start(now), None, "nobody has met it yet");
        assert!(stopped(&home, "PreToolUse").contains("$8.04 of $8.00 today"));
        // Of A's calls the hook of B knows what the ledger has.
        let reason = "spendtop: the spending cap \"daily\" of $8.00 today was reached before; it \
                      resets at 00:00.";
        assert_eq!(start(now).as_deref(), Some(reason));
        assert_eq!(start("2026-11-24T00:00:00Z"), None, "it ends with its day");
        // Told, written down and kept once, however often it is met.
        stopped(&home, "PostToolUse");
        let of_kind = |wanted: fn(&Note) -> bool| notes(&home).iter().filter(|n| wanted(n)).count();
        assert_eq!(of_kind(|note| matches!(note, Note::Latch(_))), 1);
        let is_breach =
            |note: &Note| matches!(note, Note::Action(row) if row.kind == ActionKind::Breach);
        assert_eq!(of_kind(is_breach), 1);
        // Stored, it holds as one that a daemon left.
        home.out(&["ingest"]);
        assert!(start(now).unwrap().contains("$8.04 of $8.00 today"));
        let reader = Reader::open(&home.db()).unwrap().unwrap();
        let kept = reader.latches(Millis::parse(now).unwrap()).unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].session.clone(), kept[0].level), (Some(session()), 1000));
    }
}

#[test]
fn midnight_ends_it_and_the_next_day_is_free() {
    for ingested in [false, true] {
        let home = home("daily_cap = 4\naction = \"kill\"\ntimezone = \"Europe/Berlin\"");
        if ingested {
            home.out(&["ingest"]);
        }
        let at = |now: &str| {
            let mut command = home.command_now(&["hook", "run", "claude", "--now", now]);
            command.env("TZ", "America/Los_Angeles");
            let event = event(&home, "UserPromptSubmit").to_string();
            stop_reason(answered(command, event.as_bytes()).as_ref())
        };
        // Midnight in Berlin is 23:00 UTC.
        assert!(at("2026-11-23T22:59:59.999Z").unwrap().contains("resets at 00:00"));
        assert_eq!(at("2026-11-23T23:00:00Z"), None);
        assert_eq!(at("2026-11-24T09:00:00Z"), None, "resumed the next day");
        assert_eq!(at("2026-11-22T12:00:00Z"), None, "the call is not of that day");
    }
}

#[test]
fn other_events_and_agents_without_caps_get_nothing() {
    let home = home("daily_cap = 1\naction = \"kill\"");
    for name in ["SessionEnd", "Stop", "SubagentStop", "PreCompact", "Notification", "New"] {
        assert_eq!(ask(&home, name), None, "{name}");
    }
    assert_eq!(failures(&home), Vec::<String>::new());
}

#[test]
fn the_real_clients_events_are_understood() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/claude/hook-stdin-samples.jsonl");
    let home = home("daily_cap = 4\naction = \"kill\"");
    home.out(&["ingest"]);
    let mut stops = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let sample: serde_json::Value = serde_json::from_str(line).unwrap();
        if sample["mode"] == "statusline" {
            continue;
        }
        let answer = answered(hook(&home, &[]), sample["stdin"].to_string().as_bytes());
        let is_stop = stop_reason(answer.as_ref()).is_some();
        let name = sample["stdin"]["hook_event_name"].as_str().unwrap();
        assert_eq!(is_stop, STOPPING.contains(&name), "{name}");
        stops += usize::from(is_stop);
    }
    assert!(stops >= 4);
    assert_eq!(failures(&home), Vec::<String>::new());
}

#[test]
fn over_a_cap_on_loops_steps_are_stopped_until_a_person_asks_for_something_else() {
    let home = Home::new();
    home.write_config(
        "[[cap]]\nname = \"again\"\nloop_count = 5\naction = \"block\"\n[notify]\ndesktop = false\n",
    );
    let asks = |uuid: &str, call: &Line| prompt(uuid, "go").session("A").at(call.get("timestamp"));
    let call = today("a1", "A");
    home.append("atlas/A.jsonl", &[asks("p1", &call), call]);
    home.out(&["ingest"]);
    goes_on(&home);
    let mut writer = Writer::open(&home.db()).unwrap();
    let thread = *writer.threads_since(Millis(0)).unwrap().first().unwrap();
    let turn = writer.watchable(thread, Millis(0)).unwrap().unwrap().began.unwrap();
    let found = Loop {
        detector: "same_result".into(),
        since: turn,
        turn,
        level: LoopLevel::Loop,
        tool: Some("Bash".into()),
        count: 7,
        at: Millis(turn.0 + 1000),
        cost: "1".parse().unwrap(),
    };
    writer.together(|writer| writer.keep_loop(thread, &found)).unwrap();
    drop(writer);
    let reason = stopped(&home, "PreToolUse");
    assert!(
        reason
            .contains("the cap on loops \"again\" is reached: ×7 of ×5 in a loop of this session"),
        "{reason}"
    );
    stopped(&home, "PostToolUse");
    // The prompt may be the one that ends it. The transcript has it before the ledger has.
    assert_eq!(ask(&home, "UserPromptSubmit"), None);
    let later = today("a2", "A").at(&Millis(turn.0 + 5000).timestamp().to_string());
    home.append("atlas/A.jsonl", &[asks("p2", &later)]);
    goes_on(&home);
    assert_eq!(failures(&home), Vec::<String>::new());
}
