//! `explain`: where an amount comes from, down to the line of the transcript and the price row.

use std::io::Write;

use anyhow::Result;

use super::Outcome;
use super::args::ExplainArgs;
use super::context::Context;
use super::standing::ambiguous;
use crate::explain::{self, Lookup};

pub(super) fn run(context: &Context, args: &ExplainArgs, out: &mut dyn Write) -> Result<Outcome> {
    if args.id.is_empty() {
        // The beginning of every id.
        return Err(super::UsageError("explain \"\": an id is needed".into()).into());
    }
    let zone = context.zone(args.tz.as_deref())?;
    let Some(reader) = context.fresh_reader()? else {
        return nothing(context, args, out);
    };
    let found = reader.snapshot(|reader| explain::find(reader, &args.id))?;
    let (found, rows) = match found {
        Lookup::Found(found, rows) => (found, rows),
        Lookup::Nothing => return nothing(context, args, out),
        Lookup::Several(found) => return Err(ambiguous(&args.id, &found).into()),
    };
    let charged = reader.charged()?;
    let account = context.account_word();
    let explained = explain::explain(&reader, &found, &rows, &charged, account)?;
    if args.json {
        serde_json::to_writer(&mut *out, &explained)?;
        writeln!(out)?;
    } else {
        explain::write(out, &explained, &zone)?;
    }
    Ok(Outcome::Done)
}

fn nothing(context: &Context, args: &ExplainArgs, out: &mut dyn Write) -> Result<Outcome> {
    if args.json {
        writeln!(out, "{{\"schema\":\"{}\",\"calls\":[]}}", explain::SCHEMA)?;
    } else if !context.global.quiet {
        tracing::warn!(
            "no session, message or request begins with {:?}; `spendtop sessions` lists sessions",
            args.id
        );
    }
    Ok(Outcome::NoData)
}
