//! `report`: sums by time or by what was spent on, as a table, JSON, CSV or Markdown.

mod calendar;
mod columns;
mod group;
mod json;

use std::io::Write;

use anyhow::Result;

pub(super) use self::group::{Report, Row, build};
pub(super) use self::json::{SessionJson, SumsJson, session as session_json};
use super::args::{By, ReportArgs, TimeArgs};
use super::context::Context;
use super::{Outcome, when};

pub(super) fn run(context: &Context, args: &ReportArgs, out: &mut dyn Write) -> Result<Outcome> {
    let by = if args.breakdown { Some(By::Model) } else { args.by };
    let zone = context.zone(args.time.tz.as_deref())?;
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
