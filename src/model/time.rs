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
        Self::parse_usual(text.as_bytes())
            .or_else(|| text.parse::<Timestamp>().ok().map(Self::from))
    }

    /// The form that agents write, `2026-11-23T16:10:54.838Z`, in a tenth of the time: there is one
    /// on every line. None for any other, and wherever the calendar has to be asked.
    fn parse_usual(text: &[u8]) -> Option<Self> {
        let text: &[u8; 24] = text.try_into().ok()?;
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.')];
        if marks.iter().any(|&(at, mark)| text[at] != mark) || text[23] != b'Z' {
            return None;
        }
        let number = |from: usize, to: usize| {
            text[from..to].iter().try_fold(0, |sum, byte| {
                byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
            })
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let is_everyday = (1970..=9000).contains(&year)
            && (1..=12).contains(&month)
            && (1..=28).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !is_everyday {
            return None;
        }
        // Days since the epoch, in years that begin in March, so that a leap day comes last.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year / 4 - year / 100 + year / 400;
        let days = 365 * year + leap_days + (153 * month + 2) / 5 + day - 719_469;
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
        Some(Self(seconds * 1000 + number(20, 23)?))
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

    /// The instant that many milliseconds later. Saturates, as all of these do: a transcript can
    /// claim any time.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The instant that many milliseconds earlier.
    #[must_use]
    pub const fn minus(self, ms: i64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds from `earlier` to this one; negative if that is the later one.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_usual_form_reads_as_any_other(
            at in 0..(60 * 366 * 86_400_000_i64),
            edit in prop::option::weighted(0.3, (0..24_usize, "[0-9T:.Z-]")),
        ) {
            let mut text = Millis(at).timestamp().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            if let Some((at, with)) = edit {
                text.replace_range(at..=at, &with);
            }
            let slowly = text.parse::<Timestamp>().ok().map(Millis::from);
            prop_assert_eq!(Millis::parse(&text), slowly, "{}", text);
            if let Some(quickly) = Millis::parse_usual(text.as_bytes()) {
                prop_assert_eq!(Some(quickly), slowly, "{}", text);
            }
        }
    }

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
