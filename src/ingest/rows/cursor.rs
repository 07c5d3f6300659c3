//! How far the tables of a database have been read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Rows that are expected to be written again, of one table: where more were left so, by an agent
/// that was killed, the oldest will hardly be.
const MOST_OPEN: usize = 256;

/// How far a database has been read: the part of a cursor's state that is the reader's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// By the tables' names.
    pub tables: BTreeMap<String, Read>,
    /// It cannot be read to its end, and that has been counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_broken: bool,
}

/// How far a table has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Read {
    /// The last row, by its number.
    pub row: i64,
    /// And by its id: another id under the number, or none, means that rows were taken away, and
    /// their numbers may have been given to others.
    pub id: String,
    /// When a row was last written, at most.
    pub time: i64,
    /// Rows that are expected to be written again, or were written at that very time, as they were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
    /// Rows that could not be read.
    #[serde(skip_serializing_if = "is_zero")]
    pub unparsed: u64,
    /// Rows that were too long to read.
    #[serde(skip_serializing_if = "is_zero")]
    pub oversized: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A row, as it was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, i64, i64, bool)", into = "(i64, i64, i64, bool)")]
pub(super) struct Known {
    pub row: i64,
    /// When it was last written.
    pub time: i64,
    /// Its bytes.
    pub size: i64,
    /// It is expected to be written again.
    pub is_open: bool,
}

impl From<(i64, i64, i64, bool)> for Known {
    fn from((row, time, size, is_open): (i64, i64, i64, bool)) -> Self {
        Self { row, time, size, is_open }
    }
}

impl From<Known> for (i64, i64, i64, bool) {
    fn from(known: Known) -> Self {
        (known.row, known.time, known.size, known.is_open)
    }
}

impl Progress {
    /// What was saved; nothing of it where it cannot be understood: then all is read again.
    pub(super) fn load(state: Option<&str>) -> Self {
        state.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub(super) fn save(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    pub(super) fn unparsed(&self) -> u64 {
        let of_tables: u64 = self.tables.values().map(|read| read.unparsed).sum();
        of_tables + u64::from(self.is_broken)
    }

    pub(super) fn oversized(&self) -> u64 {
        self.tables.values().map(|read| read.oversized).sum()
    }
}

impl Read {
    /// Nothing was written to the row since it was read.
    pub(super) fn is_known(&self, row: &Known) -> bool {
        self.known.contains(row)
    }

    /// The rows that are expected to be written again.
    pub(super) fn open_rows(&self) -> impl Iterator<Item = i64> {
        self.known.iter().filter(|known| known.is_open).map(|known| known.row)
    }

    /// Takes note of a row that was read.
    pub(super) fn note(&mut self, row: Known, changes: bool) {
        self.row = self.row.max(row.row);
        if !changes {
            return;
        }
        self.known.retain(|known| known.row != row.row);
        if row.time > self.time {
            self.time = row.time;
            self.known.retain(|known| known.is_open);
        }
        if row.is_open || row.time == self.time {
            self.known.push(row);
        }
        let open = self.known.iter().filter(|known| known.is_open).count();
        if open > MOST_OPEN
            && let Some(oldest) = self.known.iter().position(|known| known.is_open)
        {
            self.known.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: i64, time: i64, is_open: bool) -> Known {
        Known { row, time, size: 9, is_open }
    }

    #[test]
    fn open_rows_and_those_of_the_latest_time_are_remembered() {
        let mut read = Read::default();
        for known in [row(1, 10, true), row(2, 20, false), row(3, 20, false), row(4, 15, false)] {
            read.note(known, true);
        }
        assert_eq!((read.row, read.time), (4, 20));
        assert_eq!(read.known, [row(1, 10, true), row(2, 20, false), row(3, 20, false)]);
        assert!(read.is_known(&row(2, 20, false)));
        assert!(!read.is_known(&Known { size: 10, ..row(2, 20, false) }));
        // It is complete.
        read.note(row(1, 30, false), true);
        assert_eq!(read.known, [row(1, 30, false)]);
        assert_eq!(read.open_rows().count(), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_survives_being_saved() {
        let mut read = Read::default();
        for number in 0..1000 {
            read.note(row(number, number, true), true);
        }
        assert_eq!(read.open_rows().count(), MOST_OPEN);
        assert_eq!(read.open_rows().last(), Some(999));
        let progress =
            Progress { tables: [("part".to_owned(), read)].into(), ..Progress::default() };
        assert_eq!(Progress::load(progress.save().as_deref()), progress);
        assert_eq!(Progress::load(Some("{\"tables\":7}")), Progress::default());
        assert_eq!(Progress::load(None), Progress::default());
    }
}
