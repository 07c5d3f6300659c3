//! `turns`: what was done between two prompts, newest first.

use std::collections::HashSet;
use std::io::Write;
use std::ops::Range;

use anyhow::Result;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::{TurnSort, TurnsArgs};
use super::context::Context;
use super::table::{Align, Table};
use super::{Outcome, UsageError, when};
use crate::format;
use crate::ledger::{Deeds, LoopLevel, Reader, Turn};
use crate::model::{Millis, TurnSource};

/// Version of the shape: fields may be added under it, never changed or taken away.
const SCHEMA: &str = "spendtop.turns/1";

#[derive(Serialize)]
struct TurnsJson<'a> {
    schema: &'static str,
    timezone: String,
    rows: Vec<RowJson<'a>>,
}

/// A turn. Its cost and tokens are of its own thread; subagents have turns of their own.
#[derive(Serialize)]
struct RowJson<'a> {
    session_id: &'a str,
    /// Empty in the main thread.
    subagent: &'a str,
    agent: &'static str,
    developer: &'a str,
    project: &'a str,
    branch: &'a str,
    models: Vec<&'a str>,
    began_at: String,
    last_activity: String,
    /// `human`, `automated`.
    source: &'static str,
    /// `none`, `watch`, `loop`, `runaway`.
    level: &'static str,
    #[serde(flatten)]
    deeds: DeedsJson,
    #[serde(flatten)]
    totals: TotalsJson,
}

/// What was done, the same wherever it is summed up.
#[derive(Serialize)]
pub(super) struct DeedsJson {
    steps: u64,
    tool_calls: u64,
    subagents: u64,
    errors: u64,
    denied: u64,
    compactions: u64,
    /// The longest run of one and the same tool call.
    repeats: u64,
}

#[derive(Serialize)]
struct TotalsJson {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation_5m_input_tokens: u64,
    cache_creation_1h_input_tokens: u64,
    web_search_requests: u64,
    cost_usd: String,
    unpriced_calls: u64,
    not_final_calls: u64,
}

impl From<&Deeds> for DeedsJson {
    fn from(deeds: &Deeds) -> Self {
        Self {
            steps: deeds.steps,
            tool_calls: deeds.tool_calls,
            subagents: deeds.subagents,
            errors: deeds.errors,
            denied: deeds.denied,
            compactions: deeds.compactions,
            repeats: deeds.repeats,
        }
    }
}

impl<'a> From<&'a Turn> for RowJson<'a> {
    fn from(turn: &'a Turn) -> Self {
        let usage = &turn.totals.usage;
        Self {
            session_id: &turn.thread.session_id,
            subagent: &turn.thread.subagent,
            agent: turn.thread.agent.name(),
            developer: &turn.developer,
            project: &turn.project,
            branch: &turn.branch,
            models: turn.models.iter().map(|model| &**model).collect(),
            began_at: turn.at.timestamp().to_string(),
            last_activity: turn.last.timestamp().to_string(),
            source: match turn.source {
                TurnSource::Human => "human",
                TurnSource::Automated => "automated",
            },
            level: turn.level.name(),
            deeds: DeedsJson::from(&turn.deeds),
            totals: TotalsJson {
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cache_read_input_tokens: usage.cache_read_input_tokens,
                cache_creation_5m_input_tokens: usage.cache_creation_5m_input_tokens,
                cache_creation_1h_input_tokens: usage.cache_creation_1h_input_tokens,
                web_search_requests: usage.web_search_requests,
                cost_usd: turn.totals.cost.to_decimal(),
                unpriced_calls: turn.totals.unpriced_calls,
                not_final_calls: turn.totals.not_final_calls,
            },
        }
    }
}

