//! The time a cap is for, as two instants.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, ZonedDateTime};

use super::Period;
use crate::model::Millis;

/// Milliseconds in an hour.
const HOUR: i64 = 3_600_000;

/// The period that holds `now`: from its first instant to the first of the next. A day may have
/// 23 or 25 hours; a session's period is all time.
pub fn window(period: Period, zone: &TimeZone, now: Millis) -> Range<Millis> {
    let here = now.timestamp().to_zoned_datetime(zone.clone());
    // Time ends in the year 9999: a clock that is beyond has no periods.
    bounds(period, &here).unwrap_or(Millis(i64::MIN)..Millis(i64::MAX))
}

fn bounds(period: Period, here: &ZonedDateTime) -> Option<Range<Millis>> {
    let today = here.date();
    let (first, next) = match period {
        Period::Session => return None,
        Period::Hour => {
            // Not by the calendar: of the two hours that the clock shows alike in autumn, each
            // is one.
            let into = (i64::from(here.minute()) * 60 + i64::from(here.second())) * 1000;
            let start = here.timestamp().as_millisecond() - into;
            let start = start - i64::from(here.millisecond());
            return Some(Millis(start)..Millis(start + HOUR));
        }
        Period::Day => (today, today.tomorrow().ok()?),
        Period::Week => {
            let since_monday = i64::from(today.weekday().to_monday_zero_offset());
            let monday = today.checked_sub(since_monday.days()).ok()?;
            (monday, monday.checked_add(7.days()).ok()?)
        }
        Period::Month => {
            let first = today.first_of_month();
            (first, first.checked_add(1.month()).ok()?)
        }
    };
    Some(start_of(first, here.time_zone())?..start_of(next, here.time_zone())?)
}

/// The first instant of a day, which need not be midnight where clocks change at night.
fn start_of(day: Date, zone: &TimeZone) -> Option<Millis> {
    Some(day.to_zoned_datetime(zone.clone()).ok()?.timestamp().into())
}
