//! `ingest`: brings the ledger up to date, and says what it read.

use std::io::Write;

use anyhow::{Result, bail};
use serde::Serialize;

use super::Outcome;
use super::args::JsonArg;
use super::context::{Context, Freshness};

#[derive(Serialize)]
struct IngestJson {
    schema: &'static str,
    /// `caught_up`, `collected` (a running collector does it), `behind` or `read_only`.
    state: &'static str,
    files: usize,
    changed_files: usize,
    unreadable: usize,
}

pub(super) fn run(context: &Context, args: JsonArg, out: &mut dyn Write) -> Result<Outcome> {
    let freshness = context.freshen()?;
    let (state, found) = match &freshness {
        Freshness::CaughtUp(found) => ("caught_up", Some(found)),
        Freshness::Collected(_) => ("collected", None),
        Freshness::Behind => ("behind", None),
        Freshness::ReadOnly => ("read_only", None),
    };
    let files = found.map_or(0, |found| found.files);
    let changed_files = found.map_or(0, |found| found.changed_files);
    let unreadable = found.map_or(0, |found| found.problems.len());
    if args.json {
        let schema = "spendtop.ingest/1";
        let json = IngestJson { schema, state, files, changed_files, unreadable };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)?;
        out.flush()?;
    }
    match freshness {
        Freshness::ReadOnly => bail!("{} cannot be written", context.ledger.display()),
        _ if args.json => {}
        Freshness::CaughtUp(_) if unreadable > 0 => writeln!(
            out,
            "{files} transcripts, {changed_files} with news; {unreadable} could not be read \
             (`spendtop doctor` says why)"
        )?,
        Freshness::CaughtUp(_) => writeln!(out, "{files} transcripts, {changed_files} with news")?,
        Freshness::Collected(holder) => {
            let pid = holder.map_or_else(String::new, |holder| format!(" (pid {})", holder.pid));
            writeln!(out, "a running spendtop{pid} keeps the ledger up to date")?;
        }
        Freshness::Behind => writeln!(out, "another spendtop is still reading the transcripts")?,
    }
    Ok(Outcome::Done)
}
