//! Where the week and the month are going. Pure: sums of days in, sums and a projection out.

use jiff::ToSpan;
use jiff::civil::Date;

use super::data::DaySum;
use crate::ledger::Totals;
use crate::model::UsdTotal;
use crate::model::money::div_half_even;

/// The days before today that a projection is made of: four of every weekday.
const BASIS: i64 = 28;

/// A projection needs this many days, so that there is one of every weekday.
const LEAST: i64 = 7;

/// Where the week and the month are going.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// Today.
    pub today: Totals,
    /// This week so far; it began on Monday.
    pub week: Totals,
    /// Last week by the same time of the same weekday.
    pub last_week_by_now: Totals,
    /// All of last week.
    pub last_week: Totals,
    /// This month so far.
    pub month: Totals,
    /// The month before, all of it.
    pub last_month: Totals,
    /// What the month will have come to at its end; none: it is too early to tell.
    pub projection: Option<UsdTotal>,
}

impl Outlook {
    /// Looks at these days, which are in order.
    pub(super) fn new(days: &[DaySum], today: Date, last_week_by_now: Totals) -> Self {
        let monday = monday(today);
        let before = |date: Date, span: jiff::Span| date.checked_sub(span).unwrap_or(Date::MIN);
        let sum = |from: Date, to: Date| {
            let mut totals = Totals::default();
            for day in days.iter().filter(|day| (from..=to).contains(&day.date)) {
                totals += day.totals;
            }
            totals
        };
        let month = today.first_of_month();
        Self {
            today: sum(today, today),
            week: sum(monday, today),
            last_week_by_now,
            last_week: sum(before(monday, 7.days()), before(monday, 1.day())),
            month: sum(month, today),
            last_month: sum(before(month, 1.month()), before(month, 1.day())),
            projection: projection(days, today),
        }
    }
}

/// The Monday of a day's week.
pub(super) fn monday(date: Date) -> Date {
    let since = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(since.days()).unwrap_or(date)
}

/// The month so far, and for what is left of it what such weekdays cost on average in the last
/// four weeks; of today, what is missing of that.
fn projection(days: &[DaySum], today: Date) -> Option<UsdTotal> {
    let first_used = days.first()?.date;
    let first = today.checked_sub(BASIS.days()).ok()?.max(first_used);
    if first.until(today).ok()?.get_days() < LEAST as i32 {
        return None;
    }
    let mut sums = [(UsdTotal::ZERO, 0_i128); 7];
    let weekday = |date: Date| date.weekday().to_monday_zero_offset().cast_unsigned() as usize;
    let mut date = first;
    while date < today {
        sums[weekday(date)].1 += 1;
        date = date.tomorrow().ok()?;
    }
    let (mut month, mut of_today) = (UsdTotal::ZERO, UsdTotal::ZERO);
    for day in days {
        if (first..today).contains(&day.date) {
            sums[weekday(day.date)].0 += day.totals.cost;
        }
        if (today.first_of_month()..=today).contains(&day.date) {
            month += day.totals.cost;
        }
        if day.date == today {
            of_today = day.totals.cost;
        }
    }
    let usual = |date: Date| {
        let (sum, count) = sums[weekday(date)];
        if count == 0 { UsdTotal::ZERO } else { UsdTotal(div_half_even(sum.0, count)) }
    };
    let mut total = month + (usual(today) - of_today).max(UsdTotal::ZERO);
    let mut date = today;
    while date < today.last_of_month() {
        date = date.tomorrow().ok()?;
        total += usual(date);
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PicoUsd;

    fn day(date: &str, dollars: i64) -> DaySum {
        let cost = UsdTotal::from(PicoUsd::from_dollars(dollars));
        let totals = Totals { calls: 1, cost, ..Totals::default() };
        DaySum { date: date.parse().unwrap(), hours: 24, totals, unlogged: UsdTotal::ZERO }
    }

    fn dollars(amount: UsdTotal) -> String {
        crate::format::money_fixed(amount, 2)
    }

    /// Monday.
    const TODAY: &str = "2026-11-23";

    #[test]
    fn weeks_begin_on_monday_and_months_on_their_first() {
        let days = [
            day("2026-10-31", 1),
            day("2026-11-01", 2),
            day("2026-11-15", 4),
            day("2026-11-16", 8),
            day("2026-11-22", 16),
            day("2026-11-23", 32),
            // A clock was wrong: it is of no week that was.
            day("2026-11-24", 64),
        ];
        let outlook = Outlook::new(&days, TODAY.parse().unwrap(), Totals::default());
        assert_eq!(dollars(outlook.today.cost), "$32.00");
        assert_eq!(dollars(outlook.week.cost), "$32.00");
        assert_eq!(dollars(outlook.last_week.cost), "$24.00");
        assert_eq!(dollars(outlook.month.cost), "$62.00");
        assert_eq!(dollars(outlook.last_month.cost), "$1.00");
    }

    #[test]
    fn the_rest_of_the_month_goes_as_the_last_four_weeks_did_by_weekday() {
        // Every Monday $10, every Tuesday $4 but one, nothing else; the last 28 days begin on
        // 26 October.
        let mut days = vec![day("2026-10-19", 1000)];
        for (monday, tuesday) in
            [("10-26", "10-27"), ("11-02", "11-03"), ("11-09", "11-10"), ("11-16", "11-17")]
        {
            days.push(day(&format!("2026-{monday}"), 10));
            days.push(day(&format!("2026-{tuesday}"), if tuesday == "11-17" { 8 } else { 4 }));
        }
        days.push(day(TODAY, 3));
        let projected = |days: &[DaySum]| projection(days, TODAY.parse().unwrap()).map(dollars);
        // So far 10 + 4 + 10 + 4 + 10 + 8 + 3 = 49; today 7 more; Tuesday 5; Monday the 30th 10.
        assert_eq!(projected(&days).as_deref(), Some("$71.00"));
        // Today is dearer than a Monday is: nothing more is to be expected of it.
        days.pop();
        days.push(day(TODAY, 30));
        assert_eq!(projected(&days).as_deref(), Some("$91.00"));
    }

    #[test]
    fn a_week_is_too_short_to_tell_until_it_is_over() {
        let projected = |first: &str| {
            projection(&[day(first, 7), day(TODAY, 1)], TODAY.parse().unwrap()).map(dollars)
        };
        assert_eq!(projected("2026-11-17"), None);
        // One Monday of $7: so is today, and the 30th.
        assert_eq!(projected("2026-11-16").as_deref(), Some("$21.00"));
        assert_eq!(projection(&[], TODAY.parse().unwrap()), None);
    }
}
