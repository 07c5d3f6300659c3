//! A price row as text that lasts: what a ledger keeps beside every charge, and `explain` shows.

use serde::{Deserialize, Serialize};

use super::row::{PriceRow, TokenClass, rate_text};
use crate::model::money::parse_decimal;
use crate::model::{PicoUsd, ServiceTier, Speed};

/// A price row in words. Rates are decimal strings in dollars per million tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditRow {
    /// Who bills.
    pub provider: String,
    /// Canonical model id.
    pub model: String,
    /// Terms other than the standard ones, such as `fast` or `regional`.
    pub terms: Vec<String>,
    /// For prompts of more tokens than this.
    pub above: u64,
    /// First instant; empty for "since ever".
    pub from: String,
    /// First instant after; empty for "until further notice".
    pub to: String,
    /// Uncached input.
    pub input: Option<String>,
    /// Output.
    pub output: Option<String>,
    /// Five-minute cache write.
    pub cache_write_5m: Option<String>,
    /// One-hour cache write.
    pub cache_write_1h: Option<String>,
    /// Cache read.
    pub cache_read: Option<String>,
    /// Why the row is believed.
    pub basis: String,
    /// Where it was read.
    pub source: String,
    /// The day somebody last checked it.
    pub checked: String,
}

impl AuditRow {
    /// The rate of a class, in dollars per million tokens.
    pub fn rate(&self, class: TokenClass) -> Option<&str> {
        match class {
            TokenClass::Input => self.input.as_deref(),
            TokenClass::Output => self.output.as_deref(),
            TokenClass::CacheWrite5m => self.cache_write_5m.as_deref(),
            TokenClass::CacheWrite1h => self.cache_write_1h.as_deref(),
            TokenClass::CacheRead => self.cache_read.as_deref(),
        }
    }

    /// The rate of a class, for one token.
    pub fn rate_per_token(&self, class: TokenClass) -> Option<PicoUsd> {
        // A micro-dollar per million tokens is a pico-dollar a token.
        let (rate, exact) = parse_decimal(self.rate(class)?, 6).ok()?;
        i64::try_from(rate).ok().filter(|_| exact).map(PicoUsd)
    }
}

impl From<&PriceRow> for AuditRow {
    fn from(row: &PriceRow) -> Self {
        let rate = |class| row.rates.get(class).map(rate_text);
        let at = |at: Option<crate::model::Millis>| {
            at.map_or_else(String::new, |at| at.timestamp().to_string())
        };
        let speed = match row.when.speed {
            Speed::Standard => None,
            Speed::Fast => Some("fast"),
            Speed::Other => Some("other speed"),
        };
        let tier = match row.when.service_tier {
            ServiceTier::Standard => None,
            ServiceTier::Batch => Some("batch"),
            ServiceTier::Priority => Some("priority"),
            ServiceTier::Flex => Some("flex"),
            ServiceTier::Ultrafast => Some("ultrafast"),
            ServiceTier::Other => Some("other tier"),
        };
        let endpoint = row.when.endpoint.map(|endpoint| match endpoint {
            super::Endpoint::Global => "global endpoint",
            super::Endpoint::Regional => "regional endpoint",
        });
        Self {
            provider: row.provider.name().to_owned(),
            model: row.model.to_string(),
            terms: [speed, tier, endpoint].into_iter().flatten().map(str::to_owned).collect(),
            above: row.above,
            from: at(row.from),
            to: at(row.to),
            input: rate(TokenClass::Input),
            output: rate(TokenClass::Output),
            cache_write_5m: rate(TokenClass::CacheWrite5m),
            cache_write_1h: rate(TokenClass::CacheWrite1h),
            cache_read: rate(TokenClass::CacheRead),
            basis: serde_json::to_value(row.basis)
                .ok()
                .and_then(|basis| basis.as_str().map(str::to_owned))
                .unwrap_or_default(),
            source: row.source.text.to_string(),
            checked: row.source.checked.to_string(),
        }
    }
}
