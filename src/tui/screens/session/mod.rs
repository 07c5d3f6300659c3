//! Session: one session in all that is known of it. What it cost and by which rates, its
//! subagents, what repeats, how full its context is, what holds it, and every call.

mod costs;
mod data;
mod kept;
mod latest;
mod threads;
mod view;

use std::cmp::Reverse;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::costs::{ClassCost, ModelCost};
pub use self::data::{Call, Data, One, Process};
pub use self::kept::Kept;
pub use self::latest::ThreadNow;
pub use self::threads::Thread;
use super::live;
use super::{Outcome, Page, Target};
use crate::model::SessionKey;
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::deed::Subject;
use crate::tui::sheet::Sheet;
use crate::tui::table::{List, Table};
use crate::tui::theme::Role;

/// What calls can be sorted by, each with the most first.
const ORDERS: &[&str] = &["newest", "cost", "context", "output", "model"];

/// What is shown large: everything side by side, or one of its panels alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    /// As much of everything as has room.
    #[default]
    All,
    /// What it cost, by class of tokens.
    Costs,
    /// Its threads.
    Threads,
    /// Its context and what calls cost, over time.
    Chart,
}

impl Panel {
    const fn next(self) -> Self {
        match self {
            Self::All => Self::Costs,
            Self::Costs => Self::Threads,
            Self::Threads => Self::Chart,
            Self::Chart => Self::All,
        }
    }
}

/// The state of the Session screen.
#[derive(Clone, Debug)]
pub struct SessionPage {
    session: Option<SessionKey>,
    table: Table<i64, usize>,
    panel: Panel,
    /// The number of the call that is being explained.
    asked: Option<i64>,
    on_plan: bool,
    sheet: Option<Sheet>,
}

impl Page for SessionPage {
    type Query = One;

    const COMMANDS: &'static [Command] =
        &[Command::Explain, Command::Act, Command::View, Command::Copy];

    fn new() -> Self {
        Self {
            session: None,
            table: Table::new(ORDERS),
            panel: Panel::default(),
            asked: None,
            on_plan: false,
            sheet: None,
        }
    }

    fn query(&self) -> One {
        One { session: self.session.clone(), explain: self.asked, on_plan: self.on_plan }
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

    fn arrange(&mut self, data: &Option<Box<Data>>) {
        let Some(data) = self.own(Some(data)) else {
            self.table.set_rows(Vec::new());
            return;
        };
        // Once there is a session it stays that one, whichever calls next.
        self.session.get_or_insert_with(|| data.session.key.clone());
        // Explained once: what stands there does not change while it is read.
        if let Some((number, text)) = &data.explained
            && self.asked == Some(*number)
        {
            self.asked = None;
            self.sheet = Some(explained(data, *number, text));
        }
        let mut numbers: Vec<usize> = (0..data.calls.len())
            .filter(|number| self.table.matches(&words(&data.calls[*number])))
            .collect();
        let of = |number: &usize| &data.calls[*number];
        match ORDERS[self.table.order()] {
            "cost" => numbers.sort_by_key(|number| Reverse(of(number).row.cost)),
            "context" => {
                numbers.sort_by_key(|number| Reverse(of(number).row.usage.prompt_tokens()));
            }
            "output" => numbers.sort_by_key(|number| Reverse(of(number).row.usage.output_tokens)),
            "model" => numbers.sort_by(|a, b| of(a).model.cmp(&of(b).model)),
            _ => {}
        }
        if self.table.is_reversed() {
            numbers.reverse();
        }
        let rows = numbers.into_iter().map(|at| (data.calls[at].row.number, at)).collect();
        self.table.set_rows(rows);
    }

    fn obey(
        &mut self,
        command: Command,
        data: Option<&Option<Box<Data>>>,
        shell: &Shell,
    ) -> Outcome {
        let Some(data) = self.own(data) else { return Outcome::Same };
        match command {
            Command::Explain if self.sheet.take().is_some() => Outcome::Changed,
            Command::Explain => {
                let Some((number, _)) = self.table.selected() else { return Outcome::Same };
                self.asked = Some(*number);
                self.on_plan = shell.setting.on_plan;
                // The transcript is read first: the sheet comes with what it says.
                Outcome::Changed
            }
            Command::Act => {
                let (session, label) = (data.session.key.clone(), live::label(&data.session));
                Outcome::Act(vec![Subject { session, label }])
            }
            Command::View => {
                self.panel = self.panel.next();
                Outcome::Changed
            }
            Command::Copy => Outcome::Copy(data.resume.clone()),
            _ => Outcome::Same,
        }
    }

    fn open(&mut self, target: &Target) {
        let Target::Session(session) = target;
        if self.session.as_ref() != Some(session) {
            *self = Self { session: Some(session.clone()), ..Self::new() };
        }
    }

    fn render(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        data: Option<&Option<Box<Data>>>,
        shell: &Shell,
    ) {
        let is_empty = data.is_some_and(Option::is_none);
        view::render(frame, area, self, self.own(data), is_empty, shell);
    }
}

impl SessionPage {
    /// The calls' rows.
    pub fn table(&self) -> &Table<i64, usize> {
        &self.table
    }

    /// A call is being explained.
    pub fn is_explaining(&self) -> bool {
        self.asked.is_some()
    }

    /// What was read, where it is of this session: that of the one before is nothing to show, and
    /// least of all to act on.
    fn own<'a>(&self, data: Option<&'a Option<Box<Data>>>) -> Option<&'a Data> {
        let data = data?.as_deref()?;
        let is_own = self.session.as_ref().is_none_or(|session| *session == data.session.key);
        is_own.then_some(data)
    }

    /// What is shown large.
    pub fn panel(&self) -> Panel {
        self.panel
    }
}

/// What the filter looks at.
fn words(call: &Call) -> String {
    let thread = if call.subagent.is_empty() { "main" } else { &call.subagent };
    format!("{} {thread} {}", call.model, call.row.call_id).to_lowercase()
}

fn explained(data: &Data, number: i64, text: &str) -> Sheet {
    let call = data.calls.iter().find(|call| call.row.number == number);
    let title = call.map_or_else(|| "call".to_owned(), |call| format!("call {}", call.row.call_id));
    let role = |line: &str| match line.trim_start() {
        rest if rest.starts_with('=') => Some(Role::Strong),
        rest if rest.starts_with("dropped") || rest.starts_with("source") => Some(Role::Quiet),
        _ if !line.starts_with(' ') => Some(Role::Title),
        _ => None,
    };
    Sheet::new(&title, text.trim_end().lines().map(|line| (role(line), line.to_owned())))
}
