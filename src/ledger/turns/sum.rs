//! Sums up the calls of a thread between two instants.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Deeds, LoopLevel, Thread, Turn};
use crate::ledger::holding::flag;
use crate::ledger::reader::usage;
use crate::ledger::threads::Incident;
use crate::ledger::tools::{Tool, Tools};
use crate::ledger::{LedgerError, Totals};
use crate::model::{AgentId, CallKind, Millis, PicoUsd, TurnSource};

/// Stored for a tool that was not let run; one that failed has another number.
const DENIED: i64 = 2;

/// Sums up; remembers what several turns need.
pub(super) struct Summing<'a> {
    db: &'a Connection,
    threads: HashMap<i64, Arc<Places>>,
    /// Every tool that failed or was denied; none if each is asked for.
    failed: Option<HashMap<i64, i64>>,
}

/// A thread, and what its calls are charged to.
struct Places {
    thread: Arc<Thread>,
    places: Vec<Place>,
}

struct Place {
    attribution: i64,
    project: Arc<str>,
    branch: Arc<str>,
    model: Arc<str>,
    developer: Arc<str>,
}

/// The sums of a thread's time.
pub(super) struct Sum {
    pub thread: Arc<Thread>,
    pub deeds: Deeds,
    pub totals: Totals,
    /// How often in a row the newest tool call has been made.
    pub repeats_now: u64,
    places: Arc<Places>,
    /// The latest call, and its place.
    latest: Option<(Millis, usize)>,
    steps_by_model: BTreeMap<Arc<str>, u64>,
}

impl<'a> Summing<'a> {
    /// For a few turns.
    pub(super) fn of(db: &'a Connection) -> Self {
        Self { db, threads: HashMap::new(), failed: None }
    }

    /// For any number of turns.
    pub(super) fn of_many(db: &'a Connection) -> Result<Self, LedgerError> {
        let mut statement = db.prepare_cached("SELECT id, outcome FROM failed_tool")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let failed = rows.collect::<Result<_, _>>()?;
        Ok(Self { failed: Some(failed), ..Self::of(db) })
    }

    /// The sums of what a thread did in a time.
    pub(super) fn up(&mut self, thread: i64, time: &Range<Millis>) -> Result<Sum, LedgerError> {
        let places = self.places(thread)?;
        let mut sum = Sum {
            thread: Arc::clone(&places.thread),
            deeds: Deeds::default(),
            totals: Totals::default(),
            repeats_now: 0,
            places: Arc::clone(&places),
            latest: None,
            steps_by_model: BTreeMap::new(),
        };
        let mut tools = Vec::new();
        let mut statement = self.db.prepare_cached(
            "SELECT at, kind, cost_pico, flags, input_tokens, output_tokens, cache_read_tokens,
                 cache_write_5m_tokens, cache_write_1h_tokens, web_searches, tools
             FROM call WHERE attribution = ?1 AND standing = 0 AND at >= ?2 AND at < ?3",
        )?;
        for (index, place) in places.places.iter().enumerate() {
            let mut rows = statement.query([place.attribution, time.start.0, time.end.0])?;
            while let Some(row) = rows.next()? {
                sum.add_call(row, index, place)?;
                if let ValueRef::Blob(bytes) = row.get_ref(10)? {
                    tools.extend(Tools::from_bytes(bytes, Millis(row.get(0)?)).iter().copied());
                }
            }
        }
        self.add_tools(&mut sum, tools)?;
        self.add_incidents(&mut sum, thread, time)?;
        Ok(sum)
    }

    fn add_tools(&self, sum: &mut Sum, mut tools: Vec<Tool>) -> Result<(), LedgerError> {
        tools.sort_unstable_by_key(|tool| (tool.at, tool.id));
        let (mut run, mut before) = (0, None);
        for tool in &tools {
            run = if before == Some(tool.call) { run + 1 } else { 1 };
            before = Some(tool.call);
            sum.deeds.tool_calls += 1;
            sum.deeds.repeats = sum.deeds.repeats.max(run);
            match self.outcome(tool.id)? {
                None => sum.deeds.subagents += u64::from(tool.spawns),
                Some(DENIED) => sum.deeds.denied += 1,
                Some(_) => sum.deeds.errors += 1,
            }
        }
        sum.repeats_now = run;
        Ok(())
    }

    /// How a tool went, unless it went well.
    fn outcome(&self, tool: i64) -> Result<Option<i64>, LedgerError> {
        if let Some(failed) = &self.failed {
            return Ok(failed.get(&tool).copied());
        }
        let mut statement =
            self.db.prepare_cached("SELECT outcome FROM failed_tool WHERE id = ?1")?;
        Ok(statement.query_row([tool], |row| row.get(0)).optional()?)
    }

