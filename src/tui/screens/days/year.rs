//! The year as a map of its days: which level each has. Pure.

use jiff::ToSpan;
use jiff::civil::Date;

use super::data::DaySum;
use super::outlook::monday;
use crate::model::UsdTotal;

/// Levels beside none.
pub(super) const LEVELS: usize = 4;

/// A year has this many weeks, begun ones too.
pub(super) const WEEKS: usize = 53;

/// The last weeks, this one the last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Year {
    /// The Monday of the first week.
    pub first: Date,
    /// By week and weekday, Monday first; none: the day is yet to come.
    pub weeks: Vec<[Option<u8>; 7]>,
    /// What each level but the last reaches up to; empty where no day has any cost.
    pub bounds: Vec<UsdTotal>,
}

impl Year {
    /// Maps the last weeks. A quarter of the days that cost something is on each level.
    pub(super) fn new(days: &[DaySum], today: Date, weeks: usize) -> Self {
        let back = 7 * weeks.saturating_sub(1) as i64;
        let first = monday(today).checked_sub(back.days()).unwrap_or(Date::MIN);
        let from = days.partition_point(|day| day.date < first);
        let to = days.partition_point(|day| day.date <= today);
        let days = days.get(from..to).unwrap_or_default();
        let mut costs: Vec<UsdTotal> =
            days.iter().map(|day| day.totals.cost).filter(|cost| cost.0 > 0).collect();
        costs.sort_unstable();
        let bound = |level: usize| costs[(costs.len() * level).div_ceil(LEVELS) - 1];
        let bounds: Vec<UsdTotal> =
            if costs.is_empty() { Vec::new() } else { (1..LEVELS).map(bound).collect() };
        let mut map = vec![[None; 7]; weeks];
        let mut date = first;
        let mut rest = days.iter().peekable();
        for day in map.iter_mut().flatten() {
            if date > today {
                break;
            }
            let used = rest.next_if(|day| day.date == date);
            *day = Some(used.map_or(0, |day| level(day, &bounds)));
            date = date.tomorrow().unwrap_or(Date::MAX);
        }
        Self { first, weeks: map, bounds }
    }

    /// The Monday of a week.
    pub(super) fn monday(&self, week: usize) -> Date {
        self.first.checked_add((7 * week as i64).days()).unwrap_or(Date::MAX)
    }
}

/// What was used is seen, whatever it cost.
fn level(day: &DaySum, bounds: &[UsdTotal]) -> u8 {
    if day.totals.calls == 0 {
        return 0;
    }
    let above = bounds.iter().filter(|bound| day.totals.cost > **bound).count();
    1 + above as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Totals;

    fn day(date: &str, cost: i128) -> DaySum {
        let totals = Totals { calls: 1, cost: UsdTotal(cost), ..Totals::default() };
        DaySum { date: date.parse().unwrap(), hours: 24, totals, unlogged: UsdTotal::ZERO }
    }

    #[test]
    fn a_quarter_of_the_days_is_on_each_level() {
        let days: Vec<DaySum> =
            (1..=8).map(|number| day(&format!("2026-11-{:02}", 8 + number), number)).collect();
        let year = Year::new(&days, "2026-11-17".parse().unwrap(), 2);
        assert_eq!(year.bounds, [UsdTotal(2), UsdTotal(4), UsdTotal(6)]);
        let some = |levels: [u8; 7]| levels.map(Some);
        assert_eq!(year.weeks[0], some([1, 1, 2, 2, 3, 3, 4]));
        // Monday, today, and what is to come.
        assert_eq!(year.weeks[1][..3], [Some(4), Some(0), None]);
        assert_eq!(year.monday(1), "2026-11-16".parse().unwrap());
    }

    #[test]
    fn what_is_before_the_weeks_or_to_come_is_not_of_them() {
        let days = [day("2025-01-01", 1000), day("2026-11-17", 1), day("2026-12-24", 1000)];
        let year = Year::new(&days, "2026-11-17".parse().unwrap(), WEEKS);
        assert_eq!((year.weeks.len(), &year.bounds[..]), (53, &[UsdTotal(1); 3][..]));
        assert_eq!(year.weeks[52][1], Some(1));
        let used = year.weeks.iter().flatten().filter(|level| **level > Some(0)).count();
        assert_eq!(used, 1);
    }

    #[test]
    fn calls_without_a_price_are_seen_and_no_days_are_no_trouble() {
        let year = Year::new(&[day("2026-11-17", 0)], "2026-11-17".parse().unwrap(), 1);
        assert_eq!((year.weeks[0][1], year.bounds.len()), (Some(1), 0));
        let year = Year::new(&[], "2026-11-17".parse().unwrap(), 0);
        assert!(year.weeks.is_empty());
    }
}
