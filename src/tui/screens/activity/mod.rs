//! Activity: what was told and done, by whom and on what evidence, the newest first.

mod data;
mod event;
mod view;

use std::cmp::Reverse;

use ratatui::Frame;
use ratatui::layout::Rect;

pub use self::data::{MOST, Trail};
pub use self::event::{Event, EventId, From, Group};
use super::{Outcome, Page};
use crate::tui::action::Command;
use crate::tui::app::Shell;
use crate::tui::deed::Subject;
use crate::tui::sheet::Sheet;
use crate::tui::table::{List, Table};

/// What events can be sorted by, each with the most first.
const ORDERS: &[&str] = &["newest", "kind", "latency", "overshoot", "cap"];

/// The state of the Activity screen.
#[derive(Clone, Debug)]
pub struct Activity {
    table: Table<EventId, usize>,
    /// Only these; none: all.
    group: Option<Group>,
    sheet: Option<Sheet>,
}

impl Page for Activity {
    type Query = Trail;

    const COMMANDS: &'static [Command] =
        &[Command::Detail, Command::View, Command::Copy, Command::Act];

    fn new() -> Self {
        Self { table: Table::new(ORDERS), group: None, sheet: None }
    }

    fn query(&self) -> Trail {
        Trail
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

    fn arrange(&mut self, data: &Vec<Event>) {
        let matches = |event: &Event| {
            self.group.is_none_or(|group| event.group() == group)
                && self.table.matches(&words(event))
        };
        let mut numbers: Vec<usize> =
            (0..data.len()).filter(|number| matches(&data[*number])).collect();
        let of = |number: &usize| data[*number].action();
        match ORDERS[self.table.order()] {
            "kind" => numbers.sort_by_key(|number| data[*number].group()),
            "latency" => {
                numbers.sort_by_key(|number| Reverse(of(number).and_then(|row| row.latency_ms)));
            }
            "overshoot" => {
                numbers.sort_by_key(|number| Reverse(of(number).and_then(|row| row.overshoot)));
            }
            // Those without a cap last.
            "cap" => numbers.sort_by_key(|number| {
                let cap = data[*number].cap();
                (cap.is_none(), cap)
            }),
            _ => {}
        }
        if self.table.is_reversed() {
            numbers.reverse();
        }
        self.table.set_rows(numbers.into_iter().map(|at| (data[at].id, at)).collect());
    }

    fn obey(&mut self, command: Command, data: Option<&Vec<Event>>, shell: &Shell) -> Outcome {
        if command == Command::View {
            if self.sheet.is_some() {
                return Outcome::Same;
            }
            let at = Group::ALL.iter().position(|group| Some(*group) == self.group);
            self.group = Group::ALL.get(at.map_or(0, |at| at + 1)).copied();
            return Outcome::Rearrange;
        }
        let Some(event) = data.and_then(|data| self.selected(data)) else { return Outcome::Same };
        match command {
            Command::Detail => {
                let sheet = view::detail(event, shell);
                self.sheet = if self.sheet.is_some() { None } else { Some(sheet) };
                Outcome::Changed
            }
            Command::Copy => match event.resume() {
                Some(resume) => Outcome::Copy(resume.to_owned()),
                None => Outcome::Say("nothing was ended here that could be resumed".to_owned()),
            },
            Command::Act => match event.session() {
                Some(session) => {
                    let (session, label) = (session.clone(), event.about.clone());
                    Outcome::Act(vec![Subject { session, label }])
                }
                None => Outcome::Say("this is about no session".to_owned()),
            },
            _ => Outcome::Same,
        }
    }

    fn render(&self, frame: &mut Frame<'_>, area: Rect, data: Option<&Vec<Event>>, shell: &Shell) {
        view::render(frame, area, self, data, shell);
    }
}

impl Activity {
    /// The rows.
    pub fn table(&self) -> &Table<EventId, usize> {
        &self.table
    }

    /// Only these are shown; none: all.
    pub fn group(&self) -> Option<Group> {
        self.group
    }

    /// The selected one.
    pub fn selected<'a>(&self, data: &'a [Event]) -> Option<&'a Event> {
        data.get(self.table.selected()?.1)
    }
}

/// What the filter looks at.
fn words(event: &Event) -> String {
    let mut words = vec![event.word(), event.id.1, event.group().name(), &event.about];
    match &event.from {
        From::Action(action) => {
            words.extend([action.evidence.as_str(), &action.outcome, &action.by]);
            words.extend(action.signal.as_deref());
            words.extend(action.cap.as_deref());
            words.extend(action.session.as_ref().map(|session| &*session.session_id));
        }
        From::Notice(notice) => words.extend([notice.title.as_str(), &notice.body]),
    }
    words.join(" ").to_lowercase()
}
