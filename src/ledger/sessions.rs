//! What the ledger knows of whole sessions: what dates them, and the agent's own total.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};

use super::LedgerError;
use super::identity::SessionFacts;
use crate::model::{Millis, PicoUsd};

/// Facts that decide ownership, and which sessions have any. Caches what the database holds.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Sessions that hold a call which another session holds too.
    sharing: HashSet<i64>,
    /// Sessions whose agent stated a total.
    reported: HashSet<i64>,
    facts: HashMap<i64, SessionFacts>,
}

impl Sessions {
    pub(super) fn load(db: &Connection) -> Result<Self, LedgerError> {
        let ids = |sql: &str| -> Result<HashSet<i64>, LedgerError> {
            let mut statement = db.prepare(sql)?;
            let ids = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(ids)
        };
        Ok(Self {
            sharing: ids("SELECT DISTINCT attribution.session FROM call
                 JOIN attribution ON attribution.id = call.attribution WHERE call.shared")?,
            reported: ids("SELECT id FROM session WHERE reported_pico IS NOT NULL")?,
            facts: HashMap::new(),
        })
    }

    pub(super) fn set_sharing(&mut self, session: i64) {
        self.sharing.insert(session);
    }

    pub(super) fn is_sharing(&self, session: i64) -> bool {
        self.sharing.contains(&session)
    }

    pub(super) fn facts(&self, session: i64) -> SessionFacts {
        self.facts
            .get(&session)
            .copied()
            .unwrap_or(SessionFacts { start: Millis::default(), end: Millis::default() })
    }

    pub(super) fn knows_facts(&self, session: i64) -> bool {
        self.facts.contains_key(&session)
    }

    /// Computes a session's facts anew; tells whether they are other than remembered.
    pub(super) fn refresh(&mut self, db: &Connection, session: i64) -> Result<bool, LedgerError> {
        let mut statement = db.prepare_cached(
            "SELECT (SELECT seen_at FROM session WHERE id = ?1),
                 min(CASE WHEN shared = 0 THEN at END),
                 min(ifnull(own ->> 0, at)), max(at)
             FROM call WHERE attribution IN (SELECT id FROM attribution WHERE session = ?1)",
        )?;
        let facts = statement.query_row([session], |row| {
            let seen: Option<i64> = row.get(0)?;
            let own: Option<i64> = row.get(1)?;
            let own = match (seen, own) {
                (Some(seen), Some(own)) => Some(seen.min(own)),
                (seen, own) => seen.or(own),
            };
            let first: Option<i64> = row.get(2)?;
            let last: Option<i64> = row.get(3)?;
            Ok(SessionFacts {
                start: Millis(own.or(first).unwrap_or(i64::MAX)),
                end: Millis(last.unwrap_or(i64::MAX)),
            })
        })?;
        Ok(self.facts.insert(session, facts) != Some(facts))
    }

    /// A record of the session that no other session's file can hold.
    pub(super) fn note_seen(db: &Connection, session: i64, at: Millis) -> Result<(), LedgerError> {
        db.prepare_cached(
            "UPDATE session SET seen_at = ?2 WHERE id = ?1 AND ifnull(seen_at > ?2, TRUE)",
        )?
        .execute([session, at.0])?;
        Ok(())
    }

    /// The agent's own total. It is cumulative: the latest statement holds.
    pub(super) fn note_reported(
        &mut self,
        db: &Connection,
        session: i64,
        at: Millis,
        total: PicoUsd,
    ) -> Result<(), LedgerError> {
        self.reported.insert(session);
        db.prepare_cached(
            "UPDATE session SET reported_pico = ?2, reported_at = ?3
             WHERE id = ?1 AND ifnull((reported_at, reported_pico) < (?3, ?2), TRUE)",
        )?
        .execute([session, total.0, at.0])?;
        Ok(())
    }

    /// What the agent says it cost beyond the calls we know, up to the time it said so.
    pub(super) fn store_unlogged(&self, db: &Connection, session: i64) -> Result<(), LedgerError> {
        if !self.reported.contains(&session) {
            return Ok(());
        }
        let (reported, at): (i64, i64) = db
            .prepare_cached("SELECT reported_pico, reported_at FROM session WHERE id = ?1")?
            .query_row([session], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut statement = db.prepare_cached(
            "SELECT cost_pico FROM call
             WHERE attribution IN (SELECT id FROM attribution WHERE session = ?1)
                 AND standing = 0 AND at <= ?2 AND cost_pico IS NOT NULL",
        )?;
        let mut rows = statement.query([session, at])?;
        let mut logged = 0_i128;
        while let Some(row) = rows.next()? {
            logged += i128::from(row.get::<_, i64>(0)?);
        }
        let unlogged = (i128::from(reported) - logged).max(0) as i64;
        db.prepare_cached("UPDATE session SET unlogged_pico = ?2 WHERE id = ?1")?
            .execute(params![session, unlogged])?;
        Ok(())
    }
}
