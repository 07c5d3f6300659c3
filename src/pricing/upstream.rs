//! Reads the genai-prices v2 JSON: the same reading as `assets/prices/build.py`, of hostile bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::Millis;

use super::draft::{Slots, slots};
use super::row::{PriceRow, Provider, Source, When};
use super::update::UpdateRefusal as Refusal;
use super::upstream_names::{alias_names, canonical_ids};
use super::upstream_rows::{Reader, parse};

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
pub(super) struct ModelJson<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(rename = "match")]
    pub(super) matches: Value,
    #[serde(borrow)]
    pub(super) prices: &'a RawValue,
    #[serde(borrow, default)]
    pub(super) price_variants: Option<Vec<VariantJson<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct VariantJson<'a> {
    pub(super) when: BTreeMap<String, String>,
    #[serde(borrow)]
    pub(super) prices: PricesJson<'a>,
    #[serde(borrow, default)]
    pub(super) constraint: Option<ConstraintJson<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ConditionalJson<'a> {
    #[serde(borrow)]
    pub(super) prices: PricesJson<'a>,
    #[serde(borrow, default)]
    pub(super) constraint: Option<ConstraintJson<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ConstraintJson<'a> {
    #[serde(borrow, default)]
    pub(super) start_date: Option<Cow<'a, str>>,
}

/// Prices by class; the other units upstream prices are not read.
#[allow(clippy::struct_field_names, reason = "upstream's names")]
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct PricesJson<'a> {
    #[serde(borrow, default)]
    pub(super) input_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) output_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) cache_write_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) cache_write_1h_mtok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) cache_read_mtok: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct TieredJson<'a> {
    #[serde(borrow)]
    pub(super) base: &'a RawValue,
    #[serde(borrow)]
    pub(super) tiers: Vec<TierJson<'a>>,
}

#[derive(Deserialize)]
pub(super) struct TierJson<'a> {
    #[serde(borrow)]
    pub(super) start: &'a RawValue,
    #[serde(borrow)]
    pub(super) price: &'a RawValue,
}

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
