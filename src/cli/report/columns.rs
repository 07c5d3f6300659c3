//! A report as rows and columns: the terminal's table, CSV, Markdown.

use std::collections::HashMap;
use std::io::Write;

use anyhow::Result;

use super::group::{Report, Row, Sums};
use crate::cli::args::Group;
use crate::cli::context::Context;
use crate::cli::table::{Align, Table};
use crate::format;
use crate::ledger::LoopLevel;

/// The one of the headers that says what the dollars are.
const COST: usize = 7;

const HEADERS: [&str; 9] = [
    "calls",
    "input",
    "output",
    "cache read",
    "write 5m",
    "write 1h",
    "searches",
    "cost",
    "unlogged",
];

/// What turns add to it.
const TURN_HEADERS: [&str; 7] =
    ["turns", "steps", "tools", "repeats", "errors", "subagents", "loops"];

/// The same in the CSV, named as in JSON.
const TURN_FIELDS: [&str; 9] = [
    "turns",
    "steps",
    "tool_calls",
    "subagents",
    "errors",
    "denied",
    "compactions",
    "repeats",
    "level",
];

/// The column of a session's mark.
const MARK: usize = 1;

/// What the CSV of sessions has beside the sums.
const SESSION_FIELDS: [&str; 7] =
    ["project", "branch", "agent", "developer", "models", "started_at", "last_activity"];

/// Writes the table that a person reads.
pub(super) fn write_table(out: &mut dyn Write, report: &Report, context: &Context) -> Result<()> {
    if report.rows.is_empty() {
        writeln!(out, "Nothing was spent, as far as the transcripts tell.")?;
        writeln!(out, "`spendtop doctor` says where they were looked for.")?;
        return Ok(());
    }
    let mut table = table(report, &|sums| shown(report, sums), context.cost_word());
    table.set_color(context.color());
    write!(out, "{table}")?;
    let totals = &report.total.totals;
    if totals.unpriced_calls > 0 {
        writeln!(
            out,
            "≥ a floor: {} no price (`spendtop prices missing` names the models)",
            format::counted(totals.unpriced_calls, "call has", "calls have")
        )?;
    } else if totals.not_final_calls > 0 {
        writeln!(
            out,
            "≥ a floor: of {} the final count was never written",
            format::counted(totals.not_final_calls, "call", "calls")
        )?;
    }
    Ok(())
}

/// Writes a Markdown table.
pub(super) fn write_markdown(
    out: &mut dyn Write,
    report: &Report,
    context: &Context,
) -> Result<()> {
    write!(out, "{}", table(report, &|sums| shown(report, sums), context.cost_word()).markdown())?;
    Ok(())
}

/// Writes comma-separated values: exact numbers, no totals, one line a row or part.
pub(super) fn write_csv(out: &mut dyn Write, report: &Report) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let mut header = vec!["key"];
    if report.by.is_some() {
        header.push("breakdown");
    }
    header.extend([
        "calls",
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_5m_input_tokens",
        "cache_creation_1h_input_tokens",
        "web_search_requests",
        "cost_usd",
        "unpriced_calls",
        "not_final_calls",
        "unlogged_usd",
    ]);
    let of_sessions = report.group == Group::Session;
    if of_sessions {
        header.extend(SESSION_FIELDS);
    }
    if report.with_turns {
        header.extend(TURN_FIELDS);
    }
    csv.write_record(&header)?;
    for row in &report.rows {
        let session = if of_sessions { session_fields(row) } else { Vec::new() };
        let mut write = |keys: &[&str], sums: &Sums| {
            let turns = if report.with_turns { turn_fields(sums) } else { Vec::new() };
            let fields = exact(keys, sums).into_iter().chain(session.iter().cloned()).chain(turns);
            // A spreadsheet is often shown in a terminal first.
            csv.write_record(fields.map(|field| format::printable(&field).into_owned()))
        };
        if report.by.is_none() {
            write(&[&row.key], &row.sums)?;
        }
        for (part, sums) in &row.parts {
            write(&[&row.key, part], sums)?;
        }
    }
    csv.flush()?;
    Ok(())
}

/// As in JSON; empty where the ledger does not know the session.
fn session_fields(row: &Row) -> Vec<String> {
    let Some(info) = &row.session else { return vec![String::new(); SESSION_FIELDS.len()] };
    let models: Vec<&str> = info.models.iter().map(|model| &**model).collect();
    vec![
        info.project.to_string(),
        info.branch.to_string(),
        info.agent.name().to_owned(),
        info.developer.to_string(),
        models.join(" "),
        info.started_at.timestamp().to_string(),
        info.last_activity.timestamp().to_string(),
    ]
}

