//! `--since` and `--until`: what a person types becomes instants.

use std::ops::Range;

use anyhow::Result;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::UsageError;
use crate::model::Millis;

/// The name to print for a zone.
pub fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().map_or_else(|| "UTC".to_owned(), str::to_owned)
}

/// The time between two typed ends, both optional; a day as the end is included.
pub fn range(
    since: Option<&str>,
    until: Option<&str>,
    zone: &TimeZone,
    now: Millis,
) -> Result<Range<Millis>> {
    let start = match since {
        None => Millis(i64::MIN),
        Some(text) => match read(text, now)? {
            Typed::Day(day) => start_of(day, zone)?,
            Typed::Instant(at) => at,
        },
    };
    let end = match until {
        None => Millis(i64::MAX),
        Some(text) => match read(text, now)? {
            Typed::Day(day) => start_of(day.tomorrow()?, zone)?,
            Typed::Instant(at) => at,
        },
    };
    if start > end {
        return Err(UsageError("--since is after --until".into()).into());
    }
    Ok(start..end)
}

/// The end of a time that begins now: `30m`, `1h`, `2h30m`, `1d`.
pub fn after(span: &str, now: Millis) -> Result<Millis> {
    let mut at = now.timestamp().to_zoned_datetime(TimeZone::UTC);
    let mut rest = span;
    while let Some(unit) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (part, more) =
            rest.split_at(unit + rest[unit..].chars().next().map_or(0, char::len_utf8));
        let Some(span) = self::span(part) else { break };
        at = at.checked_add(span)?;
        rest = more;
    }
    let at = Millis::from(at.timestamp());
    if !rest.is_empty() || at <= now {
        return Err(UsageError(format!("{span:?} is no time span: use 30m, 1h, 2h30m, 1d")).into());
    }
    Ok(at)
}

/// A time to come: `18:00` (today, or tomorrow if that is over), a day's beginning, RFC 3339.
pub fn until(text: &str, zone: &TimeZone, now: Millis) -> Result<Millis> {
    let at = if let Ok(time) = Time::strptime("%H:%M", text) {
        let today = now.timestamp().to_zoned_datetime(zone.clone()).date();
        let on = |day: Date| -> Result<Millis> {
            Ok(day.to_datetime(time).to_zoned_datetime(zone.clone())?.timestamp().into())
        };
        let at = on(today)?;
        if at > now { at } else { on(today.tomorrow()?)? }
    } else {
        match read(text, now) {
            Ok(Typed::Day(day)) => start_of(day, zone)?,
            Ok(Typed::Instant(at)) => at,
            Err(_) => {
                let what = format!("{text:?} is no time: use 18:00, 2026-11-30 or RFC 3339");
                return Err(UsageError(what).into());
            }
        }
    };
    if at <= now {
        return Err(UsageError(format!("{text:?} is over already")).into());
    }
    Ok(at)
}

/// The first instant of a day, which need not be midnight where clocks change at night.
pub fn start_of(day: Date, zone: &TimeZone) -> Result<Millis> {
    Ok(day.to_zoned_datetime(zone.clone())?.timestamp().into())
}

enum Typed {
    Day(Date),
    Instant(Millis),
}

fn read(text: &str, now: Millis) -> Result<Typed> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let day = if digits { Date::strptime("%Y%m%d", text).ok() } else { text.parse().ok() };
    if let Some(day) = day.filter(|_| text.len() <= "2026-11-22".len()) {
        return Ok(Typed::Day(day));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Typed::Instant(at.into()));
    }
    if let Some(span) = span(text) {
        let at = now.timestamp().to_zoned_datetime(TimeZone::UTC).checked_sub(span)?;
        return Ok(Typed::Instant(at.timestamp().into()));
    }
    Err(UsageError(format!(
        "{text:?} is no time: use 2026-11-01, 20261101, an RFC 3339 time, or 7d, 12h, 2w"
    ))
    .into())
}

fn span(text: &str) -> Option<Span> {
    let unit = text.chars().last()?;
    let count: i32 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count >= 0)?;
    match unit {
        'm' => count.minutes().into(),
        'h' => count.hours().into(),
        'd' => count.days().into(),
        'w' => count.weeks().into(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(range: &Range<Millis>) -> (String, String) {
        (range.start.timestamp().to_string(), range.end.timestamp().to_string())
    }

    #[test]
    fn days_begin_in_the_zone_and_the_last_is_included() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let now = Millis::parse("2026-11-23T12:00:00.000Z").unwrap();
        for (since, until) in [("2026-10-25", "2026-10-25"), ("20261025", "20261025")] {
            let time = range(Some(since), Some(until), &berlin, now).unwrap();
            // The day on which summer time ends has 25 hours.
            assert_eq!(iso(&time), ("2026-10-24T22:00:00Z".into(), "2026-10-25T23:00:00Z".into()));
        }
    }

    #[test]
    fn instants_and_spans() {
        let now = Millis::parse("2026-11-23T12:00:00.000Z").unwrap();
        let time = range(Some("7d"), Some("2026-11-23T10:30:00+02:00"), &TimeZone::UTC, now);
        let time = time.unwrap();
        assert_eq!(iso(&time), ("2026-11-16T12:00:00Z".into(), "2026-11-23T08:30:00Z".into()));
        for wrong in ["yesterday", "2026-13-01", "7x", "", "-7d", "7"] {
            assert!(range(Some(wrong), None, &TimeZone::UTC, now).is_err(), "{wrong:?}");
        }
        assert!(range(Some("1d"), Some("2d"), &TimeZone::UTC, now).is_err());
    }
}
