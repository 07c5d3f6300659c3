//! What notices say. Pure: amounts, names and times in, a [`Notice`] out.
//!
//! Every word is printable and of a bounded length; none is of a prompt or a tool. They are for
//! the person and may name ways round a cap, which an agent's model must never read.

mod loops;

use std::path::Path;

use jiff::tz::TimeZone;

use crate::format::{fit, money_fixed, printable, short_id};
use crate::model::{
    Action, CapAction, LIMIT, Millis, Notice, Permille, PicoUsd, SessionKey, UsdTotal,
};
use crate::policy::{Decision, notice_key};

pub use loops::{loop_evidence, of_loop};

/// Cells of a title or a line of a body; nothing longer can be read in passing.
const LONGEST: usize = 200;

/// Cells of a project's name in a title.
const PROJECT: usize = 40;

/// What is told later than this after it happened says when that was.
const LATE_MS: i64 = 600_000;

/// A level of a cap is reached: `spendtop: $16.02 of $20.00 today (80 %)`. `project` is where the
/// session that crossed the line works.
pub fn of_level(
    decision: &Decision,
    level: Permille,
    project: Option<&str>,
    zone: &TimeZone,
    now: Millis,
) -> Notice {
    let at_limit = level >= LIMIT;
    let project = project.map(|project| fit(&printable(short(project)), PROJECT).into_owned());
    let project = project.filter(|project| !project.is_empty());
    let session = match &project {
        Some(project) => format!("a session in {project}"),
        None => "a session".to_owned(),
    };
    let headline = if at_limit {
        format!("{} (limit reached)", decision.amounts_of(&session))
    } else {
        decision.headline_of(&session, level)
    };
    let mut lines = vec![if at_limit { stops(decision, zone) } else { will_stop(decision) }];
    if let Some(at) = decision.resets_at(zone) {
        lines.push(format!("The cap \"{}\" resets at {at}.", decision.cap.name));
    } else if decision.cap.measure.is_loop() {
        lines.push(format!("The cap \"{}\" holds until your next prompt.", decision.cap.name));
    } else {
        lines.push(format!("The cap \"{}\" is for the whole session.", decision.cap.name));
    }
    if decision.used.reserve > UsdTotal::ZERO {
        let reserve = money_fixed(decision.used.reserve, 2);
        lines.push(format!("{reserve} of it are set aside for calls without a known price."));
    }
    if let Some(project) = project {
        lines.push(format!("The line was crossed in {project}."));
    }
    let urgent = at_limit && decision.action().is_some_and(CapAction::stops);
    notice(notice_key(decision, level), now, &headline, &lines, urgent)
}

/// What happens now that the limit is reached.
fn stops(decision: &Decision, zone: &TimeZone) -> String {
    if let Some(until) = decision.snoozed_until {
        let until = until.timestamp().to_zoned_datetime(zone.clone());
        return format!("It is snoozed until {}: nothing is stopped.", until.strftime("%H:%M"));
    }
    match decision.cap.action {
        CapAction::Notify => "Nothing is stopped.",
        CapAction::Flag => "Sessions are flagged; nothing is stopped.",
        CapAction::Block => "Sessions are blocked: their next step is refused.",
        CapAction::Kill => "Sessions are stopped, and processes that go on are ended.",
    }
    .to_owned()
}

/// What will happen at the limit.
fn will_stop(decision: &Decision) -> String {
    let what = match decision.cap.action {
        CapAction::Notify => "you are told, and nothing is stopped",
        CapAction::Flag => "sessions are flagged, and nothing is stopped",
        CapAction::Block => "sessions are blocked",
        CapAction::Kill => "sessions are stopped, and processes that go on are ended",
    };
    format!("At the limit {what}.")
}

/// A session costs more than `session_alert_usd`.
pub fn of_session_over(
    session: &SessionKey,
    project: &str,
    spent: UsdTotal,
    alert: PicoUsd,
    now: Millis,
) -> Notice {
    let amount = money_fixed(spent, 2);
    let title = format!("a session has cost {amount}{}", place(project));
    let limit = money_fixed(UsdTotal::from(alert), 2);
    let lines = [
        format!("Session {}.", name(session)),
        format!("You are told of each session over {limit} (session_alert_usd)."),
    ];
    notice(session_note("over", session, &alert.0.to_string()), now, &title, &lines, false)
}

/// A model has no price. Told once for each model.
pub fn of_unpriced(model: &str, now: Millis) -> Notice {
    let lines = [
        "Its calls are in no total. Caps set aside the vendor's dearest price for them.".into(),
        "Try `spendtop prices update`, or a [[prices.row]] in the config.".into(),
    ];
    notice(format!("unpriced/{model}"), now, &format!("no price for {model}"), &lines, false)
}

