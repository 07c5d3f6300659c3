//! Caps: how every cap stands, when it begins anew, what lifts it; and lifting it, with a reason.

mod data;
mod view;

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::data::{Every, Standing};
use super::{Outcome, Page};
use crate::format::percent;
use crate::policy::Decision;
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::deed::Lift;
use crate::tui::table::{List, Table};

/// What caps can be sorted by, each with the most first; as they are in the config by themselves.
const ORDERS: &[&str] = &["config", "used", "spent", "resets"];

/// A row: a cap by its name, and whom it is about.
pub type RowId = (Arc<str>, Arc<str>);

/// The state of the Caps screen.
#[derive(Clone, Debug)]
pub struct Caps {
    table: Table<RowId, usize>,
}

impl Page for Caps {
    type Query = Every;

    const COMMANDS: &'static [Command] = &[Command::Snooze, Command::Raise];

    fn new() -> Self {
        Self { table: Table::new(ORDERS) }
    }

    fn query(&self) -> Every {
        Every
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        Some(&mut self.table)
    }

    fn rows(&self) -> Option<&dyn List> {
        Some(&self.table)
    }

    fn arrange(&mut self, data: &Vec<Standing>) {
        let mut numbers: Vec<usize> =
            (0..data.len()).filter(|number| self.table.matches(&words(&data[*number]))).collect();
        let of = |number: &usize| data[*number].decision.as_ref();
        match ORDERS[self.table.order()] {
            "used" => numbers.sort_by_key(|number| {
                Reverse(of(number).and_then(|of| percent(of.counted(), of.limit.into())))
            }),
            "spent" => numbers.sort_by_key(|number| Reverse(of(number).map(Decision::counted))),
            "resets" => numbers.sort_by_key(|number| of(number).map(|of| of.window.end)),
            _ => {}
        }
        if self.table.is_reversed() {
            numbers.reverse();
        }
        self.table.set_rows(numbers.into_iter().map(|at| (id(&data[at]), at)).collect());
    }

    fn obey(&mut self, command: Command, data: Option<&Vec<Standing>>, _shell: &Shell) -> Outcome {
        let Some(standing) = data.and_then(|data| self.selected(data)) else {
            return Outcome::Say("there is no cap to lift: set one in the config".to_owned());
        };
        let cap = Arc::clone(&standing.cap.name);
        match command {
            Command::Snooze => Outcome::Lift(cap, Lift::Snooze),
            Command::Raise => Outcome::Lift(cap, Lift::Raise),
            _ => Outcome::Same,
        }
    }

    fn render(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        data: Option<&Vec<Standing>>,
        shell: &Shell,
    ) {
        view::render(frame, area, self, data, shell);
    }
}

impl Caps {
    /// The rows.
    pub fn table(&self) -> &Table<RowId, usize> {
        &self.table
    }

    /// The selected one.
    pub fn selected<'a>(&self, data: &'a [Standing]) -> Option<&'a Standing> {
        data.get(self.table.selected()?.1)
    }
}

fn id(standing: &Standing) -> RowId {
    let subject = standing.decision.as_ref().map(|decision| Arc::clone(&decision.subject));
    (Arc::clone(&standing.cap.name), subject.unwrap_or_else(|| Arc::from("")))
}

/// What the filter looks at.
fn words(standing: &Standing) -> String {
    let cap = &standing.cap;
    let subject = standing.decision.as_ref().map_or("", |decision| &*decision.subject);
    [&*cap.name, cap.scope.name(), cap.period.name(), cap.action.name(), subject]
        .join(" ")
        .to_lowercase()
}
