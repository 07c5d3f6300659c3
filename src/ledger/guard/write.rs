//! Stores what the guard decided and did.

use rusqlite::params;

use super::super::{LedgerError, Writer};
use crate::model::{Action, Latch, Lift, LiftBy, Mark, Note, Notice, SessionKey, Sighting};

/// Hook failures that are kept.
const KEEP_FAILURES: i64 = 1000;

impl Writer {
    /// Runs several of the writes below as one: all of them are kept, or none.
    pub fn together<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        self.begin()?;
        let written = write(self);
        let outcome = written.and_then(|value| {
            self.commit_guard()?;
            Ok(value)
        });
        self.undo_on_error(outcome)
    }

    /// Latches a level; false if it is latched already.
    pub fn latch(&mut self, latch: &Latch) -> Result<bool, LedgerError> {
        let session = latch.session.as_ref();
        let rows = self
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO latch (cap, subject, period_start, period_end, level,
                     limit_pico, spent_pico, reserve_pico, at, agent, session_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                latch.cap,
                latch.subject,
                latch.window.start.0,
                latch.window.end.0,
                latch.level,
                latch.limit.0,
                latch.spent.0,
                latch.reserve.0,
                latch.at.0,
                session.map(|session| session.agent as i64),
                session.map(|session| &session.session_id),
            ])?;
        Ok(rows > 0)
    }

    /// Keeps a person's word that a cap is lifted; the same word twice is one.
    pub fn lift(&mut self, lift: &Lift) -> Result<(), LedgerError> {
        let amount = match lift.what {
            LiftBy::Snooze { .. } => None,
            LiftBy::Raise { amount, .. } => Some(amount.0),
        };
        self.db
            .prepare_cached(
                "INSERT INTO lift (cap, amount_pico, until, at, reason, by)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (
                     SELECT 1 FROM lift WHERE (cap, until, at, reason, by)
                         = (?1, ?3, ?4, ?5, ?6) AND amount_pico IS ?2)",
            )?
            .execute(params![
                lift.cap,
                amount,
                lift.what.until().0,
                lift.at.0,
                lift.reason,
                lift.by,
            ])?;
        Ok(())
    }

    /// Marks a session; false if it is marked so already.
    pub fn mark(&mut self, mark: &Mark) -> Result<bool, LedgerError> {
        let rows = self
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO mark (agent, session_id, action, cap, reason, by, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                mark.session.agent as i64,
                mark.session.session_id,
                mark.action.name(),
                mark.cap,
                mark.reason,
                mark.by,
                mark.at.0,
            ])?;
        Ok(rows > 0)
    }

    /// Takes a session's marks back; false if it had none.
    pub fn unmark(&mut self, session: &SessionKey) -> Result<bool, LedgerError> {
        let rows = self
            .db
            .prepare_cached("DELETE FROM mark WHERE agent = ?1 AND session_id = ?2")?
            .execute(params![session.agent as i64, session.session_id])?;
        Ok(rows > 0)
    }

    /// Keeps which process a session lives in.
    pub fn sight(&mut self, sighting: &Sighting) -> Result<(), LedgerError> {
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO sighting (agent, session_id, boot_id, pid, start_time,
                     exe, transcript, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                sighting.session.agent as i64,
                sighting.session.session_id,
                sighting.process.boot_id,
                sighting.process.pid,
                sighting.process.start_time.cast_signed(),
                sighting.exe.to_string_lossy(),
                sighting.transcript.as_ref().map(|path| path.to_string_lossy()),
                sighting.at.0,
            ])?;
        Ok(())
    }

    /// Adds a row to the audit trail.
    pub fn record(&mut self, action: &Action) -> Result<(), LedgerError> {
        let (session, process) = (action.session.as_ref(), action.process.as_ref());
        self.db
            .prepare_cached(
                "INSERT INTO action (at, kind, cap, agent, session_id, evidence, boot_id, pid,
                     start_time, signal, outcome, latency_ms, overshoot_pico, resume, by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                action.at.0,
                action.kind.name(),
                action.cap,
                session.map(|session| session.agent as i64),
                session.map(|session| &session.session_id),
                action.evidence,
                process.map(|process| &process.boot_id),
                process.map(|process| process.pid),
                process.map(|process| process.start_time.cast_signed()),
                action.signal,
                action.outcome,
                action.latency_ms,
                action.overshoot.map(|amount| amount.0),
                action.resume,
                action.by,
            ])?;
        Ok(())
    }

    /// Stores what another process left in the inbox. `channels` are those that a notice which
    /// was not told yet is to be told by.
    pub fn store_note(&mut self, note: &Note, channels: &[&str]) -> Result<(), LedgerError> {
        match note {
            Note::Sighting(sighting) => self.sight(sighting),
            Note::Action(action) => self.record(action),
            Note::Latch(latch) => self.latch(latch).map(|_| ()),
            Note::Lift(lift) => self.lift(lift),
            Note::Mark(mark) => self.mark(mark).map(|_| ()),
            Note::Unmark(session) => self.unmark(session).map(|_| ()),
            Note::Notice { notice, told } => {
                self.store_notice(notice, if *told { &[] } else { channels }).map(|_| ())
            }
            Note::Delivered { key, channel, at, error } => {
                self.delivered(key, channel, *at, error.as_deref())
            }
            Note::Failure { at, what } => {
                self.db
                    .prepare_cached("INSERT INTO hook_failure (at, what) VALUES (?1, ?2)")?
                    .execute(params![at.0, what])?;
                self.db
                    .prepare_cached(
                        "DELETE FROM hook_failure
                         WHERE id <= (SELECT max(id) FROM hook_failure) - ?1",
                    )?
                    .execute([KEEP_FAILURES])?;
                Ok(())
            }
        }
    }

    /// Keeps a notice and that it is to be told by these channels; false if there is one of that
    /// key already, which is then left as it is.
    pub fn store_notice(
        &mut self,
        notice: &Notice,
        channels: &[&str],
    ) -> Result<bool, LedgerError> {
        let rows = self
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO notice (key, at, title, body, urgent)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![notice.key, notice.at.0, notice.title, notice.body, notice.urgent,])?;
        if rows == 0 {
            return Ok(false);
        }
        let number = self.db.last_insert_rowid();
        for channel in channels {
            self.db
                .prepare_cached(
                    "INSERT INTO delivery (notice, channel, attempts, retry_at)
                     VALUES (?1, ?2, 0, ?3)",
                )?
                .execute(params![number, channel, notice.at.0])?;
        }
        Ok(true)
    }
}
