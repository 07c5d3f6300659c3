//! The calls of the last minutes, one by one: the sums by quarter of an hour are too coarse for
//! how fast money goes now. Asked by what they are charged to, because only that is indexed.

use std::collections::HashMap;

use rusqlite::params;

use super::{Charged, LedgerError, Reader};
use crate::model::{AgentId, Millis, PicoUsd};

/// How far a ledger has grown: what is new in it since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grown {
    call: i64,
    price_row: i64,
}

/// A call of a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentCall {
    /// When.
    pub at: Millis,
    /// Number of what it is charged to.
    pub charged: i64,
    /// What it cost, if it has a price.
    pub cost: Option<PicoUsd>,
}

impl Reader {
    /// The calls from `since` on that are charged to any of these, in no order.
    pub fn recent_calls(
        &self,
        charged: impl IntoIterator<Item = i64>,
        since: Millis,
    ) -> Result<Vec<RecentCall>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT at, cost_pico FROM call WHERE attribution = ?1 AND standing = 0 AND at >= ?2",
        )?;
        let mut calls = Vec::new();
        for charged in charged {
            let mut rows = statement.query(params![charged, since.0])?;
            while let Some(row) = rows.next()? {
                let cost = row.get::<_, Option<i64>>(1)?.map(PicoUsd);
                calls.push(RecentCall { at: Millis(row.get(0)?), charged, cost });
            }
        }
        Ok(calls)
    }

    /// How far it has grown.
    pub fn grown(&self) -> Result<Grown, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT ifnull((SELECT max(id) FROM call), 0), ifnull((SELECT max(id) FROM price_row), 0)",
        )?;
        let grown =
            |row: &rusqlite::Row<'_>| Ok(Grown { call: row.get(0)?, price_row: row.get(1)? });
        Ok(statement.query_row([], grown)?)
    }

    /// Calls of before a time were added since, or prices that were not known before.
    pub fn has_grown_before(&self, at: Millis, since: &Grown) -> Result<bool, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM call WHERE id > ?1 AND at < ?2)
                 OR EXISTS (SELECT 1 FROM price_row WHERE id > ?3)",
        )?;
        let asked = params![since.call, at.0, since.price_row];
        Ok(statement.query_row(asked, |row| row.get(0))?)
    }

    /// When the newest call was that is charged to this.
    pub fn newest_call(&self, charged: i64) -> Result<Option<Millis>, LedgerError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT max(at) FROM call WHERE attribution = ?1 AND standing = 0")?;
        Ok(statement.query_row([charged], |row| row.get::<_, Option<i64>>(0))?.map(Millis))
    }

    /// What has been added since to what calls are charged to: a few rows, whose texts are looked
    /// up one by one.
    pub fn charged_after(&self, known: i64) -> Result<HashMap<i64, Charged>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT attribution.id, session, session.agent, session.session_id, subagent.text,
                 project.text, branch.text, model.text, developer.text
             FROM attribution
             JOIN session ON session.id = attribution.session
             JOIN name AS subagent ON subagent.id = attribution.subagent
             JOIN name AS project ON project.id = attribution.project
             JOIN name AS branch ON branch.id = attribution.branch
             JOIN name AS model ON model.id = attribution.model
             JOIN name AS developer ON developer.id = attribution.developer
             WHERE attribution.id > ?1",
        )?;
        let rows = statement.query_map([known], |row| {
            let charged = Charged {
                agent: AgentId::from_number(row.get(2)?),
                session: row.get(1)?,
                session_id: row.get(3)?,
                subagent: row.get(4)?,
                project: row.get(5)?,
                branch: row.get(6)?,
                model: row.get(7)?,
                developer: row.get(8)?,
            };
            Ok((row.get(0)?, charged))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Moves whenever there is something new that calls are charged to: what
    /// [`charged`](Self::charged) tells is as it was until then.
    pub fn newest_charged(&self) -> Result<Option<i64>, LedgerError> {
        let mut statement = self.db.prepare_cached("SELECT max(id) FROM attribution")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}
