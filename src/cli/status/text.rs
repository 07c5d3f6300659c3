//! The words of `status`.

use std::io::Write;

use anyhow::Result;

use super::Status;
use crate::agents;
use crate::cli::context::{Context, show};
use crate::cli::standing::Standing;
use crate::format::{self, Bar, bar, money, percent, printable, short_id};
use crate::health::CollectorState;
use crate::model::{Mark, Millis, UsdTotal};
use crate::policy::{Decision, Period, Scope};

/// Subjects of one cap that are named at most: those nearest to the limit.
const SUBJECTS: usize = 5;

/// Cells of a bar.
const BAR: usize = 20;

/// `$14.20/$20 71%`, of the cap nearest to its limit.
pub(super) fn write_short(out: &mut dyn Write, standing: &Standing) -> Result<()> {
    let Some(decision) = standing.nearest() else {
        writeln!(out, "{}", money(standing.spent_today))?;
        return Ok(());
    };
    let counted = decision.counted();
    let limit = decision.limit;
    let cents = money(limit);
    let limit = cents.strip_suffix(".00").unwrap_or(&cents);
    let spent = if counted.0 == 0 { "$0".to_owned() } else { money(counted) };
    let share = percent(counted, decision.limit.into()).unwrap_or(0);
    write!(out, "{spent}/{limit} {share}%")?;
    let is_daily = decision.cap.scope == Scope::Developer && decision.cap.period == Period::Day;
    if !is_daily {
        write!(out, " {}", printable(&decision.cap.name))?;
    }
    writeln!(out)?;
    Ok(())
}

pub(super) fn write(context: &Context, out: &mut dyn Write, status: &Status) -> Result<()> {
    let standing = &status.standing;
    let what = if standing.on_plan { "value" } else { "spent" };
    let today = money(standing.spent_today);
    writeln!(out, "{what} today  {today}")?;
    if standing.on_plan {
        writeln!(out, "            at list prices of the API; a plan covers it")?;
    }
    if context.config.caps.is_empty() {
        let file = context.paths.config_file(context.global.config.as_deref());
        let file = file.map_or_else(String::new, |(path, _)| show(&context.paths, &path));
        writeln!(out, "No cap is set: `daily_cap = 20` in {file} is one.")?;
    }
    let several = context.developers().len() > 1;
    for cap in &context.config.caps {
        let mut subjects: Vec<&Decision> =
            standing.decisions.iter().filter(|decision| decision.cap == *cap).collect();
        // Of sessions that do not go round and round there is nothing to say.
        let goes_round = |one: &&Decision| one.counted() > UsdTotal::ZERO || one.level.is_some();
        subjects.retain(|one| !cap.measure.is_loop() || goes_round(one));
        subjects.sort_by_key(|decision| std::cmp::Reverse(decision.counted()));
        for decision in subjects.iter().take(SUBJECTS) {
            writeln!(out, "{}", cap_line(decision, standing, several))?;
        }
        if subjects.len() > SUBJECTS {
            let more = subjects.len() - SUBJECTS;
            let name = printable(&cap.name);
            writeln!(out, "  and {more} more of {name} (`spendtop cap list`)")?;
        }
    }
    writeln!(out, "{}", collector(&status.collector, standing))?;
    for session in &status.unprotected {
        let id = short_id(&session.session_id);
        let why = match agents::adapter(session.agent).hook() {
            Some(_) => "its hook never called, so nothing stops it before the money is spent: \
                        `spendtop hook install`"
                .to_owned(),
            None => format!("{} has no hook that could stop it", session.agent.title()),
        };
        writeln!(out, "unprotected {id}  {why}")?;
    }
    for mark in &status.marks {
        writeln!(out, "{}", mark_line(mark, standing))?;
    }
    Ok(())
}

/// `████      71 %  $14.20 of $20.00 today by maya · daily: kill · over 50 % · resets 00:00`.
fn cap_line(decision: &Decision, standing: &Standing, several: bool) -> String {
    let (counted, limit) = (decision.counted(), UsdTotal::from(decision.limit));
    let share = percent(counted, limit).unwrap_or(0);
    let drawn = bar(counted, limit, BAR, Bar::Unicode);
    let subject = match decision.cap.scope {
        Scope::Developer if several => format!(" by {}", printable(&decision.subject)),
        Scope::Session => {
            let id = decision.subject.split_once('/').map_or(&*decision.subject, |(_, id)| id);
            format!(" {}", short_id(id))
        }
        _ => String::new(),
    };
    let mut parts = vec![format!("{drawn} {share:>4} %  {}{subject}", decision.amounts())];
    if decision.used.reserve > UsdTotal::ZERO {
        let reserve = money(decision.used.reserve);
        parts.push(format!("{reserve} of it set aside for calls without a price"));
    }
    parts.push(format!("{}: {}", printable(&decision.cap.name), decision.cap.action));
    if decision.is_breach() {
        parts.push("OVER".to_owned());
    } else if let Some(level) = decision.level {
        parts.push(format!("over {}", Decision::level_name(level)));
    }
    if let Some(until) = decision.snoozed_until {
        parts.push(format!("snoozed until {}", clock(until, standing)));
    }
    let raised = limit - decision.cap.limit.into();
    if raised > UsdTotal::ZERO {
        parts.push(format!("raised by {}", decision.cap.measure.show(raised, 2)));
    }
    parts.extend(decision.resets_at(&standing.zone).map(|at| format!("resets {at}")));
    parts.join(" · ")
}

fn collector(state: &CollectorState, standing: &Standing) -> String {
    if !state.running {
        return "collector   not running: caps are held by hooks alone, if at all".to_owned();
    }
    let mut parts = vec!["collector   running".to_owned()];
    parts.extend(state.pid.map(|pid| format!("pid {pid}")));
    parts.extend(state.since_at.map(|since| format!("since {}", clock(since, standing))));
    parts.extend(state.silence().map(|silent| format!("SILENT for {}", format::duration(silent))));
    if state.behind_files > 0 {
        let files = format::counted(state.behind_files as u64, "file", "files");
        let bytes = format::thousands(state.behind_bytes);
        parts.push(format!("behind by {bytes} bytes in {files}"));
    }
    parts.join(", ")
}

fn mark_line(mark: &Mark, standing: &Standing) -> String {
    let word = super::super::mark::word(mark.action);
    let by = printable(mark.cap.as_deref().unwrap_or(&mark.by));
    let (id, reason) = (short_id(&mark.session.session_id), printable(&mark.reason));
    format!("{word:<11} {id}  by {by} at {}: {reason}", clock(mark.at, standing))
}

/// `14:05`, with the day where it is another than today.
fn clock(at: Millis, standing: &Standing) -> String {
    let local = at.timestamp().to_zoned_datetime(standing.zone.clone());
    let format = if standing.today.contains(&at) { "%H:%M" } else { "%a %-d %b %H:%M" };
    local.strftime(format).to_string()
}
