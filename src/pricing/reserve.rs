//! What to set aside for a call without a price, so that an unknown model cannot pass a cap.

use crate::model::{Call, Cost, PicoUsd, UnpricedReason};

use super::book::{ModelEntry, PriceBook};
use super::formula::{self, Missing, ONE, WEB_SEARCH};
use super::matching::normalise;
use super::row::{PriceRow, Provider};

impl PriceBook {
    /// What caps count for a call that the ledger has no price for: the price this book has by
    /// now, else the [`PriceBook::reserve`], nothing for counts that are corrupt.
    pub fn set_aside(&self, call: &Call) -> PicoUsd {
        match self.price(call) {
            Cost::Priced(charge) => charge.amount,
            Cost::Unpriced(reason) => self.reserve(call, reason).unwrap_or(PicoUsd::ZERO),
        }
    }

    /// An amount the unpriced call will hardly pass: its tokens at the dearest standard row that
    /// its vendor sells at that date, or at the model's own dearest row if that is more.
    ///
    /// For caps only, never shown as spend. None when the counts are out of range: a corrupt
    /// line must not stop anybody's work.
    pub fn reserve(&self, call: &Call, reason: UnpricedReason) -> Option<PicoUsd> {
        if reason == UnpricedReason::OutOfRange {
            return None;
        }
        let vendor = self.dearest(vendor_of(call), call).map(|(_, amount)| amount);
        let own = call.model.as_deref().and_then(|model| self.canonical(model)).and_then(|entry| {
            let rows = self.rows_of(entry).iter();
            rows.filter_map(|row| ceiling_amount(row, call)).max()
        });
        vendor.max(own)
    }

    /// The row that makes a call dearest, among the vendor's standard rows in force, and its
    /// amount. Models no longer sold do not count.
    pub fn dearest(&self, vendor: Provider, call: &Call) -> Option<(u32, PicoUsd)> {
        let sold = |entry: &&ModelEntry| !entry.retired && vendor == entry.provider;
        self.models
            .iter()
            .filter(sold)
            .flat_map(|entry| (entry.rows.start..).zip(self.rows_of(entry)))
            .filter(|(_, row)| row.when.is_standard() && row.covers(call.timestamp))
            .filter(|(_, row)| row.above == 0 || call.band_prompt_tokens() > row.above)
            .filter_map(|(index, row)| Some((index, ceiling_amount(row, call)?)))
            .max_by_key(|&(index, amount)| (amount, std::cmp::Reverse(index)))
    }
}

/// Who probably bills for a call with an unknown model.
pub(super) fn vendor_of(call: &Call) -> Provider {
    let name = call.model.as_deref().map(|model| normalise(model).0).unwrap_or_default();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if starts(&["claude", "opus", "sonnet", "haiku", "fable", "mythos"]) {
        Provider::Anthropic
    } else if starts(&["gpt", "codex", "chatgpt", "o1", "o3", "o4"]) {
        Provider::Openai
    } else if starts(&["gemini"]) {
        Provider::Google
    } else if starts(&["qwen"]) {
        Provider::Alibaba
    } else {
        let of_agent = |provider: &Provider| provider.name() == call.agent.vendor();
        Provider::ALL.into_iter().find(of_agent).unwrap_or(Provider::Other)
    }
}

/// The tokens at the row's rates; a class without a rate as input.
fn ceiling_amount(row: &PriceRow, call: &Call) -> Option<PicoUsd> {
    let priced = formula::amount(&row.rates, &call.usage, Missing::AsInput, ONE, WEB_SEARCH);
    priced.ok().map(|priced| priced.amount)
}
