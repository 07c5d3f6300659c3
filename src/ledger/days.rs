//! The sums by day (of UTC) and by what caps are about, sessions left out: what a month costs is
//! then read in half a millisecond.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, params};

use super::LedgerError;
use crate::model::{Millis, UsdTotal};

const QUARTERS: i64 = 96;

/// Numbers of agent, developer, project, branch and model.
pub(super) type Heading = [i64; 5];

/// How the sum of one quarter and attribution was moved.
pub(super) struct Moved {
    pub quarter: i64,
    pub attribution: i64,
    pub calls: i64,
    pub cost: UsdTotal,
}

/// The days that lie in a time as a whole, and the quarters that are left before and after them.
fn whole_days(time: &Range<Millis>) -> (Range<i64>, [Range<i64>; 2]) {
    let (start, end) = (time.start.quarter(), time.end.quarter());
    let first = start.saturating_add(QUARTERS - 1).div_euclid(QUARTERS);
    let days = first..end.div_euclid(QUARTERS).max(first);
    let midnight = |day: i64| day.saturating_mul(QUARTERS).min(end);
    let (before, after) = (midnight(days.start), midnight(days.end));
    (days, [start..before, after..end])
}

/// Moves the sums of the days as those of their quarters were moved.
pub(super) fn store(
    db: &Connection,
    moved: impl Iterator<Item = Moved>,
) -> Result<(), LedgerError> {
    let mut headings: HashMap<i64, Heading> = HashMap::new();
    let mut sums: BTreeMap<(i64, Heading), (i64, UsdTotal)> = BTreeMap::new();
    for one in moved {
        let heading = match headings.entry(one.attribution) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => *vacant.insert(heading_of(db, one.attribution)?),
        };
        let day = one.quarter.div_euclid(QUARTERS);
        let (calls, cost) = sums.entry((day, heading)).or_default();
        *calls += one.calls;
        *cost += one.cost;
    }
    for ((day, heading), (calls, cost)) in sums {
        store_cell(db, day, heading, calls, cost)?;
    }
    Ok(())
}

fn heading_of(db: &Connection, attribution: i64) -> Result<Heading, LedgerError> {
    let mut select = db.prepare_cached(
        "SELECT agent, developer, project, branch, model FROM attribution
         JOIN session ON session.id = attribution.session WHERE attribution.id = ?1",
    )?;
    Ok(select.query_row([attribution], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
    })?)
}

fn store_cell(
    db: &Connection,
    day: i64,
    [agent, developer, project, branch, model]: Heading,
    mut calls: i64,
    mut cost: UsdTotal,
) -> Result<(), LedgerError> {
    let key = [day, agent, developer, project, branch, model];
    let mut select = db.prepare_cached(
        "SELECT calls, cost_usd, cost_pico FROM day_sum
         WHERE (day, agent, developer, project, branch, model) = (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let stored = select
        .query_row(key, |row| {
            Ok((row.get::<_, i64>(0)?, UsdTotal::of_whole(row.get(1)?, row.get(2)?)))
        })
        .optional()?;
    if let Some((stored_calls, stored_cost)) = stored {
        calls += stored_calls;
        cost += stored_cost;
    }
    if calls == 0 {
        db.prepare_cached(
            "DELETE FROM day_sum
             WHERE (day, agent, developer, project, branch, model) = (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(key)?;
        return Ok(());
    }
    let (dollars, rest) = cost.whole_and_rest();
    db.prepare_cached(
        "INSERT OR REPLACE INTO day_sum VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![day, agent, developer, project, branch, model, calls, dollars, rest])?;
    Ok(())
}

/// What was spent on each heading in a time.
pub(super) fn spend(
    db: &Connection,
    time: &Range<Millis>,
) -> Result<BTreeMap<Heading, UsdTotal>, LedgerError> {
    let quarters =
        "SELECT agent, developer, project, branch, model, cost_usd, cost_pico FROM rollup
         JOIN attribution ON attribution.id = rollup.attribution
         JOIN session ON session.id = attribution.session";
    // Added up here: grouping a month's rows takes SQLite twice as long as reading them.
    let mut select = db.prepare_cached(&format!(
        "SELECT agent, developer, project, branch, model, cost_usd, cost_pico FROM day_sum
         WHERE day >= ?1 AND day < ?2
         UNION ALL {quarters} WHERE quarter >= ?3 AND quarter < ?4
         UNION ALL {quarters} WHERE quarter >= ?5 AND quarter < ?6"
    ))?;
    let (days, [before, after]) = whole_days(time);
    let bounds = [days.start, days.end, before.start, before.end, after.start, after.end];
    let mut rows = select.query(bounds)?;
    let mut sums: BTreeMap<Heading, UsdTotal> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let heading = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
        *sums.entry(heading).or_default() += UsdTotal::of_whole(row.get(5)?, row.get(6)?);
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_and_the_rest_are_the_time() {
        let quarter = |text: &str| Millis::parse(text).unwrap().quarter();
        let day = |text: &str| quarter(text) / QUARTERS;
        let split = |from, to| {
            let at = |text: &str| Millis::parse(text).unwrap();
            whole_days(&(at(from)..at(to)))
        };
        // A month of Berlin, of which the last day is not whole.
        let (days, [before, after]) = split("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z");
        assert_eq!(days, day("2026-11-01T00:00:00Z")..day("2026-11-30T00:00:00Z"));
        assert_eq!(before, quarter("2026-10-31T23:00:00Z")..quarter("2026-11-01T00:00:00Z"));
        assert_eq!(after, quarter("2026-11-30T00:00:00Z")..quarter("2026-11-30T23:00:00Z"));
        // A day of London, and nothing besides.
        let (days, rest) = split("2026-11-05T00:00:00Z", "2026-11-06T00:00:00Z");
        assert_eq!(days, day("2026-11-05T00:00:00Z")..day("2026-11-06T00:00:00Z"));
        assert!(rest.iter().all(Range::is_empty));
        // Times without a whole day: over a midnight, and within one day.
        for (from, to) in [
            ("2026-11-05T07:00:00Z", "2026-11-06T07:00:00Z"),
            ("2026-11-05T07:00:00Z", "2026-11-05T08:00:00Z"),
        ] {
            let (days, [before, after]) = split(from, to);
            assert!(days.is_empty());
            assert_eq!((before.start, after.end), (quarter(from), quarter(to)));
            assert_eq!(before.end, after.start);
        }
    }
}
