//! Charging calls anew: the old charge is kept, the new one appended.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use super::holding::StoredCharge;
use super::names::Names;
use super::rollup::Deltas;
use super::writer::Writer;
use super::{LedgerError, Pricing, Reader, rows};
use crate::model::UsdTotal;

/// Rows that are looked at in one transaction.
const ROWS_PER_COMMIT: i64 = 20_000;

/// Stands for the model of calls that name none.
const NO_MODEL: &str = "(no model)";

/// What a reprice changed (or would change) for one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repriced {
    /// Counted calls whose charge is another now.
    pub changed_calls: u64,
    /// Counted calls that had no price and have one now.
    pub newly_priced_calls: u64,
    /// Counted calls that still have none.
    pub unpriced_calls: u64,
    /// Sum of the counted calls' charges before.
    pub old: UsdTotal,
    /// The same sum now.
    pub new: UsdTotal,
}

impl Repriced {
    fn note(&mut self, old: &StoredCharge, new: &StoredCharge) {
        self.old += old.amount.map_or(UsdTotal::ZERO, UsdTotal::from);
        self.new += new.amount.map_or(UsdTotal::ZERO, UsdTotal::from);
        self.changed_calls += u64::from(differs(old, new));
        self.newly_priced_calls += u64::from(old.amount.is_none() && new.amount.is_some());
        self.unpriced_calls += u64::from(new.amount.is_none());
    }
}

/// The same amount for the same reasons, perhaps from a row of another book, is no new charge.
fn differs(old: &StoredCharge, new: &StoredCharge) -> bool {
    (old.amount, old.status, old.multiplier_ppm) != (new.amount, new.status, new.multiplier_ppm)
}

fn is_worth_telling(_: &String, model: &mut Repriced) -> bool {
    model.changed_calls > 0 || model.unpriced_calls > 0
}

impl Reader {
    /// What a reprice would change, by model; only models with a change or without a price.
    pub fn preview_reprice(
        &self,
        pricing: &mut Pricing<'_>,
    ) -> Result<BTreeMap<String, Repriced>, LedgerError> {
        let mut models: BTreeMap<String, Repriced> = BTreeMap::new();
        let mut names = Names::default();
        rows::each_counted(&self.db, &mut names, &mut |row| {
            let Some(old) = row.charge else { return };
            let new = StoredCharge::new(&(pricing.price)(&row.call), None);
            let name = row.call.model.as_deref().unwrap_or(NO_MODEL);
            if !models.contains_key(name) {
                models.insert(name.to_owned(), Repriced::default());
            }
            if let Some(model) = models.get_mut(name) {
                model.note(&old, &new);
            }
        })?;
        models.retain(is_worth_telling);
        Ok(models)
    }
}

impl Writer {
    /// Charges every call anew with the book in use.
    pub fn reprice(&mut self, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        self.forget_book();
        let outcome = self.reprice_all(pricing);
        self.undo_on_error(outcome)
    }

    fn reprice_all(&mut self, pricing: &mut Pricing<'_>) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            self.db.execute_batch("BEGIN IMMEDIATE")?;
            let ids = self.ids_after(after)?;
            let mut deltas = Deltas::default();
            let mut touched = BTreeSet::new();
            for &id in &ids {
                touched.extend(self.reprice_row(id, pricing, &mut deltas)?);
            }
            self.note_changes(&deltas);
            deltas.store(&self.db)?;
            for session in touched {
                self.sessions.store_unlogged(&self.reader.db, session)?;
            }
            self.db.execute_batch("COMMIT")?;
            match ids.last() {
                Some(&last) => after = last,
                None => return Ok(()),
            }
        }
    }

    fn ids_after(&self, after: i64) -> Result<Vec<i64>, LedgerError> {
        let mut statement =
            self.db.prepare_cached("SELECT id FROM call WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let ids = statement.query_map([after, ROWS_PER_COMMIT], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Charges one row anew; tells its session if the charge changed.
    fn reprice_row(
        &mut self,
        id: i64,
        pricing: &mut Pricing<'_>,
        deltas: &mut Deltas,
    ) -> Result<Option<i64>, LedgerError> {
        let Some((group_key, mut row)) = rows::load_row(&self.reader.db, &mut self.names, id)?
        else {
            return Ok(None);
        };
        let Some(old) = row.charge else { return Ok(None) };
        let new = self.charge(&row.call, pricing)?;
        if !differs(&old, &new) {
            return Ok(None);
        }
        self.supersede(id, &old, pricing)?;
        let (before, now) = row.charge_to(row.attribution, new);
        deltas.replace(before, now);
        rows::update(&self.db, group_key, &row)?;
        Ok(Some(row.session))
    }

    fn supersede(
        &self,
        id: i64,
        old: &StoredCharge,
        pricing: &Pricing<'_>,
    ) -> Result<(), LedgerError> {
        self.db
            .prepare_cached(
                "INSERT INTO superseded_charge (call, revision, cost_pico, cost_status, price_row,
                     multiplier_ppm, superseded_at)
                 SELECT ?1, (SELECT count(*) FROM superseded_charge WHERE call = ?1), ?2, ?3, ?4,
                     ?5, ?6",
            )?
            .execute(params![
                id,
                old.amount.map(|amount| amount.0),
                old.status,
                old.price_row,
                old.multiplier_ppm,
                pricing.now.0,
            ])?;
        Ok(())
    }
}
