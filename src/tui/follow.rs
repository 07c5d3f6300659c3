//! Watches the ledger and takes a new picture whenever it changed or another day began.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::Setting;
use super::action::Action;
use super::snapshot::Snapshot;
use crate::ledger::{LedgerError, Reader};
use crate::model::Millis;

/// A picture may take one part in this many of the time, however busy the ledger is.
const SHARE: u32 = 10;

/// Watches a ledger. SQLite tells in microseconds whether anything was committed since.
#[derive(Debug)]
pub struct Follower {
    db: PathBuf,
    developer: Arc<str>,
    zone: TimeZone,
    reader: Option<Reader>,
    /// What the newest picture is of: the ledger's version and the instants of its day.
    seen: Option<(i64, std::ops::Range<Millis>)>,
    not_before: Option<Instant>,
}

impl Follower {
    /// Watches the ledger at `db`, which need not be there yet.
    pub fn new(db: PathBuf, setting: &Setting) -> Self {
        Self {
            db,
            developer: Arc::clone(&setting.developer),
            zone: setting.zone.clone(),
            reader: None,
            seen: None,
            not_before: None,
        }
    }

    /// A new picture, or why there is none, where something changed.
    pub fn look(&mut self, now: Millis) -> Option<Action> {
        match self.picture(now) {
            Ok(picture) => picture.map(|snapshot| Action::Picture(Box::new(snapshot))),
            // The collector is at it: the next look comes soon enough.
            Err(LedgerError::Busy) => None,
            Err(error) => {
                self.reader = None;
                self.seen = None;
                Some(Action::Unreadable(error.to_string()))
            }
        }
    }

    fn picture(&mut self, now: Millis) -> Result<Option<Snapshot>, LedgerError> {
        let began = Instant::now();
        if self.not_before.is_some_and(|time| began < time) {
            return Ok(None);
        }
        if self.reader.is_none() {
            self.reader = Reader::open(&self.db)?;
        }
        let Some(reader) = &self.reader else { return Ok(None) };
        // Before reading: what is committed meanwhile is seen the next time.
        let version = reader.data_version()?;
        if self.seen.as_ref().is_some_and(|(seen, day)| *seen == version && day.contains(&now)) {
            return Ok(None);
        }
        let snapshot = Snapshot::read(reader, &self.developer, &self.zone, now)?;
        self.seen = Some((version, snapshot.day.clone()));
        let rest: Duration = began.elapsed() * (SHARE - 1);
        self.not_before = Some(Instant::now() + rest);
        Ok(Some(snapshot))
    }
}
