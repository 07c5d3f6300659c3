//! What a hook writes: notes for the holder of the ledger, and claims to what is said once.

use std::path::PathBuf;

use crate::ledger::{Inbox, LedgerError};
use crate::model::{Action, Latch, Millis, Note, Permille, Sighting};

/// The inbox, made only if there is something to write.
pub struct Desk {
    inbox: Option<Inbox>,
    has_written: bool,
    path: PathBuf,
    now: Millis,
}

impl Desk {
    /// With the inbox as far as there is one.
    pub fn new(inbox: Option<Inbox>, path: PathBuf, now: Millis) -> Self {
        Self { inbox, has_written: false, path, now }
    }

    fn inbox(&mut self) -> Result<&Inbox, LedgerError> {
        let inbox = match self.inbox.take() {
            Some(inbox) => inbox,
            None => Inbox::create_quickly(&self.path)?,
        };
        self.has_written = true;
        Ok(self.inbox.insert(inbox))
    }

    /// Leaves the inbox as one that the next can open quickly.
    pub fn tidy(&self) -> Result<(), LedgerError> {
        self.inbox.as_ref().filter(|_| self.has_written).map_or(Ok(()), Inbox::fold_long_log)
    }

    /// Leaves word of a process.
    pub fn sight(&mut self, sighting: Sighting) -> Result<(), LedgerError> {
        let now = self.now;
        self.inbox()?.leave(&Note::Sighting(sighting), now)
    }

    /// Leaves word of what was done.
    pub fn act(&mut self, action: Action) -> Result<(), LedgerError> {
        let now = self.now;
        self.inbox()?.leave(&Note::Action(action), now)
    }

    /// Leaves word that a cap is broken, for the hooks of other sessions.
    pub fn latch(&mut self, latch: Latch) -> Result<(), LedgerError> {
        let now = self.now;
        self.inbox()?.leave(&Note::Latch(latch), now)
    }

    /// The levels that nobody has claimed under these keys.
    pub fn unclaimed(
        &mut self,
        levels: impl Iterator<Item = Permille>,
        key: impl Fn(Permille) -> String,
    ) -> Result<Vec<Permille>, LedgerError> {
        let levels: Vec<Permille> = levels.collect();
        let Some(inbox) = self.inbox.as_ref().filter(|_| !levels.is_empty()) else {
            return Ok(levels);
        };
        let unsaid = inbox.unsaid(levels.iter().map(|&level| key(level)).collect())?;
        Ok(levels.into_iter().filter(|&level| unsaid.contains(&key(level))).collect())
    }

    /// Claims every level; tells the highest, unless that is somebody else's.
    pub fn claim(
        &mut self,
        levels: impl Iterator<Item = Permille>,
        key: impl Fn(Permille) -> String,
    ) -> Result<Option<Permille>, LedgerError> {
        let levels = self.unclaimed(levels, &key)?;
        let now = self.now;
        let mut highest = None;
        for level in levels {
            let claimed = self.inbox()?.claim(&key(level), now)?;
            highest = claimed.then_some(level);
        }
        Ok(highest)
    }
}
