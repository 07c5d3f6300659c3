//! `OpenCode`'s token counts. Cached tokens are not in the input, and since early 2026 reasoning is
//! not in the output; older clients had it in both.

use super::record::Tokens;
use crate::model::TokenUsage;

/// The counts as they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub input: u64,
    pub output: u64,
    pub reasoning: u64,
    pub read: u64,
    pub write: u64,
    total: Option<u64>,
}

impl From<&Tokens> for Counts {
    fn from(tokens: &Tokens) -> Self {
        let cache = tokens.cache.0.unwrap_or_default();
        Self {
            input: tokens.input.or_zero(),
            output: tokens.output.or_zero(),
            reasoning: tokens.reasoning.or_zero(),
            read: cache.read.or_zero(),
            write: cache.write.or_zero(),
            total: tokens.total.0,
        }
    }
}

impl Counts {
    /// The step has not ended: no call has been told yet.
    pub(super) fn is_nothing(&self) -> bool {
        (self.input, self.output, self.reasoning, self.read, self.write) == (0, 0, 0, 0, 0)
    }

    /// In classes that do not overlap, and whether that rests on an assumption: the time that writes
    /// are kept for is never told, and where reasoning is may not be.
    pub(super) fn usage(&self, reasoning_is_apart: bool) -> (TokenUsage, bool) {
        let without = [self.input, self.output, self.read, self.write];
        let without = without.into_iter().fold(0, u64::saturating_add);
        let is_inside = self.total == Some(without);
        let is_told = self.reasoning == 0 || reasoning_is_apart || self.total.is_some();
        let apart = if is_inside && !reasoning_is_apart { 0 } else { self.reasoning };
        let usage = TokenUsage {
            input_tokens: self.input,
            output_tokens: self.output.saturating_add(apart),
            cache_read_input_tokens: self.read,
            cache_creation_5m_input_tokens: self.write,
            reasoning_output_tokens: self.reasoning,
            ..TokenUsage::default()
        };
        (usage, self.write > 0 || !is_told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str, reasoning_is_apart: bool) -> (TokenUsage, bool) {
        Counts::from(&serde_json::from_str::<Tokens>(text).unwrap()).usage(reasoning_is_apart)
    }

    #[test]
    fn the_classes_are_disjoint_and_add_up_to_the_total() {
        let text = r#"{"total":1500,"input":100,"output":50,"reasoning":450,
            "cache":{"read":600,"write":300}}"#;
        let (told, assumed) = usage(text, false);
        assert_eq!((told.input_tokens, told.output_tokens), (100, 500));
        assert_eq!(told.cache_read_input_tokens, 600);
        assert_eq!(told.cache_creation_5m_input_tokens, 300);
        assert_eq!((told.reasoning_output_tokens, told.total_tokens()), (450, 1500));
        assert!(assumed, "how long writes are kept");
    }

    #[test]
    fn the_total_tells_whether_the_output_has_the_reasoning() {
        let output = |text, apart| {
            let (usage, assumed) = usage(text, apart);
            (usage.output_tokens, assumed)
        };
        assert_eq!(
            output(r#"{"total":60,"input":10,"output":50,"reasoning":40}"#, false),
            (50, false)
        );
        assert_eq!(
            output(r#"{"total":100,"input":10,"output":50,"reasoning":40}"#, false),
            (90, false)
        );
        assert_eq!(output(r#"{"input":10,"output":50,"reasoning":40}"#, false), (90, true));
        assert_eq!(output(r#"{"input":10,"output":50,"reasoning":0}"#, false), (50, false));
        // Of version 2 it never has.
        assert_eq!(output(r#"{"input":10,"output":50,"reasoning":40}"#, true), (90, false));
    }

    #[test]
    fn nonsense_does_not_overflow() {
        let text =
            r#"{"input":1e30,"output":"9223372036854775807","reasoning":9e18,"cache":{"read":-5}}"#;
        let (told, _) = usage(text, false);
        assert!(!told.is_plausible());
        assert_eq!(told.cache_read_input_tokens, 0);
    }
}
