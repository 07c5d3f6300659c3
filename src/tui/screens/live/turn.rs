//! What a session's turn is at: how many steps it has taken, and how often in a row the newest tool
//! call was made.

use std::collections::HashMap;

use crate::ledger::LedgerError;
use crate::tui::source::Source;

/// What a turn is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnNow {
    /// Steps in this turn.
    pub steps: u32,
    /// How often in a row the newest tool call was made, itself included.
    pub repeats: u32,
    /// The turn is not over.
    pub in_turn: bool,
}

/// The turn of every session that the ledger tells one of, by the session's number. Nothing is
/// told of turns yet, which the screen shows as `–`.
#[expect(clippy::unnecessary_wraps, reason = "the ledger will be asked here")]
pub(super) fn read(_source: &Source<'_>) -> Result<HashMap<i64, TurnNow>, LedgerError> {
    Ok(HashMap::new())
}
