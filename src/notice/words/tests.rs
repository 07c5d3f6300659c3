use std::sync::Arc;

use super::*;
use crate::model::{ActionKind, AgentId, ProcessKey};
use crate::policy::{Cap, Period, Scope, Used};

/// Mon 23 Nov 2026, 15:41 in Berlin.
const NOW: Millis = Millis(1_795_444_860_000);

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn decision(cents: i64, action: CapAction) -> Decision {
    let cap = Cap { action, ..Cap::daily(PicoUsd::from_dollars(20)) };
    Decision {
        window: crate::policy::window(cap.period, &zone(), NOW),
        used: Used { spent: UsdTotal(i128::from(cents) * 10_000_000_000), reserve: UsdTotal::ZERO },
        limit: cap.limit,
        cap: Arc::new(cap),
        subject: "maya".into(),
        level: (cents >= 2000).then_some(LIMIT),
        latched: false,
        snoozed_until: None,
    }
}

fn session() -> SessionKey {
    SessionKey { agent: AgentId::Claude, session_id: "7860e550-e792-46de".into() }
}

#[test]
fn a_warning_says_how_far_and_what_comes() {
    let notice =
        of_level(&decision(1602, CapAction::Kill), 800, Some("/home/maya/shop"), &zone(), NOW);
    assert_eq!(notice.title, "spendtop: $16.02 of $20.00 today (80 %)");
    assert_eq!(
        notice.body,
        "At the limit sessions are stopped, and processes that go on are ended.\n\
         The cap \"daily\" resets at 00:00.\nThe line was crossed in shop."
    );
    assert!(!notice.urgent);
    assert_eq!(notice.at, NOW);
}

#[test]
fn the_limit_says_what_happens_now() {
    let told = |action| of_level(&decision(2001, action), LIMIT, None, &zone(), NOW);
    let notice = told(CapAction::Block);
    assert_eq!(notice.title, "spendtop: $20.01 of $20.00 today (limit reached)");
    assert_eq!(
        notice.body,
        "Sessions are blocked: their next step is refused.\nThe cap \"daily\" resets at 00:00."
    );
    assert!(notice.urgent && told(CapAction::Kill).urgent);
    assert!(!told(CapAction::Flag).urgent && !told(CapAction::Notify).urgent);
    assert!(told(CapAction::Flag).body.starts_with("Sessions are flagged; nothing is stopped."));

    let mut snoozed = decision(2001, CapAction::Kill);
    snoozed.snoozed_until = Some(Millis(NOW.0 + 3_600_000));
    snoozed.used.reserve = UsdTotal(1_500_000_000_000);
    let notice = of_level(&snoozed, LIMIT, None, &zone(), NOW);
    assert!(notice.body.starts_with("It is snoozed until 16:41: nothing is stopped."));
    assert!(notice.body.contains("$1.50 of it are set aside"), "{}", notice.body);
    assert!(!notice.urgent);
}

#[test]
fn hostile_names_stay_on_their_line() {
    let mut hostile = decision(2001, CapAction::Block);
    let cap = Cap {
        name: "a\r\nb".into(),
        scope: Scope::Model,
        period: Period::Session,
        ..(*hostile.cap).clone()
    };
    hostile.cap = Arc::new(cap);
    hostile.subject = "m\x1b[2J\u{202e}".into();
    let project = format!("/home/x\ny/{}", "z".repeat(1000));
    let notice = of_level(&hostile, LIMIT, Some(&project), &zone(), NOW);
    let title = format!(
        "spendtop: $20.01 of $20.00 in a session in {}… for m\u{fffd}[2J\u{fffd} (limit reached)",
        "z".repeat(39)
    );
    assert_eq!(notice.title, title);
    assert_eq!(notice.body.lines().count(), 3, "{}", notice.body);
    for line in notice.body.lines() {
        assert_eq!(printable(line), line);
        assert!(line.chars().count() <= LONGEST);
    }
}

#[test]
fn each_other_notice_says_what_and_what_to_do() {
    let alert = PicoUsd::from_dollars(20);
    let over = of_session_over(&session(), "/srv/shop/", UsdTotal(21_400_000_000_000), alert, NOW);
    assert_eq!(over.title, "spendtop: a session has cost $21.40 in shop");
    assert!(over.body.contains("Session 7860e550 (claude).") && over.body.contains("$20.00"));
    let unpriced = of_unpriced("claude-opus-9", NOW);
    assert_eq!(unpriced.title, "spendtop: no price for claude-opus-9");
    assert_eq!(unpriced.key, "unpriced/claude-opus-9");
    let none = of_unprotected(&session(), "", CapAction::Block, false, NOW);
    assert_eq!(none.title, "spendtop: Claude Code has no hook");
    assert!(!none.body.contains("hook install"), "{}", none.body);
    let bare = of_unprotected(&session(), "", CapAction::Kill, true, NOW);
    assert_eq!(bare.title, "spendtop: a session runs without the hook");
    assert!(bare.body.contains("spendtop hook install"), "{}", bare.body);
    let error = of_config_error(Path::new("/c.toml"), "line 3: no\nsuch key", NOW);
    assert_eq!(error.body, "/c.toml: the last good one stays in force.\nline 3: no\nsuch key");
    assert!(of_loosened(&["daily: $20.00 -> $30.00".into()], NOW).urgent);
}

#[test]
fn a_stop_is_told_once_for_each_process() {
    let mut action = Action::new(NOW, ActionKind::Ended, "daemon");
    action.cap = Some("daily".into());
    action.session = Some(session());
    action.signal = Some("SIGTERM".into());
    action.outcome = "exited".into();
    action.overshoot = Some(PicoUsd(20_000_000_000));
    action.resume = Some("claude --resume 7860e550-e792-46de".into());
    action.process = Some(ProcessKey { boot_id: "b".into(), pid: 7, start_time: 99 });
    let notice = of_stopped(&action, "/srv/shop");
    assert_eq!(notice.title, "spendtop: cap \"daily\" stopped a session in shop");
    assert_eq!(
        notice.body,
        "Session 7860e550 (claude). SIGTERM: exited\n$0.02 beyond the limit.\n\
         To take it up again: claude --resume 7860e550-e792-46de"
    );
    assert_eq!(notice.key, "stopped/claude/7860e550-e792-46de/7.99");
    assert!(notice.urgent);
}

#[test]
fn what_comes_late_says_when_it_was() {
    let notice = of_unpriced("m", NOW);
    assert_eq!(late(&notice, &zone(), Millis(NOW.0 + 1000)), notice);
    assert_eq!(late(&notice, &zone(), Millis(NOW.0 - 1_000_000)), notice, "a clock set back");
    let told = late(&notice, &zone(), Millis(NOW.0 + 3_600_000));
    assert!(told.body.ends_with("\nThis was on Mon 23 Nov 15:41, and could not be told earlier."));
    assert_eq!((told.title, told.key), (notice.title, notice.key));
}
