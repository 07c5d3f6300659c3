//! OpenAI's token counts: cached and written tokens are part of the input, reasoning of the output.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::agents::json::Count;
use crate::model::TokenUsage;

/// The counts of one request, or of a thread so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub input: u64,
    pub cached: u64,
    pub written: u64,
    pub output: u64,
    pub reasoning: u64,
    pub total: u64,
}

/// As a rollout has them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(rename = "input_tokens")]
    input: Count,
    #[serde(rename = "cached_input_tokens")]
    cached: Count,
    #[serde(rename = "cache_write_input_tokens")]
    written: Count,
    #[serde(rename = "output_tokens")]
    output: Count,
    #[serde(rename = "reasoning_output_tokens")]
    reasoning: Count,
    #[serde(rename = "total_tokens")]
    total: Count,
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let (input, output) = (fields.input.or_zero(), fields.output.or_zero());
        Ok(Self {
            input,
            cached: fields.cached.or_zero(),
            written: fields.written.or_zero(),
            output,
            reasoning: fields.reasoning.or_zero(),
            total: fields.total.0.unwrap_or_else(|| input.saturating_add(output)),
        })
    }
}

/// In a saved state: short, and told from what a rollout has by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Saved(pub Tokens);

impl Serialize for Saved {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Tokens { input, cached, written, output, reasoning, total } = self.0;
        [input, cached, written, output, reasoning, total].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Saved {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [input, cached, written, output, reasoning, total] = <_>::deserialize(deserializer)?;
        Ok(Self(Tokens { input, cached, written, output, reasoning, total }))
    }
}

impl Tokens {
    /// Nothing was billed: a client's own estimate has a total alone.
    pub(super) fn is_nothing(&self) -> bool {
        (self.input, self.cached, self.written, self.output) == (0, 0, 0, 0)
    }

    /// What came on top of an earlier total; none where something is less than before.
    pub(super) fn since(&self, before: &Self) -> Option<Self> {
        Some(Self {
            input: self.input.checked_sub(before.input)?,
            cached: self.cached.checked_sub(before.cached)?,
            written: self.written.checked_sub(before.written)?,
            output: self.output.checked_sub(before.output)?,
            reasoning: self.reasoning.saturating_sub(before.reasoning),
            total: self.total.checked_sub(before.total)?,
        })
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            written: self.written.saturating_add(other.written),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            total: self.total.saturating_add(other.total),
        }
    }

    /// Taken apart into classes that do not overlap, and whether that rests on an assumption: the
    /// time that writes are kept for is not told, and more may be cached than was sent.
    pub(super) fn usage(&self) -> (TokenUsage, bool) {
        let from_cache = self.cached.saturating_add(self.written);
        let usage = TokenUsage {
            input_tokens: self.input.saturating_sub(from_cache),
            output_tokens: self.output,
            cache_read_input_tokens: self.cached,
            cache_creation_5m_input_tokens: self.written,
            reasoning_output_tokens: self.reasoning,
            ..TokenUsage::default()
        };
        (usage, self.written > 0 || from_cache > self.input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_are_disjoint_and_add_up_to_the_total() {
        let text = r#"{"input_tokens":1000,"cached_input_tokens":600,"cache_write_input_tokens":300,
            "output_tokens":500,"reasoning_output_tokens":450,"total_tokens":1500}"#;
        let tokens: Tokens = serde_json::from_str(text).unwrap();
        let (usage, assumed) = tokens.usage();
        assert_eq!(usage.input_tokens, 100);
        assert_eq!(usage.cache_read_input_tokens, 600);
        assert_eq!(usage.cache_creation_5m_input_tokens, 300);
        assert_eq!((usage.output_tokens, usage.reasoning_output_tokens), (500, 450));
        assert_eq!((usage.total_tokens(), usage.prompt_tokens()), (tokens.total, tokens.input));
        assert!(assumed);
        let saved = serde_json::to_string(&Saved(tokens)).unwrap();
        assert_eq!(serde_json::from_str::<Saved>(&saved).unwrap().0, tokens);
    }

    #[test]
    fn more_cached_than_sent_is_not_less_than_nothing() {
        let tokens = Tokens { input: 10, cached: 20, output: 1, total: 11, ..Tokens::default() };
        let (usage, assumed) = tokens.usage();
        assert_eq!((usage.input_tokens, usage.cache_read_input_tokens), (0, 20));
        assert!(assumed);
    }
}
