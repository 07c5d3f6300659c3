//! `sessions`: every session, newest activity first.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::args::{Group, SessionsArgs};
use super::context::Context;
use super::report::{self, Report, SessionJson, SumsJson};
use super::table::{Align, Table};
use super::{Outcome, when};
use crate::format;
use crate::model::UsdTotal;

/// The column that is left out where it is empty.
const UNLOGGED: usize = 9;

#[derive(Serialize)]
struct SessionsJson<'a> {
    schema: &'static str,
    timezone: String,
    rows: Vec<RowJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    #[serde(flatten)]
    session: Option<SessionJson<'a>>,
    #[serde(flatten)]
    sums: SumsJson,
}

pub(super) fn run(context: &Context, args: &SessionsArgs, out: &mut dyn Write) -> Result<Outcome> {
    let zone = context.zone(args.time.tz.as_deref())?;
    let (since, until) = (args.time.since.as_deref(), args.time.until.as_deref());
    let time = when::range(since, until, &zone, context.now())?;
    let mut report = match context.fresh_reader()? {
        Some(reader) => reader
            .snapshot(|reader| report::build(reader, Group::Session, None, &time, &zone, false))?,
        None => Report::empty(Group::Session, None),
    };
    report.rows.truncate(args.limit.unwrap_or(usize::MAX));
    if args.json {
        let rows = report.rows.iter().map(|row| RowJson {
            session: report::session_json(row),
            sums: SumsJson::from(&row.sums),
        });
        let timezone = when::zone_name(&zone);
        let json = SessionsJson { schema: "spendtop.sessions/1", timezone, rows: rows.collect() };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else {
        write_table(context, &report, &zone, out)?;
    }
    Ok(if report.rows.is_empty() { Outcome::NoData } else { Outcome::Done })
}

fn write_table(
    context: &Context,
    report: &Report,
    zone: &jiff::tz::TimeZone,
    out: &mut dyn Write,
) -> Result<()> {
    if report.rows.is_empty() {
        writeln!(out, "No sessions found. `spendtop doctor` says where they were looked for.")?;
        return Ok(());
    }
    let cost = context.cost_word();
    let headers = vec![
        "last activity",
        "session",
        "mark",
        "agent",
        "project",
        "branch",
        "models",
        "calls",
        cost,
        "unlogged",
    ];
    let mut aligns = vec![Align::Left; 7];
    aligns.extend([Align::Right; 3]);
    let mut table = Table::new(headers, aligns);
    table.set_color(context.color());
    let marked =
        |row: &report::Row| row.session.as_ref().is_some_and(|info| !info.marks.is_empty());
    if !report.rows.iter().any(marked) {
        table.hide(2);
    }
    let projects = report.rows.iter().filter_map(|row| Some(&*row.session.as_ref()?.project));
    let projects = format::short_paths(projects);
    for row in &report.rows {
        let Some(info) = &row.session else { continue };
        let last = info.last_activity.timestamp().to_zoned_datetime(zone.clone());
        let models: Vec<String> =
            info.models.iter().map(|model| format::printable(model).into_owned()).collect();
        let totals = &row.sums.totals;
        let project = projects.get(&*info.project).map_or("", String::as_str);
        table.row(vec![
            last.strftime("%Y-%m-%d %H:%M").to_string(),
            format::short_id(&info.session_id),
            info.mark_words().last().copied().unwrap_or_default().to_owned(),
            info.agent.name().to_owned(),
            format::printable(project).into_owned(),
            format::printable(&info.branch).into_owned(),
            models.join(" "),
            format::thousands(totals.calls),
            format::floor(format::money_fixed(totals.cost, 4), totals.is_floor()),
            format::money_fixed(row.sums.unlogged, 4),
        ]);
    }
    // Where no session has any, a column of zeros says nothing.
    if report.rows.iter().all(|row| row.sums.unlogged == UsdTotal::ZERO) {
        table.hide(UNLOGGED);
    }
    write!(out, "{table}")?;
    Ok(())
}
