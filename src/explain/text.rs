//! An explanation for a person.

use std::io::{Result, Write};

use jiff::tz::TimeZone;

use super::SUBSCRIPTION;
use super::shape::{Charge, Explained, ExplainedCall, Looped, Part};
use crate::format;
use crate::model::{Millis, UsdTotal};
use crate::policy::loops::Detector;

/// Writes it, with times in a zone.
pub fn write(out: &mut dyn Write, explained: &Explained, zone: &TimeZone) -> Result<()> {
    if explained.account == SUBSCRIPTION {
        writeln!(out, "value at list prices of the API, not money spent: a plan covers it")?;
    }
    if let Some(session) = &explained.session_id {
        writeln!(out, "session {}", format::printable(session))?;
        let total = &explained.total;
        let cost = format::floor(format::money_fixed(total.cost, 6), total.is_floor());
        writeln!(out, "{cost} in {}", format::counted(total.calls, "call", "calls"))?;
        if let Some(unlogged) = &explained.unlogged {
            writeln!(
                out,
                "{} unlogged: in no call, but in the total that {} stated at {}",
                format::money_fixed(unlogged.amount, 6),
                unlogged.agent,
                shown(unlogged.at, zone)
            )?;
        }
        if let (Some(agent), Some(what)) = (explained.agent, explained.leaves_out) {
            writeln!(out, "not in what {} writes down: {what}", agent.title())?;
        }
        write_parts(out, &explained.threads)?;
        if explained.models.len() > 1 {
            write_parts(out, &explained.models)?;
        }
        for looped in &explained.loops {
            write_loop(out, looped, zone)?;
        }
        writeln!(out)?;
    }
    for call in &explained.calls {
        write_call(out, call, zone)?;
    }
    if !explained.not_counted.is_empty() {
        writeln!(out, "held here, but not counted here:")?;
    }
    for held in &explained.not_counted {
        writeln!(
            out,
            "  {}  {} {}  {}",
            format::printable(&held.call_id),
            format::printable(&held.file),
            held.spot,
            held.reason
        )?;
    }
    for path in &explained.gone {
        writeln!(
            out,
            "{} is gone: the ledger keeps what it said, its repeated lines cannot be listed",
            format::printable(path)
        )?;
    }
    Ok(())
}

fn write_parts(out: &mut dyn Write, parts: &[Part]) -> Result<()> {
    for part in parts {
        let cost = format::money_fixed(part.totals.cost, 6);
        writeln!(
            out,
            "  {:<32} {:>6} {:<5} {:>16}",
            format::printable(&part.name),
            format::thousands(part.calls),
            if part.calls == 1 { "call" } else { "calls" },
            format::floor(cost, part.totals.is_floor())
        )?;
    }
    Ok(())
}

/// What repeated is a tool's name, and nothing of what it was asked.
fn write_loop(out: &mut dyn Write, looped: &Looped, zone: &TimeZone) -> Result<()> {
    let found = &looped.found;
    let detector = Detector::named(&found.detector);
    let what: &str = detector.map_or(&found.detector, |detector| detector.phrase());
    let tool = looped.tool.as_deref().map(format::printable);
    let tool = tool.map_or_else(String::new, |tool| format!("{tool} "));
    let place = looped.subagent.as_deref().map(format::printable);
    let place = place.map_or_else(String::new, |id| format!(" in agent {id}"));
    writeln!(
        out,
        "  {} in the turn of {}{place}: {tool}×{}, {what}; {} since {}",
        looped.level,
        shown(found.turn, zone),
        format::thousands(found.count),
        format::money_fixed(UsdTotal::from(found.cost), 6),
        shown(found.since, zone),
    )?;
    Ok(())
}

fn shown(at: Millis, zone: &TimeZone) -> String {
    at.timestamp().to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f %Z").to_string()
}

