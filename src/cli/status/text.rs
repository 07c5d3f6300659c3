//! The words of `status`.

use std::io::Write;

use anyhow::Result;

use super::Status;
use super::collector::{CollectorState, SILENT_AFTER_MS};
use crate::cli::context::{Context, show};
use crate::cli::standing::Standing;
use crate::format::{self, Bar, bar, money, money_fixed, percent, printable};
use crate::model::{Mark, Millis, SessionKey};
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
        let id = short_id(session);
        writeln!(
            out,
            "unprotected {id}  its hook never called, so nothing stops it before the money is \
             spent: `spendtop hook install`"
        )?;
    }
    for mark in &status.marks {
        writeln!(out, "{}", mark_line(mark, standing))?;
    }
    Ok(())
}

/// `████      71 %  $14.20 of $20.00 today (maya) · daily, kill · resets 00:00`.
fn cap_line(decision: &Decision, standing: &Standing, several: bool) -> String {
    let share = percent(decision.counted(), decision.limit.into()).unwrap_or(0);
    let drawn = bar(decision.counted(), decision.limit.into(), BAR, Bar::Unicode);
    let mut line = format!("{drawn} {share:>4} %  {}", decision.amounts());
    match decision.cap.scope {
        Scope::Developer if several => line += &format!(" by {}", printable(&decision.subject)),
        Scope::Session => line += &format!(" {}", short(&decision.subject)),
        _ => {}
    }
    if decision.used.reserve.0 > 0 {
        let reserve = money(decision.used.reserve);
        line += &format!(" · {reserve} of it set aside for calls without a price");
    }
    line += &format!(" · {}: {}", printable(&decision.cap.name), decision.cap.action);
    if decision.is_breach() {
        line += " · OVER";
    } else if let Some(level) = decision.level {
        line += &format!(" · over {}", Decision::level_name(level));
    }
    if let Some(until) = decision.snoozed_until {
        line += &format!(" · snoozed until {}", clock(until, standing));
    }
    if decision.limit > decision.cap.limit {
        let raised = decision.limit.0 - decision.cap.limit.0;
        line += &format!(" · raised by {}", money_fixed(crate::model::PicoUsd(raised), 2));
    }
    if let Some(at) = decision.resets_at(&standing.zone) {
        line += &format!(" · resets {at}");
    }
    line
}

fn collector(state: &CollectorState, standing: &Standing) -> String {
    if !state.running {
        return "collector   not running: caps are held by hooks alone, if at all".to_owned();
    }
    let mut line = "collector   running".to_owned();
    if let Some(pid) = state.pid {
        line += &format!(", pid {pid}");
    }
    if let Some(since) = state.since_at {
        line += &format!(", since {}", clock(since, standing));
    }
    if let Some(silent) = state.silent_ms.filter(|silent| *silent > SILENT_AFTER_MS) {
        line += &format!(", SILENT for {}", format::duration(silent));
    }
    if state.behind_files > 0 {
        let files = format::counted(state.behind_files as u64, "file", "files");
        let bytes = format::thousands(state.behind_bytes);
        line += &format!(", behind by {bytes} bytes in {files}");
    }
    line
}

fn mark_line(mark: &Mark, standing: &Standing) -> String {
    let word = super::super::mark::word(mark.action);
    let by = printable(mark.cap.as_deref().unwrap_or(&mark.by));
    let (id, reason) = (short_id(&mark.session), printable(&mark.reason));
    format!("{word:<11} {id}  by {by} at {}: {reason}", clock(mark.at, standing))
}

fn short_id(session: &SessionKey) -> String {
    short(&session.session_id)
}

fn short(session_id: &str) -> String {
    printable(session_id).chars().take(8).collect()
}

/// `14:05`, with the day where it is another than today.
fn clock(at: Millis, standing: &Standing) -> String {
    let local = at.timestamp().to_zoned_datetime(standing.zone.clone());
    let format = if standing.today.contains(&at) { "%H:%M" } else { "%a %-d %b %H:%M" };
    local.strftime(format).to_string()
}
