//! Has something stored in the ledger: by us where nobody else writes it, else by the one who does.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::context::Context;
use crate::daemon::{self, Attempt, InstanceLock, Role};
use crate::ledger::{Inbox, LedgerError, Writer};
use crate::model::Note;
use crate::notice;
use crate::paths;

/// How long the writer may take.
const WITHIN: Duration = Duration::from_secs(2);

/// Between two looks.
const STEP: Duration = Duration::from_millis(10);

/// Stores the notes, all of them, before it returns; an error where that is not certain yet.
pub(super) fn store(context: &Context, notes: &[Note]) -> Result<()> {
    let inbox = Inbox::open(&paths::inbox_of(&context.ledger))?;
    for note in notes {
        inbox.leave(note, context.now())?;
    }
    let lock = paths::lock_of(&context.ledger);
    let deadline = Instant::now() + WITHIN;
    loop {
        // Whoever writes the ledger takes them; if that is nobody, we do.
        let attempt = InstanceLock::try_take(&lock, Role::Command)
            .map_err(|why| LedgerError::Unwritable { path: lock.clone(), why })?;
        if let Attempt::Held(_held) = attempt {
            let mut writer = Writer::open(&context.ledger)?;
            daemon::store_notes(&inbox, &mut writer, &notice::channels(&context.config.notify))?;
            return Ok(());
        }
        let waits = |note: &Note| notes.contains(note);
        if !inbox.notes()?.iter().any(|(_, note)| note.as_ref().is_some_and(waits)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!(
                "the running spendtop has not taken it within {} s; it stays in its inbox, and \
                 will be done as soon as that spendtop gets to it",
                WITHIN.as_secs()
            );
        }
        std::thread::sleep(STEP);
    }
}
