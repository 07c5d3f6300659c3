//! `prices update`: fetch, check, show, keep. Whatever goes wrong, the old book stays in force.

use std::io::Write;

use anyhow::{Context as _, Result, bail};

use crate::cli::context::Context;
use crate::cli::{Outcome, fetch, reprice};
use crate::daemon::{self, Attempt, Book, InstanceLock, Role};
use crate::format;
use crate::ledger::{LedgerError, Reader, Request, Writer};
use crate::paths;
use crate::pricing::{self, BookDiff, PriceBook, Rates, TokenClass};

/// Where the newest genai-prices data is.
const DEFAULT_URL: &str =
    "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json";

/// Changed rates that are listed; the rest is counted.
const LISTED: usize = 40;

pub(super) fn run(
    context: &Context,
    dry_run: bool,
    url: Option<&str>,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let url = url.or(context.config.prices.url.as_deref()).unwrap_or(DEFAULT_URL);
    let bytes = fetch::fetch(url).context("the price book in force stays")?;
    let kept = match Reader::open(&context.ledger)? {
        Some(reader) => reader.newest_book()?,
        None => None,
    };
    let active = Book::base(kept.as_ref());
    let update = match pricing::update(&active, PriceBook::embedded(), &bytes, context.now(), url) {
        Ok(update) => update,
        Err(refusal) => bail!("the price book in force stays: {url}: {refusal}"),
    };
    for skipped in &update.skipped {
        tracing::warn!(
            "{}: priced in a way this version does not know",
            format::printable(skipped)
        );
    }
    // An update may only confirm what was announced: that changes the book, not the prices.
    if update.book.id() == active.id() {
        writeln!(out, "Nothing new at {url}: the price book in force stays.")?;
        return Ok(Outcome::Done);
    }
    write_diff(out, &update.diff)?;
    if dry_run {
        writeln!(out, "Nothing was kept (--dry-run).")?;
        return Ok(Outcome::Done);
    }
    keep(context, url, update.book.to_json())?;
    writeln!(
        out,
        "Kept. New calls are charged by it; `spendtop reprice` charges the calls before, too."
    )?;
    Ok(Outcome::Done)
}

fn keep(context: &Context, url: &str, book_json: Vec<u8>) -> Result<()> {
    let lock = paths::lock_of(&context.ledger);
    let attempt = InstanceLock::try_take(&lock, Role::Command)
        .map_err(|why| LedgerError::Unwritable { path: lock.clone(), why })?;
    match attempt {
        Attempt::Held(_held) => {
            let mut writer = Writer::open(&context.ledger)?;
            let mut book = context.book_over(writer.newest_book()?.as_ref())?;
            let (config, now) = (&context.config, context.now());
            daemon::keep_book(&mut writer, &mut book, config, url, &book_json, now)
                .map_err(anyhow::Error::msg)
        }
        Attempt::Taken(_) => {
            reprice::ask(context, &Request::KeepBook { source: url.to_owned(), content: book_json })
        }
    }
}

fn write_diff(out: &mut dyn Write, diff: &BookDiff) -> Result<()> {
    for name in &diff.added {
        writeln!(out, "+ {}/{}", name.provider.name(), format::printable(&name.model))?;
    }
    for name in &diff.removed {
        writeln!(out, "- {}/{}", name.provider.name(), format::printable(&name.model))?;
    }
    for change in diff.changed.iter().take(LISTED) {
        let from = change.from.map_or_else(String::new, |from| {
            format!(" from {}", from.timestamp().strftime("%Y-%m-%d"))
        });
        let above = if change.above > 0 {
            format!(" above {}", format::thousands(change.above))
        } else {
            String::new()
        };
        writeln!(
            out,
            "~ {}/{}{above}{from}: {} -> {}",
            change.name.provider.name(),
            format::printable(&change.name.model),
            rates(change.old.as_ref()),
            rates(change.new.as_ref()),
        )?;
    }
    if diff.changed.len() > LISTED {
        writeln!(out, "~ and {} more changes", diff.changed.len() - LISTED)?;
    }
    Ok(())
}

/// Rates in the order input/output/write 5m/write 1h/read, in dollars per million tokens.
fn rates(rates: Option<&Rates>) -> String {
    let Some(rates) = rates else { return "none".into() };
    let texts = TokenClass::ALL
        .map(|class| rates.get(class).map_or_else(|| "–".to_owned(), crate::pricing::rate_text));
    format!("${}", texts.join("/"))
}
