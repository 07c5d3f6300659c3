//! What changed from one book to the next, as data for printing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::Millis;

use super::book::PriceBook;
use super::draft::{Draft, Slot};
use super::row::{PriceRow, Provider, Rates, When};

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName {
    /// Who bills.
    pub provider: Provider,
    /// Canonical id.
    pub model: Arc<str>,
}

/// Rates of one model under one set of terms that differ for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateChange {
    /// Which model.
    pub name: ModelName,
    /// Which terms.
    pub when: When,
    /// From which prompt length.
    pub above: u64,
    /// First instant of the difference; none for "since ever".
    pub from: Option<Millis>,
    /// First instant after it; none for "until further notice".
    pub to: Option<Millis>,
    /// The rates before; none where there were none.
    pub old: Option<Rates>,
    /// The rates now.
    pub new: Option<Rates>,
}

/// The difference of two books. Sources, basis and aliases do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookDiff {
    /// Models that only the new book has.
    pub added: Vec<ModelName>,
    /// Models that only the old book has.
    pub removed: Vec<ModelName>,
    /// Rates of models that both have.
    pub changed: Vec<RateChange>,
}

impl BookDiff {
    /// What changed from `old` to `new`.
    pub fn between(old: &PriceBook, new: &PriceBook) -> Self {
        let (old, new) = (Draft::of(old), Draft::of(new));
        let mut diff = Self::default();
        let keys: BTreeSet<_> = old.models.keys().chain(new.models.keys()).collect();
        for key in keys {
            let name = ModelName { provider: key.0, model: key.1.clone() };
            match (old.models.get(key), new.models.get(key)) {
                (Some(old), Some(new)) => {
                    let slots: BTreeSet<&Slot> = old.slots.keys().chain(new.slots.keys()).collect();
                    for slot in slots {
                        let rows = |slots: &super::draft::Slots| {
                            slots.get(slot).cloned().unwrap_or_default()
                        };
                        diff.compare(&name, *slot, &rows(&old.slots), &rows(&new.slots));
                    }
                }
                (None, _) => diff.added.push(name),
                (_, None) => diff.removed.push(name),
            }
        }
        diff
    }

    /// Nothing that a bill depends on changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    fn compare(&mut self, name: &ModelName, slot: Slot, old: &[PriceRow], new: &[PriceRow]) {
        let mut bounds: Vec<i64> = [i64::MIN, i64::MAX].into();
        bounds.extend(old.iter().chain(new).flat_map(|row| [row.start(), row.end()]));
        bounds.sort_unstable();
        bounds.dedup();
        let first = self.changed.len();
        for stretch in bounds.windows(2) {
            let &[start, end] = stretch else { continue };
            let at = |rows: &[PriceRow]| {
                let row = rows.iter().find(|row| row.start() <= start && start < row.end());
                row.map(|row| row.rates)
            };
            let (before, after) = (at(old), at(new));
            if before == after {
                continue;
            }
            let to = (end != i64::MAX).then_some(Millis(end));
            match self.changed.get_mut(first..).and_then(<[_]>::last_mut) {
                Some(last)
                    if last.to == Some(Millis(start))
                        && (last.old, last.new) == (before, after) =>
                {
                    last.to = to;
                }
                _ => self.changed.push(RateChange {
                    name: name.clone(),
                    when: slot.when,
                    above: slot.above,
                    from: (start != i64::MIN).then_some(Millis(start)),
                    to,
                    old: before,
                    new: after,
                }),
            }
        }
    }
}
