//! The sums that caps are held against.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Row, params};

use super::super::{Charged, LedgerError, Reader, Unlogged, names, rows};
use crate::model::{Call, Millis, PicoUsd, SessionKey, UsdTotal};

/// What was spent on one attribution in a time. Implausible calls are left out: a corrupt line
/// must not stop anybody's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// Number of what it is charged to.
    pub attribution: i64,
    /// Priced.
    pub spent: UsdTotal,
}

/// Sums of whole quarters of an hour. Every period of a cap begins and ends on one.
const SELECT: &str = "SELECT attribution, sum(cost_usd), sum(cost_pico) FROM rollup";

/// Which rows are charged to a session, by its agent and id.
const OF_SESSION: &str = "attribution IN (SELECT attribution.id FROM attribution
         JOIN session ON session.id = attribution.session
         WHERE session.agent = ?1 AND session.session_id = ?2)";

impl Reader {
    /// What was spent in a time, by what it is charged to.
    pub fn spend(&self, time: &Range<Millis>) -> Result<Vec<Spend>, LedgerError> {
        let mut statement = self.db.prepare_cached(&format!(
            "{SELECT} WHERE quarter >= ?1 AND quarter < ?2 GROUP BY attribution"
        ))?;
        let rows = statement.query_map([time.start.quarter(), time.end.quarter()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a session spent in all its life, by what it is charged to.
    pub fn session_spend(&self, session: &SessionKey) -> Result<Vec<Spend>, LedgerError> {
        let mut statement =
            self.db.prepare_cached(&format!("{SELECT} WHERE {OF_SESSION} GROUP BY attribution"))?;
        let rows = statement.query_map(params![session.agent as i64, session.session_id], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a set of calls is charged to.
    pub fn charged_to(&self, attribution: i64) -> Result<Charged, LedgerError> {
        let found = names::read_attribution(&self.db, attribution)?;
        let text = |text: Option<Arc<str>>| text.unwrap_or_default();
        Ok(Charged {
            agent: found.agent,
            session: found.session,
            session_id: found.session_id,
            subagent: text(found.subagent),
            project: text(found.project),
            branch: text(found.branch),
            model: text(found.model),
            developer: found.developer,
        })
    }

    /// Where a session was last, if it has any call.
    pub fn place_of(&self, session: i64) -> Result<Option<Charged>, LedgerError> {
        let mut statement =
            self.db.prepare_cached("SELECT max(id) FROM attribution WHERE session = ?1")?;
        let latest: Option<i64> = statement.query_row([session], |row| row.get(0))?;
        latest.map(|attribution| self.charged_to(attribution)).transpose()
    }

    /// The transcript that holds the latest of a session's calls.
    pub fn transcript_of(&self, session: &SessionKey) -> Result<Option<PathBuf>, LedgerError> {
        // The latest by an index alone: a session may have thousands.
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT source.path FROM call JOIN source ON source.id = call.source
             WHERE call.id = (SELECT id FROM call WHERE {OF_SESSION} ORDER BY at DESC LIMIT 1)"
        ))?;
        let path = statement
            .query_row(params![session.agent as i64, session.session_id], |row| {
                row.get::<_, String>(0)
            })
            .optional()?;
        Ok(path.map(PathBuf::from))
    }

    /// Shows every counted call of a time that has no price, and what it is charged to.
    pub fn unpriced(
        &self,
        time: &Range<Millis>,
        show: &mut dyn FnMut(i64, &Call),
    ) -> Result<(), LedgerError> {
        let times = [time.start.0, time.end.0];
        rows::each_unpriced(&self.db, "at >= ?1 AND at < ?2", times, show)
    }

    /// The same of a session's whole life.
    pub fn unpriced_of(
        &self,
        session: &SessionKey,
        show: &mut dyn FnMut(i64, &Call),
    ) -> Result<(), LedgerError> {
        let values = params![session.agent as i64, session.session_id];
        rows::each_unpriced(&self.db, OF_SESSION, values, show)
    }

    /// Shows every counted, plausible call of a time, in order: when, what it is charged to, and
    /// its price, if it has one.
    pub fn each_charge(
        &self,
        time: &Range<Millis>,
        show: &mut dyn FnMut(Millis, i64, Option<PicoUsd>),
    ) -> Result<(), LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT at, attribution, cost_pico FROM call
             WHERE at >= ?1 AND at < ?2 AND standing = 0 AND NOT flags & 16 ORDER BY at, id",
        )?;
        let mut rows = statement.query([time.start.0, time.end.0])?;
        while let Some(row) = rows.next()? {
            let amount: Option<i64> = row.get(2)?;
            show(Millis(row.get(0)?), row.get(1)?, amount.map(PicoUsd));
        }
        Ok(())
    }

    /// Agent's own totals beyond our calls that were stated in a time, by session.
    pub fn unlogged_in(&self, time: &Range<Millis>) -> Result<Vec<Unlogged>, LedgerError> {
        let mut unlogged = self.unlogged()?;
        unlogged.retain(|unlogged| time.contains(&unlogged.at));
        Ok(unlogged)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Spend> {
    // A cell's rest is below a dollar: nine million cells would be needed to overflow.
    let spent = UsdTotal::of_whole(row.get(1)?, row.get(2)?);
    Ok(Spend { attribution: row.get(0)?, spent })
}
