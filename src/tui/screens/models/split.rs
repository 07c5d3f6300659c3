//! What a charge is made of: prompt on the one side, answer on the other.
//!
//! The sums say what calls cost together, not what of it is for which tokens. Calls that were all
//! charged by one price row are told by arithmetic: where their tokens at its rates are their cost
//! to the last pico-dollar, so they were charged. Where no row says so (several terms in one
//! session, a price that changed, a call without a price), the calls are read one by one.

use std::collections::HashMap;

use crate::ledger::{ChargedBy, Totals};
use crate::model::money::{PICO_PER_USD, div_half_even};
use crate::model::{TokenUsage, UsdTotal};
use crate::pricing::{AuditRow, TokenClass};

/// The factor of list price.
const ONE: u32 = 1_000_000;

/// Web searches cost a cent, and are neither prompt nor answer.
const SEARCH: i128 = PICO_PER_USD as i128 / 100;

/// The price rows of a ledger.
#[derive(Debug, Default)]
pub(super) struct Rows {
    by_number: HashMap<i64, Rates>,
    by_model: HashMap<String, Vec<Rates>>,
}

/// Pico-dollars for a token of each class of [`TokenClass::ALL`].
type Rates = [Option<i128>; TokenClass::ALL.len()];

/// What prompts and answers cost, in millionths of a pico-dollar: a factor of parts per million
/// leaves no rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    prompt: i128,
    prompt_tokens: u64,
    answer: i128,
    answer_tokens: u64,
}

impl Rows {
    pub(super) fn new(rows: Vec<(i64, String)>) -> Self {
        let mut all = Self::default();
        for (number, json) in rows {
            let Ok(row) = serde_json::from_str::<AuditRow>(&json) else { continue };
            let rates = TokenClass::ALL
                .map(|class| row.rate_per_token(class).map(|rate| i128::from(rate.0)));
            all.by_number.insert(number, rates);
            let of_model = all.by_model.entry(row.model).or_default();
            if !of_model.contains(&rates) {
                of_model.push(rates);
            }
        }
        all
    }

    /// What these calls of a model are made of, if one row tells.
    pub(super) fn explain(&self, model: &str, totals: &Totals) -> Option<Split> {
        if totals.unpriced_calls > 0 {
            return None;
        }
        let searches = i128::from(totals.usage.web_search_requests) * SEARCH;
        self.by_model.get(model)?.iter().find_map(|rates| {
            let split = Split::of(rates, &totals.usage, ONE)?;
            let tokens = split.prompt + split.answer;
            let is_it = tokens == (totals.cost.0 - searches) * i128::from(ONE);
            is_it.then_some(split)
        })
    }

    /// What one call is made of.
    pub(super) fn of_call(&self, call: &ChargedBy) -> Option<Split> {
        Split::of(self.by_number.get(&call.price_row)?, &call.usage, call.multiplier_ppm)
    }
}

impl Split {
    fn of(rates: &Rates, usage: &TokenUsage, multiplier_ppm: u32) -> Option<Self> {
        let mut split = Self {
            prompt_tokens: usage.prompt_tokens(),
            answer_tokens: usage.output_tokens,
            ..Self::default()
        };
        let input = TokenClass::ALL.iter().position(|class| *class == TokenClass::Input)?;
        for (class, rate) in TokenClass::ALL.into_iter().zip(rates) {
            let tokens = i128::from(class.count(usage));
            let is_answer = class == TokenClass::Output;
            // A vendor without a cheaper cache bills it as input.
            let rate = if is_answer { *rate } else { rate.or(rates[input]) };
            let cost = if tokens == 0 { 0 } else { tokens * rate? * i128::from(multiplier_ppm) };
            *if is_answer { &mut split.answer } else { &mut split.prompt } += cost;
        }
        Some(split)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.prompt += other.prompt;
        self.answer += other.answer;
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.answer_tokens = self.answer_tokens.saturating_add(other.answer_tokens);
    }

