//! Reads the genai-prices v2 JSON: the same reading as `assets/prices/build.py`, of hostile bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::money::parse_decimal;
use crate::model::{Millis, PicoUsd, ServiceTier, Speed};

use super::draft::{Slots, slots};
use super::json::MAX_RATE;
use super::row::{Basis, PriceRow, Provider, Rates, Source, TokenClass, When};
use super::update::UpdateRefusal as Refusal;
use super::upstream_names::{alias_names, canonical_ids};

/// More bytes than the data has ever had, four times over.
const MAX_BYTES: usize = 16 << 20;

/// A model as upstream has it, under our ids.
#[derive(Clone, Debug, Default)]
pub(super) struct UpstreamModel {
    pub(super) aliases: Vec<Arc<str>>,
    pub(super) slots: Slots,
}

/// What upstream says of the providers we price.
#[derive(Clone, Debug, Default)]
pub(super) struct Upstream {
    pub(super) models: BTreeMap<(Provider, Arc<str>), UpstreamModel>,
    /// Models with prices of a kind this version does not know.
    pub(super) skipped: Vec<String>,
}

#[derive(Deserialize)]
struct ProviderJson<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    models: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct ModelJson<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(rename = "match")]
    matches: Value,
    #[serde(borrow)]
    prices: &'a RawValue,
    #[serde(borrow, default)]
    price_variants: Option<Vec<VariantJson<'a>>>,
}

#[derive(Deserialize)]
struct VariantJson<'a> {
    when: BTreeMap<String, String>,
    #[serde(borrow)]
    prices: PricesJson<'a>,
    #[serde(borrow, default)]
    constraint: Option<ConstraintJson<'a>>,
}

#[derive(Deserialize)]
struct ConditionalJson<'a> {
    #[serde(borrow)]
    prices: PricesJson<'a>,
    #[serde(borrow, default)]
    constraint: Option<ConstraintJson<'a>>,
}

#[derive(Deserialize)]
struct ConstraintJson<'a> {
    #[serde(borrow, default)]
    start_date: Option<Cow<'a, str>>,
}

/// Prices by class; the other units upstream prices are not read.
#[allow(clippy::struct_field_names, reason = "upstream's names")]
#[derive(Clone, Copy, Default, Deserialize)]
struct PricesJson<'a> {
    #[serde(borrow, default)]
    input_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_write_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_write_1h_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_read_mtok: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct TieredJson<'a> {
    #[serde(borrow)]
    base: &'a RawValue,
    #[serde(borrow)]
    tiers: Vec<TierJson<'a>>,
}

#[derive(Deserialize)]
struct TierJson<'a> {
    #[serde(borrow)]
    start: &'a RawValue,
    #[serde(borrow)]
    price: &'a RawValue,
}

/// A price of one class: the base, and what it is above which prompt length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Price {
    base: PicoUsd,
    tiers: Vec<(u64, PicoUsd)>,
}

/// Prices of every class, in the order of [`TokenClass::ALL`].
type Prices = [Option<Price>; TokenClass::ALL.len()];

impl Upstream {
    /// Reads the bytes as they were at `now`; `source` is what their rows will name.
    pub(super) fn read(bytes: &[u8], now: Millis, source: &Arc<Source>) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::TooLarge { bytes: bytes.len(), most: MAX_BYTES });
        }
        let providers: Vec<ProviderJson<'_>> = parse(bytes, "the provider list")?;
        let mut upstream = Self::default();
        for provider in [Provider::Anthropic, Provider::Openai, Provider::Google, Provider::Aws] {
            let mut found = providers.iter().filter(|json| json.id == provider.name());
            let Some(json) = found.next() else {
                return Err(Refusal::Schema(format!("no provider {:?}", provider.name())));
            };
            if found.next().is_some() {
                return Err(Refusal::Duplicate(provider.name().to_owned()));
            }
            let mut seen = std::collections::BTreeSet::new();
            for raw in &json.models {
                let model: ModelJson<'_> = parse(raw.get().as_bytes(), provider.name())?;
                let name = format!("{}/{}", provider.name(), model.id);
                if !seen.insert(model.id.to_string()) {
                    return Err(Refusal::Duplicate(name));
                }
                upstream.add(provider, &name, &model, now, source)?;
            }
        }
        Ok(upstream)
    }

    fn add(
        &mut self,
        provider: Provider,
        name: &str,
        json: &ModelJson<'_>,
        now: Millis,
        source: &Arc<Source>,
    ) -> Result<(), Refusal> {
        let (ids, endpoint) = canonical_ids(provider, &json.id);
        if ids.is_empty() {
            return Ok(());
        }
        let Some(rows) = Reader { provider, name, now, source }.rows(json)? else {
            self.skipped.push(name.to_owned());
            return Ok(());
        };
        if !rows.iter().all(|row| row.rates.input.is_some() && row.rates.output.is_some()) {
            return Ok(()); // not a model of text in, text out
        }
        for id in &ids {
            let id: Arc<str> = id.as_str().into();
            let aliases = alias_names(provider, &json.matches, &ids);
            let rows = rows.iter().map(|row| PriceRow {
                model: id.clone(),
                when: When { endpoint, ..row.when },
                ..row.clone()
            });
            let model = self.models.entry((provider, id.clone())).or_default();
            model.aliases.extend(aliases.iter().map(|alias| Arc::from(alias.as_str())));
            for (slot, rows) in slots(rows) {
                // Two dated ids of one model cost the same; the first stands for both.
                model.slots.entry(slot).or_insert(rows);
            }
        }
        Ok(())
    }
}

/// Reads the prices of one model.
struct Reader<'a> {
    provider: Provider,
    name: &'a str,
    now: Millis,
    source: &'a Arc<Source>,
}

impl Reader<'_> {
    /// Every row; none where a condition is of a kind this version does not know.
    fn rows(&self, json: &ModelJson<'_>) -> Result<Option<Vec<PriceRow>>, Refusal> {
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

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::Schema(format!("{what}: {error}")))
}

/// A value from the file, short enough to print.
fn shown(raw: &RawValue) -> String {
    raw.get().chars().take(40).filter(|c| !c.is_control()).collect()
}
