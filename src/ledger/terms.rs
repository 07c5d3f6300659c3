//! What records say of a call's use and price: the part that all rows of a call have in common.

use std::sync::Arc;

use super::tools::Tools;
use crate::model::{Call, Millis, PicoUsd, Qualifiers, Speed, TokenUsage};

/// The terms of a call, as the records of one place or of all places tell them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Terms {
    pub model: Option<Arc<str>>,
    /// The earliest record.
    pub at: Millis,
    pub usage: TokenUsage,
    pub qualifiers: Qualifiers,
    pub reported_cost: Option<PicoUsd>,
    /// Some record was the response's last.
    pub is_final: bool,
    /// The tools that it asked for.
    pub tools: Tools,
}

/// Terms as the database keeps them: time, final, counts, longest prompt, qualifiers, reported
/// cost, model.
type Stored<T> = (i64, bool, [u64; 7], u64, i64, Option<i64>, Option<T>);
/// The same and tools, where there are any. The time stays first: queries read it.
type WithTools<T, B> = (i64, bool, [u64; 7], u64, i64, Option<i64>, Option<T>, B);

impl Terms {
    pub(super) fn of(call: &Call) -> Self {
        Self {
            model: call.model.clone(),
            at: call.timestamp,
            usage: call.usage,
            qualifiers: call.qualifiers,
            reported_cost: call.reported_cost,
            is_final: call.is_final,
            tools: Tools::default(),
        }
    }

    /// Takes in another record of the call: the fuller usage wins whole, the earliest time and
    /// the most searches stay. Tells whether the other's usage won.
    pub(super) fn absorb(&mut self, other: &Self) -> bool {
        let fuller = other.fullness() > self.fullness();
        if fuller {
            let before = std::mem::replace(self, other.clone());
            self.take_in_the_rest(&before);
        } else {
            self.take_in_the_rest(other);
        }
        fuller
    }

    /// Takes in what another record adds whose usage is not the bill.
    pub(super) fn take_in_the_rest(&mut self, other: &Self) {
        self.at = self.at.min(other.at);
        self.usage.web_search_requests =
            self.usage.web_search_requests.max(other.usage.web_search_requests);
        self.is_final |= other.is_final;
        self.tools.extend(&other.tools);
    }

    /// Which of two usages of one call is the bill: output first, it only grows. After what is
    /// known to tell, anything fixed will do, so that equals are equal.
    pub(super) fn fullness(&self) -> impl Ord + use<'_> {
        let usage = &self.usage;
        (
            (usage.output_tokens, usage.total_tokens(), self.is_final),
            self.qualifiers.speed != Speed::Standard,
            (usage.cache_creation_1h_input_tokens, usage.cache_creation_5m_input_tokens),
            (usage.cache_read_input_tokens, usage.reasoning_output_tokens),
            (self.qualifiers.to_bits(), self.qualifiers.longest_prompt),
            (self.reported_cost, self.model.as_deref()),
        )
    }

    pub(super) fn to_text(&self) -> Option<String> {
        let usage = &self.usage;
        let stored: Stored<&str> = (
            self.at.0,
            self.is_final,
            [
                usage.input_tokens,
                usage.output_tokens,
                usage.cache_read_input_tokens,
                usage.cache_creation_5m_input_tokens,
                usage.cache_creation_1h_input_tokens,
                usage.web_search_requests,
                usage.reasoning_output_tokens,
            ],
            self.qualifiers.longest_prompt,
            self.qualifiers.to_bits(),
            self.reported_cost.map(|amount| amount.0),
            self.model.as_deref(),
        );
        match self.tools.to_bytes(self.at) {
            None => serde_json::to_string(&stored).ok(),
            Some(tools) => {
                let (at, is_final, counts, longest, qualifiers, reported, model) = stored;
                let stored: WithTools<_, _> =
                    (at, is_final, counts, longest, qualifiers, reported, model, tools);
                serde_json::to_string(&stored).ok()
            }
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut tools = Vec::new();
        let stored: Stored<Arc<str>> = if let Ok(stored) = serde_json::from_str(text) {
            stored
        } else {
            let stored: WithTools<_, _> = serde_json::from_str(text).ok()?;
            tools = stored.7;
            (stored.0, stored.1, stored.2, stored.3, stored.4, stored.5, stored.6)
        };
        let (at, is_final, counts, longest_prompt, qualifiers, reported_cost, model) = stored;
        let [input, output, read, five_minutes, one_hour, searches, reasoning] = counts;
        Some(Self {
            model,
            at: Millis(at),
            usage: TokenUsage {
                input_tokens: input,
                output_tokens: output,
                cache_read_input_tokens: read,
                cache_creation_5m_input_tokens: five_minutes,
                cache_creation_1h_input_tokens: one_hour,
                web_search_requests: searches,
                reasoning_output_tokens: reasoning,
            },
            qualifiers: Qualifiers { longest_prompt, ..Qualifiers::from_bits(qualifiers) },
            reported_cost: reported_cost.map(PicoUsd),
            is_final,
            tools: Tools::from_bytes(&tools, Millis(at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tools::Tool;

    #[test]
    fn text_and_back() {
        let mut tools = Tools::default();
        tools.insert(Tool { id: 6, at: Millis(90), call: 7, spawns: true });
        let terms = Terms {
            tools: tools.clone(),
            model: Some("claude-\"opus\"".into()),
            at: Millis(-5),
            usage: TokenUsage {
                input_tokens: 1,
                output_tokens: 2,
                cache_read_input_tokens: 3,
                cache_creation_5m_input_tokens: 4,
                cache_creation_1h_input_tokens: u64::MAX,
                web_search_requests: 6,
                reasoning_output_tokens: 7,
            },
            qualifiers: Qualifiers { longest_prompt: 8, ..Qualifiers::from_bits(0o1_1101) },
            reported_cost: Some(PicoUsd(9)),
            is_final: true,
        };
        assert_eq!(Terms::from_text(&terms.to_text().unwrap()), Some(terms.clone()));
        let without = Terms { tools: Tools::default(), ..terms };
        assert_eq!(Terms::from_text(&without.to_text().unwrap()), Some(without));
        assert_eq!(Terms::from_text("[]"), None);
    }
}
