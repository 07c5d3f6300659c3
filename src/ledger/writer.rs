//! The only writer: batches in, rows and sums and cursors out, one transaction at a time.

use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::aside::Aside;
use super::holding::Holding;
use super::names::Names;
use super::pending::{KeySet, LONG_GROUP, Pending};
use super::rollup::{Change, Deltas};
use super::sessions::Sessions;
use super::unpublished::Unpublished;
use super::{LedgerError, Pricing, Reader, reader, rows, schema, threads};
use crate::model::{AgentId, Batch, Call, CallId, Event, Millis, StoredSource};

/// Calls that are settled and stored together.
const STORE_STEP: usize = 512;

/// The same of what is told beside calls.
const THREADS_STEP: usize = 8_192;

/// Enough of a page cache for what is new of a few sessions, in SQLite's notation: KiB, negative.
const SMALL_CACHE_KIB: i64 = -2_000;

/// Beyond this many calls a bulk asks the database for each group instead: 16 bytes a call.
const KNOWN_GROUPS_LIMIT: i64 = 500_000;

/// Writes the ledger. Hold the instance lock while one exists.
#[derive(Debug)]
pub struct Writer {
    pub(super) reader: Reader,
    pub(super) path: PathBuf,
    pub(super) names: Names,
    pub(super) sessions: Sessions,
    /// Number of the book in use, and of its rows that charges name.
    pub(super) book: Option<i64>,
    pub(super) price_rows: HashMap<u32, i64>,
    pub(super) pending: Pending,
    /// What commits changed since they were taken; none while nobody asks.
    changes: Option<Vec<Change>>,
    /// Threads that commits told something of since they were taken; none while nobody asks.
    pub(super) stirred: Option<BTreeSet<i64>>,
    /// During a bulk: every group the ledger has. Asking the database costs as much as storing.
    known_groups: Option<KeySet>,
    /// The time of the newest record of any thread.
    pub(super) newest: Millis,
    /// During a bulk.
    aside: Option<Aside>,
    /// The ledger is not in its place yet.
    unpublished: Option<Unpublished>,
}

/// Reads what a reader reads, and sees what it has not committed yet.
impl Deref for Writer {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Writer {
    /// Opens the ledger, creating it or bringing its schema up to date.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Unpublished::clear(path);
        Self::over(schema::open_writable(path)?, path, None)
    }

    /// The same; a ledger that does not exist yet is made beside its place, and is there as soon
    /// as it is [published](Writer::publish).
    pub fn open_or_begin(path: &Path) -> Result<Self, LedgerError> {
        match Unpublished::begin(path)? {
            None => Self::open(path),
            Some((db, unpublished)) => Self::over(db, path, Some(unpublished)),
        }
    }

    /// Ends the writing. A ledger that was begun is put in its place, whole and safe; one that was
    /// there is already.
    pub fn publish(self) -> Result<(), LedgerError> {
        let Self { reader, path, unpublished, .. } = self;
        let published =
            unpublished.map_or(Ok(()), |unpublished| unpublished.publish(reader.db, &path));
        published.map_err(|error| error.of_file(&path))
    }

    fn over(
        db: Connection,
        path: &Path,
        unpublished: Option<Unpublished>,
    ) -> Result<Self, LedgerError> {
        let sessions = Sessions::load(&db).map_err(|error| error.of_file(path))?;
        let newest = threads::newest(&db).map_err(|error| error.of_file(path))?;
        Ok(Self {
            reader: Reader { db },
            path: path.to_owned(),
            names: if unpublished.is_some() { Names::of_new_ledger() } else { Names::default() },
            sessions,
            book: None,
            price_rows: HashMap::new(),
            pending: Pending::default(),
            changes: None,
            stirred: None,
            known_groups: None,
            newest,
            aside: None,
            unpublished,
        })
    }

    /// Takes a batch in. Nothing of it can be seen, and none is safe, before [`Writer::commit`].
    pub fn apply(&mut self, batch: Batch, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        let applied = self.begin().and_then(|()| {
            self.apply_batch(batch)?;
            // In small steps, so that the readers of files are never left waiting for long.
            if self.pending.order.len() >= STORE_STEP {
                self.store_calls(pricing)?;
            }
            if self.pending.threads.len() >= THREADS_STEP {
                self.store_threads()?;
            }
            Ok(())
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
            self.forget_old_deeds()?;
            self.db.execute_batch("COMMIT")?;
            self.pending = Pending::default();
            if let Some(aside) = &self.aside {
                aside.want();
            }
            Ok(())
        });
        self.undo_on_error(stored)
    }

