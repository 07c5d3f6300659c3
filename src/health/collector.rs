//! Who keeps the ledger up to date, since when, and how far behind.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::daemon::{Holder, Role};
use crate::ingest::Scan;
use crate::model::Millis;
use crate::paths;

/// A holder that has not touched its lock for this long does not work.
pub const SILENT_AFTER_MS: i64 = 90_000;

/// Who keeps the ledger up to date.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CollectorState {
    /// A process follows the transcripts.
    pub running: bool,
    /// Its number.
    pub pid: Option<u32>,
    /// Its version of spendtop.
    pub version: Option<String>,
    /// Since when it runs.
    pub since: Option<String>,
    /// The same as an instant.
    #[serde(skip)]
    pub since_at: Option<Millis>,
    /// It is a daemon, or a screen that watches by itself.
    #[serde(skip)]
    pub role: Option<Role>,
    /// It has read everything that there was at its start.
    #[serde(skip)]
    pub caught_up: bool,
    /// Milliseconds since its last sign of life.
    pub silent_ms: Option<i64>,
    /// Transcripts with something that it has not read, and how much that is.
    pub behind_files: usize,
    /// See there.
    pub behind_bytes: u64,
}

/// Who holds the lock of a ledger: nothing is known of who has not said who it is. `unread` is what
/// is still to be read.
pub fn collector(
    ledger: &Path,
    holder: Option<&Holder>,
    unread: &[Scan],
    now: Millis,
) -> CollectorState {
    let mut state = CollectorState { running: true, ..CollectorState::default() };
    if let Some(holder) = holder {
        state.pid = Some(holder.pid);
        state.version = Some(holder.version.clone());
        state.since_at = holder.since;
        state.since = holder.since.map(|at| at.timestamp().to_string());
        state.role = Some(holder.role);
        state.caught_up = holder.caught_up;
    }
    if let Ok(touched) = fs::metadata(paths::lock_of(ledger)).and_then(|file| file.modified())
        && let Ok(touched) = jiff::Timestamp::try_from(touched)
    {
        state.silent_ms = Some((now.0 - touched.as_millisecond()).max(0));
    }
    state.behind_files = unread.len();
    state.behind_bytes = unread.iter().map(Scan::new_bytes).sum();
    state
}

impl CollectorState {
    /// It runs whether or not a screen is open.
    pub fn is_daemon(&self) -> bool {
        self.role == Some(Role::Daemon)
    }

    /// How long it has given no sign of life, if that is too long.
    pub fn silence(&self) -> Option<i64> {
        self.silent_ms.filter(|silent| *silent > SILENT_AFTER_MS)
    }
}