pub(super) fn run(context: &Context, args: &TurnsArgs, out: &mut dyn Write) -> Result<Outcome> {
    let zone = context.zone(args.time.tz.as_deref())?;
    let (since, until) = (args.time.since.as_deref(), args.time.until.as_deref());
    let time = when::range(since, until, &zone, context.now())?;
    let turns = match context.fresh_reader()? {
        Some(reader) => reader.snapshot(|reader| read(reader, args, &time))?,
        None => Vec::new(),
    };
    if args.json {
        let json = TurnsJson {
            schema: SCHEMA,
            timezone: when::zone_name(&zone),
            rows: turns.iter().map(RowJson::from).collect(),
        };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else {
        write_table(context, &turns, &zone, out)?;
    }
    Ok(if turns.is_empty() { Outcome::NoData } else { Outcome::Done })
}

fn read(reader: &Reader, args: &TurnsArgs, time: &Range<Millis>) -> Result<Vec<Turn>> {
    let sessions: Option<HashSet<i64>> = match &args.session {
        None => None,
        Some(prefix) => {
            let found = reader.find_sessions(prefix)?;
            if found.is_empty() {
                return Err(UsageError(format!("no session begins with {prefix:?}")).into());
            }
            Some(found.into_iter().map(|one| one.number).collect())
        }
    };
    let limit = args.limit.unwrap_or(usize::MAX);
    // What is sorted otherwise can come from any time.
    let enough = if args.sort.is_some() { usize::MAX } else { limit };
    let mut turns = Vec::new();
    let wants = |session: i64| sessions.as_ref().is_none_or(|sessions| sessions.contains(&session));
    reader.turns(time, &wants, &mut |turn| {
        turns.push(turn);
        turns.len() < enough
    })?;
    turns.truncate(limit.max(if args.sort.is_some() { turns.len() } else { 0 }));
    if let Some(sort) = args.sort {
        turns.sort_by_key(|turn| std::cmp::Reverse(rank(turn, sort)));
        turns.truncate(limit);
    }
    Ok(turns)
}

/// What a turn has of what turns are sorted by.
fn rank(turn: &Turn, sort: TurnSort) -> i128 {
    let deeds = &turn.deeds;
    match sort {
        TurnSort::Steps => deeds.steps.into(),
        TurnSort::Tools => deeds.tool_calls.into(),
        TurnSort::Repeats => deeds.repeats.into(),
        TurnSort::Errors => deeds.errors.into(),
        TurnSort::Cost => turn.totals.cost.0,
    }
}

fn write_table(
    context: &Context,
    turns: &[Turn],
    zone: &TimeZone,
    out: &mut dyn Write,
) -> Result<()> {
    if turns.is_empty() {
        writeln!(out, "No turns found. `spendtop doctor` says where they were looked for.")?;
        return Ok(());
    }
    let headers = vec![
        "began",
        "took",
        "session",
        "thread",
        "by",
        "project",
        "model",
        "steps",
        "tools",
        "repeats",
        "subagents",
        "errors",
        "denied",
        "compactions",
        "level",
        context.cost_word(),
    ];
    let mut aligns = vec![Align::Left, Align::Right];
    aligns.extend([Align::Left; 5]);
    aligns.extend([Align::Right; 7]);
    aligns.extend([Align::Left, Align::Right]);
    let mut table = Table::new(headers, aligns);
    table.set_color(context.color());
    // Where no turn has any, a column of zeros says nothing.
    for (column, has_none) in [
        (10, turns.iter().all(|turn| turn.deeds.subagents == 0)),
        (12, turns.iter().all(|turn| turn.deeds.denied == 0)),
        (13, turns.iter().all(|turn| turn.deeds.compactions == 0)),
        (14, turns.iter().all(|turn| turn.level == LoopLevel::None)),
    ] {
        if has_none {
            table.hide(column);
        }
    }
    let projects = format::short_paths(turns.iter().map(|turn| &*turn.project));
    for turn in turns {
        let project = projects.get(&*turn.project).map_or("", String::as_str);
        table.row(fields(turn, project, zone));
    }
    write!(out, "{table}")?;
    Ok(())
}

fn fields(turn: &Turn, project: &str, zone: &TimeZone) -> Vec<String> {
    let began = turn.at.timestamp().to_zoned_datetime(zone.clone());
    let deeds = &turn.deeds;
    let cost = format::money_fixed(turn.totals.cost, 4);
    vec![
        began.strftime("%Y-%m-%d %H:%M").to_string(),
        format::duration(turn.last.since(turn.at)),
        format::short_id(&turn.thread.session_id),
        if turn.thread.subagent.is_empty() {
            "main".into()
        } else {
            format::short_id(&turn.thread.subagent)
        },
        match turn.source {
            TurnSource::Human => "person".into(),
            TurnSource::Automated => "program".into(),
        },
        format::printable(project).into_owned(),
        format::printable(&turn.model).into_owned(),
        format::thousands(deeds.steps),
        format::thousands(deeds.tool_calls),
        repeated(deeds.repeats),
        format::thousands(deeds.subagents),
        format::thousands(deeds.errors),
        format::thousands(deeds.denied),
        format::thousands(deeds.compactions),
        if turn.level == LoopLevel::None { String::new() } else { turn.level.name().into() },
        format::floor(cost, turn.totals.is_floor()),
    ]
}

/// `×14`; nothing where no tool call came twice in a row.
fn repeated(times: u64) -> String {
    if times > 1 { format!("×{times}") } else { String::new() }
}
