//! `actions`: what was done for caps and by hand, newest first.

use std::io::Write;

use anyhow::Result;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::ActionsArgs;
use super::context::Context;
use super::{Outcome, when};
use crate::format::{duration, money, printable, short_id};
use crate::model::{Action, Millis, UsdTotal};

#[derive(Serialize)]
struct ActionsJson<'a> {
    schema: &'static str,
    timezone: String,
    rows: Vec<ActionJson<'a>>,
}

#[derive(Serialize)]
struct ActionJson<'a> {
    at: String,
    kind: &'static str,
    cap: Option<&'a str>,
    agent: Option<&'static str>,
    session_id: Option<&'a str>,
    evidence: &'a str,
    pid: Option<u32>,
    process_start_time: Option<u64>,
    signal: Option<&'a str>,
    outcome: &'a str,
    latency_ms: Option<i64>,
    overshoot_usd: Option<String>,
    resume: Option<&'a str>,
    by: &'a str,
}

pub(super) fn run(context: &Context, args: &ActionsArgs, out: &mut dyn Write) -> Result<Outcome> {
    let zone = context.zone(args.tz.as_deref())?;
    let since = match &args.since {
        Some(since) => when::range(Some(since), None, &zone, context.now())?.start,
        None => Millis(i64::MIN),
    };
    let actions = match context.fresh_reader()? {
        Some(reader) => reader.actions(since, args.limit)?,
        None => Vec::new(),
    };
    if args.json {
        let rows = actions.iter().map(ActionJson::of).collect();
        let timezone = when::zone_name(&zone);
        let json = ActionsJson { schema: "spendtop.actions/1", timezone, rows };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else if actions.is_empty() {
        writeln!(out, "Nothing was done in this time, by a cap or by hand.")?;
    } else {
        for action in &actions {
            write_lines(out, action, &zone)?;
        }
    }
    Ok(if actions.is_empty() { Outcome::NoData } else { Outcome::Done })
}

impl<'a> ActionJson<'a> {
    fn of(action: &'a Action) -> Self {
        let (session, process) = (action.session.as_ref(), action.process.as_ref());
        Self {
            at: action.at.timestamp().to_string(),
            kind: action.kind.name(),
            cap: action.cap.as_deref(),
            agent: session.map(|session| session.agent.name()),
            session_id: session.map(|session| &*session.session_id),
            evidence: &action.evidence,
            pid: process.map(|process| process.pid),
            process_start_time: process.map(|process| process.start_time),
            signal: action.signal.as_deref(),
            outcome: &action.outcome,
            latency_ms: action.latency_ms,
            overshoot_usd: action.overshoot.map(|usd| UsdTotal::from(usd).to_decimal()),
            resume: action.resume.as_deref(),
            by: &action.by,
        }
    }
}

/// One line, and one for each more that there is to say.
fn write_lines(out: &mut dyn Write, action: &Action, zone: &TimeZone) -> Result<()> {
    let local = action.at.timestamp().to_zoned_datetime(zone.clone());
    let mut parts = vec![
        local.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        format!("{:<10}", action.kind.name()),
    ];
    parts.extend(action.cap.as_ref().map(|cap| format!("cap {}", printable(cap))));
    parts.extend(action.session.as_ref().map(|session| {
        let id = short_id(&session.session_id);
        format!("{} session {id}", session.agent)
    }));
    parts.extend(action.signal.as_ref().map(|signal| printable(signal).into_owned()));
    parts.extend(action.process.as_ref().map(|process| format!("pid {}", process.pid)));
    parts.push(printable(&action.outcome).into_owned());
    parts.push(format!("by {}", printable(&action.by)));
    writeln!(out, "{}", parts.join("  "))?;
    let mut more = Vec::new();
    if !action.evidence.is_empty() {
        more.push(printable(&action.evidence).into_owned());
    }
    if let Some(latency) = action.latency_ms {
        let span = if latency < 1000 { format!("{latency} ms") } else { duration(latency) };
        more.push(format!("{span} after the call"));
    }
    if let Some(overshoot) = action.overshoot {
        more.push(format!("{} over the limit", money(overshoot)));
    }
    if !more.is_empty() {
        writeln!(out, "    {}", more.join("; "))?;
    }
    if let Some(resume) = &action.resume {
        writeln!(out, "    take it up again: {}", printable(resume))?;
    }
    Ok(())
}
