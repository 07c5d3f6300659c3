//! What the guard decided and did, read back.

use std::sync::Arc;

use rusqlite::{Row, params};

use super::super::{LedgerError, Reader};
use super::session;
use crate::model::{
    Action, ActionKind, AgentId, CapAction, Latch, Lift, LiftBy, Mark, Millis, PicoUsd, ProcessKey,
    SessionKey, Sighting,
};

/// Sightings of a boot that are looked at: a machine runs no more sessions than that.
const SIGHTINGS: i64 = 2000;

/// What is in force at a moment, and what each needs to know to decide.
impl Reader {
    /// What hooks saw since the machine was started, the newest first.
    pub fn sightings_of_boot(&self, boot_id: &str) -> Result<Vec<Sighting>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT agent, session_id, pid, start_time, exe, transcript, at FROM sighting
             WHERE boot_id = ?1 ORDER BY at DESC LIMIT ?2",
        )?;
        let boot_id: Arc<str> = Arc::from(boot_id);
        let rows = statement.query_map(params![boot_id, SIGHTINGS], |row| {
            Ok(Sighting {
                session: SessionKey {
                    agent: AgentId::from_number(row.get(0)?),
                    session_id: row.get(1)?,
                },
                process: ProcessKey {
                    boot_id: Arc::clone(&boot_id),
                    pid: row.get(2)?,
                    start_time: row.get::<_, i64>(3)?.cast_unsigned(),
                },
                exe: row.get::<_, String>(4)?.into(),
                transcript: row.get::<_, Option<String>>(5)?.map(Into::into),
                at: Millis(row.get(6)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Latches of periods that hold `now`.
    pub fn latches(&self, now: Millis) -> Result<Vec<Latch>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT cap, subject, period_start, period_end, level, limit_pico, spent_pico,
                 reserve_pico, at, agent, session_id
             FROM latch WHERE period_start <= ?1 AND period_end > ?1",
        )?;
        let rows = statement.query_map([now.0], |row| {
            Ok(Latch {
                cap: row.get(0)?,
                subject: row.get(1)?,
                window: Millis(row.get(2)?)..Millis(row.get(3)?),
                level: row.get(4)?,
                limit: PicoUsd(row.get(5)?),
                spent: PicoUsd(row.get(6)?),
                reserve: PicoUsd(row.get(7)?),
                at: Millis(row.get(8)?),
                session: session(row, 9, 10)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lifts that have not ended.
    pub fn lifts(&self, now: Millis) -> Result<Vec<Lift>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT cap, amount_pico, until, at, reason, by FROM lift
             WHERE until > ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([now.0], |row| {
            let until = Millis(row.get(2)?);
            let amount: Option<i64> = row.get(1)?;
            Ok(Lift {
                cap: row.get(0)?,
                what: match amount {
                    None => LiftBy::Snooze { until },
                    Some(amount) => LiftBy::Raise { amount: PicoUsd(amount), until },
                },
                at: Millis(row.get(3)?),
                reason: row.get(4)?,
                by: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every mark.
    pub fn marks(&self) -> Result<Vec<Mark>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT agent, session_id, action, cap, reason, by, at FROM mark ORDER BY at",
        )?;
        let rows = statement.query_map([], |row| {
            let action: String = row.get(2)?;
            Ok(Mark {
                session: SessionKey {
                    agent: AgentId::from_number(row.get(0)?),
                    session_id: row.get(1)?,
                },
                action: action.parse().unwrap_or(CapAction::Flag),
                cap: row.get(3)?,
                reason: row.get(4)?,
                by: row.get(5)?,
                at: Millis(row.get(6)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A session's marks.
    pub fn marks_of(&self, session: &SessionKey) -> Result<Vec<Mark>, LedgerError> {
        let mut marks = self.marks()?;
        marks.retain(|mark| mark.session == *session);
        Ok(marks)
    }

    /// Processes that hooks saw a session in, the newest first.
    pub fn sightings(&self, session: &SessionKey) -> Result<Vec<Sighting>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT boot_id, pid, start_time, exe, transcript, at FROM sighting
             WHERE agent = ?1 AND session_id = ?2 ORDER BY at DESC",
        )?;
        let rows =
            statement.query_map(params![session.agent as i64, session.session_id], |row| {
                Ok(Sighting {
                    session: session.clone(),
                    process: ProcessKey {
                        boot_id: row.get(0)?,
                        pid: row.get(1)?,
                        start_time: row.get::<_, i64>(2)?.cast_unsigned(),
                    },
                    exe: row.get::<_, String>(3)?.into(),
                    transcript: row.get::<_, Option<String>>(4)?.map(Into::into),
                    at: Millis(row.get(5)?),
                })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The audit trail from `since` on, the newest first, at most `limit` rows.
    pub fn actions(&self, since: Millis, limit: usize) -> Result<Vec<Action>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT at, kind, cap, agent, session_id, evidence, boot_id, pid, start_time, signal,
                 outcome, latency_ms, overshoot_pico, resume, by
             FROM action WHERE at >= ?1 ORDER BY at DESC, id DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![since.0, limit], action)?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// How many hooks failed from `since` on, and how the last one did.
    pub fn hook_failures(&self, since: Millis) -> Result<(u64, Option<String>), LedgerError> {
        let count: i64 = self.db.query_row(
            "SELECT count(*) FROM hook_failure WHERE at >= ?1",
            [since.0],
            |row| row.get(0),
        )?;
        let mut last =
            self.db.prepare_cached("SELECT what FROM hook_failure ORDER BY id DESC LIMIT 1")?;
        let last = last.query_map([], |row| row.get(0))?.next().transpose()?;
        Ok((count.cast_unsigned(), last))
    }
}

/// None for a kind that only a newer version knows.
fn action(row: &Row<'_>) -> rusqlite::Result<Option<Action>> {
    let kind: String = row.get(1)?;
    let Some(kind) = ActionKind::from_name(&kind) else { return Ok(None) };
    let boot_id: Option<Arc<str>> = row.get(6)?;
    let process = match boot_id {
        Some(boot_id) => Some(ProcessKey {
            boot_id,
            pid: row.get(7)?,
            start_time: row.get::<_, i64>(8)?.cast_unsigned(),
        }),
        None => None,
    };
    Ok(Some(Action {
        at: Millis(row.get(0)?),
        kind,
        cap: row.get(2)?,
        session: session(row, 3, 4)?,
        evidence: row.get(5)?,
        process,
        signal: row.get(9)?,
        outcome: row.get(10)?,
        latency_ms: row.get(11)?,
        overshoot: row.get::<_, Option<i64>>(12)?.map(PicoUsd),
        resume: row.get(13)?,
        by: row.get(14)?,
    }))
}
