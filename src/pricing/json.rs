//! The canonical JSON of a book, both ways: compact, one line for every source and model.
//!
//! `assets/prices/build.py` writes the same bytes.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::money::parse_decimal;
use crate::model::{Millis, PicoUsd, ServiceTier, Speed};

use super::book::{BookError, ModelEntry, PriceBook, Settings};
use super::row::{Basis, Endpoint, PriceRow, Provider, Rates, Source, TokenClass, When, rate_text};
use super::tier::Tier;
use super::user::{Discount, UnknownPolicy};

const SCHEMA: &str = "spendtop.prices/1";

/// The dearest plausible rate: $2,000 a million tokens.
pub(super) const MAX_RATE: i64 = 2_000_000_000;

/// A text that is borrowed also where it is in an option or a list, as a book has thousands.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn of(text: String) -> Self {
        Self(text.into())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookJson<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    origin: Cow<'a, str>,
    #[serde(default)]
    settings: SettingsJson,
    #[serde(borrow)]
    sources: Vec<SourceJson<'a>>,
    #[serde(borrow)]
    models: Vec<ModelJson<'a>>,
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SettingsJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Provider>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vertex: Option<Endpoint>,
    #[serde(skip_serializing_if = "UnknownPolicy::is_default")]
    unknown: UnknownPolicy,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    discounts: Vec<Discount>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceJson<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    checked: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelJson<'a> {
    provider: Provider,
    #[serde(borrow)]
    model: Cow<'a, str>,
    tier: Tier,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    residency: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    retired: bool,
    #[serde(borrow)]
    rows: Vec<RowJson<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowJson<'a> {
    #[serde(default, skip_serializing_if = "WhenJson::is_default")]
    when: WhenJson,
    #[serde(default, skip_serializing_if = "is_zero")]
    above: u64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    from: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    to: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    input: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    output: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    cache_write_5m: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    cache_write_1h: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    cache_read: Option<Text<'a>>,
    basis: Basis,
    #[serde(borrow)]
    source: Cow<'a, str>,
}

#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WhenJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<SpeedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<TierJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SpeedJson {
    Fast,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TierJson {
    Batch,
    Priority,
    Flex,
    Ultrafast,
}

impl WhenJson {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn read(self) -> When {
        When {
            speed: self.speed.map_or(Speed::Standard, |SpeedJson::Fast| Speed::Fast),
            service_tier: self.service_tier.map_or(ServiceTier::Standard, |tier| match tier {
                TierJson::Batch => ServiceTier::Batch,
                TierJson::Priority => ServiceTier::Priority,
                TierJson::Flex => ServiceTier::Flex,
                TierJson::Ultrafast => ServiceTier::Ultrafast,
            }),
            endpoint: self.endpoint,
        }
    }

    /// A row never has a speed or tier this version does not know.
    fn write(when: When) -> Self {
        Self {
            speed: match when.speed {
                Speed::Fast => Some(SpeedJson::Fast),
                Speed::Standard | Speed::Other => None,
            },
            service_tier: match when.service_tier {
                ServiceTier::Batch => Some(TierJson::Batch),
                ServiceTier::Priority => Some(TierJson::Priority),
                ServiceTier::Flex => Some(TierJson::Flex),
                ServiceTier::Ultrafast => Some(TierJson::Ultrafast),
                ServiceTier::Standard | ServiceTier::Other => None,
            },
            endpoint: when.endpoint,
        }
    }
}

