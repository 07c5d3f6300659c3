//! What the guard keeps: latches, lifts, marks, sightings, the audit trail, what was told.
//!
//! Separate from the calls: nothing here changes what was spent, and nothing there decides what is
//! done about it.

mod charged;
mod notices;
mod read;
mod spend;
mod write;

use rusqlite::Row;

pub use charged::ChargedTo;
pub use notices::{Delivery, Outgoing};
pub use spend::Spend;

use crate::model::{AgentId, SessionKey};

/// A session in two columns, where there is one.
fn session(row: &Row<'_>, agent: usize, id: usize) -> rusqlite::Result<Option<SessionKey>> {
    let number: Option<i64> = row.get(agent)?;
    Ok(match (number, row.get(id)?) {
        (Some(number), Some(session_id)) => {
            Some(SessionKey { agent: AgentId::from_number(number), session_id })
        }
        _ => None,
    })
}
