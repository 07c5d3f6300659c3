//! Models: what each cost and what a token of it costs on average, and how much of the work the
//! cheaper tiers do.
//!
//! It counts everybody's calls on the ledger, as `spendtop report model` does.

mod data;
mod mix;
mod split;
mod view;

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::data::{ByModel, Data, Model};
pub use self::mix::{Mix, Standing};
use super::live::cached;
use super::{Outcome, Page};
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::span::Span;
use crate::tui::table::{List, Table};

/// What models can be sorted by, the most first.
const ORDERS: &[&str] = &["cost", "calls", "cache", "$/M in", "$/M out", "model"];

/// The state of the Models screen.
#[derive(Clone, Debug)]
pub struct Models {
    table: Table<Arc<str>, usize>,
    span: Span,
}

impl Page for Models {
    type Query = ByModel;

    const COMMANDS: &'static [Command] = &[Command::PreviousSpan, Command::NextSpan];

    fn new() -> Self {
        Self { table: Table::new(ORDERS), span: Span::default() }
    }

    fn query(&self) -> ByModel {
        ByModel { span: self.span }
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        Some(&mut self.table)
    }

    fn rows(&self) -> Option<&dyn List> {
        Some(&self.table)
    }

    fn arrange(&mut self, data: &Data) {
        let of = |number: &usize| &data.models[*number];
        let matches = |number: &usize| self.table.matches(&words(of(number)));
        let mut numbers: Vec<usize> = (0..data.models.len()).filter(matches).collect();
        match ORDERS[self.table.order()] {
            "calls" => numbers.sort_by_key(|number| Reverse(of(number).totals.calls)),
            "cache" => numbers.sort_by_key(|number| Reverse(cached(&of(number).totals))),
            "$/M in" => numbers.sort_by_key(|number| Reverse(of(number).price_in)),
            "$/M out" => numbers.sort_by_key(|number| Reverse(of(number).price_out)),
            "model" => numbers.sort_by(|a, b| of(a).name.cmp(&of(b).name)),
            _ => {}
        }
        if self.table.is_reversed() {
            numbers.reverse();
        }
        let row = |number: usize| (Arc::clone(&data.models[number].name), number);
        self.table.set_rows(numbers.into_iter().map(row).collect());
    }

    fn obey(&mut self, command: Command, _data: Option<&Data>, _shell: &Shell) -> Outcome {
        let span = match command {
            Command::PreviousSpan => self.span.previous(),
            Command::NextSpan => self.span.next(),
            _ => self.span,
        };
        if span == self.span {
            return Outcome::Same;
        }
        self.span = span;
        Outcome::Changed
    }

    fn render(&self, frame: &mut Frame<'_>, area: Rect, data: Option<&Data>, shell: &Shell) {
        view::render(frame, area, self, data, shell);
    }
}

impl Models {
    /// The rows.
    pub fn table(&self) -> &Table<Arc<str>, usize> {
        &self.table
    }
}

/// What the filter looks at.
fn words(model: &Model) -> String {
    let tier = model.tier.map_or("unlisted", mix::word);
    format!("{} {tier}", model.name).to_lowercase()
}
