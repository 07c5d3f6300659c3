//! The user's own prices: rows and discounts as the config hands them over, and what can be wrong.

use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::model::Millis;

use super::row::{Endpoint, Provider};

/// The `[prices]` table of the config, as written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct UserPrices {
    /// Where `prices update` fetches a newer book from.
    pub url: Option<String>,
    /// Rows that win over every listed price.
    #[schemars(with = "Vec<UserRow>")]
    pub row: Vec<Spanned<UserRow>>,
    /// Discounts on listed prices.
    #[schemars(with = "Vec<UserDiscount>")]
    pub discount: Vec<Spanned<UserDiscount>>,
    /// Region of the Vertex endpoint, such as "global" or "us-east5"; model ids do not tell.
    pub vertex_region: Option<String>,
    /// Who serves every Claude call ("anthropic", "aws", "google"), where ids mislead.
    pub platform: Option<Provider>,
    /// What to do with a model that no price book lists.
    #[schemars(with = "Option<UserUnknown>")]
    pub unknown: Option<Spanned<UserUnknown>>,
}

impl UserPrices {
    /// Claude models with a row that lacks a cache rate. Claude Code caches nearly every prompt,
    /// and a call with cached tokens and no rate for them has no price.
    pub fn without_cache_rates(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for row in self.row.iter().map(Spanned::get_ref) {
            let lacks = [&row.cache_write_5m, &row.cache_write_1h, &row.cache_read]
                .iter()
                .any(|rate| rate.is_none());
            let is_claude = row.provider == Provider::Anthropic || row.model.contains("claude");
            if lacks && is_claude && !models.contains(&row.model.as_str()) {
                models.push(&row.model);
            }
        }
        models
    }
}

/// One `[[prices.row]]`. Prices are decimal strings in dollars per million tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct UserRow {
    /// "anthropic", "openai", "google", "aws", "alibaba", or "other" for any other model.
    pub provider: Provider,
    /// Model name, as transcripts have it.
    pub model: String,
    /// First instant or day (UTC); empty for "since ever".
    #[serde(default)]
    pub from: String,
    /// First instant or day after; empty for "until further notice".
    #[serde(default)]
    pub to: String,
    /// Uncached input.
    pub input: String,
    /// Output.
    pub output: String,
    /// Cache write for five minutes.
    pub cache_write_5m: Option<String>,
    /// Cache write for one hour.
    pub cache_write_1h: Option<String>,
    /// Cache read.
    pub cache_read: Option<String>,
    /// Under which terms; empty is the standard price.
    #[serde(default)]
    pub when: UserWhen,
    /// For prompts of more tokens than this.
    #[serde(default)]
    pub above: u64,
    /// Shown where the price is explained.
    #[serde(default)]
    pub note: String,
    /// A contract price, or the list price.
    #[serde(default)]
    pub kind: UserRowKind,
    /// Needed for a price of zero, so that none is free by accident.
    #[serde(default)]
    pub free: bool,
}

/// What a user row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserRowKind {
    /// What the user pays; no discount applies.
    #[default]
    Contract,
    /// A list price that the book lacks or has wrong.
    List,
}

/// The terms of a user row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct UserWhen {
    /// "standard" or "fast".
    pub speed: UserSpeed,
    /// "standard", "batch", "priority", "flex" or "ultrafast".
    pub service_tier: UserTier,
    /// "global" or "regional"; both where it is left out.
    #[schemars(with = "Option<String>")]
    pub endpoint: Option<Endpoint>,
}

/// A speed in the config.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserSpeed {
    /// The usual one.
    #[default]
    Standard,
    /// Fast mode.
    Fast,
}

/// A service tier in the config.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserTier {
    /// The usual one.
    #[default]
    Standard,
    /// Batch.
    Batch,
    /// Priority; OpenAI's fast.
    Priority,
    /// Flex.
    Flex,
    /// Ultrafast.
    Ultrafast,
}

/// One `[[prices.discount]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct UserDiscount {
    /// On whose list prices.
    pub provider: Provider,
    /// Percent off, a decimal string: "15" makes $1 into $0.85.
    pub percent: String,
    /// First instant or day (UTC); empty for "since ever".
    #[serde(default)]
    pub from: String,
    /// First instant or day after; empty for "until further notice".
    #[serde(default)]
    pub to: String,
}

/// The `[prices.unknown]` table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct UserUnknown {
    /// "flag", "ceiling", or "assume:" and the model whose price to take.
    pub policy: String,
}

/// What to do with a model that the book does not list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPolicy {
    /// Leave it unpriced and say so.
    #[default]
    Flag,
    /// Price it at the vendor's dearest rate, as an upper bound.
    Ceiling,
    /// Price it as this model, as an assumption.
    Assume(String),
}

impl UnknownPolicy {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Flag
    }
}

/// A discount on list prices, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// On whose list prices.
    pub provider: Provider,
    /// First instant; none for "since ever".
    pub from: Option<Millis>,
    /// First instant after; none for "until further notice".
    pub to: Option<Millis>,
    /// What is left of the price, in parts per million.
    pub multiplier_ppm: u32,
}

impl Discount {
    /// The discount holds at an instant.
    pub fn covers(&self, at: Millis) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// What is wrong with one entry of the user's prices, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPriceError {
    /// Bytes of the entry in the config text, where known.
    pub span: Option<Range<usize>>,
    /// The entry, such as `prices.row for anthropic/claude-opus-5-5`.
    pub entry: String,
    /// What is wrong.
    pub problem: UserPriceProblem,
}

/// What can be wrong with the user's prices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserPriceProblem {
    /// Not a decimal number.
    #[error(
        "{field} = {value:?} is not a decimal number; write \"2.5\" for $2.50 per million tokens"
    )]
    NotANumber {
        /// Which field.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// More decimals than can be charged exactly.
    #[error("{field} = {value:?} has more than {most} decimals")]
    TooPrecise {
        /// Which field.
        field: &'static str,
        /// What it says.
        value: String,
        /// How many there may be.
        most: u32,
    },
    /// Below zero.
    #[error("{field} = {value:?} is negative")]
    Negative {
        /// Which field.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// A price past $2,000 per million tokens, or a percentage of a hundred or more.
    #[error("{field} = {value:?} is too large")]
    TooLarge {
        /// Which field.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// A zero that was not meant, or nothing to discount.
    #[error("{field} is zero; {hint}")]
    Zero {
        /// Which field.
        field: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// Not an instant or a day.
    #[error("{field} = {value:?} is not a date; write \"2026-11-01\" or \"2026-11-01T00:00:00Z\"")]
    NotADate {
        /// Which field.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// The interval is empty.
    #[error("it ends before it starts")]
    EmptyInterval,
    /// Two entries hold at the same time.
    #[error("it overlaps an earlier entry for the same terms")]
    Overlap,
    /// An empty model name.
    #[error("the model has no name")]
    NoModel,
    /// A policy or platform that does not exist.
    #[error("{field} = {value:?} is not known; {hint}")]
    Unknown {
        /// Which field.
        field: &'static str,
        /// What it says.
        value: String,
        /// What can be written.
        hint: &'static str,
    },
}

impl fmt::Display for UserPriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.entry, self.problem)
    }
}

impl std::error::Error for UserPriceError {}

impl UserPriceError {
    /// The line of the entry in the config text, from 1.
    pub fn line(&self, text: &str) -> Option<usize> {
        let start = self.span.as_ref()?.start;
        Some(memchr::memchr_iter(b'\n', text.as_bytes().get(..start)?).count() + 1)
    }
}