fn write_call(out: &mut dyn Write, call: &ExplainedCall, zone: &TimeZone) -> Result<()> {
    let model = call.model.as_deref().unwrap_or("(no model)");
    writeln!(
        out,
        "{}  {}  {}{}",
        shown(call.at, zone),
        format::printable(model),
        format::printable(&call.call_id),
        call.request_id
            .as_ref()
            .map_or_else(String::new, |id| format!("  {}", format::printable(id))),
    )?;
    let mut notes = Vec::new();
    if call.kind != "message" {
        notes.push(call.kind.replace('_', " "));
    }
    if let Some(subagent) = &call.subagent {
        notes.push(format!("subagent {}", format::printable(subagent)));
    }
    if call.speed != "standard" {
        notes.push(format!("speed {}", call.speed));
    }
    if !call.is_final {
        notes.push("its last count was never written: at least this".into());
    }
    if !notes.is_empty() {
        writeln!(out, "  {}", notes.join(", "))?;
    }
    write_charge(out, &call.charge)?;
    for (revision, old) in call.superseded.iter().enumerate() {
        writeln!(out, "  before, charge {revision}:")?;
        write_charge(out, old)?;
    }
    writeln!(out, "  kept     {} {}", format::printable(&call.kept.file), call.kept.spot)?;
    for dropped in &call.dropped {
        writeln!(
            out,
            "  dropped  {} {}  {}",
            format::printable(&dropped.file),
            dropped.spot,
            dropped.reason
        )?;
    }
    writeln!(out)?;
    Ok(())
}

fn write_charge(out: &mut dyn Write, charge: &Charge) -> Result<()> {
    let multiplier = match charge.multiplier.as_str() {
        "1" => String::new(),
        multiplier => format!(" × {multiplier}"),
    };
    // What was counted, and where there is a rate, that and what it comes to.
    let mut sums: Vec<(String, String, Option<[String; 2]>)> = Vec::new();
    for class in &charge.classes {
        let (rate, cost) = (&class.usd_per_million, &class.cost_usd);
        let priced = rate.as_ref().zip(cost.as_ref());
        sums.push((
            class.name.replace('_', " "),
            format::thousands(class.tokens),
            priced.map(|(rate, cost)| [format!("${rate}/M{multiplier}"), format!("${cost}")]),
        ));
    }
    if charge.web_search_requests > 0 {
        let count = charge.web_search_requests.to_string();
        let priced = ["$0.01".to_owned(), format!("${}", charge.web_search_usd)];
        sums.push(("web searches".into(), count, Some(priced)));
    }
    let total = charge.cost_usd.as_ref().map(|cost| format!("${cost}"));
    // The amounts stand below each other, the sum below them.
    let widest = |of: usize| {
        let priced = sums.iter().filter_map(|(_, _, priced)| priced.as_ref());
        priced.map(|priced| priced[of].len()).max().unwrap_or(0)
    };
    let (rates, costs) = (widest(0), widest(1).max(total.as_ref().map_or(0, String::len)));
    for (name, count, priced) in &sums {
        write!(out, "  {name:<15} {count:>13}")?;
        match priced {
            Some([rate, cost]) => writeln!(out, " × {rate:>rates$} = {cost:>costs$}")?,
            None => writeln!(out)?,
        }
    }
    match total {
        // As far as the lines above have their amounts.
        Some(total) => {
            let cells = if rates > 0 { 13 + 3 + rates + 3 + costs } else { costs };
            writeln!(out, "  {:<15} {total:>cells$}  {}", "=", charge.status)?;
        }
        None => writeln!(out, "  {:<15} {}", "=", charge.status)?,
    }
    if let Some(row) = &charge.price_row {
        let mut words = vec![row.provider.clone(), row.model.clone()];
        words.extend(row.terms.iter().cloned());
        if row.above > 0 {
            words.push(format!("above {} prompt tokens", format::thousands(row.above)));
        }
        let day = |at: &str| at.get(..10).unwrap_or(at).to_owned();
        let from = if row.from.is_empty() { "the start".into() } else { day(&row.from) };
        let to = if row.to.is_empty() { "further notice".into() } else { day(&row.to) };
        writeln!(out, "  price    {}, from {from} until {to}", words.join(" "))?;
        let checked = if row.checked.is_empty() {
            String::new()
        } else {
            format!(", checked {}", row.checked)
        };
        let book = charge.book.as_deref().unwrap_or("");
        writeln!(out, "  source   {}{checked} (book {book})", row.source)?;
    }
    Ok(())
}
