//! What a daily cap would have done, had it been there: over calls that were made without it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::{Millis, PicoUsd, UsdTotal};

/// A call that was made.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// When.
    pub at: Millis,
    /// What counts for it towards a cap.
    pub amount: PicoUsd,
    /// Who pays.
    pub developer: &'a str,
    /// In which session.
    pub session_id: &'a str,
}

/// A developer's day that the cap would have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The day.
    pub day: Date,
    /// Whose.
    pub developer: String,
    /// When the call was made that reached the limit.
    pub at: Millis,
    /// What was spent up to then, that call included: a cap cannot unspend it.
    pub spent: UsdTotal,
    /// What was spent after it.
    pub avoided: UsdTotal,
    /// Sessions that went on after it, or began.
    pub sessions: usize,
}

/// What a daily cap would have done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Days of developers with any spend.
    pub days: usize,
    /// What was spent in all.
    pub spent: UsdTotal,
    /// The days that reached the limit, in the order of time.
    pub hits: Vec<Hit>,
}

impl Simulation {
    /// What would not have been spent.
    pub fn avoided(&self) -> UsdTotal {
        self.hits.iter().map(|hit| hit.avoided).fold(UsdTotal::ZERO, |sum, more| sum + more)
    }

    /// Sessions that would have been stopped: one counts again on every day that it is.
    pub fn sessions(&self) -> usize {
        self.hits.iter().map(|hit| hit.sessions).sum()
    }
}

#[derive(Default)]
struct Day {
    spent: UsdTotal,
    hit: Option<Hit>,
    stopped: BTreeSet<String>,
}

/// Holds calls, in the order of time, against a limit for each developer and day.
pub fn simulate<'a>(
    limit: PicoUsd,
    zone: &TimeZone,
    calls: impl IntoIterator<Item = Made<'a>>,
) -> Simulation {
    let mut days: BTreeMap<(Date, String), Day> = BTreeMap::new();
    for call in calls {
        let date = call.at.timestamp().to_zoned_datetime(zone.clone()).date();
        let day = days.entry((date, call.developer.to_owned())).or_default();
        let amount = UsdTotal::from(call.amount);
        day.spent += amount;
        if let Some(hit) = &mut day.hit {
            hit.avoided += amount;
            day.stopped.insert(call.session_id.to_owned());
        } else if day.spent >= limit.into() {
            day.hit = Some(Hit {
                day: date,
                developer: call.developer.to_owned(),
                at: call.at,
                spent: day.spent,
                avoided: UsdTotal::ZERO,
                sessions: 0,
            });
        }
    }
    let mut simulation = Simulation { days: days.len(), ..Simulation::default() };
    for day in days.into_values() {
        simulation.spent += day.spent;
        simulation.hits.extend(day.hit.map(|hit| Hit { sessions: day.stopped.len(), ..hit }));
    }
    simulation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_after_the_limit_is_avoided_day_by_day() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let calls: Vec<(&str, i64, &str, &str)> = vec![
            // 23:30 and 00:30 of a Californian night: two days.
            ("2026-11-20T07:30:00Z", 15, "ann", "s1"),
            ("2026-11-20T08:30:00Z", 15, "ann", "s1"),
            ("2026-11-20T18:00:00Z", 5, "ann", "s2"),
            ("2026-11-20T19:00:00Z", 7, "ann", "s2"),
            ("2026-11-20T19:30:00Z", 8, "ann", "s3"),
            ("2026-11-20T19:40:00Z", 19, "bob", "s4"),
            ("2026-11-21T18:00:00Z", 20, "bob", "s4"),
        ];
        let made = |&(at, dollars, developer, session_id): &(&'static str, i64, _, _)| Made {
            at: Millis::parse(at).unwrap(),
            amount: PicoUsd::from_dollars(dollars),
            developer,
            session_id,
        };
        let found = simulate(PicoUsd::from_dollars(20), &zone, calls.iter().map(made));
        assert_eq!((found.days, found.hits.len(), found.sessions()), (4, 2, 2));
        let usd = |dollars| UsdTotal::from(PicoUsd::from_dollars(dollars));
        assert_eq!((found.spent, found.avoided()), (usd(89), usd(15)));
        let hit = &found.hits[0];
        assert_eq!((hit.day.to_string().as_str(), &*hit.developer), ("2026-11-20", "ann"));
        assert_eq!((hit.at, hit.spent), (made(&calls[2]).at, usd(20)));
        // Reached by the last call of the day: nothing came after it.
        assert_eq!((found.hits[1].avoided, found.hits[1].sessions), (UsdTotal::ZERO, 0));
    }

    #[test]
    fn without_calls_there_is_nothing_to_tell() {
        assert_eq!(simulate(PicoUsd(1), &TimeZone::UTC, []), Simulation::default());
    }
}
