//! `prices`: what the book in force says, what it lacks, and a newer one.

mod update;

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::args::PricesCommand;
use super::context::Context;
use super::table::{Align, Table};
use super::{Outcome, UsageError};
use crate::format;
use crate::ledger::UnpricedModel;
use crate::model::{Millis, ServiceTier, Speed};
use crate::pricing::{AuditRow, Endpoint, PriceBook, PriceRow};

pub(super) fn run(
    context: &Context,
    command: &PricesCommand,
    out: &mut dyn Write,
) -> Result<Outcome> {
    match command {
        PricesCommand::List { filter, json } => list(context, filter.as_deref(), *json, out),
        PricesCommand::Show { model, json } => show(context, model, *json, out),
        PricesCommand::Missing(args) => missing(context, args.json, out),
        PricesCommand::Check(args) => check(context, args.json, out),
        PricesCommand::Update { dry_run, url } => {
            update::run(context, *dry_run, url.as_deref(), out)
        }
    }
}

#[derive(Serialize)]
struct RowsJson<T> {
    schema: &'static str,
    book: String,
    sha256: String,
    rows: Vec<T>,
}

fn write_json<T: Serialize>(
    out: &mut dyn Write,
    schema: &'static str,
    book: &PriceBook,
    rows: Vec<T>,
) -> Result<()> {
    let (origin, sha256) = (book.origin().to_owned(), book.id().to_owned());
    serde_json::to_writer(&mut *out, &RowsJson { schema, book: origin, sha256, rows })?;
    writeln!(out)?;
    Ok(())
}

/// The row that a plain call at `now` would be charged by.
fn is_plain(row: &PriceRow, now: Millis) -> bool {
    row.covers(now)
        && row.above == 0
        && row.when.speed == Speed::Standard
        && row.when.service_tier == ServiceTier::Standard
        && row.when.endpoint != Some(Endpoint::Regional)
}

fn list(
    context: &Context,
    filter: Option<&str>,
    json: bool,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let book = context.book()?;
    let book = book.book();
    let wanted = |row: &&PriceRow| {
        is_plain(row, context.now()) && filter.is_none_or(|text| row.model.contains(text))
    };
    let rows: Vec<AuditRow> = book.rows().iter().filter(wanted).map(AuditRow::from).collect();
    let outcome = if rows.is_empty() { Outcome::NoData } else { Outcome::Done };
    if json {
        write_json(out, "spendtop.prices-list/1", book, rows)?;
        return Ok(outcome);
    }
    write_rows(context, &rows, false, out)?;
    writeln!(out, "$ per million tokens; {} ({})", book.origin(), checked(book))?;
    Ok(outcome)
}

fn show(context: &Context, model: &str, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    let book = context.book()?;
    let book = book.book();
    let Some(entry) = book.canonical(model) else {
        return Err(UsageError(format!(
            "no price book row has {model:?}; `spendtop prices list` shows every model"
        ))
        .into());
    };
    // A model of one vendor may be billed by several platforms.
    let same = book.models().iter().filter(|other| other.model == entry.model);
    let rows: Vec<AuditRow> =
        same.flat_map(|entry| book.rows_of(entry)).map(AuditRow::from).collect();
    if json {
        write_json(out, "spendtop.prices-show/1", book, rows)?;
        return Ok(Outcome::Done);
    }
    write_rows(context, &rows, true, out)?;
    let mut sources: Vec<String> = rows
        .iter()
        .map(|row| match &*row.checked {
            // Your own row: nobody checks it.
            "" => row.source.clone(),
            checked => format!("{} (checked {checked})", row.source),
        })
        .collect();
    sources.sort();
    sources.dedup();
    for source in sources {
        writeln!(out, "source: {}", format::printable(&source))?;
    }
    Ok(Outcome::Done)
}

