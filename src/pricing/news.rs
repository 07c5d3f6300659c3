//! How news from upstream changes a draft: what stays, what counts from when, what follows.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Millis, ServiceTier};

use super::book::PriceBook;
use super::draft::{Draft, DraftModel, Slot, Slots, merge};
use super::row::{Basis, Endpoint, PriceRow, Provider, TokenClass, When, scale};
use super::upstream::{Upstream, UpstreamModel};

/// The hand-kept rows of this version, whatever older version the active book came from.
pub(super) fn lay_floor(draft: &mut Draft, floor: &PriceBook) {
    for (key, model) in Draft::of(floor).models {
        let Some(known) = draft.models.get_mut(&key) else {
            draft.models.insert(key, model);
            continue;
        };
        for (slot, rows) in model.slots {
            if is_hand_kept(&rows) {
                known.slots.insert(slot, rows);
            }
        }
    }
}

/// The slot has rows that were read at the vendor and that upstream lacks or has wrong.
fn is_hand_kept(rows: &[PriceRow]) -> bool {
    rows.iter().any(|row| !row.source.is_upstream() && row.basis == Basis::OfficialEffective)
}

pub(super) fn new_model(provider: Provider, id: &str, upstream: &UpstreamModel) -> DraftModel {
    let mut model = DraftModel::new(id);
    // Both vendors charge it for every model since early 2026.
    model.residency_ppm =
        matches!(provider, Provider::Anthropic | Provider::Openai).then_some(1_100_000);
    model.slots = placed(provider, id, &upstream.slots, true);
    model
}

/// Upstream's slots; the unqualified ones of a platform with dearer regions are the global ones.
fn placed(provider: Provider, id: &str, slots: &Slots, has_regions: bool) -> Slots {
    if !(provider == Provider::Google && id.starts_with("claude") && has_regions) {
        return slots.clone();
    }
    let mut placed = Slots::new();
    for (slot, rows) in slots {
        let when = When { endpoint: Some(Endpoint::Global), ..slot.when };
        let rows = rows.iter().map(|row| PriceRow { when, ..row.clone() }).collect();
        placed.insert(Slot { when, ..*slot }, rows);
    }
    placed
}

pub(super) fn update_model(
    known: &mut DraftModel,
    provider: Provider,
    upstream: &UpstreamModel,
    now: Millis,
) {
    let qualified = known.slots.keys().any(|slot| slot.when.endpoint.is_some());
    let id = known.slots.values().flatten().next().map(|row| row.model.clone());
    let mut news = placed(provider, &id.unwrap_or_default(), &upstream.slots, qualified);
    if provider == Provider::Aws && !qualified {
        // One row for every endpoint, as the build makes it where they cost the same.
        news = news
            .into_iter()
            .filter(|(slot, _)| slot.when.endpoint == Some(Endpoint::Regional))
            .map(|(slot, rows)| {
                let when = When { endpoint: None, ..slot.when };
                let rows = rows.into_iter().map(|row| PriceRow { when, ..row }).collect();
                (Slot { when, ..slot }, rows)
            })
            .collect();
    }
    let slots: BTreeSet<Slot> = known.slots.keys().chain(news.keys()).copied().collect();
    for slot in slots {
        let old = known.slots.get(&slot).cloned().unwrap_or_default();
        let new = news.get(&slot).cloned().unwrap_or_default();
        let base = Slot { above: 0, ..slot };
        let dropped = slot.above > 0 && new.is_empty() && news.contains_key(&base);
        let merged = update_slot(&old, new, now, dropped && !is_derived(provider, slot));
        if merged.is_empty() {
            known.slots.remove(&slot);
        } else {
            known.slots.insert(slot, merged);
        }
    }
}

/// Slots that `derive` makes from others.
fn is_derived(provider: Provider, slot: Slot) -> bool {
    match provider {
        Provider::Anthropic => slot.when.service_tier == ServiceTier::Batch,
        Provider::Google => slot.when.endpoint == Some(Endpoint::Regional),
        Provider::Openai | Provider::Aws | Provider::Alibaba | Provider::Other => false,
    }
}

