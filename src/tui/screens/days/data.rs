//! What the Days screen has read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;

use super::outlook::{Outlook, monday};
use crate::ledger::{LedgerError, Totals};
use crate::model::{Millis, UsdTotal};
use crate::tui::history::{day, start_of};
use crate::tui::screens::Query;
use crate::tui::source::Source;
use crate::tui::span::Span;

/// Asks for every day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Everyday;

/// A day with calls, or with a total that an agent stated on it.
#[derive(Clone, Debug, PartialEq)]
pub struct DaySum {
    /// Which.
    pub date: Date,
    /// How many hours it has in the zone.
    pub hours: i64,
    /// Everybody's calls.
    pub totals: Totals,
    /// What agents say they spent beyond them.
    pub unlogged: UsdTotal,
}

/// Every day.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Which day it is.
    pub today: Date,
    /// The days, the earliest first.
    pub days: Vec<DaySum>,
    /// Who has calls on the ledger: so many.
    pub developers: usize,
    /// Where it is going.
    pub outlook: Outlook,
}

impl Query for Everyday {
    type Data = Data;

    fn read(&self, source: &mut Source<'_>) -> Result<Data, LedgerError> {
        let mut sums: BTreeMap<Date, (Totals, UsdTotal)> = BTreeMap::new();
        let mut developers: BTreeSet<Arc<str>> = BTreeSet::new();
        source.each_day(Span::All, &mut |date, _, who, totals| {
            sums.entry(date).or_default().0 += *totals;
            if !developers.contains(&who.developer) {
                developers.insert(Arc::clone(&who.developer));
            }
        })?;
        source.each_unlogged(Span::All, &mut |date, _, amount| {
            sums.entry(date).or_default().1 += amount;
        })?;
        let zone = &source.facts.zone;
        let hours = |date| {
            let day = day(date, zone);
            day.end.since(day.start) / 3_600_000
        };
        let days: Vec<DaySum> = sums
            .into_iter()
            .map(|(date, (totals, unlogged))| DaySum { date, hours: hours(date), totals, unlogged })
            .collect();
        let today = source.date();
        let outlook = Outlook::new(&days, today, last_week_by_now(source, today)?);
        Ok(Data { today, days, developers: developers.len(), outlook })
    }
}

/// What last week came to at this time of its day, to the quarter of an hour.
fn last_week_by_now(source: &Source<'_>, today: Date) -> Result<Totals, LedgerError> {
    let zone = &source.facts.zone;
    let now = source.now.timestamp().to_zoned_datetime(zone.clone());
    let last = |date: Date| date.checked_sub(7.days()).unwrap_or(Date::MIN);
    // The same hands of the clock, whatever happened to them meanwhile.
    let then = last(today).to_datetime(now.time()).to_zoned_datetime(zone.clone());
    let end = then.map_or(Millis(0), |then| Millis::from(then.timestamp()));
    let end = Millis::of_quarter(end.quarter());
    let start = start_of(last(monday(today)), zone);
    let mut totals = Totals::default();
    source.reader.cells(&(start..end.max(start)), &mut |cell| totals += cell.totals)?;
    Ok(totals)
}
