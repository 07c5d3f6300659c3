//! Instants as the transcripts give them: milliseconds since the Unix epoch, UTC.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds in a quarter of an hour.
pub const MILLIS_PER_QUARTER: i64 = 900_000;

/// An instant in milliseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// Reads an RFC 3339 timestamp; any offset, sub-millisecond digits are cut.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(Self::from)
    }

    /// The quarter of an hour since the epoch: the grain of the ledger's sums. Every zone in use
    /// starts its days on one.
    pub fn quarter(self) -> i64 {
        self.0.div_euclid(MILLIS_PER_QUARTER)
    }

    /// The first instant of a quarter of an hour.
    pub fn of_quarter(quarter: i64) -> Self {
        Self(quarter.saturating_mul(MILLIS_PER_QUARTER))
    }

    /// The same instant for calendar arithmetic and printing; clamped to jiff's range.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

impl From<Timestamp> for Millis {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_agents_write() {
        let at = Millis::parse("2026-11-23T16:10:54.838Z").unwrap();
        assert_eq!(at.timestamp().to_string(), "2026-11-23T16:10:54.838Z");
        assert_eq!(Millis::parse("2026-11-23T17:10:54.838+01:00"), Some(at));
        assert_eq!(Millis::parse("2026-11-23T16:10:54.838999Z"), Some(at));
        for text in ["", "yesterday", "2026-02-30T00:00:00Z", "1763914254"] {
            assert_eq!(Millis::parse(text), None, "{text:?}");
        }
    }
}
