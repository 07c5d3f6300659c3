//! What an adapter finds in a transcript.

use std::sync::Arc;

use super::{Call, CallId, Fingerprint, Millis, PicoUsd};

/// A fact read from one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A model answered; the same call comes again with every record of it.
    Call(Box<Call>),
    /// A tool of the call ran this many web searches on the provider's side, in all so far.
    Searched {
        /// Which call; its session is the call's own.
        call_id: CallId,
        /// The session whose record tells it.
        session_id: Arc<str>,
        /// Searches of the call's tools up to here; only ever grows.
        searches: u64,
    },
    /// A record that only the session's own file can hold: no fork copies it.
    SessionSeen {
        /// Which session.
        session_id: Arc<str>,
        /// When the record was written.
        timestamp: Millis,
    },
    /// A request failed for good; nothing was billed.
    ApiError {
        /// Which session.
        session_id: Arc<str>,
        /// The subagent; none in the main thread.
        agent_id: Option<Arc<str>>,
        /// When, if told.
        timestamp: Option<Millis>,
        /// What tells it from others.
        key: Fingerprint,
        /// The HTTP status, if told.
        status: Option<u16>,
    },
    /// The agent states its own total for the session so far.
    ReportedCost {
        /// Which session.
        session_id: Arc<str>,
        /// When, or the latest time seen before it in the file.
        timestamp: Millis,
        /// The cumulative total.
        total: PicoUsd,
    },
}
