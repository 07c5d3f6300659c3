//! `report`: sums by time or by what was spent on, as a table, JSON, CSV or Markdown.

mod calendar;
mod columns;
mod group;
mod json;

use std::io::Write;

use anyhow::Result;
use jiff::tz::TimeZone;

pub(super) use self::group::{Report, Row, build};
pub(super) use self::json::{SessionJson, SumsJson, session as session_json};
use super::args::{By, ReportArgs, TimeArgs};
use super::context::Context;
use super::{Outcome, UsageError, when};

/// The zone of a command: what was asked for, or the config's.
pub(super) fn zone(context: &Context, asked: Option<&str>) -> Result<TimeZone> {
    match asked {
        None | Some("system") => Ok(context.config.zone()),
        Some(name) => TimeZone::get(name).map_err(|_| {
            UsageError(format!("unknown zone {name:?}: use an IANA name such as \"Europe/Berlin\""))
                .into()
        }),
    }
}

/// What dollars are: money spent, or the worth of what a plan covers.
pub(super) fn cost_word(on_plan: bool) -> &'static str {
    if on_plan { "value" } else { "cost" }
}

/// The name to print for a zone.
pub(super) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().map_or_else(|| "UTC".to_owned(), str::to_owned)
}

pub(super) fn run(context: &Context, args: &ReportArgs, out: &mut dyn Write) -> Result<Outcome> {
    let by = if args.breakdown { Some(By::Model) } else { args.by };
    let zone = zone(context, args.time.tz.as_deref())?;
    let TimeArgs { since, until, .. } = &args.time;
    let time = when::range(since.as_deref(), until.as_deref(), &zone, context.now())?;
    let report = match context.fresh_reader()? {
        Some(reader) => {
            reader.snapshot(|reader| build(reader, args.group, by, &time, &zone, args.turns))?
        }
        None => Report::empty(args.group, by),
    };
    if args.json {
        json::write(out, &report, &zone)?;
    } else if args.csv {
        columns::write_csv(out, &report)?;
    } else if args.md {
        columns::write_markdown(out, &report, context)?;
    } else {
        columns::write_table(out, &report, context)?;
    }
    Ok(if report.rows.is_empty() { Outcome::NoData } else { Outcome::Done })
}
