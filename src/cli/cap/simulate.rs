//! `cap simulate`: what a daily cap would have done in the past.

use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;

use anyhow::Result;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::cli::args::SimulateArgs;
use crate::cli::context::Context;
use crate::cli::table::{Align, Table};
use crate::cli::{Outcome, lift, when};
use crate::format::{column_decimals, counted, money_fixed, printable};
use crate::ledger::{Charged, Reader};
use crate::model::{Millis, PicoUsd, UsdTotal};
use crate::policy::{Hit, Made, Simulation, simulate};

#[derive(Serialize)]
struct SimulationJson {
    schema: &'static str,
    timezone: String,
    since: String,
    daily_usd: String,
    days: usize,
    days_hit: usize,
    sessions_stopped: usize,
    spent_usd: String,
    avoided_usd: String,
    rows: Vec<HitJson>,
}

#[derive(Serialize)]
struct HitJson {
    day: String,
    developer: String,
    hit_at: String,
    local_hour: i8,
    spent_usd: String,
    avoided_usd: String,
    sessions_stopped: usize,
}

pub(super) fn run(context: &Context, args: &SimulateArgs, out: &mut dyn Write) -> Result<Outcome> {
    let limit = lift::dollars("--daily", &args.daily)?;
    let zone = context.zone(args.tz.as_deref())?;
    let range = when::range(Some(&args.since), None, &zone, context.now())?;
    // Half a day would be held to a whole day's cap.
    let since = range.start.timestamp().to_zoned_datetime(zone.clone()).date();
    let time = when::start_of(since, &zone)?..range.end;
    let simulation = match context.fresh_reader()? {
        Some(reader) => reader.snapshot(|reader| over(context, reader, &time, limit, &zone))?,
        None => Simulation::default(),
    };
    if args.json {
        write_json(out, &simulation, &time, limit, &zone)?;
    } else {
        write_text(context, out, &simulation, limit, &zone)?;
    }
    Ok(if simulation.days == 0 { Outcome::NoData } else { Outcome::Done })
}

/// Every call of the time, those without a price at their reserve, as a cap counts them.
fn over(
    context: &Context,
    reader: &Reader,
    time: &Range<Millis>,
    limit: PicoUsd,
    zone: &TimeZone,
) -> Result<Simulation> {
    let mut calls: Vec<(Millis, i64, PicoUsd)> = Vec::new();
    reader.each_charge(time, &mut |at, attribution, amount| {
        calls.extend(amount.map(|amount| (at, attribution, amount)));
    })?;
    let book = context.book()?;
    reader.unpriced(time, &mut |attribution, call| {
        calls.push((call.timestamp, attribution, book.book().set_aside(call)));
    })?;
    calls.sort_by_key(|(at, _, _)| *at);
    let charged: HashMap<i64, Charged> = reader.charged()?;
    let made = calls.iter().filter_map(|(at, attribution, amount)| {
        let to = charged.get(attribution)?;
        Some(Made {
            at: *at,
            amount: *amount,
            developer: &to.developer,
            session_id: &to.session_id,
        })
    });
    Ok(simulate(limit, zone, made))
}

fn write_json(
    out: &mut dyn Write,
    simulation: &Simulation,
    time: &Range<Millis>,
    limit: PicoUsd,
    zone: &TimeZone,
) -> Result<()> {
    let row = |hit: &Hit| HitJson {
        day: hit.day.to_string(),
        developer: hit.developer.clone(),
        hit_at: hit.at.timestamp().to_string(),
        local_hour: hit.at.timestamp().to_zoned_datetime(zone.clone()).hour(),
        spent_usd: hit.spent.to_decimal(),
        avoided_usd: hit.avoided.to_decimal(),
        sessions_stopped: hit.sessions,
    };
    let json = SimulationJson {
        schema: "spendtop.cap-simulation/1",
        timezone: when::zone_name(zone),
        since: time.start.timestamp().to_string(),
        daily_usd: UsdTotal::from(limit).to_decimal(),
        days: simulation.days,
        days_hit: simulation.hits.len(),
        sessions_stopped: simulation.sessions(),
        spent_usd: simulation.spent.to_decimal(),
        avoided_usd: simulation.avoided().to_decimal(),
        rows: simulation.hits.iter().map(row).collect(),
    };
    serde_json::to_writer(&mut *out, &json)?;
    writeln!(out)?;
    Ok(())
}

fn write_text(
    context: &Context,
    out: &mut dyn Write,
    simulation: &Simulation,
    limit: PicoUsd,
    zone: &TimeZone,
) -> Result<()> {
    let decimals = column_decimals([simulation.spent]);
    let money = |amount: UsdTotal| money_fixed(amount, decimals);
    if !simulation.hits.is_empty() {
        let headers = vec!["day", "developer", "hit at", "spent by then", "sessions", "avoided"];
        let mut aligns = vec![Align::Left; 3];
        aligns.extend([Align::Right; 3]);
        let mut table = Table::new(headers, aligns);
        table.set_color(context.color());
        for hit in &simulation.hits {
            let local = hit.at.timestamp().to_zoned_datetime(zone.clone());
            table.row(vec![
                hit.day.to_string(),
                printable(&hit.developer).into_owned(),
                local.strftime("%H:%M").to_string(),
                money(hit.spent),
                hit.sessions.to_string(),
                money(hit.avoided),
            ]);
        }
        write!(out, "{table}")?;
    }
    let of = counted(simulation.days as u64, "day with calls", "days with calls");
    let days = counted(simulation.hits.len() as u64, "day", "days");
    let stopped = counted(simulation.sessions() as u64, "session", "sessions");
    writeln!(
        out,
        "A daily cap of {} would have been hit on {days} of {of}: {stopped} stopped, {} of {} \
         avoided.",
        crate::format::money(limit),
        money(simulation.avoided()),
        money(simulation.spent),
    )?;
    Ok(())
}
