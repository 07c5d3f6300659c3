//! The arithmetic of one charge: integers from end to end.

use crate::model::money::{PICO_PER_USD, div_half_even};
use crate::model::{PicoUsd, TokenUsage, UnpricedReason};

use super::row::{Rates, TokenClass};

/// List price, in parts per million.
pub(super) const ONE: u32 = 1_000_000;

/// A web search costs one cent, whatever the model, tier or region.
pub(super) const WEB_SEARCH: i64 = PICO_PER_USD / 100;

/// What a class that the row has no rate for costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nobody knows: the call stays unpriced.
    Unknown,
    /// The vendor sells no cheaper cache there: cached tokens are plain input.
    AsInput,
}

/// An amount, and whether a rate had to be assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) amount: PicoUsd,
    pub(super) assumed: bool,
}

/// Tokens at their rates times the multiplier, plus the searches; rounded once, half to even.
pub(super) fn amount(
    rates: &Rates,
    usage: &TokenUsage,
    missing: Missing,
    multiplier_ppm: u32,
    search_price: i64,
) -> Result<Amount, UnpricedReason> {
    let mut tokens: i128 = 0;
    let mut assumed = false;
    for class in TokenClass::ALL {
        let count = class.count(usage);
        if count == 0 {
            continue;
        }
        let rate = match (rates.get(class), missing) {
            (Some(rate), _) => rate,
            (None, Missing::AsInput) if class != TokenClass::Output => {
                assumed = true;
                rates.input.ok_or(UnpricedReason::NoRateForClass)?
            }
            (None, _) => return Err(UnpricedReason::NoRateForClass),
        };
        // At most 2^64 tokens at 2^31 pico-dollars: five classes and the multiplier fit i128.
        tokens += i128::from(count) * i128::from(rate.0);
    }
    let scaled = match multiplier_ppm {
        ONE => tokens,
        ppm => div_half_even(tokens * i128::from(ppm), i128::from(ONE)),
    };
    let searches = i128::from(usage.web_search_requests) * i128::from(search_price);
    let total = i64::try_from(scaled + searches).map_err(|_| UnpricedReason::OutOfRange)?;
    Ok(Amount { amount: PicoUsd(total), assumed })
}
