//! Books in the making: models and rows that can still be changed, and how two histories merge.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::book::{BookError, ModelEntry, PriceBook, Settings};
use super::row::{PriceRow, Provider, Source, When};
use super::tier::Tier;

/// A book taken apart, to be changed and put together again.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) origin: String,
    pub(super) settings: Settings,
    pub(super) models: BTreeMap<(Provider, Arc<str>), DraftModel>,
}

/// A model of a [`Draft`].
#[derive(Clone, Debug)]
pub(super) struct DraftModel {
    pub(super) tier: Tier,
    pub(super) aliases: Vec<Arc<str>>,
    pub(super) residency_ppm: Option<u32>,
    pub(super) retired: bool,
    pub(super) slots: Slots,
}

/// Terms and prompt length: what one history of rates is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) when: When,
    pub(super) above: u64,
}

/// Rows by slot; each list in order of time, without overlaps.
pub(super) type Slots = BTreeMap<Slot, Vec<PriceRow>>;

impl Ord for Slot {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.when.order(), self.above).cmp(&(other.when.order(), other.above))
    }
}

impl PartialOrd for Slot {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Slot {
    pub(super) fn of(row: &PriceRow) -> Self {
        Self { when: row.when, above: row.above }
    }
}

impl DraftModel {
    pub(super) fn new(model: &str) -> Self {
        Self {
            tier: Tier::of(model),
            aliases: Vec::new(),
            residency_ppm: None,
            retired: false,
            slots: Slots::new(),
        }
    }
}

/// Sorts rows into slots and by time.
pub(super) fn slots(rows: impl IntoIterator<Item = PriceRow>) -> Slots {
    let mut slots = Slots::new();
    for row in rows {
        slots.entry(Slot::of(&row)).or_default().push(row);
    }
    for rows in slots.values_mut() {
        rows.sort_by_key(PriceRow::start);
    }
    slots
}

impl Draft {
    pub(super) fn of(book: &PriceBook) -> Self {
        let models = book.models.iter().map(|entry| {
            let model = DraftModel {
                tier: entry.tier,
                aliases: entry.aliases.clone(),
                residency_ppm: entry.residency_ppm,
                retired: entry.retired,
                slots: slots(book.rows_of(entry).iter().cloned()),
            };
            ((entry.provider, entry.model.clone()), model)
        });
        Self {
            origin: book.origin.to_string(),
            settings: book.settings.clone(),
            models: models.collect(),
        }
    }

    /// Puts the book together; names its sources apart where two share an id.
    pub(super) fn finish(self) -> Result<PriceBook, BookError> {
        let mut sources: Vec<Arc<Source>> = Vec::new();
        let (mut models, mut rows) = (Vec::new(), Vec::new());
        for ((provider, model), draft) in self.models {
            let start = rows.len() as u32;
            for mut row in draft.slots.into_values().flatten() {
                row.source = distinct(&mut sources, row.source);
                rows.push(row);
            }
            models.push(ModelEntry {
                provider,
                model,
                tier: draft.tier,
                aliases: draft.aliases,
                residency_ppm: draft.residency_ppm,
                retired: draft.retired,
                rows: start..rows.len() as u32,
            });
        }
        PriceBook::assemble(&self.origin, self.settings, sources, models, rows)
    }
}

fn distinct(sources: &mut Vec<Arc<Source>>, source: Arc<Source>) -> Arc<Source> {
    let content = |a: &Source| (a.text.clone(), a.checked.clone());
    let base = source.id.split('~').next().unwrap_or_default().to_owned();
    let same = |known: &&Arc<Source>| {
        known.id.split('~').next() == Some(&base) && content(known) == content(&source)
    };
    if let Some(known) = sources.iter().find(same) {
        return known.clone();
    }
    let mut source = source;
    let mut number = 2;
    while sources.iter().any(|known| known.id == source.id) {
        source = Arc::new(Source { id: format!("{base}~{number}").into(), ..(*source).clone() });
        number += 1;
    }
    sources.push(source.clone());
    source
}

/// Merges two histories of one slot: for every stretch of time in which neither changes,
/// `choose` picks from the old row, the new row and the start of the stretch.
pub(super) fn merge<'a>(
    old: &'a [PriceRow],
    new: &'a [PriceRow],
    cuts: &[i64],
    choose: impl Fn(i64, Option<&'a PriceRow>, Option<&'a PriceRow>) -> Option<&'a PriceRow>,
) -> Vec<PriceRow> {
    let mut bounds: Vec<i64> = [i64::MIN, i64::MAX].into();
    bounds.extend(old.iter().chain(new).flat_map(|row| [row.start(), row.end()]));
    bounds.extend(cuts);
    bounds.sort_unstable();
    bounds.dedup();

    let mut merged: Vec<PriceRow> = Vec::new();
    for stretch in bounds.windows(2) {
        let &[start, end] = stretch else { continue };
        let at = |rows: &'a [PriceRow]| {
            rows.iter().find(|row| row.start() <= start && start < row.end())
        };
        let Some(row) = choose(start, at(old), at(new)) else { continue };
        let same = |last: &&mut PriceRow| {
            last.end() == start
                && last.rates == row.rates
                && last.basis == row.basis
                && last.source == row.source
        };
        match merged.last_mut().filter(same) {
            Some(last) => *last = last.within(last.start(), end),
            None => merged.push(row.within(start, end)),
        }
    }
    merged
}