impl PriceBook {
    /// Reads a book: the embedded one, or one stored by [`to_json`](Self::to_json).
    pub fn from_json(bytes: &[u8]) -> Result<Self, BookError> {
        let not_json = |error: &dyn std::fmt::Display| BookError::Json(error.to_string());
        // Once for the whole text, and not for each of its thousands of words.
        let text = std::str::from_utf8(bytes).map_err(|error| not_json(&error))?;
        let json: BookJson<'_> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        if json.schema != SCHEMA {
            return Err(BookError::Schema(json.schema.into_owned()));
        }
        let sources: Vec<Arc<Source>> = json
            .sources
            .into_iter()
            .map(|s| {
                let (id, text, checked) = (&*s.id, &*s.source, &*s.checked);
                Arc::new(Source { id: id.into(), text: text.into(), checked: checked.into() })
            })
            .collect();
        let mut models = Vec::with_capacity(json.models.len());
        let mut rows = Vec::with_capacity(json.models.len() * 4);
        for entry in &json.models {
            let start = rows.len() as u32;
            let model: Arc<str> = Arc::from(&*entry.model);
            let wrong = |problem: &str| BookError::model(entry.provider, &entry.model, problem);
            for row in &entry.rows {
                let source = sources.iter().find(|source| *source.id == *row.source);
                rows.push(PriceRow {
                    provider: entry.provider,
                    model: model.clone(),
                    when: row.when.read(),
                    above: row.above,
                    from: instant(row.from.as_ref()).map_err(wrong)?,
                    to: instant(row.to.as_ref()).map_err(wrong)?,
                    rates: rates(row).ok_or_else(|| wrong("not a price"))?,
                    basis: row.basis,
                    source: source.ok_or_else(|| wrong("unknown source"))?.clone(),
                });
            }
            let residency_ppm = match &entry.residency {
                Some(text) => Some(factor_ppm(&text.0).ok_or_else(|| wrong("not a factor"))?),
                None => None,
            };
            models.push(ModelEntry {
                provider: entry.provider,
                model,
                tier: entry.tier,
                aliases: entry.aliases.iter().map(|alias| Arc::from(&*alias.0)).collect(),
                residency_ppm,
                retired: entry.retired,
                rows: start..rows.len() as u32,
            });
        }
        let settings = Settings {
            platform: json.settings.platform,
            vertex: json.settings.vertex,
            unknown: json.settings.unknown,
            discounts: json.settings.discounts,
        };
        Self::assemble(&json.origin, settings, sources, models, rows)
    }

    /// The canonical bytes: what is stored, and what [`id`](Self::id) is the hash of.
    pub fn to_json(&self) -> Vec<u8> {
        let settings = SettingsJson {
            platform: self.settings.platform,
            vertex: self.settings.vertex,
            unknown: self.settings.unknown.clone(),
            discounts: self.settings.discounts.clone(),
        };
        let mut out = Vec::with_capacity(self.rows.len() * 200 + 4096);
        out.extend_from_slice(b"{\"schema\":");
        write(&mut out, SCHEMA);
        out.extend_from_slice(b",\"origin\":");
        write(&mut out, &*self.origin);
        if settings != SettingsJson::default() {
            out.extend_from_slice(b",\"settings\":");
            write(&mut out, &settings);
        }
        out.extend_from_slice(b",\"sources\":[\n");
        lines(
            &mut out,
            self.sources.iter().map(|source| SourceJson {
                id: (&*source.id).into(),
                source: (&*source.text).into(),
                checked: (&*source.checked).into(),
            }),
        );
        out.extend_from_slice(b"\n],\"models\":[\n");
        lines(&mut out, self.models.iter().map(|entry| self.model_json(entry)));
        out.extend_from_slice(b"\n]}\n");
        out
    }

    fn model_json<'a>(&'a self, entry: &'a ModelEntry) -> ModelJson<'a> {
        ModelJson {
            provider: entry.provider,
            model: (&*entry.model).into(),
            tier: entry.tier,
            aliases: entry.aliases.iter().map(|alias| Text((&**alias).into())).collect(),
            residency: entry.residency_ppm.map(|ppm| Text::of(rate_text(PicoUsd(i64::from(ppm))))),
            retired: entry.retired,
            rows: self.rows_of(entry).iter().map(row_json).collect(),
        }
    }
}

fn row_json(row: &PriceRow) -> RowJson<'_> {
    let text = |class| row.rates.get(class).map(|rate| Text::of(rate_text(rate)));
    let instant = |at: Option<Millis>| at.map(|at| Text::of(at.timestamp().to_string()));
    RowJson {
        when: WhenJson::write(row.when),
        above: row.above,
        from: instant(row.from),
        to: instant(row.to),
        input: text(TokenClass::Input),
        output: text(TokenClass::Output),
        cache_write_5m: text(TokenClass::CacheWrite5m),
        cache_write_1h: text(TokenClass::CacheWrite1h),
        cache_read: text(TokenClass::CacheRead),
        basis: row.basis,
        source: (&*row.source.id).into(),
    }
}

fn rates(row: &RowJson<'_>) -> Option<Rates> {
    let read = |text: &Option<Text<'_>>| match text {
        Some(text) => rate(&text.0).map(Some),
        None => Some(None),
    };
    Some(Rates {
        input: read(&row.input)?,
        output: read(&row.output)?,
        cache_write_5m: read(&row.cache_write_5m)?,
        cache_write_1h: read(&row.cache_write_1h)?,
        cache_read: read(&row.cache_read)?,
    })
}

/// Dollars per million tokens as pico-dollars a token; exact, and at most the dearest plausible.
fn rate(text: &str) -> Option<PicoUsd> {
    match parse_decimal(text, 6) {
        Ok((value, true)) if (0..=i128::from(MAX_RATE)).contains(&value) => {
            Some(PicoUsd(value as i64))
        }
        _ => None,
    }
}

fn factor_ppm(text: &str) -> Option<u32> {
    match parse_decimal(text, 6) {
        Ok((value, true)) if (1..=10_000_000).contains(&value) => Some(value as u32),
        _ => None,
    }
}

fn instant(text: Option<&Text<'_>>) -> Result<Option<Millis>, &'static str> {
    text.map(|text| Millis::parse(&text.0).ok_or("not an instant")).transpose()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn lines<T: Serialize>(out: &mut Vec<u8>, items: impl Iterator<Item = T>) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.extend_from_slice(b",\n");
        }
        write(out, &item);
    }
}

/// Serialising plain structs into memory cannot fail.
fn write<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}