    fn add_incidents(
        &self,
        sum: &mut Sum,
        thread: i64,
        time: &Range<Millis>,
    ) -> Result<(), LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT at, kind FROM incident WHERE thread = ?1 AND at >= ?2 AND at < ?3",
        )?;
        let mut rows = statement.query([thread, time.start.0, time.end.0])?;
        while let Some(row) = rows.next()? {
            if !self.is_own(&sum.places, Millis(row.get(0)?))? {
                continue;
            }
            if row.get::<_, i64>(1)? == Incident::ApiError as i64 {
                sum.deeds.errors += 1;
            } else {
                sum.deeds.compactions += 1;
            }
        }
        Ok(())
    }

    /// Whether what happened to a thread happened to it alone, and is no copy in a fork: a fork
    /// copies calls, too, so the call before tells; else the one after; without calls it is.
    fn is_own(&self, places: &Places, at: Millis) -> Result<bool, LedgerError> {
        for (nearest, sign) in [
            ("SELECT max(at) FROM call WHERE attribution = ?1 AND standing = ?2 AND at <= ?3", 1),
            ("SELECT min(at) FROM call WHERE attribution = ?1 AND standing = ?2 AND at > ?3", -1),
        ] {
            let mut statement = self.db.prepare_cached(nearest)?;
            let mut found: Option<(i64, bool)> = None;
            for place in &places.places {
                for standing in 0..4 {
                    let call: Option<i64> = statement
                        .query_row(params![place.attribution, standing, at.0], |row| row.get(0))?;
                    let call = call.map(|call| (call.wrapping_mul(sign), standing == 0));
                    found = found.max(call);
                }
            }
            if let Some((_, counts)) = found {
                return Ok(counts);
            }
        }
        Ok(true)
    }

    fn places(&mut self, thread: i64) -> Result<Arc<Places>, LedgerError> {
        if let Some(known) = self.threads.get(&thread) {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(read_places(self.db, thread)?);
        self.threads.insert(thread, Arc::clone(&read));
        Ok(read)
    }
}

impl Sum {
    fn add_call(&mut self, row: &Row<'_>, index: usize, place: &Place) -> Result<(), LedgerError> {
        let at = Millis(row.get(0)?);
        if row.get::<_, i64>(1)? == CallKind::Message as i64 {
            self.deeds.steps += 1;
            match self.steps_by_model.get_mut(&place.model) {
                Some(steps) => *steps += 1,
                None => {
                    self.steps_by_model.insert(Arc::clone(&place.model), 1);
                }
            }
        }
        self.latest = self.latest.max(Some((at, index)));
        let amount = row.get::<_, Option<i64>>(2)?.map(PicoUsd);
        let is_final = row.get::<_, i64>(3)? & flag::FINAL != 0;
        self.totals += Totals::of_call(usage(row, 4)?, amount, is_final);
        Ok(())
    }

    /// The turn that the sums are of.
    pub(super) fn into_turn(self, at: Millis, source: TurnSource, level: LoopLevel) -> Turn {
        let index = self.latest.map_or(0, |(_, index)| index);
        let place = self.places.places.get(index);
        let text = |of: fn(&Place) -> &Arc<str>| {
            place.map_or_else(|| Arc::from(""), |place| Arc::clone(of(place)))
        };
        // Of equals the first by name.
        let most = self.steps_by_model.iter().rev().max_by_key(|(_, steps)| **steps);
        let model = most.map_or_else(|| Arc::from(""), |(name, _)| Arc::clone(name));
        Turn {
            thread: self.thread,
            at,
            last: self.latest.map_or(at, |(last, _)| last),
            source,
            level,
            deeds: self.deeds,
            totals: self.totals,
            project: text(|place| &place.project),
            branch: text(|place| &place.branch),
            developer: text(|place| &place.developer),
            model,
            models: self.steps_by_model.into_keys().filter(|name| !name.is_empty()).collect(),
        }
    }
}

fn read_places(db: &Connection, thread: i64) -> Result<Places, LedgerError> {
    let (found, subagent) = db
        .prepare_cached(
            "SELECT session.agent, session.id, session.session_id, name.text, name.id
             FROM thread
             JOIN session ON session.id = thread.session
             JOIN name ON name.id = thread.subagent
             WHERE thread.id = ?1",
        )?
        .query_row([thread], |row| {
            let found = Thread {
                number: thread,
                agent: AgentId::from_number(row.get(0)?),
                session: row.get(1)?,
                session_id: row.get(2)?,
                subagent: row.get(3)?,
            };
            Ok((found, row.get::<_, i64>(4)?))
        })?;
    // By text, not by number: that depends on the order of reading.
    let mut statement = db.prepare_cached(
        "SELECT attribution.id, project.text, branch.text, model.text, developer.text
         FROM attribution
         JOIN name AS project ON project.id = attribution.project
         JOIN name AS branch ON branch.id = attribution.branch
         JOIN name AS model ON model.id = attribution.model
         JOIN name AS developer ON developer.id = attribution.developer
         WHERE session = ?1 AND subagent = ?2
         ORDER BY 2, 3, 4, 5",
    )?;
    let places = statement.query_map([found.session, subagent], |row| {
        Ok(Place {
            attribution: row.get(0)?,
            project: row.get(1)?,
            branch: row.get(2)?,
            model: row.get(3)?,
            developer: row.get(4)?,
        })
    })?;
    let places = places.collect::<Result<_, _>>()?;
    Ok(Places { thread: Arc::new(found), places })
}
