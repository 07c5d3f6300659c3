//! Live: today against the cap, how fast money goes, and every session.

mod alerts;
mod columns;
mod data;
mod memory;
mod session;
mod state;
mod turn;
mod view;

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::alerts::Alert;
pub use self::columns::{Column, cached};
pub use self::data::{Data, Everything};
pub use self::memory::Memory;
pub use self::session::{Session, Subagent};
pub(super) use self::session::{one, short_model};
pub(super) use self::state::how;
pub use self::state::{Doing, Held, Protection, State, unprotected};
pub use self::turn::Turn;
pub(super) use self::turn::main_turn;
use super::{Outcome, Page, Screen, Target};
use crate::model::{Millis, SessionKey};
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::deed::Subject;
use crate::tui::table::{List, Table};

/// A row: a session, or one of its subagents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowId {
    /// The session.
    pub session: SessionKey,
    /// The subagent's id; none: the session itself.
    pub subagent: Option<String>,
}

/// Where a row's data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowAt {
    /// Number of the session in the data.
    pub session: usize,
    /// Number of the subagent in the session.
    pub subagent: Option<usize>,
}

/// What sessions can be sorted by, each with the most first.
const ORDERS: &[&str] = &[
    "activity",
    "state",
    "today",
    "session",
    "$/h",
    "loop",
    "steps",
    "subagents",
    "cache",
    "project",
    "protection",
];

/// Sessions whose newest calls are this near to the newest of all are at work at once: the dearest of
/// today comes first among them, for in the order of their calls they would change places at each.
const AT_WORK_MS: i64 = 2 * 60_000;

/// The state of the Live screen.
#[derive(Clone, Debug)]
pub struct Live {
    table: Table<RowId, RowAt>,
    /// Subagents are shown below their sessions.
    tree: bool,
}

impl Page for Live {
    type Query = Everything;

    const COMMANDS: &'static [Command] =
        &[Command::Detail, Command::Act, Command::Tree, Command::Tag];

    fn new() -> Self {
        Self { table: Table::new(ORDERS), tree: false }
    }

    fn query(&self) -> Everything {
        Everything
    }

    fn list(&mut self) -> Option<&mut dyn List> {
        Some(&mut self.table)
    }

    fn rows(&self) -> Option<&dyn List> {
        Some(&self.table)
    }

    fn arrange(&mut self, data: &Data) {
        let all = self.table.filter().is_empty();
        let matches = |session: &Session| all || self.table.matches(&words(session));
        let mut numbers: Vec<usize> =
            (0..data.sessions.len()).filter(|number| matches(&data.sessions[*number])).collect();
        sort(&mut numbers, &data.sessions, ORDERS[self.table.order()]);
        if self.table.is_reversed() {
            numbers.reverse();
        }
        let mut rows = Vec::with_capacity(numbers.len());
        for number in numbers {
            let session = &data.sessions[number];
            let mut add = |subagent: Option<usize>| {
                let id = RowId {
                    session: session.key.clone(),
                    subagent: subagent.map(|number| session.subagents[number].id.clone()),
                };
                rows.push((id, RowAt { session: number, subagent }));
            };
            add(None);
            if self.tree {
                (0..session.subagents.len()).for_each(|number| add(Some(number)));
            }
        }
        self.table.set_rows(rows);
    }

    fn obey(&mut self, command: Command, data: Option<&Data>, _shell: &Shell) -> Outcome {
        let Some(data) = data else { return Outcome::Same };
        match command {
            Command::Tree => {
                self.tree = !self.tree;
                Outcome::Rearrange
            }
            Command::Tag => {
                if !self.table.toggle_tag() {
                    return Outcome::Same;
                }
                self.table.move_by(1);
                Outcome::Changed
            }
            Command::Act => {
                let subjects = self.subjects(data);
                if subjects.is_empty() { Outcome::Same } else { Outcome::Act(subjects) }
            }
            Command::Detail => match self.table.selected() {
                Some((id, _)) if super::exists(Screen::Session) => {
                    Outcome::Open(Screen::Session, Target::Session(id.session.clone()))
                }
                _ => Outcome::Same,
            },
            _ => Outcome::Same,
        }
    }

    fn render(&self, frame: &mut Frame<'_>, area: Rect, data: Option<&Data>, shell: &Shell) {
        view::render(frame, area, self, data, shell);
    }
}

impl Live {
    /// The rows.
    pub fn table(&self) -> &Table<RowId, RowAt> {
        &self.table
    }

    /// The selected session.
    pub fn selected<'a>(&self, data: &'a Data) -> Option<&'a Session> {
        data.sessions.get(self.table.selected()?.1.session).map(Arc::as_ref)
    }

    /// What to act on: what is tagged, or else what is selected.
    fn subjects(&self, data: &Data) -> Vec<Subject> {
        let mut rows: Vec<&RowAt> = self.table.tagged().map(|(_, at)| at).collect();
        if rows.is_empty() {
            rows.extend(self.table.selected().map(|(_, at)| at));
        }
        let mut subjects: Vec<Subject> = Vec::new();
        for at in rows {
            let Some(session) = data.sessions.get(at.session) else { continue };
            if !subjects.iter().any(|known| known.session == session.key) {
                subjects.push(Subject { session: session.key.clone(), label: label(session) });
            }
        }
        subjects
    }
}

/// `w/shop feat/pay 7c1e9a02`.
pub(super) fn label(session: &Session) -> String {
    let id: String = short_id(&session.key);
    [session.project.as_str(), session.branch.as_str(), &id]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What tells a session in short, safe to show.
pub(super) fn short_id(key: &SessionKey) -> String {
    crate::format::short_id(&key.session_id)
}

/// What the filter looks at.
fn words(session: &Session) -> String {
    let mut words = [
        session.project.as_str(),
        &session.branch,
        session.state.word(),
        session.key.agent.name(),
        &session.key.session_id,
        session.protection.word(),
    ]
    .join(" ");
    for model in &session.models {
        words.push(' ');
        words.push_str(model);
    }
    words.to_lowercase()
}

/// The newest first among equals, which is their order already.
fn sort(numbers: &mut [usize], sessions: &[Arc<Session>], by: &str) {
    let of = |number: &usize| &*sessions[*number];
    match by {
        "state" => numbers.sort_by_key(|number| of(number).state),
        "today" => numbers.sort_by_key(|number| Reverse(of(number).today.cost)),
        "session" => numbers.sort_by_key(|number| Reverse(of(number).total.cost)),
        "$/h" => numbers.sort_by_key(|number| Reverse(of(number).burn)),
        "loop" => {
            let worst = |turn: Turn| (turn.level, turn.repeats);
            numbers.sort_by_key(|number| Reverse(of(number).turn.map(worst)));
        }
        "steps" => {
            numbers.sort_by_key(|number| Reverse(of(number).turn.map_or(0, |turn| turn.steps)));
        }
        "subagents" => numbers.sort_by_key(|number| Reverse(of(number).subagents.len())),
        "cache" => numbers.sort_by_key(|number| columns::cached(&of(number).total)),
        "project" => numbers.sort_by(|a, b| of(a).project.cmp(&of(b).project)),
        "protection" => numbers.sort_by_key(|number| of(number).protection),
        _ => {
            let newest = sessions.first().map_or(Millis(0), |session| session.last);
            let is_at_work = |number: &usize| newest.since(of(number).last) < AT_WORK_MS;
            let at_work = numbers.partition_point(is_at_work);
            numbers[..at_work].sort_by_key(|number| Reverse(of(number).today.cost));
        }
    }
}
