//! How long a selftest waits for what it looks for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::report::Unproven;

/// What a step may take at most.
const LIMIT_OF_STEP: Duration = Duration::from_secs(5);

/// Looked at this often.
const STEP: Duration = Duration::from_millis(1);

/// How long is waited, and for what not to wait on.
pub(super) struct Patience {
    /// When every step has to be over.
    pub until: Instant,
    /// The person wants it to end.
    pub interrupted: Arc<AtomicBool>,
}

impl Patience {
    /// Looks until there is something to see; none when it has been long enough.
    pub(super) fn wait<T>(
        &self,
        mut look: impl FnMut() -> Result<Option<T>, Unproven>,
    ) -> Result<Option<T>, Unproven> {
        let until = self.until.min(Instant::now() + LIMIT_OF_STEP);
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Unproven::Interrupted);
            }
            if let Some(seen) = look()? {
                return Ok(Some(seen));
            }
            if Instant::now() > until {
                return Ok(None);
            }
            thread::sleep(STEP);
        }
    }
}
