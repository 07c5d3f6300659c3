//! The price book: rows by model, names by provider, and the hash that names it all.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

use sha2::{Digest, Sha256};

use crate::model::{Call, Cost, Millis};

use super::matching::{ModelMatch, normalise, without_date};
use super::row::{Endpoint, PriceRow, Provider, Source};
use super::tier::Tier;
use super::user::{Discount, UnknownPolicy};

const EMBEDDED: &str = include_str!("../../assets/prices.json");

/// An immutable set of dated price rows, named by the hash of its canonical bytes.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    pub(super) origin: Arc<str>,
    pub(super) settings: Settings,
    pub(super) sources: Vec<Arc<Source>>,
    pub(super) models: Vec<ModelEntry>,
    pub(super) rows: Vec<PriceRow>,
    names: [HashMap<Arc<str>, u32>; Provider::ALL.len()],
    id: OnceLock<Arc<str>>,
}

/// One model of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    /// Who bills.
    pub provider: Provider,
    /// Canonical id.
    pub model: Arc<str>,
    /// What it is for.
    pub tier: Tier,
    /// Other names of it, after normalising.
    pub aliases: Vec<Arc<str>>,
    /// Factor for inference kept in one region, in parts per million; none where it costs nothing.
    pub residency_ppm: Option<u32>,
    /// No longer sold: never sets the reserve for an unknown model.
    pub retired: bool,
    /// Its rows, as indices into the book.
    pub rows: Range<u32>,
}

/// What the user said about reading the book; part of its identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The platform of every Claude call, whatever its ids look like.
    pub platform: Option<Provider>,
    /// The Vertex endpoint; its model ids do not tell.
    pub vertex: Option<Endpoint>,
    /// What to do with a model that is not listed.
    pub unknown: UnknownPolicy,
    /// Discounts on list prices.
    pub discounts: Vec<Discount>,
}

/// Why a book cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// Not the JSON of a price book.
    #[error("not a price book: {0}")]
    Json(String),
    /// A book of another version.
    #[error("price book schema {0:?} is not known; this version reads spendtop.prices/1")]
    Schema(String),
    /// A value that a book cannot hold.
    #[error("{model}: {problem}")]
    Model {
        /// Provider and model.
        model: String,
        /// What is wrong, in words.
        problem: String,
    },
}

impl BookError {
    pub(super) fn model(provider: Provider, model: &str, problem: impl Into<String>) -> Self {
        Self::Model { model: format!("{}/{model}", provider.name()), problem: problem.into() }
    }
}

impl AsRef<Self> for PriceBook {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl PriceBook {
    /// The book this version was built with; parsed on first use.
    pub fn embedded() -> &'static Arc<Self> {
        // A test reads the file; a broken one leaves every model unpriced rather than no program.
        static BOOK: LazyLock<Arc<PriceBook>> = LazyLock::new(|| {
            Arc::new(PriceBook::from_json(EMBEDDED.as_bytes()).unwrap_or_default())
        });
        &BOOK
    }

    /// Puts models together whose rows follow each other in the order of the models.
    pub(super) fn assemble(
        origin: &str,
        settings: Settings,
        sources: Vec<Arc<Source>>,
        models: Vec<ModelEntry>,
        rows: Vec<PriceRow>,
    ) -> Result<Self, BookError> {
        let mut names: [HashMap<Arc<str>, u32>; Provider::ALL.len()] = Default::default();
        for (index, entry) in models.iter().enumerate() {
            for name in std::iter::once(&entry.model).chain(&entry.aliases) {
                let twice = names[entry.provider as usize].insert(name.clone(), index as u32);
                if twice.is_some() {
                    let problem = format!("{name:?} names two models");
                    return Err(BookError::model(entry.provider, &entry.model, problem));
                }
            }
            let range = entry.rows.start as usize..entry.rows.end as usize;
            check_rows(entry, rows.get(range).unwrap_or_default())?;
        }
        let (origin, id) = (origin.into(), OnceLock::new());
        Ok(Self { origin, settings, sources, models, rows, names, id })
    }

    /// SHA-256 of the canonical bytes, in hex: the name under which a ledger stores the book.
    pub fn id(&self) -> &str {
        self.id.get_or_init(|| hash(&self.to_json()))
    }

    /// Where the book came from, such as `genai-prices 0.2.3`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The latest day on which somebody checked any row.
    pub fn checked(&self) -> Option<Millis> {
        let latest = self.sources.iter().map(|source| &source.checked).max()?;
        Millis::parse(&format!("{latest}T00:00:00Z"))
    }