    /// For many large transactions: does not wait for the disk until [`Writer::end_bulk`].
    pub fn begin_bulk(&mut self) -> Result<(), LedgerError> {
        self.aside = Some(if let Some(unpublished) = &self.unpublished {
            Aside::sync(unpublished.file())
        } else {
            self.db.pragma_update(None, "wal_autocheckpoint", 0)?;
            Aside::checkpoint(&self.path)
        });
        let stored: i64 =
            self.db.query_row("SELECT ifnull(max(id), 0) FROM call", [], |row| row.get(0))?;
        if stored <= KNOWN_GROUPS_LIMIT {
            let mut statement = self.reader.db.prepare("SELECT group_key FROM call")?;
            let keys = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            self.known_groups = Some(keys);
        }
        Ok(())
    }

    /// Folds the write-ahead log into the database.
    pub fn end_bulk(&mut self) -> Result<(), LedgerError> {
        self.known_groups = None;
        self.aside = None;
        if self.unpublished.is_some() {
            return Ok(());
        }
        self.db.pragma_update(None, "wal_autocheckpoint", 1000)?;
        // Busy readers may keep it from finishing; the next automatic checkpoint will.
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// For small transactions, for long: gives back the memory that reading much took.
    pub fn settle_down(&self) -> Result<(), LedgerError> {
        self.db.pragma_update(None, "cache_size", SMALL_CACHE_KIB)?;
        self.db.execute_batch("PRAGMA shrink_memory")?;
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
            if let Some(unpublished) = &mut self.unpublished {
                unpublished.spoil();
            }
            if !self.db.is_autocommit() {
                // A full disk may have rolled back already; there is nothing better to do.
                let _ = self.db.execute_batch("ROLLBACK");
            }
            self.pending = Pending::default();
            self.changes = None;
            self.stirred = None;
            self.known_groups = None;
            self.names = Names::default();
            self.book = None;
            self.price_rows.clear();
            if let Ok(sessions) = Sessions::load(&self.db) {
                self.sessions = sessions;
            }
            if let Ok(newest) = threads::newest(&self.db) {
                self.newest = newest;
            }
            error.of_file(&self.path)
        })
    }

    fn apply_batch(&mut self, batch: Batch) -> Result<(), LedgerError> {
        let source = self.names.source(&self.reader.db, &batch.path, batch.agent)?;
        for event in batch.events {
            self.apply_event(event, batch.agent, source, &batch.developer)?;
        }
        for thread in batch.deeds {
            self.apply_deeds(batch.agent, thread)?;
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
            Event::Call(call) => self.apply_call(call, source, developer),
            Event::Searched { call_id, session_id, searches } => {
                self.apply_searches(&call_id, &session_id, searches)
            }
            Event::SessionSeen { session_id, timestamp } => {
                let session = self.names.session(&self.reader.db, agent, &session_id)?;
                self.pending.touch(session);
                Sessions::note_seen(&self.db, session, timestamp)
            }
            Event::ReportedCost { session_id, timestamp, total } => {
                let session = self.names.session(&self.reader.db, agent, &session_id)?;
                self.pending.touch(session);
                self.sessions.note_reported(&self.reader.db, session, timestamp, total)
            }
            Event::ApiError { session_id, agent_id, timestamp: Some(at), key, .. } => {
                self.apply_api_error(agent, &session_id, agent_id.as_ref(), at, key)
            }
            // Nothing was billed, and nothing says when.
            Event::ApiError { .. } => Ok(()),
        }
    }

    fn apply_call(
        &mut self,
        call: Box<Call>,
        source: i64,
        developer: &Arc<str>,
    ) -> Result<(), LedgerError> {
        let session = self.names.session(&self.reader.db, call.agent, &call.session_id)?;
        let key = call.call_id.group_key();
        let group = self.group(key)?;
        if group.len() >= LONG_GROUP {
            self.pending.apply_to_long(key, call, session, source, developer);
        } else if let Some(place) = group.iter_mut().find(|row| row.is_place_of(&call)) {
            place.absorb(&call, source);
        } else {
            group.reserve_exact(1); // mostly the only one
            group.push(Holding::new(call, session, Arc::clone(developer), source));
        }
        self.pending.touch(session);
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
            .filter(|row| row.call.call_id == *call_id && row.call.session_id == *session_id)
            .min_by_key(|row| row.call.is_echo);
        if let Some(place) = place {
            place.raise_searches(searches);
            let session = place.session;
            self.pending.touch(session);
        }
        Ok(())
    }

    /// The rows of a group, from the transaction in progress or from the database.
    pub(super) fn group(&mut self, key: i64) -> Result<&mut Vec<Holding>, LedgerError> {
        use std::collections::hash_map::Entry;
        match self.pending.groups.entry(key) {
            Entry::Occupied(group) => Ok(group.into_mut()),
            Entry::Vacant(vacant) => {
                let is_new = self.known_groups.as_mut().is_some_and(|known| known.insert(key));
                let rows = if is_new {
                    Vec::new()
                } else {
                    rows::load_group(&self.reader.db, &mut self.names, key)?
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
}
