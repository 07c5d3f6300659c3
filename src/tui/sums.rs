//! What every session used, kept between two looks at the ledger.
//!
//! Today's sums are few and read anew each time. Those of all other days are many and hardly ever
//! change: see [`Past`] for when they are read again.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Instant;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::past::Past;
use crate::ledger::{Charged, LedgerError, Reader, RecentCall, Totals};
use crate::model::Millis;

/// Days that are summed up one by one, today the last.
pub const DAYS: usize = 7;

/// How far back calls are read one by one: what the burn is drawn of.
pub const RECENT_MS: i64 = 3 * 3_600_000;

/// A sum by quarter of an hour tells well enough when a call was that is older than this.
const EXACT_MS: i64 = 2 * 86_400_000;

/// A day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// The developer's calls.
    pub totals: Totals,
}

/// What is charged to one and the same.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Sum {
    /// All of it.
    pub total: Totals,
    /// What of it is of today.
    pub today: Totals,
    /// The newest call.
    pub last: Millis,
}

/// What every session used.
#[derive(Debug)]
pub struct Sums {
    /// What calls are charged to, by number.
    pub charged: HashMap<i64, Charged>,
    /// The sums, by what they are charged to.
    pub by_charged: HashMap<i64, Sum>,
    /// The instants of today.
    pub day: Range<Millis>,
    /// The developer's last days, today last.
    pub days: Vec<Day>,
    /// What others used today, where several share the ledger.
    pub others_today: Totals,
    /// Calls without a price, ever.
    pub unpriced_calls: u64,
    /// The calls of the last hours, of everybody.
    pub recent: Vec<RecentCall>,
    /// What the charges were read at.
    newest_charged: Option<i64>,
    past: PastSums,
}

/// The sums of all days but today.
#[derive(Debug, Default)]
struct PastSums {
    past: Past,
    by_charged: HashMap<i64, (Totals, Millis)>,
    days: Vec<Day>,
    unpriced_calls: u64,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            charged: HashMap::new(),
            by_charged: HashMap::new(),
            day: Millis(0)..Millis(0),
            days: Vec::new(),
            others_today: Totals::default(),
            unpriced_calls: 0,
            recent: Vec::new(),
            newest_charged: None,
            past: PastSums::default(),
        }
    }
}

impl Sums {
    /// The developer's calls of today.
    pub fn today(&self) -> Totals {
        self.days.last().map_or_else(Totals::default, |day| day.totals)
    }

    /// Some of it is of an older version of the ledger than this, and may be read again by now.
    pub fn is_behind(&self, version: i64) -> bool {
        self.past.past.is_behind(version)
    }

    /// Reads what may have changed. `version` is the ledger's, `now` tells which day it is.
    pub fn refresh(
        &mut self,
        reader: &Reader,
        version: i64,
        developer: &str,
        zone: &TimeZone,
        now: Millis,
    ) -> Result<(), LedgerError> {
        let newest_charged = reader.newest_charged()?;
        if self.newest_charged != newest_charged {
            match self.newest_charged {
                // A new session or branch turns up all the time; they are never changed.
                Some(known) => self.charged.extend(reader.charged_after(known)?),
                None => self.charged = reader.charged()?,
            }
            self.newest_charged = newest_charged;
        }
        let dates = dates(zone, now);
        let [.., (_, start)] = dates.as_slice() else { return Ok(()) };
        let end = tomorrow(zone, now);
        self.day = *start..end;
        self.past.refresh(reader, version, developer, &dates, &self.charged, end)?;
        self.sum_up(reader, developer, now)
    }

