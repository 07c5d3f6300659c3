//! Days: what each cost, the year at a glance, and where the week and the month are going.
//!
//! It counts everybody's calls on the ledger, as `spendtop report daily` does.

mod data;
mod outlook;
mod view;
mod year;

use std::cmp::Reverse;

use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::data::{Data, DaySum, Everyday};
pub use self::outlook::Outlook;
use super::{Outcome, Page};
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::table::{List, Table};

/// What days can be sorted by: the newest, or the most, first.
const ORDERS: &[&str] = &["day", "cost", "calls"];

/// A longer time without calls is one row.
const LONG_GAP: i32 = 31;

/// Where a row's data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAt {
    /// Number of the day in the data.
    Day(usize),
    /// A day without calls.
    Nothing,
    /// So many days without calls, the last of which is the row's.
    Gap(i32),
}

/// The state of the Days screen.
#[derive(Clone, Debug)]
pub struct Days {
    table: Table<Date, RowAt>,
}

impl Page for Days {
    type Query = Everyday;

    const COMMANDS: &'static [Command] = &[];

    fn new() -> Self {
        Self { table: Table::new(ORDERS) }
    }

    fn query(&self) -> Everyday {
        Everyday
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        Some(&mut self.table)
    }

    fn rows(&self) -> Option<&dyn List> {
        Some(&self.table)
    }

    fn arrange(&mut self, data: &Data) {
        let day = |number: &usize| &data.days[*number];
        let matches = |number: &usize| self.table.matches(&words(day(number).date));
        let mut numbers: Vec<usize> = (0..data.days.len()).rev().filter(matches).collect();
        match ORDERS[self.table.order()] {
            "cost" => numbers.sort_by_key(|number| Reverse(day(number).totals.cost)),
            "calls" => numbers.sort_by_key(|number| Reverse(day(number).totals.calls)),
            _ => {}
        }
        let in_order = self.table.order() == 0 && self.table.filter().is_empty();
        let mut rows: Vec<(Date, RowAt)> = Vec::with_capacity(numbers.len());
        if in_order && numbers.first().is_some_and(|number| day(number).date < data.today) {
            fill(data.today.tomorrow().unwrap_or(Date::MAX), day(&numbers[0]).date, &mut rows);
        }
        for (at, number) in numbers.iter().enumerate() {
            let shown = day(number).date;
            rows.push((shown, RowAt::Day(*number)));
            if let Some(next) = numbers.get(at + 1).filter(|_| in_order) {
                fill(shown, day(next).date, &mut rows);
            }
        }
        if self.table.is_reversed() {
            rows.reverse();
        }
        self.table.set_rows(rows);
    }

    fn obey(&mut self, _command: Command, _data: Option<&Data>, _shell: &Shell) -> Outcome {
        Outcome::Same
    }

    fn render(&self, frame: &mut Frame<'_>, area: Rect, data: Option<&Data>, shell: &Shell) {
        view::render(frame, area, self, data, shell);
    }
}

impl Days {
    /// The rows.
    pub fn table(&self) -> &Table<Date, RowAt> {
        &self.table
    }
}

/// What the filter looks at: `mon 23 november 2026 2026-11-23`.
fn words(date: Date) -> String {
    format!("{} {date}", date.strftime("%a %-d %B %Y")).to_lowercase()
}

/// Rows for the days between two, the later first.
fn fill(after: Date, before: Date, rows: &mut Vec<(Date, RowAt)>) {
    let days = after.since(before).map_or(0, |span| span.get_days()) - 1;
    let Ok(mut date) = after.yesterday() else { return };
    if days > LONG_GAP {
        rows.push((date, RowAt::Gap(days)));
        return;
    }
    for _ in 0..days {
        rows.push((date, RowAt::Nothing));
        date = date.yesterday().unwrap_or(Date::MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_without_calls_have_rows_and_a_long_time_has_one() {
        let filled = |after: &str, before: &str| {
            let mut rows = Vec::new();
            fill(date(after), date(before), &mut rows);
            rows
        };
        assert!(filled("2026-11-23", "2026-11-22").is_empty());
        assert_eq!(
            filled("2026-11-23", "2026-11-20"),
            [(date("2026-11-22"), RowAt::Nothing), (date("2026-11-21"), RowAt::Nothing)]
        );
        assert_eq!(filled("2026-11-23", "2026-10-22").len(), 31);
        assert_eq!(filled("2026-11-23", "2025-11-23"), [(date("2026-11-22"), RowAt::Gap(364))]);
    }
}
