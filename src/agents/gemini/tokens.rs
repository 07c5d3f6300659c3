//! Gemini's token counts: cached tokens are part of the input, what tools put into the prompt and
//! what the model thought are part of nothing else.

use serde::Deserialize;

use crate::agents::json::Count;
use crate::model::TokenUsage;

/// The counts of one answer, as a chat has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    pub input: Count,
    pub output: Count,
    pub cached: Count,
    pub thoughts: Count,
    pub tool: Count,
}

impl Tokens {
    /// Nothing was billed (yet).
    pub(super) fn is_nothing(&self) -> bool {
        let counts = [self.input, self.output, self.cached, self.thoughts, self.tool];
        counts.iter().all(|count| count.or_zero() == 0)
    }

    /// Taken apart into classes that do not overlap, and whether that rests on an assumption: more
    /// may be cached than was sent.
    pub(super) fn usage(&self) -> (TokenUsage, bool) {
        let prompt = self.input.plus(self.tool);
        let cached = self.cached.or_zero();
        let usage = TokenUsage {
            input_tokens: prompt.saturating_sub(cached),
            output_tokens: self.output.plus(self.thoughts),
            cache_read_input_tokens: cached,
            reasoning_output_tokens: self.thoughts.or_zero(),
            ..TokenUsage::default()
        };
        (usage, cached > prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> (TokenUsage, bool) {
        serde_json::from_str::<Tokens>(text).unwrap().usage()
    }

    #[test]
    fn the_classes_are_disjoint_and_add_up_to_the_total() {
        let (usage, assumed) =
            usage(r#"{"input":900,"cached":600,"output":50,"thoughts":30,"tool":20,"total":1000}"#);
        assert_eq!((usage.input_tokens, usage.cache_read_input_tokens), (320, 600));
        assert_eq!((usage.output_tokens, usage.reasoning_output_tokens), (80, 30));
        assert_eq!((usage.total_tokens(), assumed), (1000, false));
    }

    #[test]
    fn counts_that_cannot_be() {
        let (more_cached, assumed) = usage(r#"{"input":10,"cached":20}"#);
        assert_eq!((more_cached.input_tokens, more_cached.cache_read_input_tokens), (0, 20));
        assert!(assumed);
        let (huge, _) = usage(r#"{"input":1e30,"tool":1e30,"output":"9e18","thoughts":9e18}"#);
        assert_eq!(huge.input_tokens, Count::MAX);
        assert_eq!(huge.output_tokens, Count::MAX);
        assert!(serde_json::from_str::<Tokens>(r#"{"input":0,"total":7}"#).unwrap().is_nothing());
    }
}
