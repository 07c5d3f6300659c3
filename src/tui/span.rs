//! The time that a screen sums up, as a person picks it: whole days of the zone, today the last.

use jiff::ToSpan;
use jiff::civil::Date;

/// A time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// Today.
    Today,
    /// Today and the six days before.
    #[default]
    Week,
    /// Today and the 29 days before.
    ThirtyDays,
    /// This month so far.
    Month,
    /// Whatever the ledger holds.
    All,
}

impl Span {
    /// Every span, in the order of the picker.
    pub const ALL: [Self; 5] = [Self::Today, Self::Week, Self::ThirtyDays, Self::Month, Self::All];

    /// Its name in the picker.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Week => "7 days",
            Self::ThirtyDays => "30 days",
            Self::Month => "month",
            Self::All => "all",
        }
    }

    /// The one after it; the last stays.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1).min(Self::ALL.len() - 1)]
    }

    /// The one before it; the first stays.
    #[must_use]
    pub fn previous(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)]
    }

    /// The first day of it; none: there is no first.
    pub fn first(self, today: Date) -> Option<Date> {
        let back = |days: i64| today.checked_sub(days.days()).unwrap_or(Date::MIN);
        match self {
            Self::Today => Some(today),
            Self::Week => Some(back(6)),
            Self::ThirtyDays => Some(back(29)),
            Self::Month => Some(today.first_of_month()),
            Self::All => None,
        }
    }

    /// A day is of it. Days to come are of no span but all: a clock may have been wrong.
    pub fn has(self, date: Date, today: Date) -> bool {
        self.first(today).is_none_or(|first| (first..=today).contains(&date))
    }

    /// Its days in words: `17–23 Nov`, `25 Oct – 23 Nov`, nothing for all.
    pub fn days(self, today: Date) -> String {
        let Some(first) = self.first(today) else { return String::new() };
        let last = today.strftime("%-d %b");
        if first == today {
            today.strftime("%a %-d %b").to_string()
        } else if first.first_of_month() == today.first_of_month() {
            format!("{}–{last}", first.strftime("%-d"))
        } else {
            format!("{} – {last}", first.strftime("%-d %b"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picker_goes_from_the_shortest_to_all_and_no_further() {
        assert_eq!(Span::Today.previous(), Span::Today);
        assert_eq!(Span::All.next(), Span::All);
        for (span, next) in Span::ALL.into_iter().zip(Span::ALL.into_iter().skip(1)) {
            assert_eq!((span.next(), next.previous()), (next, span));
        }
    }

    #[test]
    fn a_span_ends_with_today() {
        let today: Date = "2026-11-23".parse().unwrap();
        for (span, days, first) in [
            (Span::Today, "Mon 23 Nov", Some("2026-11-23")),
            (Span::Week, "17–23 Nov", Some("2026-11-17")),
            (Span::ThirtyDays, "25 Oct – 23 Nov", Some("2026-10-25")),
            (Span::Month, "1–23 Nov", Some("2026-11-01")),
            (Span::All, "", None),
        ] {
            assert_eq!(span.days(today), days);
            assert_eq!(span.first(today), first.map(|date| date.parse().unwrap()));
            assert!(span.has(today, today));
            assert_eq!(span.has(today.tomorrow().unwrap(), today), span == Span::All);
        }
        assert_eq!(Span::Month.days("2026-11-01".parse().unwrap()), "Sun 1 Nov");
    }
}