/// The history of one slot: the old one up to the first news, then upstream's.
fn update_slot(
    old: &[PriceRow],
    mut new: Vec<PriceRow>,
    now: Millis,
    band_dropped: bool,
) -> Vec<PriceRow> {
    let mut first_dated = new.iter().filter_map(|row| row.from).map(|at| at.0).min();
    if is_hand_kept(old) {
        let checked = old.iter().map(|row| &*row.source.checked).max().unwrap_or_default();
        let checked = Millis::parse(&format!("{checked}T00:00:00Z")).map_or(i64::MAX, |at| at.0);
        let later = |row: &PriceRow| row.from.map(|at| at.0).filter(|at| *at > checked);
        first_dated = new.iter().filter_map(later).min();
        if first_dated.is_none() {
            return old.to_vec();
        }
        new.retain(|row| later(row).is_some());
    }
    for row in &mut new {
        complete(row, old, now);
        if row.from.is_none() && !old.is_empty() {
            row.basis = Basis::FirstObserved;
        }
    }
    let cut = first_dated.unwrap_or(now.0).min(now.0);
    merge(old, &new, &[cut, now.0], |start, old, new| match (old, new) {
        (Some(old), _) if start < cut => Some(old),
        (Some(old), Some(new)) if old.rates == new.rates => {
            let confirmed = old.basis == Basis::Announced && new.basis != Basis::Announced;
            Some(if confirmed { new } else { old })
        }
        (_, Some(new)) => Some(new),
        (Some(_), None) if band_dropped && start >= now.0 => None,
        (old, None) => old,
    })
}

/// A class that upstream does not state keeps its ratio to the input rate.
fn complete(row: &mut PriceRow, old: &[PriceRow], now: Millis) {
    let at = row.start().max(now.0).min(row.end().saturating_sub(1));
    let Some(old) = old.iter().find(|old| old.covers(Millis(at))).or(old.last()) else { return };
    for class in [TokenClass::CacheWrite5m, TokenClass::CacheWrite1h, TokenClass::CacheRead] {
        let (None, Some(rate)) = (row.rates.get(class), old.rates.get(class)) else { continue };
        if let (Some(before), Some(after)) = (old.rates.input, row.rates.input)
            && before.0 > 0
        {
            row.rates.set(class, Some(scale(rate, after.0, before.0)));
        }
    }
}

/// Names upstream gives a model that mean nothing yet.
pub(super) fn add_aliases(draft: &mut Draft, upstream: &Upstream) {
    let mut names: BTreeSet<(Provider, Arc<str>)> = BTreeSet::new();
    for (key, model) in &draft.models {
        names.insert(key.clone());
        names.extend(model.aliases.iter().map(|alias| (key.0, alias.clone())));
    }
    for (key, model) in &upstream.models {
        let Some(known) = draft.models.get_mut(key) else { continue };
        for alias in &model.aliases {
            if names.insert((key.0, alias.clone())) {
                known.aliases.push(alias.clone());
            }
        }
        known.aliases.sort();
    }
}

/// Rows that follow from others: Anthropic's batch is half, Google's regional endpoints for Claude
/// cost a tenth more.
pub(super) fn derive(draft: &mut Draft) {
    for ((provider, _), model) in &mut draft.models {
        let mut derived = Slots::new();
        for (slot, rows) in &model.slots {
            let (when, numerator, denominator) = match provider {
                Provider::Anthropic if slot.when == When::default() => {
                    (When { service_tier: ServiceTier::Batch, ..slot.when }, 1, 2)
                }
                Provider::Google if slot.when.endpoint == Some(Endpoint::Global) => {
                    (When { endpoint: Some(Endpoint::Regional), ..slot.when }, 11, 10)
                }
                _ => continue,
            };
            let rows = rows.iter().map(|row| PriceRow {
                when,
                rates: row.rates.scaled(numerator, denominator),
                ..row.clone()
            });
            derived.insert(Slot { when, ..*slot }, rows.collect());
        }
        for (slot, new) in derived {
            let old = model.slots.entry(slot).or_default();
            *old = merge(old, &new, &[], |_, old, new| match (old, new) {
                (Some(old), Some(new)) if old.rates == new.rates => Some(old),
                (_, new) => new,
            });
        }
    }
}

/// A model that upstream no longer lists does not set the reserve any more.
pub(super) fn retire(draft: &mut Draft, upstream: &Upstream) {
    for (key, model) in &mut draft.models {
        let from_upstream = model.slots.values().flatten().any(|row| row.source.is_upstream());
        if from_upstream && !upstream.models.contains_key(key) {
            model.retired = true;
        }
    }
}
