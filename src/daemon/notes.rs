//! What other processes left for the holder of the lock, stored in the ledger.

use crate::ledger::{Inbox, LedgerError, Writer};
use crate::model::Note;

/// Stores every note that was left and takes it out of the inbox; gives them back.
///
/// `channels` are those that a notice among them is to be told by. A crash between the two databases
/// stores a note again, which the ledger bears.
pub fn store_notes(
    inbox: &Inbox,
    writer: &mut Writer,
    channels: &[&str],
) -> Result<Vec<Note>, LedgerError> {
    let notes = inbox.notes()?;
    let Some((last, _)) = notes.last() else { return Ok(Vec::new()) };
    writer.together(|writer| {
        for (number, note) in &notes {
            if let Some(note) = note {
                writer.store_note(note, channels)?;
            } else {
                tracing::warn!("note {number} of a newer spendtop is not understood");
            }
        }
        Ok(())
    })?;
    inbox.forget_notes(*last)?;
    Ok(notes.into_iter().filter_map(|(_, note)| note).collect())
}
