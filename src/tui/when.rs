//! Times as they are written on the screen.

use jiff::tz::TimeZone;

use crate::model::Millis;

/// An instant in local time: without the day where that is today's.
pub fn clock(at: Millis, now: Millis, zone: &TimeZone) -> String {
    let local = |at: Millis| at.timestamp().to_zoned_datetime(zone.clone());
    let (at, now) = (local(at), local(now));
    at.strftime(if at.date() == now.date() { "%H:%M" } else { "%a %-d %b %H:%M" }).to_string()
}
