//! Where an amount comes from, down to the line of the transcript and the price row: for the
//! command and for the screen.

mod lines;
mod shape;
mod text;

use std::collections::HashMap;
use std::hash::BuildHasher;

pub use self::shape::{Explained, SCHEMA};
pub use self::text::write;
use crate::ledger::{CallRow, Charged, LedgerError, Reader};

/// The account of which dollars are the worth of what a plan covers, not money spent.
pub const SUBSCRIPTION: &str = "subscription";

/// What an id turned out to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A session: its number in the ledger and its id.
    Session(i64, String),
    /// One or more calls.
    Calls,
}

/// What looking for an id came to.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// It is this, of these rows.
    Found(Found, Vec<CallRow>),
    /// It is the beginning of several sessions' ids.
    Several(Vec<String>),
    /// Nothing has it.
    Nothing,
}

/// A whole session id, a unique beginning of one, or calls by message or request id.
pub fn find(reader: &Reader, id: &str) -> Result<Lookup, LedgerError> {
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

/// Explains what was found. Reads the transcripts that the rows are from.
pub fn explain(
    reader: &Reader,
    found: &Found,
    rows: &[CallRow],
    charged: &HashMap<i64, Charged, impl BuildHasher>,
    account: &'static str,
) -> Result<Explained, LedgerError> {
    let lines = lines::read(rows);
    let mut explained = shape::build(found, rows, charged, &lines, reader.unlogged()?);
    explained.account = account;
    Ok(explained)
}
