//! Statements of the client's own total that carry no time and come before the file's first call.
//!
//! They are dated by the record before them, or else by the first one after: by the file alone,
//! never by when it was read.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Event, Millis, PicoUsd};

/// What dates such a statement, or waits to be dated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Undated {
    /// The latest time on any record so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Millis>,
    /// Session and pico-dollars of the last statement that nothing has dated.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<(Arc<str>, i64)>,
}

impl Undated {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// A statement without a time; an event if something before it has one.
    pub(super) fn take_in(&mut self, session_id: Arc<str>, total: PicoUsd) -> Option<Event> {
        if let Some(timestamp) = self.seen {
            return Some(Event::ReportedCost { session_id, timestamp, total });
        }
        self.waiting = Some((session_id, total.0));
        None
    }

    /// A record with a time; what waited was said just before it.
    pub(super) fn date(&mut self, at: Millis) -> Option<Event> {
        self.seen = self.seen.max(Some(at));
        let (session_id, total) = self.waiting.take()?;
        let timestamp = at.minus(1);
        Some(Event::ReportedCost { session_id, timestamp, total: PicoUsd(total) })
    }
}
