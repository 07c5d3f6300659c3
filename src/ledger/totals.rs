//! Sums of calls.

use std::ops::AddAssign;

use crate::model::{PicoUsd, TokenUsage, UsdTotal};

/// What a set of calls comes to. Token sums saturate, money cannot overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// Distinct calls.
    pub calls: u64,
    /// Tokens and searches by class.
    pub usage: TokenUsage,
    /// Sum of what is priced.
    pub cost: UsdTotal,
    /// Calls without a price: the cost is a floor.
    pub unpriced_calls: u64,
    /// Calls whose last usage was never seen: counts and cost are a floor.
    pub not_final_calls: u64,
}

impl Totals {
    /// One call.
    pub fn of_call(usage: TokenUsage, amount: Option<PicoUsd>, is_final: bool) -> Self {
        Self {
            calls: 1,
            usage,
            cost: amount.map_or(UsdTotal::ZERO, UsdTotal::from),
            unpriced_calls: u64::from(amount.is_none()),
            not_final_calls: u64::from(!is_final),
        }
    }

    /// The cost is at least this, not exactly this.
    pub fn is_floor(&self) -> bool {
        self.unpriced_calls > 0 || self.not_final_calls > 0
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.unpriced_calls += other.unpriced_calls;
        self.not_final_calls += other.not_final_calls;
        self.cost += other.cost;
        let (sum, more) = (&mut self.usage, &other.usage);
        for (sum, more) in [
            (&mut sum.input_tokens, more.input_tokens),
            (&mut sum.output_tokens, more.output_tokens),
            (&mut sum.cache_read_input_tokens, more.cache_read_input_tokens),
            (&mut sum.cache_creation_5m_input_tokens, more.cache_creation_5m_input_tokens),
            (&mut sum.cache_creation_1h_input_tokens, more.cache_creation_1h_input_tokens),
            (&mut sum.web_search_requests, more.web_search_requests),
            (&mut sum.reasoning_output_tokens, more.reasoning_output_tokens),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}
