//! The only writer: batches in, rows and sums and cursors out, one transaction at a time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::holding::{self, Holding, StoredCharge};
use super::identity;
use super::names::Names;
use super::rollup::{Change, Deltas};
use super::sessions::Sessions;
use super::{LedgerError, Pricing, reader, schema};
use crate::model::{AgentId, Batch, Call, CallId, Cost, Cursor, Event, FileStat, StoredSource};

/// Calls that are settled and stored together.
const STORE_STEP: usize = 512;

/// From this many rows on a group is searched by request: relays that give every response one id
/// would have each line compared with all before it.
const LONG_GROUP: usize = 64;

/// Beyond this many calls a bulk asks the database for each group instead: 16 bytes a call.
const KNOWN_GROUPS_LIMIT: i64 = 500_000;

/// Writes the ledger. Hold the instance lock while one exists.
#[derive(Debug)]
pub struct Writer {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    pub(super) names: Names,
    pub(super) sessions: Sessions,
    /// Number of the book in use, and of its rows that charges name.
    pub(super) book: Option<i64>,
    pub(super) price_rows: HashMap<u32, i64>,
    pending: Pending,
    /// What commits changed since they were taken; none while nobody asks.
    changes: Option<Vec<Change>>,
    /// During a bulk: every group the ledger has. Asking the database costs as much as storing.
    known_groups: Option<HashSet<i64>>,
}

/// What was applied since the last commit.
#[derive(Debug, Default)]
struct Pending {
    open: bool,
    /// Groups that are stored already, in this transaction.
    stored: usize,
    groups: HashMap<i64, Vec<Holding>>,
    /// Rows of long groups, by request.
    long: HashMap<i64, HashMap<i64, Vec<usize>>>,
    /// Groups in the order they came.
    order: Vec<i64>,
    cursors: HashMap<i64, (AgentId, FileStat, Cursor)>,
    touched: BTreeSet<i64>,
}

impl Pending {
    /// The same as for any other group, which has been loaded.
    fn apply_to_long(
        &mut self,
        key: i64,
        call: Call,
        session: i64,
        source: i64,
        developer: &Arc<str>,
    ) {
        let group = self.groups.entry(key).or_default();
        let by_request = self.long.entry(key).or_insert_with(|| {
            let mut by_request: HashMap<i64, Vec<usize>> = HashMap::new();
            for (index, row) in group.iter().enumerate() {
                by_request.entry(row.call_id.request_key()).or_default().push(index);
            }
            by_request
        });
        let of_request = by_request.entry(call.call_id.request_key()).or_default();
        if let Some(&index) = of_request.iter().find(|&&index| group[index].is_place_of(&call)) {
            group[index].absorb(&call, source);
        } else {
            of_request.push(group.len());
            group.push(Holding::new(call, session, Arc::clone(developer), source));
        }
    }
}

