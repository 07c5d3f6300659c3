//! What the ledger would hold if further batches were in it: for a hook that must not wait for the
//! process that writes it.
//!
//! The same rules as the writer's (`holding`, `identity`) on the same rows, in memory: a call that
//! the ledger has already adds nothing, a fuller snapshot of one adds its difference, and a copy
//! in a fork counts once. Nothing is stored.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::holding::{Holding, Standing};
use super::identity::{self, SessionFacts};
use super::names::Names;
use super::sessions::Sessions;
use super::{LedgerError, Reader, reader, rows};
use crate::model::{AgentId, Batch, Call, Event, Millis, PicoUsd, StoredSource};

/// Batches that are not in the ledger yet, laid over what is.
pub struct Ahead<'a> {
    db: Option<&'a Connection>,
    names: Names,
    sessions: HashMap<(AgentId, Arc<str>), i64>,
    /// When a session that the ledger does not know was begun, by its own records.
    seen: HashMap<i64, Millis>,
    groups: BTreeMap<i64, Group>,
}

/// The rows of a group as the ledger has them, and as they would be.
struct Group {
    before: Vec<Holding>,
    now: Vec<Holding>,
}

/// A call that counts otherwise than in the ledger.
#[derive(Clone, Debug)]
pub struct Shift {
    /// The call, with what it is charged to.
    pub call: Call,
    /// Who pays.
    pub developer: Arc<str>,
    /// Its price by the ledger.
    pub known: Known,
    /// It comes in; else it is the ledger's row, and goes.
    pub comes: bool,
}

/// What the ledger knows of a call's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// This much.
    Amount(PicoUsd),
    /// It has none.
    Unpriced,
    /// It was not priced yet as it is now.
    Not,
}

impl Reader {
    /// How far a transcript has been read.
    pub fn source(&self, path: &Path) -> Result<Option<StoredSource>, LedgerError> {
        reader::read_source(&self.db, path)
    }
}