fn write_rows(
    context: &Context,
    rows: &[AuditRow],
    dated: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let mut headers = vec!["provider", "model", "terms"];
    let mut aligns = vec![Align::Left; 3];
    if dated {
        headers.extend(["above", "from", "until"]);
        aligns.extend([Align::Right, Align::Left, Align::Left]);
    }
    headers.extend(["input", "output", "write 5m", "write 1h", "read"]);
    aligns.extend([Align::Right; 5]);
    let mut table = Table::new(headers, aligns);
    table.set_color(context.color());
    for row in rows {
        let mut fields = vec![row.provider.clone(), row.model.clone(), row.terms.join(" ")];
        if dated {
            let day = |at: &str| at.get(..10).unwrap_or_default().to_owned();
            let above = if row.above == 0 { String::new() } else { format::thousands(row.above) };
            fields.extend([above, day(&row.from), day(&row.to)]);
        }
        let rates =
            [&row.input, &row.output, &row.cache_write_5m, &row.cache_write_1h, &row.cache_read];
        fields.extend(rates.map(|rate| rate.clone().unwrap_or_else(|| "–".into())));
        table.row(fields);
    }
    write!(out, "{table}")?;
    Ok(())
}

fn checked(book: &PriceBook) -> String {
    let date = |at: Millis| at.timestamp().strftime("%Y-%m-%d").to_string();
    book.checked().map_or_else(|| "never checked".into(), |at| format!("checked {}", date(at)))
}

#[derive(Serialize)]
struct MissingJson {
    model: String,
    reason: String,
    calls: u64,
    last: String,
}

fn missing(context: &Context, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    let reader = context.fresh_reader()?;
    let models: Vec<UnpricedModel> = match &reader {
        Some(reader) => reader.unpriced_models()?,
        None => Vec::new(),
    };
    if json {
        let rows = models.iter().map(|missing| MissingJson {
            model: missing.model.clone(),
            reason: missing.reason.words().to_owned(),
            calls: missing.calls,
            last: missing.last.timestamp().to_string(),
        });
        let book = context.book()?;
        write_json(out, "spendtop.prices-missing/1", book.book(), rows.collect())?;
    } else if models.is_empty() {
        writeln!(out, "Every call in the ledger has a price.")?;
    } else {
        let mut table = Table::new(
            vec!["model", "calls", "last call", "why"],
            vec![Align::Left, Align::Right, Align::Left, Align::Left],
        );
        table.set_color(context.color());
        for missing in &models {
            let name = if missing.model.is_empty() { "(none)" } else { &missing.model };
            table.row(vec![
                format::printable(name).into_owned(),
                format::thousands(missing.calls),
                missing.last.timestamp().strftime("%Y-%m-%d %H:%M").to_string(),
                missing.reason.words().to_owned(),
            ]);
        }
        write!(out, "{table}")?;
        writeln!(
            out,
            "`spendtop prices update`, or a [[prices.row]] in the config, then `spendtop reprice`"
        )?;
    }
    Ok(if models.is_empty() { Outcome::NoData } else { Outcome::Done })
}

/// Said by the commands that check what the user wrote: it is allowed, but hardly ever meant.
pub(super) fn warn_of_missing_rates(context: &Context) {
    for model in context.config.prices.without_cache_rates() {
        tracing::warn!(
            "prices.row for {}: cache_write_5m, cache_write_1h or cache_read is left out: calls \
             that use the cache have no price",
            format::printable(model)
        );
    }
}

#[derive(Serialize)]
struct ScheduledJson {
    #[serde(flatten)]
    row: AuditRow,
}

/// A book that can be read is sound: it is checked when it is read. What is left to tell is what
/// will change.
fn check(context: &Context, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    warn_of_missing_rates(context);
    let book = context.book()?;
    let book = book.book();
    let scheduled: Vec<AuditRow> = book.scheduled(context.now()).map(AuditRow::from).collect();
    if json {
        let rows = scheduled.into_iter().map(|row| ScheduledJson { row }).collect();
        write_json(out, "spendtop.prices-check/1", book, rows)?;
        return Ok(Outcome::Done);
    }
    writeln!(
        out,
        "{}: {} models, {} rows, {}, sha256 {}",
        book.origin(),
        book.models().len(),
        book.rows().len(),
        checked(book),
        book.id().get(..16).unwrap_or_default(),
    )?;
    let own = context.config.prices.row.len() + context.config.prices.discount.len();
    if own > 0 {
        writeln!(out, "{own} rows and discounts of your own are in force")?;
    }
    if !scheduled.is_empty() {
        writeln!(out, "Changes to come, as announced; look again before they are due:")?;
        write_rows(context, &scheduled, true, out)?;
    }
    Ok(Outcome::Done)
}
