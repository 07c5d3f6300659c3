//! `reprice`: charges every call anew, and shows what that changes first.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;

use super::Outcome;
use super::args::RepriceArgs;
use super::context::{Context, Freshness};
use super::table::{Align, Table};
use crate::daemon::{Attempt, InstanceLock, Role};
use crate::format;
use crate::ledger::{Inbox, LedgerError, Repriced, Request, Writer};
use crate::model::UsdTotal;
use crate::paths;

/// How long a request may take before we stop waiting for its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct RepriceJson {
    schema: &'static str,
    applied: bool,
    rows: Vec<ModelJson>,
}

#[derive(Serialize)]
struct ModelJson {
    model: String,
    changed_calls: u64,
    newly_priced_calls: u64,
    unpriced_calls: u64,
    old_usd: String,
    new_usd: String,
    difference_usd: String,
}

pub(super) fn run(context: &Context, args: RepriceArgs, out: &mut dyn Write) -> Result<Outcome> {
    let freshness = context.freshen()?;
    let collected = !matches!(freshness, Freshness::CaughtUp(_));
    let changes = preview(context)?;
    let applied = !args.dry_run && changes.values().any(|model| model.changed_calls > 0);
    if !args.json {
        write_table(context, &changes, out)?;
        out.flush()?;
    }
    if applied {
        if collected {
            ask(context, &Request::Reprice)?;
        } else {
            apply(context)?;
        }
    }
    if args.json {
        // Only now: nothing may read "applied" of what has failed.
        let rows = changes.iter().map(|(model, repriced)| row(model, repriced)).collect();
        let json = RepriceJson { schema: "spendtop.reprice/1", applied, rows };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
    } else if applied {
        writeln!(out, "Done. The old charges are kept (`spendtop explain` shows them).")?;
    } else if args.dry_run {
        writeln!(out, "Nothing was changed (--dry-run).")?;
    }
    Ok(Outcome::Done)
}

/// What a reprice would change. Reads a copy, so that it needs no lock.
fn preview(context: &Context) -> Result<BTreeMap<String, Repriced>> {
    let Some(reader) = crate::ledger::Reader::open(&context.ledger)? else {
        return Ok(BTreeMap::new());
    };
    let book = context.book()?;
    Ok(reader.preview_reprice(&mut book.pricing(context.now()))?)
}

fn apply(context: &Context) -> Result<()> {
    let lock = paths::lock_of(&context.ledger);
    match InstanceLock::try_take(&lock, Role::Command)
        .map_err(|why| LedgerError::Unwritable { path: lock.clone(), why })?
    {
        Attempt::Held(_held) => {
            let mut writer = Writer::open(&context.ledger)?;
            let book = context.book_over(writer.newest_book()?.as_ref())?;
            writer.reprice(&mut book.pricing(context.now()))?;
            Ok(())
        }
        Attempt::Taken(_) => ask(context, &Request::Reprice),
    }
}

/// Asks the process that writes the ledger, and waits a moment for its answer.
pub(super) fn ask(context: &Context, request: &Request) -> Result<()> {
    let inbox = Inbox::open(&paths::inbox_of(&context.ledger))?;
    let id = inbox.ask(request, context.now())?;
    let deadline = Instant::now() + ANSWER_WITHIN;
    while Instant::now() < deadline {
        match inbox.answer(id)? {
            Some(Ok(())) => return Ok(()),
            Some(Err(error)) => bail!("the running spendtop could not do it: {error}"),
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    bail!(
        "the running spendtop has not answered within {} s; the request stays in its inbox, and it \
         will be done as soon as that spendtop gets to it",
        ANSWER_WITHIN.as_secs()
    )
}

fn row(model: &str, repriced: &Repriced) -> ModelJson {
    ModelJson {
        model: model.to_owned(),
        changed_calls: repriced.changed_calls,
        newly_priced_calls: repriced.newly_priced_calls,
        unpriced_calls: repriced.unpriced_calls,
        old_usd: repriced.old.to_decimal(),
        new_usd: repriced.new.to_decimal(),
        difference_usd: (repriced.new - repriced.old).to_decimal(),
    }
}

fn write_table(
    context: &Context,
    changes: &BTreeMap<String, Repriced>,
    out: &mut dyn Write,
) -> Result<()> {
    if changes.is_empty() {
        writeln!(out, "Every charge is what the price book in force says.")?;
        return Ok(());
    }
    let headers = vec!["model", "changed", "still unpriced", "old", "new", "difference"];
    let mut aligns = vec![Align::Right; 6];
    aligns[0] = Align::Left;
    let mut table = Table::new(headers, aligns);
    table.set_color(context.color());
    let mut total = Repriced::default();
    for (model, repriced) in changes {
        table.row(fields(&format::printable(model), repriced));
        total.changed_calls += repriced.changed_calls;
        total.unpriced_calls += repriced.unpriced_calls;
        total.old += repriced.old;
        total.new += repriced.new;
    }
    table.total(fields("total", &total));
    write!(out, "{table}")?;
    Ok(())
}

fn fields(name: &str, repriced: &Repriced) -> Vec<String> {
    let money = |amount: UsdTotal| format::money_fixed(amount, 4);
    vec![
        name.to_owned(),
        format::thousands(repriced.changed_calls),
        format::thousands(repriced.unpriced_calls),
        money(repriced.old),
        money(repriced.new),
        money(repriced.new - repriced.old),
    ]
}
