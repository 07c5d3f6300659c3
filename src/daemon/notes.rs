//! What other processes left for the holder of the lock, stored in the ledger.

use crate::ledger::{Inbox, LedgerError, Writer};

/// Stores every note that was left and takes it out of the inbox; tells how many there were.
///
/// `channels` are those that a notice among them is to be told by. A crash between the two databases
/// stores a note again, which the ledger bears.
pub fn store_notes(
    inbox: &Inbox,
    writer: &mut Writer,
    channels: &[&str],
) -> Result<usize, LedgerError> {
    let notes = inbox.notes()?;
    let Some((last, _)) = notes.last() else { return Ok(0) };
    writer.together(|writer| {
        for (number, note) in &notes {
            match note {
                Some(note) => writer.store_note(note, channels)?,
                None => tracing::warn!("note {number} of a newer spendtop is not understood"),
            }
        }
        Ok(())
    })?;
    inbox.forget_notes(*last)?;
    Ok(notes.len())
}
