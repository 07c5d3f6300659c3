//! One price row: what a token of each class costs, of which model, when and under which terms.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::money::div_half_even;
use crate::model::{Millis, PicoUsd, ServiceTier, Speed, TokenUsage};

/// Who bills for a model. The order is the order of the book.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Anthropic's own API.
    Anthropic,
    /// OpenAI's own API.
    Openai,
    /// Google: Gemini, and Claude on Vertex AI.
    Google,
    /// Claude on Amazon Bedrock.
    Aws,
    /// Alibaba Cloud Model Studio: Qwen.
    Alibaba,
    /// Anything else; only the user's own rows.
    Other,
}

impl Provider {
    /// Every provider, in book order.
    pub const ALL: [Self; 6] =
        [Self::Anthropic, Self::Openai, Self::Google, Self::Aws, Self::Alibaba, Self::Other];

    /// The name used in books, reports and config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Google => "google",
            Self::Aws => "aws",
            Self::Alibaba => "alibaba",
            Self::Other => "other",
        }
    }
}

/// Where a cloud platform serves the model from; a regional endpoint is dearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Routed to any region.
    Global,
    /// Kept in one region or group of regions.
    Regional,
}

/// The terms a row is for. The default is the standard price at any endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct When {
    /// Speed the response was served at.
    pub speed: Speed,
    /// Service tier the response was served in.
    pub service_tier: ServiceTier,
    /// Endpoint of a cloud platform; none where all cost the same.
    pub endpoint: Option<Endpoint>,
}

impl When {
    /// Standard speed and tier, whatever the endpoint.
    pub fn is_standard(self) -> bool {
        self.speed == Speed::Standard && self.service_tier == ServiceTier::Standard
    }

    /// A sort key.
    pub(super) fn order(self) -> (u8, u8, Option<Endpoint>) {
        (self.speed as u8, self.service_tier as u8, self.endpoint)
    }
}

/// Why a row is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The vendor published the rate and its date.
    OfficialEffective,
    /// A third party, or an update, saw the rate; it may be older than the row.
    FirstObserved,
    /// The vendor announced it for a day that was still to come. A charge by it is `assumed`.
    Announced,
    /// Derived or extended by assumption. A charge by it is `assumed`.
    Assumed,
    /// The user's own list price.
    User,
    /// A price of the user's contract; no discount applies to it.
    Contract,
}

impl Basis {
    /// Charges by such a row rest on an assumption.
    pub const fn is_assumption(self) -> bool {
        matches!(self, Self::Announced | Self::Assumed)
    }
}

/// Where a row was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// Short name, unique in the book.
    pub id: Arc<str>,
    /// Page, package or note.
    pub text: Arc<str>,
    /// The day somebody last checked it, `YYYY-MM-DD`; empty for the user's own rows.
    pub checked: Arc<str>,
}

impl Source {
    /// The row came from the genai-prices data as it is, not from the hand-kept overlay.
    pub(super) fn is_upstream(&self) -> bool {
        self.id.starts_with("genai")
    }
}

/// Price of one token of each class; one pico-dollar a token is one micro-dollar a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rates {
    /// Uncached input.
    pub input: Option<PicoUsd>,
    /// Output, reasoning included.
    pub output: Option<PicoUsd>,
    /// Cache write for five minutes (OpenAI: thirty).
    pub cache_write_5m: Option<PicoUsd>,
    /// Cache write for one hour (OpenAI: twelve).
    pub cache_write_1h: Option<PicoUsd>,
    /// Cache read.
    pub cache_read: Option<PicoUsd>,
}

/// A class of tokens with a price of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenClass {
    /// Uncached input.
    Input,
    /// Output.
    Output,
    /// Five-minute cache write.
    CacheWrite5m,
    /// One-hour cache write.
    CacheWrite1h,
    /// Cache read.
    CacheRead,
}