impl<'a> Ahead<'a> {
    /// Nothing beyond the ledger yet; without a ledger everything is beyond it.
    pub fn of(reader: Option<&'a Reader>) -> Self {
        Self {
            db: reader.map(|reader| &reader.db),
            names: Names::default(),
            sessions: HashMap::new(),
            seen: HashMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Takes in what was read.
    pub fn take(&mut self, batch: Batch) -> Result<(), LedgerError> {
        for event in batch.events {
            match event {
                Event::Call(call) => self.take_call(call, &batch.developer)?,
                Event::Searched { call_id, session_id, searches } => {
                    let place = self
                        .group(call_id.group_key())?
                        .now
                        .iter_mut()
                        .filter(|row| {
                            row.call.call_id == call_id && row.call.session_id == session_id
                        })
                        .min_by_key(|row| row.call.is_echo);
                    if let Some(place) = place {
                        place.raise_searches(searches);
                    }
                }
                Event::SessionSeen { session_id, timestamp } => {
                    let session = self.session(batch.agent, &session_id)?;
                    let seen = self.seen.entry(session).or_insert(timestamp);
                    *seen = timestamp.min(*seen);
                }
                Event::ApiError { .. } | Event::ReportedCost { .. } => {}
            }
        }
        Ok(())
    }

    /// Nothing was taken in that could change a sum.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Shows what goes and what comes. Implausible calls do neither, as in the ledger's sums.
    pub fn shifts(mut self, show: &mut dyn FnMut(Shift)) -> Result<(), LedgerError> {
        let facts = self.facts()?;
        let facts = |session: i64| {
            let none = SessionFacts { start: Millis(i64::MAX), end: Millis(i64::MAX) };
            facts.get(&session).copied().unwrap_or(none)
        };
        for group in self.groups.values_mut() {
            if group.now.len() > 1 {
                identity::settle(&mut group.now, &facts);
            }
            if group.now.iter().all(|row| !row.changed) {
                continue;
            }
            for (rows, comes) in [(&group.before, false), (&group.now, true)] {
                for row in rows.iter().filter(|row| counts(row)) {
                    show(Shift {
                        call: (*row.call).clone(),
                        developer: Arc::clone(&row.developer),
                        known: known(row),
                        comes,
                    });
                }
            }
        }
        Ok(())
    }

    fn take_call(&mut self, call: Box<Call>, developer: &Arc<str>) -> Result<(), LedgerError> {
        let session = self.session(call.agent, &call.session_id)?;
        let group = self.group(call.call_id.group_key())?;
        if let Some(place) = group.now.iter_mut().find(|row| row.is_place_of(&call)) {
            // Which file a row is in matters to `explain` alone.
            place.absorb(&call, place.source);
        } else {
            group.now.push(Holding::new(call, session, Arc::clone(developer), 0));
        }
        Ok(())
    }

    fn group(&mut self, key: i64) -> Result<&mut Group, LedgerError> {
        use std::collections::btree_map::Entry;
        match self.groups.entry(key) {
            Entry::Occupied(group) => Ok(group.into_mut()),
            Entry::Vacant(vacant) => {
                let before = match self.db {
                    Some(db) => rows::load_group(db, &mut self.names, key)?,
                    None => Vec::new(),
                };
                Ok(vacant.insert(Group { now: before.clone(), before }))
            }
        }
    }

    /// The ledger's number of a session, or a negative one of our own.
    fn session(&mut self, agent: AgentId, id: &Arc<str>) -> Result<i64, LedgerError> {
        let key = (agent, Arc::clone(id));
        if let Some(&number) = self.sessions.get(&key) {
            return Ok(number);
        }
        let stored = match self.db {
            Some(db) => db
                .prepare_cached("SELECT id FROM session WHERE agent = ?1 AND session_id = ?2")?
                .query_row(params![agent as i64, id], |row| row.get(0))
                .optional()?,
            None => None,
        };
        let number = stored.unwrap_or(-1 - self.sessions.len() as i64);
        self.sessions.insert(key, number);
        Ok(number)
    }

    /// What decides whose a call is that several sessions hold; for those sessions alone.
    fn facts(&self) -> Result<HashMap<i64, SessionFacts>, LedgerError> {
        let mut stored = Sessions::default();
        let mut facts: HashMap<i64, SessionFacts> = HashMap::new();
        let is_contested =
            |group: &Group| group.now.iter().any(|row| row.session != group.now[0].session);
        for row in self.groups.values().filter(|group| is_contested(group)).flat_map(|g| &g.now) {
            if facts.contains_key(&row.session) {
                continue;
            }
            let of = match self.db.filter(|_| row.session >= 0) {
                Some(db) => {
                    stored.refresh(db, row.session)?;
                    stored.facts(row.session)
                }
                None => self.facts_of_new(row.session),
            };
            facts.insert(row.session, of);
        }
        Ok(facts)
    }

    /// The same of a session that the ledger does not know, by what was taken in.
    fn facts_of_new(&self, session: i64) -> SessionFacts {
        let (mut own, mut first, mut last) = (None, None, None);
        for group in self.groups.values() {
            let is_shared = group.now.iter().any(|row| row.session != session);
            for at in
                group.now.iter().filter(|row| row.session == session).map(|row| row.call.timestamp)
            {
                let earlier = |than: Option<Millis>| Some(than.map_or(at, |than| than.min(at)));
                if !is_shared {
                    own = earlier(own);
                }
                first = earlier(first);
                last = last.max(Some(at));
            }
        }
        let own = match (self.seen.get(&session).copied(), own) {
            (Some(seen), Some(own)) => Some(own.min(seen)),
            (seen, own) => seen.or(own),
        };
        SessionFacts {
            start: own.or(first).unwrap_or(Millis(i64::MAX)),
            end: last.unwrap_or(Millis(i64::MAX)),
        }
    }
}

fn counts(row: &Holding) -> bool {
    row.standing == Standing::Counted && row.call.usage.is_plausible()
}

fn known(row: &Holding) -> Known {
    match row.charge {
        None => Known::Not,
        Some(charge) => charge.amount.map_or(Known::Unpriced, Known::Amount),
    }
}

impl std::fmt::Debug for Ahead<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ahead").field("groups", &self.groups.len()).finish_non_exhaustive()
    }
}
