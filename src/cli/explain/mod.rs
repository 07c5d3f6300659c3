//! `explain`: where an amount comes from, down to the line of the transcript and the price row.

mod lines;
mod shape;
mod text;

use std::io::Write;

use anyhow::Result;

use super::args::ExplainArgs;
use super::context::Context;
use super::{Outcome, report};
use crate::ledger::{CallRow, LedgerError, Reader};

/// What an id turned out to mean.
enum Found {
    Session(i64, String),
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
        Lookup::Several(ids) => {
            return Err(super::UsageError(format!(
                "{:?} is the beginning of {} sessions, among them {}: type more of it",
                args.id,
                ids.len(),
                ids.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ")
            ))
            .into());
        }
    };
    let charged = reader.charged()?;
    let lines = lines::read(&rows);
    let mut explained = shape::build(&found, &rows, &charged, &lines, reader.unlogged()?);
    explained.account = context.account_word();
    if let Found::Session(number, _) = &found {
        let loops = reader.loops_of(*number)?;
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
    Several(Vec<String>),
    Nothing,
}

/// A whole session id, a unique beginning of one, or calls by message or request id.
fn find(reader: &Reader, id: &str) -> Result<Lookup, LedgerError> {
    let sessions = reader.find_sessions(id)?;
    let exact = sessions.iter().find(|(_, session_id)| session_id == id);
    if let Some((number, session_id)) = exact.or(sessions.first().filter(|_| sessions.len() == 1)) {
        let rows = reader.calls_of_session(*number)?;
        return Ok(Lookup::Found(Found::Session(*number, session_id.clone()), rows));
    }
    let rows = reader.find_calls(id)?;
    if !rows.is_empty() {
        return Ok(Lookup::Found(Found::Calls, rows));
    }
    if sessions.is_empty() {
        return Ok(Lookup::Nothing);
    }
    Ok(Lookup::Several(sessions.into_iter().map(|(_, id)| id).collect()))
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
