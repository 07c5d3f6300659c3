//! `explain`: where an amount comes from, down to the line of the transcript and the price row.

mod lines;
mod shape;
mod text;

use std::io::Write;

use anyhow::Result;

use super::args::ExplainArgs;
use super::context::Context;
use super::standing::ambiguous;
use super::{Outcome, report};
use crate::ledger::{CallRow, FoundSession, LedgerError, Reader, the_one};

/// What an id turned out to mean.
enum Found {
    Session(FoundSession),
    Calls,
}

pub(super) fn run(context: &Context, args: &ExplainArgs, out: &mut dyn Write) -> Result<Outcome> {
    if args.id.is_empty() {
        // The beginning of every id.
        return Err(super::UsageError("explain \"\": an id is needed".into()).into());
    }
    let zone = report::zone(context, args.tz.as_deref())?;
    let Some(reader) = context.fresh_reader()? else {
        return nothing(context, args, out);
    };
    let found = reader.snapshot(|reader| find(reader, &args.id))?;
    let (found, rows) = match found {
        Lookup::Found(found, rows) => (found, rows),
        Lookup::Nothing => return nothing(context, args, out),
        Lookup::Several(found) => return Err(ambiguous(&args.id, &found).into()),
    };
    let charged = reader.charged()?;
    let lines = lines::read(&rows);
    let mut explained = shape::build(&found, &rows, &charged, &lines, reader.unlogged()?);
    explained.account = context.account_word();
    if let Found::Session(session) = &found {
        let loops = reader.loops_of(session.number)?;
        explained.loops = loops.into_iter().map(shape::Looped::of).collect();
    }
    if args.json {
        serde_json::to_writer(&mut *out, &explained)?;
        writeln!(out)?;
    } else {
        text::write(out, &explained, &zone)?;
    }
    Ok(Outcome::Done)
}

enum Lookup {
    Found(Found, Vec<CallRow>),
    Several(Vec<FoundSession>),
    Nothing,
}

/// A whole session id, a unique beginning of one, or calls by message or request id.
fn find(reader: &Reader, id: &str) -> Result<Lookup, LedgerError> {
    let sessions = reader.find_sessions(id)?;
    if let Some(one) = the_one(&sessions) {
        let rows = reader.calls_of_session(one.number)?;
        return Ok(Lookup::Found(Found::Session(one.clone()), rows));
    }
    let rows = reader.find_calls(id)?;
    if !rows.is_empty() {
        return Ok(Lookup::Found(Found::Calls, rows));
    }
    Ok(if sessions.is_empty() { Lookup::Nothing } else { Lookup::Several(sessions) })
}

fn nothing(context: &Context, args: &ExplainArgs, out: &mut dyn Write) -> Result<Outcome> {
    if args.json {
        writeln!(out, "{{\"schema\":\"{}\",\"calls\":[]}}", shape::SCHEMA)?;
    } else if !context.global.quiet {
        tracing::warn!(
            "no session, message or request begins with {:?}; `spendtop sessions` lists sessions",
            args.id
        );
    }
    Ok(Outcome::NoData)
}
