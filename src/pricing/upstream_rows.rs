//! The rows of one upstream model: dates, variants and prompt-length bands, exact and plausible.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::money::parse_decimal;
use crate::model::{Millis, PicoUsd, ServiceTier, Speed};

use super::json::MAX_RATE;
use super::row::{Basis, PriceRow, Provider, Rates, Source, TokenClass, When};
use super::update::UpdateRefusal as Refusal;
use super::upstream::{ConditionalJson, ConstraintJson, ModelJson, PricesJson, TieredJson};

/// A price of one class: the base, and what it is above which prompt length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Price {
    base: PicoUsd,
    tiers: Vec<(u64, PicoUsd)>,
}

/// Prices of every class, in the order of [`TokenClass::ALL`].
type Prices = [Option<Price>; TokenClass::ALL.len()];

/// Reads the prices of one model.
pub(super) struct Reader<'a> {
    pub(super) provider: Provider,
    pub(super) name: &'a str,
    pub(super) now: Millis,
    pub(super) source: &'a Arc<Source>,
}

impl Reader<'_> {
    /// Every row; none where a condition is of a kind this version does not know.
    pub(super) fn rows(&self, json: &ModelJson<'_>) -> Result<Option<Vec<PriceRow>>, Refusal> {
        let raw = json.prices.get();
        let conditional: Vec<ConditionalJson<'_>> = if raw.starts_with('[') {
            parse(raw.as_bytes(), self.name)?
        } else {
            vec![ConditionalJson { prices: parse(raw.as_bytes(), self.name)?, constraint: None }]
        };
        let mut standard: Vec<(i64, Prices)> = Vec::new();
        for entry in &conditional {
            let Some(start) = self.start(entry.constraint.as_ref())? else { return Ok(None) };
            standard.push((start, self.prices(&entry.prices)?));
        }
        standard.sort_by_key(|(start, _)| *start);
        if standard.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Refusal::Duplicate(format!("{}: two prices from one day", self.name)));
        }
        let mut rows = Vec::new();
        for (index, (start, prices)) in standard.iter().enumerate() {
            let end = standard.get(index + 1).map_or(i64::MAX, |(start, _)| *start);
            self.bands(&mut rows, When::default(), *start, end, prices, None);
        }
        if self.provider == Provider::Anthropic {
            return Ok(Some(rows)); // batch is derived, fast mode is kept by hand
        }
        let mut groups: Vec<(When, Vec<(i64, Prices)>)> = Vec::new();
        for variant in json.price_variants.iter().flatten() {
            let Some(when) = terms(&variant.when) else { continue };
            let Some(start) = self.start(variant.constraint.as_ref())? else { return Ok(None) };
            let prices = self.prices(&variant.prices)?;
            match groups.iter_mut().find(|(known, _)| *known == when) {
                Some((_, group)) => group.push((start, prices)),
                None => groups.push((when, vec![(start, prices)])),
            }
        }
        for (when, group) in &groups {
            self.variant(&mut rows, *when, group, &standard);
        }
        Ok(Some(rows))
    }

    /// Rows of a variant, over the standard prices it changes.
    fn variant(
        &self,
        rows: &mut Vec<PriceRow>,
        when: When,
        group: &[(i64, Prices)],
        standard: &[(i64, Prices)],
    ) {
        let Some(first) = group.iter().map(|(start, _)| *start).min() else { return };
        let mut cuts: Vec<i64> = group.iter().chain(standard).map(|(start, _)| *start).collect();
        cuts.retain(|&cut| cut >= first);
        cuts.sort_unstable();
        cuts.dedup();
        for (index, &from) in cuts.iter().enumerate() {
            let to = cuts.get(index + 1).copied().unwrap_or(i64::MAX);
            let in_force = standard.iter().rev().find(|(start, _)| *start <= from);
            let Some((since, base)) = in_force.or(standard.first()) else { continue };
            let mut merged = base.clone();
            // The first active variant wins, so it is laid on last.
            for (_, prices) in group.iter().rev().filter(|(start, _)| *start <= from) {
                for (merged, price) in merged.iter_mut().zip(prices) {
                    if price.is_some() {
                        merged.clone_from(price);
                    }
                }
            }
            self.bands(rows, when, from, to, &merged, None);
            if from == first && *since < first {
                // Older than the day upstream first verified it, by how much is unknown.
                self.bands(rows, when, *since, first, &merged, Some(Basis::Assumed));
            }
        }
    }

    /// One row for every prompt-length band.
    fn bands(
        &self,
        rows: &mut Vec<PriceRow>,
        when: When,
        start: i64,
        end: i64,
        prices: &Prices,
        basis: Option<Basis>,
    ) {
        let tiers = prices.iter().flatten().flat_map(|price| &price.tiers);
        let mut thresholds: Vec<u64> = tiers.map(|(above, _)| *above).chain([0]).collect();
        thresholds.sort_unstable();
        thresholds.dedup();
        for above in thresholds {
            let mut rates = Rates::default();
            for (class, price) in TokenClass::ALL.into_iter().zip(prices) {
                rates.set(class, price.as_ref().map(|price| price.at(above)));
            }
            let announced = start > self.now.0;
            let official = if announced { Basis::Announced } else { Basis::OfficialEffective };
            let row = PriceRow {
                provider: self.provider,
                model: "".into(),
                when,
                above,
                from: None,
                to: None,
                rates,
                basis: basis.unwrap_or(official),
                source: self.source.clone(),
            };
            rows.push(row.within(start, end));
        }
    }

    /// First instant of a constraint; none where it is of another kind.
    fn start(&self, constraint: Option<&ConstraintJson<'_>>) -> Result<Option<i64>, Refusal> {
        let Some(constraint) = constraint else { return Ok(Some(i64::MIN)) };
        let Some(date) = &constraint.start_date else { return Ok(None) };
        match Millis::parse(&format!("{date}T00:00:00Z")) {
            Some(at) => Ok(Some(at.0)),
            None => Err(Refusal::Schema(format!("{}: {date:?} is not a date", self.name))),
        }
    }

    fn prices(&self, json: &PricesJson<'_>) -> Result<Prices, Refusal> {
        let [input, output, short_write, long_write, read] = [
            json.input_mtok,
            json.output_mtok,
            json.cache_write_mtok,
            json.cache_write_1h_mtok,
            json.cache_read_mtok,
        ]
        .map(|raw| raw.map(|raw| self.price(raw)).transpose());
        Ok([input?, output?, short_write?, long_write?, read?])
    }

    fn price(&self, raw: &RawValue) -> Result<Price, Refusal> {
        if !raw.get().starts_with('{') {
            return Ok(Price { base: self.rate(raw)?, tiers: Vec::new() });
        }
        let json: TieredJson<'_> = parse(raw.get().as_bytes(), self.name)?;
        let mut tiers = Vec::with_capacity(json.tiers.len());
        for tier in &json.tiers {
            let start = match parse_decimal(tier.start.get(), 0) {
                Ok((start, true)) => u64::try_from(start).ok().filter(|start| *start > 0),
                _ => None,
            };
            let Some(start) = start else {
                let start = shown(tier.start);
                return Err(Refusal::Schema(format!("{}: tier start {start}", self.name)));
            };
            tiers.push((start, self.rate(tier.price)?));
        }
        tiers.sort_unstable();
        if tiers.len() > 8 || tiers.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Refusal::Duplicate(format!("{}: price tiers", self.name)));
        }
        Ok(Price { base: self.rate(json.base)?, tiers })
    }

    /// A positive price of at most $2,000 and six decimals, float noise aside.
    fn rate(&self, raw: &RawValue) -> Result<PicoUsd, Refusal> {
        let refused = || Refusal::Price { model: self.name.to_owned(), price: shown(raw) };
        let (value, exact) = parse_decimal(raw.get(), 6).map_err(|_| refused())?;
        if !(1..=i128::from(MAX_RATE)).contains(&value) {
            return Err(refused());
        }
        if !exact {
            // A binary float printed in full: off by less than a billionth.
            let (fine, _) = parse_decimal(raw.get(), 18).map_err(|_| refused())?;
            let noise = (fine - value * 1_000_000_000_000).abs();
            if noise.saturating_mul(1_000_000_000) > fine {
                return Err(refused());
            }
        }
        Ok(PicoUsd(value as i64))
    }
}

impl Price {
    fn at(&self, above: u64) -> PicoUsd {
        let reached = self.tiers.iter().rev().find(|(start, _)| *start <= above);
        reached.map_or(self.base, |(_, price)| *price)
    }
}

/// The terms of a variant; none for the standard ones and for another name of the same.
fn terms(when: &BTreeMap<String, String>) -> Option<When> {
    let mut entries = when.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else { return None };
    let tier = |service_tier| Some(When { service_tier, ..When::default() });
    match (key.as_str(), value.as_str()) {
        ("processing" | "service_tier", "batch") => tier(ServiceTier::Batch),
        ("service_tier", "flex") => tier(ServiceTier::Flex),
        ("service_tier", "priority") => tier(ServiceTier::Priority),
        ("service_tier", "ultrafast") => tier(ServiceTier::Ultrafast),
        ("speed", "fast") => Some(When { speed: Speed::Fast, ..When::default() }),
        _ => None,
    }
}

pub(super) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::Schema(format!("{what}: {error}")))
}

/// A value from the file, short enough to print.
fn shown(raw: &RawValue) -> String {
    raw.get().chars().take(40).filter(|c| !c.is_control()).collect()
}
