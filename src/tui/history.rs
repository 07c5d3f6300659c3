//! The sums of every day, for the screens that look back.
//!
//! Today's are in [`Sums`](super::sums::Sums) already. Those of all other days are read when a
//! screen first asks for them, and kept: see [`Past`] for how long.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::time::Instant;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::past::Past;
use super::source::Source;
use super::span::Span;
use crate::ledger::{Charged, LedgerError, Reader, Totals};
use crate::model::{Millis, UsdTotal};

/// What was charged to one and the same on one day.
#[derive(Debug)]
struct DaySum {
    date: Date,
    charged: i64,
    totals: Totals,
}

/// The sums of all days but today.
#[derive(Debug, Default)]
pub struct History {
    /// The ledger's version now.
    version: i64,
    /// A screen asked for it since [`begin`](Self::begin).
    is_wanted: bool,
    past: Past,
    /// The earliest first.
    days: Vec<DaySum>,
}

impl History {
    /// Another look at the ledger, which is of this version.
    pub(super) fn begin(&mut self, version: i64) {
        self.version = version;
        self.is_wanted = false;
    }

    /// What was shown of it is of an older version than this, and may be read again by now.
    pub(super) fn is_behind(&self, version: i64) -> bool {
        self.is_wanted && self.past.is_behind(version)
    }

    fn refresh(
        &mut self,
        reader: &Reader,
        today: &Range<Millis>,
        zone: &TimeZone,
    ) -> Result<(), LedgerError> {
        self.is_wanted = true;
        if !self.past.is_due(reader, self.version, today)? {
            return Ok(());
        }
        let began = Instant::now();
        let mut days = Days::new(zone);
        let mut sums: BTreeMap<Date, HashMap<i64, Totals>> = BTreeMap::new();
        for time in [Millis(i64::MIN)..today.start, today.end..Millis(i64::MAX)] {
            reader.cells(&time, &mut |cell| {
                let day = sums.entry(days.of(cell.at)).or_default();
                *day.entry(cell.charged).or_default() += cell.totals;
            })?;
        }
        self.days.clear();
        for (date, day) in sums {
            let sum = |(charged, totals)| DaySum { date, charged, totals };
            self.days.extend(day.into_iter().map(sum));
        }
        self.past.was_read(reader, began)
    }
}

/// The days of instants; quick where they come in order.
#[derive(Debug)]
struct Days<'a> {
    zone: &'a TimeZone,
    current: (Range<Millis>, Date),
}

impl<'a> Days<'a> {
    fn new(zone: &'a TimeZone) -> Self {
        Self { zone, current: (Millis(0)..Millis(0), Date::MIN) }
    }

    fn of(&mut self, at: Millis) -> Date {
        if !self.current.0.contains(&at) {
            let date = date_of(at, self.zone);
            self.current = (day(date, self.zone), date);
        }
        self.current.1
    }
}

/// The day of an instant.
pub fn date_of(at: Millis, zone: &TimeZone) -> Date {
    at.timestamp().to_zoned_datetime(zone.clone()).date()
}

/// The instants of a day: 23 to 25 hours of them.
pub fn day(date: Date, zone: &TimeZone) -> Range<Millis> {
    let end = date.tomorrow().map_or(Millis(i64::MAX), |tomorrow| start_of(tomorrow, zone));
    start_of(date, zone)..end
}

/// The first instant of a day, which need not be midnight where clocks change at night.
pub fn start_of(date: Date, zone: &TimeZone) -> Millis {
    date.to_zoned_datetime(zone.clone())
        .map_or(Millis(i64::MAX), |start| Millis::from(start.timestamp()))
}

impl Source<'_> {
    /// Which day it is.
    pub fn date(&self) -> Date {
        date_of(self.now, &self.facts.zone)
    }

    /// Hands out the sums of each day of a span with the numbers of what they are charged to, the
    /// earliest day first.
    pub fn each_day(
        &mut self,
        span: Span,
        add: &mut dyn FnMut(Date, i64, &Charged, &Totals),
    ) -> Result<(), LedgerError> {
        let today = self.date();
        if span != Span::Today {
            self.history.refresh(self.reader, &self.sums.day, &self.facts.zone)?;
            let first = span.first(today).unwrap_or(Date::MIN);
            let past = &self.history.days;
            let from = past.partition_point(|sum| sum.date < first);
            for sum in past[from..].iter().filter(|sum| span.has(sum.date, today)) {
                if let Some(who) = self.sums.charged.get(&sum.charged) {
                    add(sum.date, sum.charged, who, &sum.totals);
                }
            }
        }
        for (charged, sum) in &self.sums.by_charged {
            if let Some(who) = self.sums.charged.get(charged).filter(|_| sum.today.calls > 0) {
                add(today, *charged, who, &sum.today);
            }
        }
        Ok(())
    }

    /// Hands out what agents say they spent in a span beyond their calls, with the day on which
    /// they said so and the place where the session was last.
    pub fn each_unlogged(
        &self,
        span: Span,
        add: &mut dyn FnMut(Date, &Charged, UsdTotal),
    ) -> Result<(), LedgerError> {
        let unlogged = self.reader.unlogged()?;
        if unlogged.is_empty() {
            return Ok(());
        }
        let places = Charged::last_places(&self.sums.charged);
        let today = self.date();
        for unlogged in &unlogged {
            let date = date_of(unlogged.at, &self.facts.zone);
            if !span.has(date, today) {
                continue;
            }
            // A session may hold nothing but its total.
            let nowhere = Charged::of_session(unlogged);
            let place = places.get(&unlogged.session).map_or(&nowhere, |(_, place)| place);
            add(date, place, unlogged.amount.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_hours_that_its_clocks_have() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (date, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-23", 24)] {
            let date = date.parse().unwrap();
            let day = day(date, &berlin);
            assert_eq!(day.end.since(day.start), hours * 3_600_000);
            let mut days = Days::new(&berlin);
            for at in [day.start, day.end.minus(1), day.start] {
                assert_eq!(days.of(at), date);
            }
            assert_eq!(days.of(day.end), date.tomorrow().unwrap());
        }
    }
}
