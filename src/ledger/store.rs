//! Settles, prices and stores what was applied.

use std::collections::hash_map::Entry;

use rusqlite::{Connection, params};

use super::holding::{Holding, StoredCharge};
use super::identity;
use super::pending::KeyMap;
use super::rollup::Deltas;
use super::writer::Writer;
use super::{LedgerError, Pricing, rows};
use crate::model::{AgentId, Call, Cost, Cursor, FileStat};

impl Writer {
    /// Stores everything that is pending, in the transaction that is open.
    pub(super) fn store_pending(&mut self, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        for (source, (agent, stat, cursor)) in std::mem::take(&mut self.pending.cursors) {
            store_cursor(&self.db, source, agent, &stat, &cursor)?;
        }
        self.store_calls(pricing)?;
        self.store_threads()?;
        let deltas = std::mem::take(&mut self.pending.deltas);
        self.note_changes(&deltas);
        deltas.store(&self.db)
    }

    /// Stores the calls that are pending. What is moved by many of them waits for the end of the
    /// transaction.
    pub(super) fn store_calls(&mut self, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        let mut deltas = std::mem::take(&mut self.pending.deltas);
        let mut groups = std::mem::take(&mut self.pending.groups);
        self.pending.long.clear();
        let mut contested = KeyMap::default();
        let mut order = std::mem::take(&mut self.pending.order);
        self.pending.stored += order.len();
        let mut new_rows = Vec::new();
        for key in order.drain(..) {
            let Some(mut group) = groups.remove(&key) else { continue };
            if group.iter().any(|row| row.session != group[0].session) {
                contested.insert(key, group);
                continue;
            }
            if group.len() > 1 {
                let facts = |session| self.sessions.facts(session);
                identity::settle(&mut group, &facts);
            }
            for mut row in group.into_iter().filter(|row| row.changed) {
                if self.prepare(key, &mut row, pricing, &mut deltas)? {
                    new_rows.push((key, row));
                }
            }
        }
        rows::insert(&self.db, &new_rows)?;
        // Both empty, and too large for an allocator to get and give back every few milliseconds.
        (self.pending.groups, self.pending.order) = (groups, order);
        for (&key, group) in &mut contested {
            self.hold_back(key, group, pricing, &mut deltas)?;
        }
        self.settle_contested(contested, pricing, &mut deltas)?;
        self.pending.deltas = deltas;
        for session in self.pending.take_touched() {
            self.sessions.store_unlogged(&self.reader.db, session)?;
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
            self.pending.touch(row.session);
            if row.shared {
                self.sessions.set_sharing(row.session);
            }
        }
        self.store_group(key, group, pricing, deltas)
    }

    fn settle_contested(
        &mut self,
        mut contested: KeyMap<Vec<Holding>>,
        pricing: &mut Pricing<'_>,
        deltas: &mut Deltas,
    ) -> Result<(), LedgerError> {
        let touched: Vec<i64> = self.pending.touched.iter().copied().collect();
        for session in touched {
            if self.sessions.is_sharing(session)
                && self.sessions.refresh(&self.reader.db, session)?
            {
                for key in self.shared_groups(session)? {
                    if let Entry::Vacant(vacant) = contested.entry(key) {
                        vacant.insert(rows::load_group(&self.reader.db, &mut self.names, key)?);
                    }
                }
            }
        }
        for (key, mut group) in contested {
            for row in &group {
                if !self.sessions.knows_facts(row.session) {
                    self.sessions.refresh(&self.reader.db, row.session)?;
                }
                self.pending.touch(row.session);
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

    /// Stores the changed rows of a group that is still needed.
    fn store_group(
        &mut self,
        key: i64,
        group: &mut [Holding],
        pricing: &mut Pricing<'_>,
        deltas: &mut Deltas,
    ) -> Result<(), LedgerError> {
        for row in group.iter_mut().filter(|row| row.changed) {
            if self.prepare(key, row, pricing, deltas)? {
                rows::insert(&self.db, &[(key, &*row)])?;
                row.row = Some(self.db.last_insert_rowid());
            }
        }
        Ok(())
    }

    /// Prices a changed row and stores it, unless it is a new one that the caller has to insert:
    /// tells whether it is.
    fn prepare(
        &mut self,
        key: i64,
        row: &mut Holding,
        pricing: &mut Pricing<'_>,
        deltas: &mut Deltas,
    ) -> Result<bool, LedgerError> {
        let charge = match row.charge {
            Some(charge) => charge,
            None => self.charge(&row.call, pricing)?,
        };
        let attribution = self.names.attribution_id(&self.reader.db, &row.who())?;
        let (before, now) = row.charge_to(attribution, charge);
        deltas.replace(before, now);
        if row.row.is_some() {
            rows::update(&self.db, key, row)?;
            return Ok(false);
        }
        Ok(true)
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
