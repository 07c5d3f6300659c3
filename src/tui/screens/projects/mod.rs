//! Projects: what the work cost, by project, branch or developer, down to the sessions.
//!
//! It counts everybody's calls on the ledger, as `spendtop report project` does.

mod data;
mod view;

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::data::{Data, Drill, Group, Level, Part, RowId};
use super::{Outcome, Page, Screen, Target};
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::span::Span;
use crate::tui::table::{List, Table};

/// What rows can be sorted by, the most first.
const ORDERS: &[&str] = &["cost", "calls", "sessions", "newest", "name"];

/// The state of the Projects screen.
#[derive(Clone, Debug)]
pub struct Projects {
    table: Table<RowId, usize>,
    span: Span,
    group: Group,
    /// What was gone into, the outermost first.
    path: Vec<Arc<str>>,
}

impl Page for Projects {
    type Query = Drill;

    const COMMANDS: &'static [Command] =
        &[Command::Detail, Command::Group, Command::PreviousSpan, Command::NextSpan];

    fn new() -> Self {
        Self {
            table: Table::new(ORDERS),
            span: Span::default(),
            group: Group::default(),
            path: Vec::new(),
        }
    }

    fn query(&self) -> Drill {
        Drill { span: self.span, group: self.group, path: self.path.clone() }
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        Some(&mut self.table)
    }

    fn rows(&self) -> Option<&dyn List> {
        Some(&self.table)
    }

    fn arrange(&mut self, data: &Data) {
        let of = |number: &usize| &data.parts[*number];
        let matches = |number: &usize| self.table.matches(&words(of(number)));
        let mut numbers: Vec<usize> = (0..data.parts.len()).filter(matches).collect();
        match ORDERS[self.table.order()] {
            "calls" => numbers.sort_by_key(|number| Reverse(of(number).totals.calls)),
            "sessions" => numbers.sort_by_key(|number| Reverse(of(number).sessions)),
            "newest" => numbers.sort_by_key(|number| Reverse(of(number).last)),
            "name" => numbers.sort_by(|a, b| of(a).name.cmp(&of(b).name)),
            _ => {}
        }
        if self.table.is_reversed() {
            numbers.reverse();
        }
        let row = |number: usize| (data.parts[number].id.clone(), number);
        self.table.set_rows(numbers.into_iter().map(row).collect());
    }

    fn obey(&mut self, command: Command, data: Option<&Data>, _shell: &Shell) -> Outcome {
        match command {
            Command::PreviousSpan => self.take(self.span.previous()),
            Command::NextSpan => self.take(self.span.next()),
            Command::Group => {
                self.group = self.group.next();
                self.path.clear();
                Outcome::Changed
            }
            // What is shown may still be of where the person was a moment ago.
            Command::Detail => match data.filter(|data| data.drill == self.query()) {
                Some(_) => self.enter(),
                None => Outcome::Same,
            },
            _ => Outcome::Same,
        }
    }

    fn back(&mut self) -> bool {
        self.path.pop().is_some()
    }

    fn render(&self, frame: &mut Frame<'_>, area: Rect, data: Option<&Data>, shell: &Shell) {
        view::render(frame, area, self, data, shell);
    }
}

impl Projects {
    /// The rows.
    pub fn table(&self) -> &Table<RowId, usize> {
        &self.table
    }

    fn take(&mut self, span: Span) -> Outcome {
        if span == self.span {
            return Outcome::Same;
        }
        self.span = span;
        Outcome::Changed
    }

    /// Goes into the selected row.
    fn enter(&mut self) -> Outcome {
        match self.table.selected().map(|(id, _)| id.clone()) {
            Some(RowId::Part(_, name)) => {
                self.path.push(name);
                // Words for what is above would hide what is within.
                self.table.set_filter("");
                self.table.move_by(isize::MIN);
                Outcome::Changed
            }
            Some(RowId::Session(key)) if super::exists(Screen::Session) => {
                Outcome::Open(Screen::Session, Target::Session(key))
            }
            Some(RowId::Session(_)) | None => Outcome::Same,
        }
    }
}

/// What the filter looks at.
fn words(part: &Part) -> String {
    let id = match &part.id {
        RowId::Part(_, name) => &**name,
        RowId::Session(key) => &*key.session_id,
    };
    format!("{} {} {id}", part.name, part.note).to_lowercase()
}
