//! `metrics loops`: how many steps turns take, by project, model and agent.
//!
//! The same task can take five steps or five hundred. Where the worst turns take far more than
//! the usual ones, something goes round in circles.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::args::{LoopsArgs, MetricsCommand};
use super::context::Context;
use super::table::{Align, Table};
use super::{Outcome, when};
use crate::format;
use crate::ledger::Turn;

/// Version of the shape: fields may be added under it, never changed or taken away.
const SCHEMA: &str = "spendtop.metrics-loops/1";

/// A p99 of more than so many times the p50 is flagged.
const FLAGGED_ABOVE: u64 = 50;

/// What steps are told by.
const GROUPS: [&str; 4] = ["all", "project", "model", "agent"];

#[derive(Serialize)]
struct LoopsJson<'a> {
    schema: &'static str,
    timezone: String,
    /// The ratio of p99 to p50 above which a row is flagged.
    flagged_above: u64,
    rows: Vec<RowJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    by: &'static str,
    key: &'a str,
    turns: usize,
    p50: u64,
    p95: u64,
    p99: u64,
    max: u64,
    ratio: f64,
    flagged: bool,
}

/// The steps of a group's turns, sorted.
#[derive(Debug, Default)]
struct Steps(Vec<u64>);

impl Steps {
    /// The least count that at least so many hundredths of the turns do not exceed.
    fn percentile(&self, hundredths: usize) -> u64 {
        let rank = (self.0.len() * hundredths).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(0)
    }

    fn is_flagged(&self) -> bool {
        self.percentile(99) > FLAGGED_ABOVE.saturating_mul(self.percentile(50))
    }

    /// The p99 in tenths of the p50.
    fn ratio_tenths(&self) -> u64 {
        // A turn has a step at least.
        (self.percentile(99) * 10).div_euclid(self.percentile(50).max(1))
    }
}

/// By what, and the name of the group.
type Groups = BTreeMap<(usize, String), Steps>;

pub(super) fn run(
    context: &Context,
    command: &MetricsCommand,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let MetricsCommand::Loops(args) = command;
    let groups = read(context, args)?;
    if args.json {
        write_json(context, args, &groups, out)?;
    } else {
        write_table(context, &groups, out)?;
    }
    Ok(if groups.is_empty() { Outcome::NoData } else { Outcome::Done })
}

fn read(context: &Context, args: &LoopsArgs) -> Result<Groups> {
    let zone = context.zone(args.time.tz.as_deref())?;
    let (since, until) = (args.time.since.as_deref(), args.time.until.as_deref());
    let time = when::range(since, until, &zone, context.now())?;
    let mut groups = Groups::new();
    if let Some(reader) = context.fresh_reader()? {
        reader.snapshot(|reader| {
            reader.turns(&time, &|_| true, &mut |turn| {
                add(&mut groups, &turn);
                true
            })
        })?;
    }
    for steps in groups.values_mut() {
        steps.0.sort_unstable();
    }
    Ok(groups)
}

/// A turn that never came to a step says nothing of how many a turn takes.
fn add(groups: &mut Groups, turn: &Turn) {
    if turn.deeds.steps == 0 {
        return;
    }
    let keys = ["", &*turn.project, &*turn.model, turn.thread.agent.name()];
    for (by, key) in keys.into_iter().enumerate() {
        groups.entry((by, key.to_owned())).or_default().0.push(turn.deeds.steps);
    }
}

fn write_json(
    context: &Context,
    args: &LoopsArgs,
    groups: &Groups,
    out: &mut dyn Write,
) -> Result<()> {
    let zone = context.zone(args.time.tz.as_deref())?;
    let rows = groups.iter().map(|((by, key), steps)| RowJson {
        by: GROUPS[*by],
        key,
        turns: steps.0.len(),
        p50: steps.percentile(50),
        p95: steps.percentile(95),
        p99: steps.percentile(99),
        max: steps.percentile(100),
        ratio: steps.ratio_tenths() as f64 / 10.0,
        flagged: steps.is_flagged(),
    });
    let json = LoopsJson {
        schema: SCHEMA,
        timezone: when::zone_name(&zone),
        flagged_above: FLAGGED_ABOVE,
        rows: rows.collect(),
    };
    serde_json::to_writer(&mut *out, &json)?;
    writeln!(out)?;
    Ok(())
}

fn write_table(context: &Context, groups: &Groups, out: &mut dyn Write) -> Result<()> {
    if groups.is_empty() {
        writeln!(out, "No turns found. `spendtop doctor` says where they were looked for.")?;
        return Ok(());
    }
    let headers = vec!["by", "steps per turn", "turns", "p50", "p95", "p99", "max", "p99/p50", ""];
    let mut aligns = vec![Align::Left; 2];
    aligns.extend([Align::Right; 6]);
    aligns.push(Align::Left);
    let mut table = Table::new(headers, aligns);
    table.set_color(context.color());
    let projects = groups.keys().filter(|(by, _)| GROUPS[*by] == "project");
    let projects = format::short_paths(projects.map(|(_, key)| &**key));
    for ((by, key), steps) in groups {
        let name = match GROUPS[*by] {
            "all" => "all turns",
            "project" => projects.get(&**key).map_or("", String::as_str),
            _ => key,
        };
        let name = if name.is_empty() { "(none)" } else { name };
        let ratio = steps.ratio_tenths();
        table.row(vec![
            GROUPS[*by].into(),
            format::printable(name).into_owned(),
            format::thousands(steps.0.len() as u64),
            format::thousands(steps.percentile(50)),
            format::thousands(steps.percentile(95)),
            format::thousands(steps.percentile(99)),
            format::thousands(steps.percentile(100)),
            format!("{}.{}", format::thousands(ratio / 10), ratio % 10),
            if steps.is_flagged() { "!".into() } else { String::new() },
        ]);
    }
    write!(out, "{table}")?;
    if groups.values().any(Steps::is_flagged) {
        writeln!(out, "! the worst turns take more than {FLAGGED_ABOVE} times the usual steps")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_counts_that_were_seen() {
        let steps = Steps((1..=200).collect());
        let of = |hundredths| steps.percentile(hundredths);
        assert_eq!([of(50), of(95), of(99), of(100)], [100, 190, 198, 200]);
        let one = Steps(vec![7]);
        assert_eq!([1, 50, 99, 100].map(|hundredths| one.percentile(hundredths)), [7; 4]);
        assert_eq!(one.ratio_tenths(), 10);
        assert_eq!(Steps::default().percentile(50), 0);
    }

    #[test]
    fn only_more_than_fifty_times_the_usual_is_flagged() {
        let of = |worst| Steps([vec![2; 98], vec![worst; 2]].concat());
        assert!(!of(100).is_flagged());
        assert!(of(101).is_flagged());
        assert_eq!(of(101).ratio_tenths(), 505);
    }
}