    /// How the user wants it read.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Every model, by provider and id.
    pub fn models(&self) -> &[ModelEntry] {
        &self.models
    }

    /// Every row; a charge's row number is an index into it.
    pub fn rows(&self) -> &[PriceRow] {
        &self.rows
    }

    /// The row a charge was computed from.
    pub fn row(&self, row: u32) -> Option<&PriceRow> {
        self.rows.get(row as usize)
    }

    /// The rows of a model.
    pub fn rows_of(&self, entry: &ModelEntry) -> &[PriceRow] {
        self.rows.get(entry.rows.start as usize..entry.rows.end as usize).unwrap_or_default()
    }

    /// The entry of a canonical id or alias at a provider.
    pub fn entry(&self, provider: Provider, name: &str) -> Option<&ModelEntry> {
        self.entry_index(provider, name).and_then(|index| self.models.get(index as usize))
    }

    fn entry_index(&self, provider: Provider, name: &str) -> Option<u32> {
        self.names[provider as usize].get(name).copied()
    }

    /// The entry that a call's model is at its own vendor: what to group reports by.
    pub fn canonical(&self, model: &str) -> Option<&ModelEntry> {
        let found = self.find_model(model);
        if !found.is_known() {
            return None;
        }
        let index = found.first_party.or(found.aws).or(found.vertex)?;
        self.models.get(index as usize)
    }

    /// Finds a model by the name a transcript gives it.
    pub fn find_model(&self, model: &str) -> ModelMatch {
        let known = |model: &str| {
            let (name, form) = normalise(model);
            let found = self.locate(&name).or_else(|| self.locate(without_date(&name)?))?;
            Some(ModelMatch { form, ..found })
        };
        // A user's own row may have any name.
        if let Some(own) = self.entry_index(Provider::Other, &model.trim().to_ascii_lowercase()) {
            return ModelMatch { first_party: Some(own), ..ModelMatch::default() };
        }
        known(model).unwrap_or_else(|| match &self.settings.unknown {
            UnknownPolicy::Assume(other) => {
                let found = known(other).unwrap_or_default();
                ModelMatch { form: normalise(model).1, stand_in: true, ..found }
            }
            UnknownPolicy::Flag | UnknownPolicy::Ceiling => ModelMatch::default(),
        })
    }

    fn locate(&self, name: &str) -> Option<ModelMatch> {
        let at = |provider, name: &str| self.entry_index(provider, name);
        if let Some(own) = at(Provider::Other, name) {
            return Some(ModelMatch { first_party: Some(own), ..ModelMatch::default() });
        }
        let anthropic = at(Provider::Anthropic, name);
        if anthropic.is_some() || name.starts_with("claude") {
            // Platforms list canonical ids only.
            let entry = anthropic.and_then(|index| self.models.get(index as usize));
            let id = entry.map_or(name, |entry| &entry.model);
            let (aws, vertex) = (at(Provider::Aws, id), at(Provider::Google, id));
            let first_party = anthropic;
            let found = ModelMatch { first_party, aws, vertex, ..ModelMatch::default() };
            return found.is_known().then_some(found);
        }
        let makers = [Provider::Openai, Provider::Google, Provider::Alibaba];
        let first_party = makers.into_iter().find_map(|maker| at(maker, name))?;
        Some(ModelMatch { first_party: Some(first_party), ..ModelMatch::default() })
    }

    /// Prices one call. For many calls a [`Pricer`](super::Pricer) is quicker.
    pub fn price(&self, call: &Call) -> Cost {
        let found = call.model.as_deref().map(|model| self.find_model(model));
        self.price_matched(call, &found.unwrap_or_default())
    }

    /// The days on which some standard rate changes after `at`: what to re-check.
    pub fn scheduled(&self, at: Millis) -> impl Iterator<Item = &PriceRow> {
        self.rows.iter().filter(move |row| row.from.is_some_and(|from| from > at))
    }
}

/// Two rows of the same terms must not be in force at once.
fn check_rows(entry: &ModelEntry, rows: &[PriceRow]) -> Result<(), BookError> {
    for (index, row) in rows.iter().enumerate() {
        let problem = if row.start() >= row.end() {
            "a row ends before it starts"
        } else if rows[..index].iter().any(|other| {
            other.when == row.when
                && other.above == row.above
                && other.start() < row.end()
                && row.start() < other.end()
        }) {
            "two rows of the same terms overlap"
        } else {
            continue;
        };
        return Err(BookError::model(entry.provider, &entry.model, problem));
    }
    Ok(())
}

fn hash(bytes: &[u8]) -> Arc<str> {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
        .into()
}
