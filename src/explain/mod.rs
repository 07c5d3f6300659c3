//! Where an amount comes from, down to the line of the transcript and the price row: for the
//! command and for the screen.

mod build;
mod lines;
mod shape;
mod text;

use std::collections::HashMap;
use std::hash::BuildHasher;

pub use self::shape::{Explained, SCHEMA};
pub use self::text::write;
use crate::ledger::{CallRow, Charged, FoundSession, LedgerError, Reader, the_one};

/// The account of which dollars are the worth of what a plan covers, not money spent.
pub const SUBSCRIPTION: &str = "subscription";

/// What an id turned out to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A session.
    Session(FoundSession),
    /// One or more calls.
    Calls,
}

/// What looking for an id came to.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// It is this, of these rows.
    Found(Found, Vec<CallRow>),
    /// It is the beginning, or end, of several sessions' ids.
    Several(Vec<FoundSession>),
    /// Nothing has it.
    Nothing,
}

/// A whole session id, a unique beginning or end of one, or calls by message or request id.
pub fn find(reader: &Reader, id: &str) -> Result<Lookup, LedgerError> {
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

/// Explains what was found. Reads the transcripts that the rows are from.
pub fn explain(
    reader: &Reader,
    found: &Found,
    rows: &[CallRow],
    charged: &HashMap<i64, Charged, impl BuildHasher>,
    account: &'static str,
) -> Result<Explained, LedgerError> {
    let lines = lines::read(rows);
    let mut explained = build::build(found, rows, charged, &lines, reader.unlogged()?);
    explained.account = account;
    if let Found::Session(session) = found {
        let loops = reader.loops_of(session.number)?;
        explained.loops = loops.into_iter().map(shape::Looped::of).collect();
    }
    Ok(explained)
}
