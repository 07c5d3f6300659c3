//! The calls of the session that is shown, read again only where its sums moved: what other
//! sessions do is no news here.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::ledger::{LedgerError, Reader, SessionCall};
use crate::tui::sums::Sums;

/// A session's calls as they were read last.
#[derive(Debug, Default)]
pub struct Kept {
    /// The session's number, and a number that is another where its sums are.
    of: Option<(i64, u64)>,
    calls: Arc<[SessionCall]>,
    hasher: RandomState,
}

impl Kept {
    /// The calls that count in a session and its subagents, the newest first.
    pub(super) fn calls(
        &mut self,
        reader: &Reader,
        sums: &Sums,
        session: i64,
    ) -> Result<Arc<[SessionCall]>, LedgerError> {
        let now = Some((session, self.stamp(sums, session)));
        if self.of != now {
            self.calls = reader.session_calls(session)?.into();
            self.of = now;
        }
        Ok(Arc::clone(&self.calls))
    }

    fn stamp(&self, sums: &Sums, session: i64) -> u64 {
        let is_of =
            |number: &i64| sums.charged.get(number).is_some_and(|who| who.session == session);
        let own = sums.by_charged.iter().filter(|(number, _)| is_of(number));
        // Whatever order they come in.
        own.fold(0, |stamp, one| stamp.wrapping_add(self.hasher.hash_one(one)))
    }
}
