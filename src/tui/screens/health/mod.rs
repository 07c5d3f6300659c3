//! Health: what is to be mended, who collects, which hooks are in place, what is read of each agent,
//! the prices, the files and the settings in force.
//!
//! What is wrong is found where `spendtop doctor` has it from ([`crate::health`]).

mod rows;
mod view;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::rows::{Row, Section, Sign};
use super::{Outcome, Page, Query};
use crate::ledger::LedgerError;
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::sheet::Sheet;
use crate::tui::source::Source;
use crate::tui::table::{List, Table};
use crate::tui::theme::Role;

/// What rows can be sorted by.
const ORDERS: &[&str] = &["part", "worst"];

/// A row: its part, and its number within that.
pub type RowId = (Section, usize);

/// Asks how all is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole;

impl Query for Whole {
    type Data = Vec<Row>;

    fn read(&self, source: &mut Source<'_>) -> Result<Self::Data, LedgerError> {
        let checkup = source.checkup()?;
        Ok(rows::of(&checkup, source.facts, source.now))
    }
}

/// The state of the Health screen.
#[derive(Clone, Debug)]
pub struct Health {
    table: Table<RowId, usize>,
    sheet: Option<Sheet>,
}

impl Page for Health {
    type Query = Whole;

    const COMMANDS: &'static [Command] = &[Command::Detail];

    fn new() -> Self {
        Self { table: Table::new(ORDERS), sheet: None }
    }

    fn query(&self) -> Whole {
        Whole
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        Some(&mut self.table)
    }

    fn rows(&self) -> Option<&dyn List> {
        Some(&self.table)
    }

    fn sheet(&mut self) -> Option<&mut Option<Sheet>> {
        Some(&mut self.sheet)
    }

    fn shown_sheet(&self) -> Option<&Sheet> {
        self.sheet.as_ref()
    }

    fn arrange(&mut self, data: &Vec<Row>) {
        let mut numbers: Vec<usize> =
            (0..data.len()).filter(|at| self.table.matches(&words(&data[*at]))).collect();
        if ORDERS[self.table.order()] == "worst" {
            numbers.sort_by_key(|at| data[*at].sign);
        }
        if self.table.is_reversed() {
            numbers.reverse();
        }
        self.table.set_rows(numbers.into_iter().map(|at| (data[at].id, at)).collect());
    }

    fn obey(&mut self, command: Command, data: Option<&Vec<Row>>, _shell: &Shell) -> Outcome {
        match (command, data.and_then(|data| self.selected(data))) {
            (Command::Detail, Some(row)) => {
                self.sheet = Some(sheet(row));
                Outcome::Changed
            }
            _ => Outcome::Same,
        }
    }

    fn render(&self, frame: &mut Frame<'_>, area: Rect, data: Option<&Vec<Row>>, shell: &Shell) {
        view::render(frame, area, self, data, shell);
    }
}

impl Health {
    /// The rows.
    pub fn table(&self) -> &Table<RowId, usize> {
        &self.table
    }

    /// The selected one.
    pub fn selected<'a>(&self, data: &'a [Row]) -> Option<&'a Row> {
        data.get(self.table.selected()?.1)
    }
}

/// All of a row.
fn sheet(row: &Row) -> Sheet {
    let text = std::iter::once((Some(Role::Strong), row.text.clone()));
    let more = row.more.iter().map(|item| (None, format!("  {item}")));
    Sheet::new(&row.title(), text.chain(more))
}

/// What the filter looks at.
fn words(row: &Row) -> String {
    [row.section().name(), row.sign.word(), &row.name, &row.text].join(" ").to_lowercase()
}