impl TokenClass {
    /// Every class, in the order of a book line.
    pub const ALL: [Self; 5] =
        [Self::Input, Self::Output, Self::CacheWrite5m, Self::CacheWrite1h, Self::CacheRead];

    /// The name used in books and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::CacheRead => "cache_read",
        }
    }

    /// How many tokens of the class a usage has.
    pub const fn count(self, usage: &TokenUsage) -> u64 {
        match self {
            Self::Input => usage.input_tokens,
            Self::Output => usage.output_tokens,
            Self::CacheWrite5m => usage.cache_creation_5m_input_tokens,
            Self::CacheWrite1h => usage.cache_creation_1h_input_tokens,
            Self::CacheRead => usage.cache_read_input_tokens,
        }
    }
}

impl Rates {
    /// The rate of a class.
    pub const fn get(&self, class: TokenClass) -> Option<PicoUsd> {
        match class {
            TokenClass::Input => self.input,
            TokenClass::Output => self.output,
            TokenClass::CacheWrite5m => self.cache_write_5m,
            TokenClass::CacheWrite1h => self.cache_write_1h,
            TokenClass::CacheRead => self.cache_read,
        }
    }

    /// Sets the rate of a class.
    pub(super) const fn set(&mut self, class: TokenClass, rate: Option<PicoUsd>) {
        match class {
            TokenClass::Input => self.input = rate,
            TokenClass::Output => self.output = rate,
            TokenClass::CacheWrite5m => self.cache_write_5m = rate,
            TokenClass::CacheWrite1h => self.cache_write_1h = rate,
            TokenClass::CacheRead => self.cache_read = rate,
        }
    }

    /// Every rate times `numerator / denominator`, half to even.
    pub(super) fn scaled(&self, numerator: i64, denominator: i64) -> Self {
        let mut scaled = Self::default();
        for class in TokenClass::ALL {
            scaled.set(class, self.get(class).map(|rate| scale(rate, numerator, denominator)));
        }
        scaled
    }
}

/// `rate * numerator / denominator`, half to even; rates are at most 2e9, so nothing overflows.
pub(super) fn scale(rate: PicoUsd, numerator: i64, denominator: i64) -> PicoUsd {
    let exact = i128::from(rate.0) * i128::from(numerator);
    PicoUsd(div_half_even(exact, i128::from(denominator)) as i64)
}

/// A dated price of one model under one set of terms, from a prompt length up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Who bills.
    pub provider: Provider,
    /// Canonical model id.
    pub model: Arc<str>,
    /// Under which terms.
    pub when: When,
    /// Applies to the whole call when its prompt has more tokens than this.
    pub above: u64,
    /// First instant; none for "since ever".
    pub from: Option<Millis>,
    /// First instant after; none for "until further notice".
    pub to: Option<Millis>,
    /// The prices.
    pub rates: Rates,
    /// Why it is believed.
    pub basis: Basis,
    /// Where it was read.
    pub source: Arc<Source>,
}

impl PriceRow {
    /// First instant in milliseconds, the smallest for none.
    pub(super) fn start(&self) -> i64 {
        self.from.map_or(i64::MIN, |at| at.0)
    }

    /// First instant after, the largest for none.
    pub(super) fn end(&self) -> i64 {
        self.to.map_or(i64::MAX, |at| at.0)
    }

    /// The row is in force at an instant.
    pub fn covers(&self, at: Millis) -> bool {
        self.start() <= at.0 && at.0 < self.end()
    }

    /// The same row for another time.
    pub(super) fn within(&self, start: i64, end: i64) -> Self {
        Self {
            from: (start != i64::MIN).then_some(Millis(start)),
            to: (end != i64::MAX).then_some(Millis(end)),
            ..self.clone()
        }
    }
}

/// A rate as the decimal number of dollars per million tokens, without trailing zeros.
pub fn rate_text(rate: PicoUsd) -> String {
    let text = format!("{}.{:06}", rate.0 / 1_000_000, rate.0 % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
