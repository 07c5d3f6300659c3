//! The outbox: what is still to be told, and how telling went.

use rusqlite::{OptionalExtension, params};

use super::super::{LedgerError, Reader, Writer};
use crate::model::{Millis, Notice};

/// A notice that is to be told by one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Number of the notice in the ledger.
    pub number: i64,
    /// The channel's name.
    pub channel: String,
    /// Times it was tried.
    pub attempts: u32,
    /// What to tell.
    pub notice: Notice,
}

/// How telling a notice by one channel stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The channel's name.
    pub channel: String,
    /// When the notice came up.
    pub at: Millis,
    /// The notice's title.
    pub title: String,
    /// Times it was tried.
    pub attempts: u32,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// It will not be tried again.
    pub given_up: bool,
}

impl Writer {
    /// What is to be told by now, oldest first.
    pub fn outgoing(&self, now: Millis) -> Result<Vec<Outgoing>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT notice.id, channel, attempts, key, at, title, body, urgent
             FROM delivery JOIN notice ON notice.id = delivery.notice
             WHERE told_at IS NULL AND retry_at <= ?1 ORDER BY notice.id, channel",
        )?;
        let rows = statement.query_map([now.0], |row| {
            Ok(Outgoing {
                number: row.get(0)?,
                channel: row.get(1)?,
                attempts: row.get(2)?,
                notice: Notice {
                    key: row.get(3)?,
                    at: Millis(row.get(4)?),
                    title: row.get(5)?,
                    body: row.get(6)?,
                    urgent: row.get(7)?,
                },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When the next notice is to be tried (again).
    pub fn next_outgoing(&self) -> Result<Option<Millis>, LedgerError> {
        self.next_outgoing_after(Millis(i64::MIN))
    }

    /// The same of what is not due yet.
    pub fn next_outgoing_after(&self, now: Millis) -> Result<Option<Millis>, LedgerError> {
        let next = self
            .db
            .prepare_cached(
                "SELECT min(retry_at) FROM delivery WHERE told_at IS NULL AND retry_at > ?1",
            )?
            .query_row([now.0], |row| row.get::<_, Option<i64>>(0))
            .optional()?;
        Ok(next.flatten().map(Millis))
    }

    /// Notes how telling went: told, or what went wrong and when to try again (never, if none).
    pub fn note_delivery(
        &mut self,
        outgoing: &Outgoing,
        outcome: &Result<(), String>,
        now: Millis,
        retry_at: Option<Millis>,
    ) -> Result<(), LedgerError> {
        self.db
            .prepare_cached(
                "UPDATE delivery SET attempts = attempts + 1, told_at = ?3, retry_at = ?4,
                     error = ?5
                 WHERE notice = ?1 AND channel = ?2",
            )?
            .execute(params![
                outgoing.number,
                outgoing.channel,
                outcome.is_ok().then_some(now.0),
                retry_at.filter(|_| outcome.is_err()).map(|at| at.0),
                outcome.as_ref().err(),
            ])?;
        Ok(())
    }

    /// Notes how another process fared with a notice. What it could not tell is still due.
    pub(super) fn delivered(
        &mut self,
        key: &str,
        channel: &str,
        at: Millis,
        error: Option<&str>,
    ) -> Result<(), LedgerError> {
        self.db
            .prepare_cached(
                "UPDATE delivery SET attempts = attempts + 1, error = ?4,
                     told_at = CASE WHEN ?4 IS NULL THEN ?3 END,
                     retry_at = CASE WHEN ?4 IS NULL THEN NULL ELSE retry_at END
                 WHERE notice = (SELECT id FROM notice WHERE key = ?1) AND channel = ?2
                     AND told_at IS NULL",
            )?
            .execute(params![key, channel, at.0, error])?;
        Ok(())
    }
}

impl Reader {
    /// Notices that could not be told (yet), newest first. For `doctor`.
    pub fn untold(&self, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT channel, at, title, attempts, error, retry_at IS NULL
             FROM delivery JOIN notice ON notice.id = delivery.notice
             WHERE told_at IS NULL AND attempts > 0 ORDER BY notice.id DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(Delivery {
                channel: row.get(0)?,
                at: Millis(row.get(1)?),
                title: row.get(2)?,
                attempts: row.get(3)?,
                error: row.get(4)?,
                given_up: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest notices, for the screen: when and the first line.
    pub fn notices(&self, since: Millis, limit: usize) -> Result<Vec<Notice>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT key, at, title, body, urgent FROM notice WHERE at >= ?1
             ORDER BY at DESC, id DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![since.0, limit], |row| {
            Ok(Notice {
                key: row.get(0)?,
                at: Millis(row.get(1)?),
                title: row.get(2)?,
                body: row.get(3)?,
                urgent: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