impl Writer {
    /// Opens the ledger, creating it or bringing its schema up to date.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let db = schema::open_writable(path)?;
        let sessions = Sessions::load(&db).map_err(|error| error.of_file(path))?;
        Ok(Self {
            db,
            path: path.to_owned(),
            names: Names::default(),
            sessions,
            book: None,
            price_rows: HashMap::new(),
            pending: Pending::default(),
            changes: None,
            known_groups: None,
        })
    }

    /// Takes a batch in. Nothing of it can be seen, and none is safe, before [`Writer::commit`].
    pub fn apply(&mut self, batch: Batch, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        let applied = self.begin().and_then(|()| {
            self.apply_batch(batch)?;
            // In small steps, so that the readers of files are never left waiting for long.
            if self.pending.order.len() >= STORE_STEP {
                self.store_pending(pricing)
            } else {
                Ok(())
            }
        });
        self.undo_on_error(applied)
    }

    /// What was changed since the last call, which is also when keeping of it begins. None after
    /// an error: what was kept is not what was committed.
    pub fn take_changes(&mut self) -> Option<Vec<Change>> {
        self.changes.replace(Vec::new())
    }

    /// How far every transcript has been read.
    pub fn sources(&self) -> Result<HashMap<PathBuf, StoredSource>, LedgerError> {
        reader::read_sources(&self.db).map_err(|error| error.of_file(&self.path))
    }

    /// How far one transcript has been read.
    pub fn source(&self, path: &Path) -> Result<Option<StoredSource>, LedgerError> {
        reader::read_source(&self.db, path).map_err(|error| error.of_file(&self.path))
    }

    /// Calls taken in since the last commit.
    pub fn uncommitted_calls(&self) -> usize {
        self.pending.stored + self.pending.order.len()
    }

    /// Settles, prices and stores everything that was applied, with the cursors.
    pub fn commit(&mut self, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        if !self.pending.open {
            return Ok(());
        }
        let stored = self.store_pending(pricing).and_then(|()| {
            self.db.execute_batch("COMMIT")?;
            self.pending = Pending::default();
            Ok(())
        });
        self.undo_on_error(stored)
    }

    /// For many large transactions: leaves the write-ahead log alone until [`Writer::end_bulk`].
    pub fn begin_bulk(&mut self) -> Result<(), LedgerError> {
        self.db.pragma_update(None, "wal_autocheckpoint", 0)?;
        let stored: i64 =
            self.db.query_row("SELECT ifnull(max(id), 0) FROM call", [], |row| row.get(0))?;
        if stored <= KNOWN_GROUPS_LIMIT {
            let mut statement = self.db.prepare("SELECT group_key FROM call")?;
            let keys = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            self.known_groups = Some(keys);
        }
        Ok(())
    }

    /// Folds the write-ahead log into the database.
    pub fn end_bulk(&mut self) -> Result<(), LedgerError> {
        self.known_groups = None;
        self.db.pragma_update(None, "wal_autocheckpoint", 1000)?;
        // Busy readers may keep it from finishing; the next automatic checkpoint will.
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Ends a transaction of the guard, which has no calls.
    pub(super) fn commit_guard(&mut self) -> Result<(), LedgerError> {
        self.db.execute_batch("COMMIT")?;
        self.pending = Pending::default();
        Ok(())
    }

    pub(super) fn begin(&mut self) -> Result<(), LedgerError> {
        if !self.pending.open {
            self.db.execute_batch("BEGIN IMMEDIATE")?;
            self.pending.open = true;
        }
        Ok(())
    }

    /// After an error the transaction is undone and everything remembered from it forgotten; the
    /// cursors were not moved, so the same bytes will be read again.
    pub(super) fn undo_on_error<T>(
        &mut self,
        outcome: Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        outcome.map_err(|error| {
            if !self.db.is_autocommit() {
                // A full disk may have rolled back already; there is nothing better to do.
                let _ = self.db.execute_batch("ROLLBACK");
            }
            self.pending = Pending::default();
            self.changes = None;
            self.known_groups = None;
            self.names = Names::default();
            self.book = None;
            self.price_rows.clear();
            if let Ok(sessions) = Sessions::load(&self.db) {
                self.sessions = sessions;
            }
            error.of_file(&self.path)
        })
    }

    fn apply_batch(&mut self, batch: Batch) -> Result<(), LedgerError> {
        let source = self.names.source(&self.db, &batch.path, batch.agent)?;
        for event in batch.events {
            self.apply_event(event, batch.agent, source, &batch.developer)?;
        }
        self.pending.cursors.insert(source, (batch.agent, batch.stat, batch.cursor));
        Ok(())
    }

    fn apply_event(
        &mut self,
        event: Event,
        agent: AgentId,
        source: i64,
        developer: &Arc<str>,
    ) -> Result<(), LedgerError> {
        match event {
            Event::Call(call) => self.apply_call(*call, source, developer),
            Event::Searched { call_id, session_id, searches } => {
                self.apply_searches(&call_id, &session_id, searches)
            }
            Event::SessionSeen { session_id, timestamp } => {
                let session = self.names.session(&self.db, agent, &session_id)?;
                self.pending.touched.insert(session);
                Sessions::note_seen(&self.db, session, timestamp)
            }
            Event::ReportedCost { session_id, timestamp, total } => {
                let session = self.names.session(&self.db, agent, &session_id)?;
                self.pending.touched.insert(session);
                self.sessions.note_reported(&self.db, session, timestamp, total)
            }
            // Nothing was billed; the turn counters want it, the ledger does not.
            Event::ApiError { .. } => Ok(()),
        }
    }

    fn apply_call(
        &mut self,
        call: Call,
        source: i64,
        developer: &Arc<str>,
    ) -> Result<(), LedgerError> {
        let session = self.names.session(&self.db, call.agent, &call.session_id)?;
        let key = call.call_id.group_key();
        let group = self.group(key)?;
        if group.len() >= LONG_GROUP {
            self.pending.apply_to_long(key, call, session, source, developer);
        } else if let Some(place) = group.iter_mut().find(|row| row.is_place_of(&call)) {
            place.absorb(&call, source);
        } else {
            group.push(Holding::new(call, session, Arc::clone(developer), source));
        }
        self.pending.touched.insert(session);
        Ok(())
    }

    fn apply_searches(
        &mut self,
        call_id: &CallId,
        session_id: &Arc<str>,
        searches: u64,
    ) -> Result<(), LedgerError> {
        let group = self.group(call_id.group_key())?;
        let place = group
            .iter_mut()
            .filter(|row| row.call_id == *call_id && row.session_id == *session_id)
            .min_by_key(|row| row.is_echo);
        if let Some(place) = place {
            place.raise_searches(searches);
            let session = place.session;
            self.pending.touched.insert(session);
        }
        Ok(())
    }

    /// The rows of a group, from the transaction in progress or from the database.
    fn group(&mut self, key: i64) -> Result<&mut Vec<Holding>, LedgerError> {
        use std::collections::hash_map::Entry;
        match self.pending.groups.entry(key) {
            Entry::Occupied(group) => Ok(group.into_mut()),
            Entry::Vacant(vacant) => {
                let is_new = self.known_groups.as_mut().is_some_and(|known| known.insert(key));
                let rows = if is_new {
                    Vec::new()
                } else {
                    holding::load_group(&self.db, &mut self.names, key)?
                };
                self.pending.order.push(key);
                Ok(vacant.insert(rows))
            }
        }
    }

    pub(super) fn note_changes(&mut self, deltas: &Deltas) {
        if let Some(changes) = &mut self.changes {
            changes.extend(deltas.changes());
        }
    }

    fn store_pending(&mut self, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        for (source, (agent, stat, cursor)) in std::mem::take(&mut self.pending.cursors) {
            store_cursor(&self.db, source, agent, &stat, &cursor)?;
        }
        let mut deltas = Deltas::default();
        let mut groups = std::mem::take(&mut self.pending.groups);
        self.pending.long.clear();
        let mut contested = HashMap::new();
        let order = std::mem::take(&mut self.pending.order);
        self.pending.stored += order.len();
        for key in order {
            let Some(mut group) = groups.remove(&key) else { continue };
            if group.iter().any(|row| row.session != group[0].session) {
                self.hold_back(key, &mut group, pricing, &mut deltas)?;
                contested.insert(key, group);
            } else {
                if group.len() > 1 {
                    let facts = |session| self.sessions.facts(session);
                    identity::settle(&mut group, &facts);
                }
                self.store_group(key, &mut group, pricing, &mut deltas)?;
            }
        }
        self.settle_contested(contested, pricing, &mut deltas)?;
        self.note_changes(&deltas);
        deltas.store(&self.db)?;
        for session in std::mem::take(&mut self.pending.touched) {
            self.sessions.store_unlogged(&self.db, session)?;
        }
        Ok(())
    }

    /// Rows that several sessions hold: who owns them depends on facts about the sessions, and
    /// those on every row of this transaction. So the rows are stored first, settled later.
    fn hold_back(
        &mut self,
        key: i64,
        group: &mut [Holding],
        pricing: &mut Pricing<'_>,
        deltas: &mut Deltas,
    ) -> Result<(), LedgerError> {
        identity::settle(group, &|session| self.sessions.facts(session));
        for row in group.iter() {
            self.pending.touched.insert(row.session);
            if row.shared {
                self.sessions.set_sharing(row.session);
            }
        }
        self.store_group(key, group, pricing, deltas)
    }

    fn settle_contested(
        &mut self,
        mut contested: HashMap<i64, Vec<Holding>>,
        pricing: &mut Pricing<'_>,
        deltas: &mut Deltas,
    ) -> Result<(), LedgerError> {
        let touched: Vec<i64> = self.pending.touched.iter().copied().collect();
        for session in touched {
            if self.sessions.is_sharing(session) && self.sessions.refresh(&self.db, session)? {
                for key in self.shared_groups(session)? {
                    if let std::collections::hash_map::Entry::Vacant(vacant) = contested.entry(key)
                    {
                        vacant.insert(holding::load_group(&self.db, &mut self.names, key)?);
                    }
                }
            }
        }
        for (key, mut group) in contested {
            for row in &group {
                if !self.sessions.knows_facts(row.session) {
                    self.sessions.refresh(&self.db, row.session)?;
                }
                self.pending.touched.insert(row.session);
            }
            identity::settle(&mut group, &|session| self.sessions.facts(session));
            self.store_group(key, &mut group, pricing, deltas)?;
        }
        Ok(())
    }

    fn shared_groups(&self, session: i64) -> Result<Vec<i64>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT DISTINCT group_key FROM call
             WHERE shared AND attribution IN (SELECT id FROM attribution WHERE session = ?1)",
        )?;
        let keys = statement.query_map([session], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(keys)
    }

    fn store_group(
        &mut self,
        key: i64,
        group: &mut [Holding],
        pricing: &mut Pricing<'_>,
        deltas: &mut Deltas,
    ) -> Result<(), LedgerError> {
        for row in group.iter_mut().filter(|row| row.changed) {
            let charge = match row.charge {
                Some(charge) => charge,
                None => self.charge(&row.to_call(), pricing)?,
            };
            let (before, now) = holding::store(&self.db, &mut self.names, key, row, charge)?;
            deltas.replace(before, now);
        }
        Ok(())
    }

    /// Prices a call and notes the price row it was priced with.
    pub(super) fn charge(
        &mut self,
        call: &Call,
        pricing: &mut Pricing<'_>,
    ) -> Result<StoredCharge, LedgerError> {
        let cost = (pricing.price)(call);
        let row = match cost {
            Cost::Priced(charge) => charge.row,
            Cost::Unpriced(_) => None,
        };
        let price_row = row.map(|row| self.price_row(row, pricing)).transpose()?;
        Ok(StoredCharge::new(&cost, price_row))
    }
}

fn store_cursor(
    db: &Connection,
    source: i64,
    agent: AgentId,
    stat: &FileStat,
    cursor: &Cursor,
) -> Result<(), LedgerError> {
    db.prepare_cached(
        "UPDATE source SET agent = ?2, dev = ?3, ino = ?4, size = ?5, mtime_ns = ?6, ctime_ns = ?7,
             \"offset\" = ?8, anchor = ?9, unparsed = ?10, oversized = ?11, state = ?12
         WHERE id = ?1",
    )?
    .execute(params![
        source,
        agent as i64,
        stat.dev.cast_signed(),
        stat.ino.cast_signed(),
        stat.size.cast_signed(),
        stat.mtime_ns,
        stat.ctime_ns,
        cursor.offset.cast_signed(),
        cursor.anchor,
        cursor.unparsed.cast_signed(),
        cursor.oversized.cast_signed(),
        cursor.state,
    ])?;
    Ok(())
}