/// A live session runs without a hook, which its agent may have, while a cap is to stop sessions.
/// Told once for each.
pub fn of_unprotected(
    session: &SessionKey,
    project: &str,
    action: CapAction,
    has_hook: bool,
    now: Millis,
) -> Notice {
    let title = if has_hook {
        format!("a session runs without the hook{}", place(project))
    } else {
        format!("{} has no hook{}", session.agent.title(), place(project))
    };
    let at_limit = if action == CapAction::Kill {
        "At the limit its process is signalled at its next call."
    } else {
        "At the limit nothing can block it."
    };
    let lines = [
        format!("Session {}. {at_limit}", name(session)),
        if has_hook {
            "Run `spendtop hook install` (`spendtop hook status` says what is missing), then start \
             the session again."
                .into()
        } else {
            "A cap whose action is \"kill\" can end it.".into()
        },
    ];
    notice(session_note("unprotected", session, ""), now, &title, &lines, false)
}

/// A session was stopped, or could not be: what its audit row says.
pub fn of_stopped(action: &Action, project: &str) -> Notice {
    let title = match &action.cap {
        Some(cap) => format!("cap \"{cap}\" stopped a session{}", place(project)),
        None => format!("a session was stopped{}", place(project)),
    };
    let mut lines = Vec::new();
    let step = action.signal.as_deref().map_or_else(String::new, |signal| format!("{signal}: "));
    let session = action
        .session
        .as_ref()
        .map_or_else(String::new, |session| format!("Session {}. ", name(session)));
    lines.push(format!("{session}{step}{}", action.outcome));
    if let Some(over) = action.overshoot.filter(|over| *over > PicoUsd::ZERO) {
        lines.push(format!("{} beyond the limit.", money_fixed(UsdTotal::from(over), 2)));
    }
    if let Some(resume) = &action.resume {
        lines.push(format!("To take it up again: {resume}"));
    }
    let process = action.process.as_ref().map_or_else(
        || action.at.0.to_string(),
        |process| format!("{}.{}", process.pid, process.start_time),
    );
    let key = match &action.session {
        Some(session) => session_note("stopped", session, &process),
        None => format!("stopped/{process}"),
    };
    notice(key, action.at, &title, &lines, true)
}

/// A changed config file cannot be used; the last good one stays.
pub fn of_config_error(file: &Path, what: &str, now: Millis) -> Notice {
    let lines: Vec<String> =
        std::iter::once(format!("{}: the last good one stays in force.", file.display()))
            .chain(what.lines().map(str::to_owned))
            .collect();
    let key = format!("config-error/{}", now.0);
    notice(key, now, "the config file cannot be used", &lines, false)
}

/// A changed config loosens caps, in these words.
pub fn of_loosened(changes: &[String], now: Millis) -> Notice {
    notice(format!("loosened/{}", now.0), now, "the new config loosens a cap", changes, true)
}

/// A test.
pub fn of_test(now: Millis) -> Notice {
    let lines = ["This is how you will be told of your caps.".to_owned()];
    notice(format!("test/{}", now.0), now, "this is a test", &lines, false)
}

/// A test of the desktop's service by `doctor --selftest`.
pub fn of_selftest(now: Millis) -> Notice {
    let lines = [
        "`spendtop doctor --selftest` tries whether you can be told of your caps.".to_owned(),
        "Nothing of yours was stopped.".to_owned(),
    ];
    notice(format!("selftest/{}", now.0), now, "this is a test", &lines, false)
}

/// The notice as it is to be told now: one that comes late says when it came up.
pub fn late(notice: &Notice, zone: &TimeZone, now: Millis) -> Notice {
    if now.since(notice.at) < LATE_MS {
        return notice.clone();
    }
    let at = notice.at.timestamp().to_zoned_datetime(zone.clone());
    let at = at.strftime("%a %-d %b %H:%M");
    let body = format!("{}\nThis was on {at}, and could not be told earlier.", notice.body);
    Notice { body: body.trim_start().to_owned(), ..notice.clone() }
}

fn notice(key: String, at: Millis, title: &str, lines: &[String], urgent: bool) -> Notice {
    let line = |text: &str| fit(&printable(text), LONGEST).into_owned();
    let body: Vec<String> = lines.iter().map(|text| line(text)).collect();
    Notice { key, at, title: line(&format!("spendtop: {title}")), body: body.join("\n"), urgent }
}

fn session_note(what: &str, session: &SessionKey, more: &str) -> String {
    format!("{what}/{}/{}/{more}", session.agent.name(), session.session_id)
}

/// `1a2b3c4d (claude)`.
fn name(session: &SessionKey) -> String {
    let id = short_id(&session.session_id);
    format!("{id} ({})", session.agent.name())
}

/// ` in shop`, where there is a project.
fn place(project: &str) -> String {
    match short(project) {
        "" => String::new(),
        name => format!(" in {name}"),
    }
}

/// A path's last part.
fn short(project: &str) -> &str {
    project.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