    fn sum_up(&mut self, reader: &Reader, developer: &str, now: Millis) -> Result<(), LedgerError> {
        let mut today: HashMap<i64, Totals> = HashMap::new();
        let mut newest: HashMap<i64, Millis> = HashMap::new();
        reader.cells(&self.day, &mut |cell| {
            *today.entry(cell.charged).or_default() += cell.totals;
            let newest = newest.entry(cell.charged).or_default();
            *newest = (*newest).max(cell.at);
        })?;
        self.days.clone_from(&self.past.days);
        self.others_today = Totals::default();
        self.unpriced_calls = self.past.unpriced_calls;
        self.by_charged.clear();
        self.by_charged.reserve(self.past.by_charged.len() + today.len());
        for (charged, (total, last)) in &self.past.by_charged {
            let sum = Sum { total: *total, today: Totals::default(), last: *last };
            self.by_charged.insert(*charged, sum);
        }
        for (charged, totals) in &today {
            let sum = self.by_charged.entry(*charged).or_default();
            sum.total += *totals;
            sum.today = *totals;
            let last = reader.newest_call(*charged)?.or(newest.get(charged).copied());
            sum.last = sum.last.max(last.unwrap_or_default());
            self.unpriced_calls += totals.unpriced_calls;
            let who = self.charged.get(charged);
            if who.is_some_and(|who| *who.developer == *developer) {
                if let Some(day) = self.days.last_mut() {
                    day.totals += *totals;
                }
            } else {
                self.others_today += *totals;
            }
        }
        // After midnight the last hours reach into the day before.
        let since = now.minus(RECENT_MS);
        let recently = self.by_charged.iter().filter(|(_, sum)| sum.last >= since);
        self.recent = reader.recent_calls(recently.map(|(charged, _)| *charged), since)?;
        // In an order that does not change from one look to the next.
        self.recent.sort_unstable_by_key(|call| (call.at, call.charged, call.cost));
        Ok(())
    }
}

impl PastSums {
    fn refresh(
        &mut self,
        reader: &Reader,
        version: i64,
        developer: &str,
        dates: &[(Date, Millis)],
        charged: &HashMap<i64, Charged>,
        end: Millis,
    ) -> Result<(), LedgerError> {
        let start = dates.last().map_or(end, |(_, start)| *start);
        if !self.past.is_due(reader, version, &(start..end))? {
            return Ok(());
        }
        let began = Instant::now();
        self.by_charged.clear();
        self.unpriced_calls = 0;
        self.days =
            dates.iter().map(|(date, _)| Day { date: *date, totals: Totals::default() }).collect();
        let (always, ever) = (Millis(i64::MIN), Millis(i64::MAX));
        // Every zone in use begins its days on a quarter of an hour, so no cell lies in two days.
        for time in [always..start, end..ever] {
            reader.cells(&time, &mut |cell| {
                self.unpriced_calls += cell.totals.unpriced_calls;
                let (total, last) = self.by_charged.entry(cell.charged).or_default();
                *total += cell.totals;
                *last = (*last).max(cell.at);
                // The day, counted from one: zero is before them all.
                let day = dates.partition_point(|(_, start)| *start <= cell.at);
                let who = charged.get(&cell.charged);
                if day > 0 && cell.at < end && who.is_some_and(|who| *who.developer == *developer) {
                    self.days[day - 1].totals += cell.totals;
                }
            })?;
        }
        for (charged, (_, last)) in &mut self.by_charged {
            if last.0 >= start.0 - EXACT_MS {
                *last = reader.newest_call(*charged)?.unwrap_or(*last);
            }
        }
        self.past.was_read(reader, began)
    }
}

/// The last days with their first instants, today last.
fn dates(zone: &TimeZone, now: Millis) -> Vec<(Date, Millis)> {
    let today = now.timestamp().to_zoned_datetime(zone.clone()).date();
    (0..DAYS as i64)
        .rev()
        .map(|days| today.checked_sub(days.days()).unwrap_or(Date::MIN))
        .map(|date| (date, start_of(date, zone)))
        .collect()
}

fn tomorrow(zone: &TimeZone, now: Millis) -> Millis {
    let today = now.timestamp().to_zoned_datetime(zone.clone()).date();
    today.tomorrow().map_or(Millis(i64::MAX), |tomorrow| start_of(tomorrow, zone))
}

fn start_of(date: Date, zone: &TimeZone) -> Millis {
    date.to_zoned_datetime(zone.clone())
        .map_or(Millis(i64::MAX), |start| Millis::from(start.timestamp()))
}
