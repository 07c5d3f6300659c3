//! Sums the ledger's cells into the rows of a report.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::calendar::Calendar;
use crate::cli::args::{By, Group};
use crate::ledger::{Charged, Deeds, LedgerError, LoopLevel, Reader, Totals, Turn};
use crate::model::{AgentId, CapAction, Millis, UsdTotal};

/// A report.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// What its rows are.
    pub group: Group,
    /// What they are split by.
    pub by: Option<By>,
    /// The rows, in the order to show.
    pub rows: Vec<Row>,
    /// Sum of the rows.
    pub total: Sums,
    /// Turns were asked for.
    pub with_turns: bool,
}

/// Sums of a row, or of a part of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of the calls.
    pub totals: Totals,
    /// What agents say they spent beyond that.
    pub unlogged: UsdTotal,
    /// Turns, if they were asked for.
    pub turns: u64,
    /// The worst level of any of them.
    pub level: LoopLevel,
    /// What was done in them.
    pub deeds: Deeds,
}

/// A row of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub key: String,
    /// Its sums.
    pub sums: Sums,
    /// The same, split.
    pub parts: BTreeMap<String, Sums>,
    /// More on a session.
    pub session: Option<SessionInfo>,
}

/// What a session's row has beside its sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// The agent's id of the session.
    pub session_id: Arc<str>,
    /// Project of its latest call.
    pub project: Arc<str>,
    /// Branch of its latest call.
    pub branch: Arc<str>,
    /// The agent.
    pub agent: AgentId,
    /// Who pays.
    pub developer: Arc<str>,
    /// Every model it used.
    pub models: BTreeSet<Arc<str>>,
    /// First call.
    pub started_at: Millis,
    /// Latest call.
    pub last_activity: Millis,
    /// What it is marked with, by a cap or by hand.
    pub marks: Vec<CapAction>,
}

impl Report {
    /// A report on nothing.
    pub fn empty(group: Group, by: Option<By>) -> Self {
        Self { group, by, rows: Vec::new(), total: Sums::default(), with_turns: false }
    }
}

/// Reads and sums. A row's order is by key for times, by latest activity for sessions, by cost
/// for everything else.
pub fn build(
    reader: &Reader,
    group: Group,
    by: Option<By>,
    time: &Range<Millis>,
    zone: &TimeZone,
    with_turns: bool,
) -> Result<Report, LedgerError> {
    let charged = reader.charged()?;
    let mut builder = Builder {
        group,
        by,
        calendar: Calendar::new(zone.clone(), group),
        rows: BTreeMap::new(),
        total: Sums::default(),
        with_turns,
    };
    reader.cells(time, &mut |cell| {
        if let Some(to) = charged.get(&cell.charged) {
            builder.add(to, cell.at, &Sums { totals: cell.totals, ..Sums::default() });
        }
    })?;
    let activity = if group == Group::Session { reader.activity()? } else { HashMap::new() };
    builder.describe_sessions(&charged, &activity);
    builder.add_unlogged(reader, &charged, time)?;
    if with_turns {
        reader.turns(time, &|_| true, &mut |turn| {
            builder.add_turn(turn);
            true
        })?;
    }
    if group == Group::Session {
        builder.add_marks(reader)?;
    }
    Ok(builder.finish())
}

struct Builder {
    group: Group,
    by: Option<By>,
    calendar: Calendar,
    rows: BTreeMap<String, Row>,
    total: Sums,
    with_turns: bool,
}

impl Builder {
    /// A turn counts whole: on the day it began, for the model that took the most of its steps, in
    /// the place of its latest call.
    fn add_turn(&mut self, turn: Turn) {
        let to = Charged {
            agent: turn.thread.agent,
            session: turn.thread.session,
            session_id: Arc::clone(&turn.thread.session_id),
            subagent: Arc::clone(&turn.thread.subagent),
            project: turn.project,
            branch: turn.branch,
            model: turn.model,
            developer: turn.developer,
        };
        let (level, deeds) = (turn.level, turn.deeds);
        self.add(&to, turn.at, &Sums { turns: 1, level, deeds, ..Sums::default() });
    }

    fn add(&mut self, to: &Charged, at: Millis, sums: &Sums) {
        let key = match self.group {
            Group::Daily | Group::Weekly | Group::Monthly => self.calendar.key(at),
            Group::Session => &to.session_id,
            Group::Project => &to.project,
            Group::Branch => &to.branch,
            Group::Model => &to.model,
            Group::Agent => to.agent.name(),
            Group::Developer => &to.developer,
        };
        // Looked up by reference first: a row has many cells, and a copy of its key for each would
        // be most of the work.
        if !self.rows.contains_key(key) {
            let row = Row { key: key.to_owned(), ..Row::default() };
            self.rows.insert(key.to_owned(), row);
        }
        let Some(row) = self.rows.get_mut(key) else { return };
        row.sums.add(sums);
        self.total.add(sums);
        if let Some(by) = self.by {
            let part = match by {
                By::Model => &*to.model,
                By::Project => &*to.project,
                By::Branch => &*to.branch,
                By::Agent => to.agent.name(),
                By::Developer => &*to.developer,
            };
            row.parts.entry(part.to_owned()).or_default().add(sums);
        }
    }