    /// What a million tokens of prompts cost on average, whatever of them the cache held.
    pub(super) fn price_in(&self) -> Option<UsdTotal> {
        per_million(self.prompt, self.prompt_tokens)
    }

    /// What a million tokens of answers cost on average.
    pub(super) fn price_out(&self) -> Option<UsdTotal> {
        per_million(self.answer, self.answer_tokens)
    }
}

/// Millionths of a pico-dollar a token are pico-dollars a million tokens.
fn per_million(cost: i128, tokens: u64) -> Option<UsdTotal> {
    (tokens > 0).then(|| UsdTotal(div_half_even(cost, i128::from(tokens))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::money_fixed;

    fn rows() -> Rows {
        let row = |input: &str, output: &str, read: &str| {
            format!(
                r#"{{"model":"m","input":"{input}","output":"{output}","cache_read":"{read}"}}"#
            )
        };
        Rows::new(vec![(7, row("4", "20", "0.2")), (8, row("8", "40", "0.4"))])
    }

    fn usage(input: u64, read: u64, output: u64) -> TokenUsage {
        TokenUsage {
            input_tokens: input,
            cache_read_input_tokens: read,
            output_tokens: output,
            ..TokenUsage::default()
        }
    }

    fn totals(usage: TokenUsage, pico: i128) -> Totals {
        Totals { calls: 2, usage, cost: UsdTotal(pico), ..Totals::default() }
    }

    #[test]
    fn one_row_tells_where_it_comes_to_the_very_cost() {
        // 1000 at $4, 9000 at $0.20 and 500 at $20 a million: $0.004 + $0.0018 + $0.01.
        let usage = usage(1000, 9000, 500);
        let split = rows().explain("m", &totals(usage, 15_800_000_000)).unwrap();
        assert_eq!(split.price_in().map(|price| money_fixed(price, 4)).unwrap(), "$0.5800");
        assert_eq!(split.price_out().map(|price| money_fixed(price, 2)).unwrap(), "$20.00");
        let doubled = rows().explain("m", &totals(usage, 31_600_000_000)).unwrap();
        assert_eq!(doubled.price_out().map(|price| money_fixed(price, 2)).unwrap(), "$40.00");
        // A pico-dollar more, and it was charged in another way.
        assert_eq!(rows().explain("m", &totals(usage, 15_800_000_001)), None);
        assert_eq!(rows().explain("other", &totals(usage, 15_800_000_000)), None);
        // A search costs a cent beside.
        let searched = TokenUsage { web_search_requests: 3, ..usage };
        assert_eq!(rows().explain("m", &totals(searched, 45_800_000_000)), Some(split));
        let unpriced = Totals { unpriced_calls: 1, ..totals(usage, 15_800_000_000) };
        assert_eq!(rows().explain("m", &unpriced), None);
    }

    #[test]
    fn a_call_is_split_by_its_own_row_and_factor() {
        let call = ChargedBy { price_row: 8, multiplier_ppm: 1_100_000, usage: usage(1000, 0, 10) };
        let split = rows().of_call(&call).unwrap();
        assert_eq!(split.price_in().map(|price| money_fixed(price, 2)).unwrap(), "$8.80");
        assert_eq!(split.price_out().map(|price| money_fixed(price, 2)).unwrap(), "$44.00");
        assert_eq!(rows().of_call(&ChargedBy { price_row: 9, ..call }), None);
        // A class that the row has no rate for: a cache is billed as input, an answer is not.
        let cached = TokenUsage { cache_creation_1h_input_tokens: 10, ..TokenUsage::default() };
        let split = rows().of_call(&ChargedBy { usage: cached, ..call }).unwrap();
        assert_eq!(split.price_in().map(|price| money_fixed(price, 2)).unwrap(), "$8.80");
        assert_eq!(split.price_out(), None);
    }
}
