//! The JSON form of a report, `spendtop.report/1`.

use std::io::Write;

use anyhow::Result;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::group::{Report, Row, Sums};
use crate::cli::args::Group;
use crate::cli::turns::DeedsJson;
use crate::cli::when;
use clap::ValueEnum;

/// Version of the shape: fields may be added under it, never changed or taken away.
const SCHEMA: &str = "spendtop.report/1";

#[derive(Serialize)]
struct ReportJson<'a> {
    schema: &'static str,
    group: String,
    timezone: String,
    rows: Vec<RowJson<'a>>,
    total: TotalJson,
}

#[derive(Serialize)]
struct RowJson<'a> {
    key: &'a str,
    #[serde(flatten)]
    sums: SumsJson,
    #[serde(flatten)]
    session: Option<SessionJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    turns: Option<TurnsJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breakdown: Option<Vec<PartJson<'a>>>,
}

#[derive(Serialize)]
struct PartJson<'a> {
    key: &'a str,
    #[serde(flatten)]
    sums: SumsJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    turns: Option<TurnsJson>,
}

#[derive(Serialize)]
struct TotalJson {
    #[serde(flatten)]
    sums: SumsJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    turns: Option<TurnsJson>,
}

/// Turns, where they were asked for.
#[derive(Serialize)]
struct TurnsJson {
    count: u64,
    /// The worst level of any of them.
    level: &'static str,
    #[serde(flatten)]
    deeds: DeedsJson,
}

/// The sums, the same in every row, part and total. Money is a decimal string in dollars.
#[derive(Serialize)]
pub(in crate::cli) struct SumsJson {
    calls: u64,
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation_5m_input_tokens: u64,
    cache_creation_1h_input_tokens: u64,
    web_search_requests: u64,
    cost_usd: String,
    unpriced_calls: u64,
    not_final_calls: u64,
    unlogged_usd: String,
}

/// What a session's row has beside its sums.
#[derive(Serialize)]
pub(in crate::cli) struct SessionJson<'a> {
    session_id: &'a str,
    project: &'a str,
    branch: &'a str,
    agent: &'static str,
    developer: &'a str,
    models: Vec<&'a str>,
    started_at: String,
    last_activity: String,
    /// `flagged`, `blocked`; left out where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marks: Vec<&'static str>,
}

impl From<&Sums> for SumsJson {
    fn from(sums: &Sums) -> Self {
        let usage = &sums.totals.usage;
        Self {
            calls: sums.totals.calls,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_input_tokens: usage.cache_read_input_tokens,
            cache_creation_5m_input_tokens: usage.cache_creation_5m_input_tokens,
            cache_creation_1h_input_tokens: usage.cache_creation_1h_input_tokens,
            web_search_requests: usage.web_search_requests,
            cost_usd: sums.totals.cost.to_decimal(),
            unpriced_calls: sums.totals.unpriced_calls,
            not_final_calls: sums.totals.not_final_calls,
            unlogged_usd: sums.unlogged.to_decimal(),
        }
    }
}

/// A session's fields, for rows that have them.
pub(in crate::cli) fn session(row: &Row) -> Option<SessionJson<'_>> {
    row.session.as_ref().map(|info| SessionJson {
        session_id: &info.session_id,
        project: &info.project,
        branch: &info.branch,
        agent: info.agent.name(),
        developer: &info.developer,
        models: info.models.iter().map(|model| &**model).collect(),
        started_at: info.started_at.timestamp().to_string(),
        last_activity: info.last_activity.timestamp().to_string(),
        marks: info.mark_words(),
    })
}

/// Writes a report.
pub(super) fn write(out: &mut dyn Write, report: &Report, zone: &TimeZone) -> Result<()> {
    let turns = |sums: &Sums| {
        let deeds = DeedsJson::from(&sums.deeds);
        let level = sums.level.name();
        report.with_turns.then_some(TurnsJson { count: sums.turns, level, deeds })
    };
    let rows = report
        .rows
        .iter()
        .map(|row| RowJson {
            key: &row.key,
            sums: SumsJson::from(&row.sums),
            session: session(row),
            turns: turns(&row.sums),
            breakdown: report.by.map(|_| {
                row.parts
                    .iter()
                    .map(|(key, sums)| PartJson {
                        key,
                        sums: SumsJson::from(sums),
                        turns: turns(sums),
                    })
                    .collect()
            }),
        })
        .collect();
    let json = ReportJson {
        schema: SCHEMA,
        group: group_name(report.group),
        timezone: when::zone_name(zone),
        rows,
        total: TotalJson { sums: SumsJson::from(&report.total), turns: turns(&report.total) },
    };
    serde_json::to_writer(&mut *out, &json)?;
    writeln!(out)?;
    Ok(())
}

/// The word that the user types for it.
pub(super) fn group_name(group: Group) -> String {
    group.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