    fn describe_sessions(
        &mut self,
        charged: &HashMap<i64, Charged>,
        activity: &HashMap<i64, (Millis, Millis)>,
    ) {
        for (number, to) in charged {
            let (Some(&(first, last)), Some(row)) =
                (activity.get(number), self.rows.get_mut(&*to.session_id))
            else {
                continue;
            };
            let info = row.session.get_or_insert_with(|| SessionInfo::of(to, first, last));
            info.models.extend(Some(Arc::clone(&to.model)).filter(|model| !model.is_empty()));
            info.started_at = info.started_at.min(first);
            // The latest call tells where the session is now; equal times must not depend on the
            // order of a hash map.
            if (last, &to.project, &to.branch) > (info.last_activity, &info.project, &info.branch) {
                info.last_activity = last;
                info.project = Arc::clone(&to.project);
                info.branch = Arc::clone(&to.branch);
            }
        }
    }

    /// What an agent's own total has beyond our calls belongs to no model, and to the place where
    /// the session was last.
    fn add_unlogged(
        &mut self,
        reader: &Reader,
        charged: &HashMap<i64, Charged>,
        time: &Range<Millis>,
    ) -> Result<(), LedgerError> {
        let unlogged = reader.unlogged()?;
        if unlogged.is_empty() {
            return Ok(());
        }
        let places = Charged::last_places(charged);
        for unlogged in unlogged {
            if !time.contains(&unlogged.at) {
                continue;
            }
            let amount = UsdTotal::from(unlogged.amount);
            let sums = Sums { unlogged: amount, ..Sums::default() };
            // A session may hold nothing but its total.
            let nowhere = Charged::of_session(&unlogged);
            let place = places.get(&unlogged.session).map_or(&nowhere, |(_, place)| place);
            if self.group == Group::Model {
                self.total.unlogged += amount;
            } else if self.by == Some(By::Model) {
                let by = self.by.take();
                self.add(place, unlogged.at, &sums);
                self.by = by;
            } else {
                self.add(place, unlogged.at, &sums);
            }
            if self.group == Group::Session
                && let Some(row) = self.rows.get_mut(&*place.session_id)
            {
                let at = unlogged.at;
                row.session.get_or_insert_with(|| SessionInfo::of(place, at, at));
            }
        }
        Ok(())
    }

    fn add_marks(&mut self, reader: &Reader) -> Result<(), LedgerError> {
        for mark in reader.marks()? {
            let row = self.rows.get_mut(&*mark.session.session_id);
            if let Some(info) = row.and_then(|row| row.session.as_mut())
                && info.agent == mark.session.agent
            {
                info.marks.push(mark.action);
            }
        }
        Ok(())
    }

    fn finish(self) -> Report {
        let mut rows: Vec<Row> = self.rows.into_values().collect();
        match self.group {
            Group::Daily | Group::Weekly | Group::Monthly => {}
            Group::Session => rows.sort_by(|a, b| {
                let last = |row: &Row| row.session.as_ref().map(|info| info.last_activity);
                last(b).cmp(&last(a)).then_with(|| a.key.cmp(&b.key))
            }),
            _ => rows.sort_by(|a, b| {
                let cost = |row: &Row| row.sums.totals.cost;
                cost(b).cmp(&cost(a)).then_with(|| a.key.cmp(&b.key))
            }),
        }
        Report {
            group: self.group,
            by: self.by,
            rows,
            total: self.total,
            with_turns: self.with_turns,
        }
    }
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.totals += other.totals;
        self.unlogged += other.unlogged;
        self.turns += other.turns;
        self.level = self.level.max(other.level);
        self.deeds += other.deeds;
    }
}

impl SessionInfo {
    /// The words for its marks; the stricter last.
    pub fn mark_words(&self) -> Vec<&'static str> {
        let mut marks = self.marks.clone();
        marks.sort_unstable();
        marks.into_iter().map(crate::cli::mark::word).collect()
    }

    fn of(to: &Charged, first: Millis, last: Millis) -> Self {
        Self {
            session_id: Arc::clone(&to.session_id),
            project: Arc::clone(&to.project),
            branch: Arc::clone(&to.branch),
            agent: to.agent,
            developer: Arc::clone(&to.developer),
            models: BTreeSet::new(),
            started_at: first,
            last_activity: last,
            marks: Vec::new(),
        }
    }
}
