//! `cap list`: every cap and every subject of it.

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use crate::cli::Outcome;
use crate::cli::context::Context;
use crate::cli::standing::{DecisionJson, Standing};
use crate::cli::table::{Align, Table};
use crate::cli::when;
use crate::format::{Bar, bar, column_decimals, money_fixed, percent, printable};
use crate::model::UsdTotal;
use crate::policy::{Cap, Decision};

/// Cells of a bar.
const BAR: usize = 12;

#[derive(Serialize)]
struct ListJson<'a> {
    schema: &'static str,
    timezone: String,
    account: &'static str,
    rows: Vec<DecisionJson<'a>>,
}

pub(super) fn run(context: &Context, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    let reader = context.fresh_reader()?;
    let standing = match &reader {
        Some(reader) => reader.snapshot(|reader| Standing::read(context, Some(reader)))?,
        None => Standing::read(context, None)?,
    };
    let caps = &context.config.caps;
    if json {
        let rows = caps.iter().flat_map(|cap| {
            let mut rows: Vec<_> = of(cap, &standing).map(DecisionJson::of).collect();
            if rows.is_empty() {
                rows.push(DecisionJson::unused(cap));
            }
            rows
        });
        let json = ListJson {
            schema: "spendtop.caps/1",
            timezone: when::zone_name(&standing.zone),
            account: context.account_word(),
            rows: rows.collect(),
        };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else if caps.is_empty() {
        super::none(context, out)?;
    } else {
        write!(out, "{}", table(context, &standing))?;
    }
    Ok(if caps.is_empty() { Outcome::NoData } else { Outcome::Done })
}

fn of<'a>(cap: &'a Arc<Cap>, standing: &'a Standing) -> impl Iterator<Item = &'a Decision> {
    standing.decisions.iter().filter(move |decision| decision.cap == *cap)
}

fn table(context: &Context, standing: &Standing) -> Table {
    let spent = if standing.on_plan { "value" } else { "spent" };
    let headers = vec![
        "cap", "scope", "pattern", "period", "subject", spent, "limit", "", "used", "level",
        "action", "resets", "state",
    ];
    let mut aligns = vec![Align::Left; headers.len()];
    for column in [5, 6, 8] {
        aligns[column] = Align::Right;
    }
    let mut table = Table::new(headers, aligns);
    table.set_color(context.color());
    for cap in &context.config.caps {
        let decimals = column_decimals([cap.limit.into()]);
        let start = [
            printable(&cap.name).into_owned(),
            cap.scope.name().to_owned(),
            printable(&cap.pattern).into_owned(),
            cap.period.name().to_owned(),
        ];
        let mut decisions: Vec<&Decision> = of(cap, standing).collect();
        decisions.sort_by_key(|decision| std::cmp::Reverse(decision.counted()));
        if decisions.is_empty() {
            let limit = cap.measure.show(cap.limit.into(), decimals);
            let rest = ["–", "–", &limit, "", "", "", cap.action.name(), "", ""];
            table.row(start.iter().cloned().chain(rest.map(str::to_owned)).collect());
        }
        for decision in decisions {
            let rest = fields(decision, standing, decimals);
            table.row(start.iter().cloned().chain(rest).collect());
        }
    }
    table
}

fn fields(decision: &Decision, standing: &Standing, decimals: u32) -> [String; 9] {
    let (counted, limit) = (decision.counted(), UsdTotal::from(decision.limit));
    let reaches = decision.level.map_or_else(String::new, Decision::level_name);
    [
        printable(&decision.subject).into_owned(),
        decision.cap.measure.show(counted, decimals),
        decision.cap.measure.show(limit, decimals),
        bar(counted, limit, BAR, Bar::Unicode),
        format!("{} %", percent(counted, limit).unwrap_or(0)),
        reaches,
        decision.cap.action.name().to_owned(),
        decision.resets_at(&standing.zone).unwrap_or_default(),
        state(decision, standing, decimals),
    ]
}

/// What else is in force: latched, raised, snoozed, a reserve.
fn state(decision: &Decision, standing: &Standing, decimals: u32) -> String {
    let mut parts = Vec::new();
    if decision.latched {
        parts.push("latched".to_owned());
    }
    let raised = UsdTotal::from(decision.limit) - decision.cap.limit.into();
    if raised > UsdTotal::ZERO {
        parts.push(format!("raised by {}", decision.cap.measure.show(raised, decimals)));
    }
    if let Some(until) = decision.snoozed_until {
        let local = until.timestamp().to_zoned_datetime(standing.zone.clone());
        parts.push(format!("snoozed until {}", local.strftime("%a %-d %b %H:%M")));
    }
    if decision.used.reserve > UsdTotal::ZERO {
        let reserve = money_fixed(decision.used.reserve, decimals);
        parts.push(format!("{reserve} is reserve for calls without a price"));
    }
    parts.join(", ")
}
