//! What a model is for, by the vendors' own naming.

use serde::{Deserialize, Serialize};

/// A rough class of models, for reports that ask whether the dear ones were needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Small and cheap: Haiku, mini, nano, Flash, Luna.
    Routine,
    /// The everyday large model: Sonnet, Terra, Sol, a plain GPT-5.x, Gemini Pro.
    Quality,
    /// The dearest class: Opus, Fable, Mythos, Astra, the o-series, GPT Pro, Argon.
    Reasoning,
}

impl Tier {
    /// The tier of a canonical model id. The price build has the same rule; a test compares them.
    pub fn of(model: &str) -> Self {
        let has = |words: &[&str]| model.split(['-', '.']).any(|word| words.contains(&word));
        if has(&["haiku", "mini", "nano", "flash", "luna", "lite"]) || model.starts_with("gpt-3.5")
        {
            return Self::Routine;
        }
        let o_series = matches!(model.as_bytes(), [b'o', digit, ..] if digit.is_ascii_digit());
        if has(&["opus", "fable", "mythos", "astra", "argon", "cyber", "rosalind", "research"])
            || o_series
            || (model.starts_with("gpt-") && has(&["pro"]))
        {
            return Self::Reasoning;
        }
        Self::Quality
    }
}
