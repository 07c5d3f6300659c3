//! Token counts of one model call, in disjoint classes.

/// Tokens (and searches) of one call. The classes do not overlap: an adapter whose provider
/// reports cached tokens inside the input takes them apart first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenUsage {
    /// Input tokens that were neither read from nor written to a cache.
    pub input_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
    /// Input tokens read from the prompt cache.
    pub cache_read_input_tokens: u64,
    /// Input tokens written to the cache for five minutes (or the provider's only write class).
    pub cache_creation_5m_input_tokens: u64,
    /// Input tokens written to the cache for one hour.
    pub cache_creation_1h_input_tokens: u64,
    /// Searches the provider ran on its side, billed each.
    pub web_search_requests: u64,
    /// Reasoning tokens; informational, already inside `output_tokens`.
    pub reasoning_output_tokens: u64,
}

impl TokenUsage {
    /// Above this many tokens of one class a call is implausible: kept and shown, but a corrupt
    /// line must not stop anybody's work.
    pub const PLAUSIBLE_TOKENS: u64 = 20_000_000;

    /// Everything sent to the model: the length that selects a price band.
    pub fn prompt_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_input_tokens)
            .saturating_add(self.cache_creation_input_tokens())
    }

    /// Both cache write classes.
    pub fn cache_creation_input_tokens(&self) -> u64 {
        self.cache_creation_5m_input_tokens.saturating_add(self.cache_creation_1h_input_tokens)
    }

    /// The four-field total by which peers (and the tie rule of two snapshots) compare usages.
    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens().saturating_add(self.output_tokens)
    }

    /// No class is beyond what one call can use.
    pub fn is_plausible(&self) -> bool {
        [
            self.input_tokens,
            self.output_tokens,
            self.cache_read_input_tokens,
            self.cache_creation_5m_input_tokens,
            self.cache_creation_1h_input_tokens,
            self.web_search_requests,
        ]
        .iter()
        .all(|&count| count <= Self::PLAUSIBLE_TOKENS)
    }
}