fn exact(keys: &[&str], sums: &Sums) -> Vec<String> {
    let usage = &sums.totals.usage;
    let mut fields: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
    fields.push(sums.totals.calls.to_string());
    fields.extend(
        [
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_input_tokens,
            usage.cache_creation_5m_input_tokens,
            usage.cache_creation_1h_input_tokens,
            usage.web_search_requests,
        ]
        .map(|count| count.to_string()),
    );
    fields.push(sums.totals.cost.to_decimal());
    fields.push(sums.totals.unpriced_calls.to_string());
    fields.push(sums.totals.not_final_calls.to_string());
    fields.push(sums.unlogged.to_decimal());
    fields
}

fn turn_fields(sums: &Sums) -> Vec<String> {
    let deeds = &sums.deeds;
    let counts = [
        sums.turns,
        deeds.steps,
        deeds.tool_calls,
        deeds.subagents,
        deeds.errors,
        deeds.denied,
        deeds.compactions,
        deeds.repeats,
    ];
    counts.iter().map(u64::to_string).chain([sums.level.name().to_owned()]).collect()
}

fn table(report: &Report, cells: &dyn Fn(&Sums) -> Vec<String>, cost: &'static str) -> Table {
    let mut headers = key_headers(report.group);
    let keys = headers.len();
    headers.extend(HEADERS);
    headers[keys + COST] = cost;
    if report.with_turns {
        headers.extend(TURN_HEADERS);
    }
    let aligns = (0..headers.len())
        .map(|column| if column < keys { Align::Left } else { Align::Right })
        .collect();
    let mut table = Table::new(headers, aligns);
    let projects = report.rows.iter().filter_map(|row| Some(&*row.session.as_ref()?.project));
    let projects = format::short_paths(projects);
    for row in &report.rows {
        let mut fields = key_fields(report.group, row, &projects);
        fields.extend(cells(&row.sums));
        table.row(fields);
        for (part, sums) in &row.parts {
            let mut fields = vec![String::new(); keys];
            fields[0] = format!("  {}", named(part));
            fields.extend(cells(sums));
            table.row(fields);
        }
    }
    let mut total = vec![String::new(); keys];
    total[0] = "total".into();
    total.extend(cells(&report.total));
    table.total(total);
    // Where nobody has any, a column of zeros says nothing.
    let marked = |row: &Row| row.session.as_ref().is_some_and(|info| !info.marks.is_empty());
    if report.group == Group::Session && !report.rows.iter().any(marked) {
        table.hide(MARK);
    }
    let sums = &report.total;
    for (column, empty) in [
        (6, sums.totals.usage.web_search_requests == 0),
        (8, sums.unlogged == crate::model::UsdTotal::ZERO),
        (14, sums.deeds.subagents == 0),
        (15, sums.level == LoopLevel::None),
    ] {
        if empty {
            table.hide(keys + column);
        }
    }
    table
}

fn key_headers(group: Group) -> Vec<&'static str> {
    match group {
        Group::Daily => vec!["day"],
        Group::Weekly => vec!["week"],
        Group::Monthly => vec!["month"],
        Group::Session => vec!["session", "mark", "project", "branch"],
        Group::Project => vec!["project"],
        Group::Branch => vec!["branch"],
        Group::Model => vec!["model"],
        Group::Agent => vec!["agent"],
        Group::Developer => vec!["developer"],
    }
}

fn key_fields(group: Group, row: &Row, projects: &HashMap<&str, String>) -> Vec<String> {
    match (&row.session, group) {
        (Some(info), Group::Session) => vec![
            format::short_id(&row.key),
            info.mark_words().last().copied().unwrap_or_default().to_owned(),
            named(projects.get(&*info.project).map_or("", String::as_str)),
            named(&info.branch),
        ],
        (None, Group::Session) => {
            vec![named(&row.key), String::new(), String::new(), String::new()]
        }
        _ => vec![named(&row.key)],
    }
}

/// Text from a transcript as it may be shown.
fn named(text: &str) -> String {
    if text.is_empty() { "(none)".into() } else { format::printable(text).into_owned() }
}

fn shown(report: &Report, sums: &Sums) -> Vec<String> {
    let usage = &sums.totals.usage;
    let mut fields = vec![format::thousands(sums.totals.calls)];
    fields.extend(
        [
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_input_tokens,
            usage.cache_creation_5m_input_tokens,
            usage.cache_creation_1h_input_tokens,
            usage.web_search_requests,
        ]
        .map(format::thousands),
    );
    let cost = format::money_fixed(sums.totals.cost, 4);
    fields.push(format::floor(cost, sums.totals.is_floor()));
    fields.push(format::money_fixed(sums.unlogged, 4));
    if report.with_turns {
        let deeds = &sums.deeds;
        let repeats =
            if deeds.repeats > 1 { format!("×{}", deeds.repeats) } else { String::new() };
        let level = if sums.level == LoopLevel::None { "" } else { sums.level.name() };
        fields.extend([sums.turns, deeds.steps, deeds.tool_calls].map(format::thousands));
        fields.push(repeats);
        fields.extend([deeds.errors, deeds.subagents].map(format::thousands));
        fields.push(level.to_owned());
    }
    fields
}
