//! When the sums of all days but today are to be read again.
//!
//! They are many and hardly ever change (an old transcript turns up, prices are applied anew, a
//! session works across midnight): they are read again at once where the ledger tells that they
//! did, now and then in any case, and never more often than a share of the time allows, so that a
//! large ledger does not slow down what is happening now.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::ledger::{Grown, LedgerError, Reader};
use crate::model::Millis;

/// Reading the other days may take one part in this many of the time.
const SHARE: u32 = 10;

/// What the ledger does not tell of (a call of yesterday whose last usage came late) is seen after
/// this.
const AT_LATEST: Duration = Duration::from_secs(60);

/// What the sums of other days are of.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The ledger's version when it was last looked whether they changed, and the day that is not
    /// in them.
    looked: Option<(i64, Range<Millis>)>,
    /// What the ledger held when they were read.
    grown: Grown,
    read: Option<Read>,
}

/// When they were read.
#[derive(Clone, Copy, Debug)]
struct Read {
    version: i64,
    began: Instant,
    took: Duration,
}

impl Past {
    /// They may be of an older version of the ledger than this, and may be read again by now.
    pub(super) fn is_behind(&self, version: i64) -> bool {
        let is_new = self.looked.as_ref().is_some_and(|(looked, _)| *looked != version);
        (is_new && self.may_be_read()) || (self.looked.is_some() && self.is_late(version))
    }

    /// They are to be read (again): those of all days but `today`, at this version of the ledger.
    pub(super) fn is_due(
        &mut self,
        reader: &Reader,
        version: i64,
        today: &Range<Millis>,
    ) -> Result<bool, LedgerError> {
        let same_day = self.looked.as_ref().is_some_and(|(_, day)| day == today);
        let same_version = self.looked.as_ref().is_some_and(|(looked, _)| *looked == version);
        let is_late = self.is_late(version);
        if same_day && !is_late && (same_version || !self.may_be_read()) {
            return Ok(false);
        }
        let is_due = !same_day || is_late || reader.has_grown_before(today.start, &self.grown)?;
        self.looked = Some((version, today.clone()));
        Ok(is_due)
    }

    /// They were read just now, which began then.
    pub(super) fn was_read(&mut self, reader: &Reader, began: Instant) -> Result<(), LedgerError> {
        self.grown = reader.grown()?;
        let version = self.looked.as_ref().map_or(0, |(version, _)| *version);
        self.read = Some(Read { version, began, took: began.elapsed() });
        Ok(())
    }

    fn may_be_read(&self) -> bool {
        self.read.is_none_or(|read| read.began.elapsed() >= read.took * SHARE)
    }

    /// What the ledger does not tell of may have happened since, and long enough ago.
    fn is_late(&self, version: i64) -> bool {
        let is_late = |read: Read| read.version != version && read.began.elapsed() >= AT_LATEST;
        self.may_be_read() && self.read.is_none_or(is_late)
    }
}
