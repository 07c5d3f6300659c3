//! One model call as a transcript tells it.

use std::sync::Arc;

use super::{AgentId, CallId, Millis, PicoUsd, TokenUsage};

/// One billed answer of a model, as one record of a transcript shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which provider response this is.
    pub call_id: CallId,
    /// Which part of the response.
    pub kind: CallKind,
    /// Who wrote the transcript.
    pub agent: AgentId,
    /// The agent's session; a subagent carries its parent's.
    pub session_id: Arc<str>,
    /// The subagent within the session, if any.
    pub agent_id: Option<Arc<str>>,
    /// The model name that the provider returned.
    pub model: Option<Arc<str>>,
    /// When the record says the answer came.
    pub timestamp: Millis,
    /// What was used.
    pub usage: TokenUsage,
    /// What else decides the price.
    pub qualifiers: Qualifiers,
    /// Working directory.
    pub cwd: Option<Arc<str>>,
    /// The repository (or else the folder) that the working directory is in.
    pub project: Option<Arc<str>>,
    /// Git branch, empty outside a repository.
    pub git_branch: Option<Arc<str>>,
    /// The last usage of the response has been seen; without it the counts are a lower bound.
    pub is_final: bool,
    /// The record is in a side thread (a subagent, an aside).
    pub is_sidechain: bool,
    /// The record is an echo in another thread's file of a line that has a file of its own.
    pub is_echo: bool,
    /// The session is a background copy of another one.
    pub is_background: bool,
    /// What the agent itself says the call cost.
    pub reported_cost: Option<PicoUsd>,
    /// Byte offset of the record in its file; in a database, the table and row.
    pub offset: u64,
}

/// Which part of a provider response a call is. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
    /// The answer itself.
    #[default]
    Message = 0,
    /// A second model consulted on the provider's side (`advisor_message`).
    Advisor = 1,
    /// An attempt that another model declined before this one answered.
    FallbackAttempt = 2,
    /// A server-side compaction of the context.
    Compaction = 3,
}

/// What decides the price beside model, date and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Qualifiers {
    /// `usage.speed`.
    pub speed: Speed,
    /// `usage.service_tier`.
    pub service_tier: ServiceTier,
    /// `usage.inference_geo`.
    pub inference_geo: Geo,
    /// Whether and how the model refused.
    pub refusal: Refusal,
    /// The cache write counts came without their five-minute and one-hour split, or a part's
    /// counts are ambiguous: the price rests on an assumption.
    pub assumed: bool,
    /// A fallback credit was redeemed: the list price is an upper bound.
    pub credited: bool,
    /// Length in tokens of the longest single prompt in the response, where the counts above are
    /// sums over several; selects the price band. Zero: the prompt length of the usage.
    pub longest_prompt: u64,
}

/// `usage.speed`. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Speed {
    /// `standard`, or not said.
    #[default]
    Standard = 0,
    /// `fast`.
    Fast = 1,
    /// A word this version does not know: not priced, rather than priced wrong.
    Other = 2,
}

/// `usage.service_tier`. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ServiceTier {
    /// `standard`, `default`, or not said.
    #[default]
    Standard = 0,
    /// `batch`.
    Batch = 1,
    /// `priority`: committed capacity at a contract price (Anthropic), dearer and faster (others).
    Priority = 2,
    /// `flex`.
    Flex = 3,
    /// `ultrafast`.
    Ultrafast = 4,
    /// A word this version does not know.
    Other = 5,
}

/// `usage.inference_geo`. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Geo {
    /// `not_available`, or not said.
    #[default]
    Unstated = 0,
    /// `global`.
    Global = 1,
    /// `us`: inference kept in the United States.
    Us = 2,
    /// Another region.
    Other = 3,
}

/// A refusal, by what it costs. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The model answered.
    #[default]
    None = 0,
    /// `stop_reason: "refusal"` in a category that is not billed, or none.
    Unbilled = 1,
    /// A category billed even without output since 2026-09-24: `bio`, `frontier_llm`,
    /// `reasoning_extraction`.
    Billed = 2,
}

impl CallKind {
    /// The kind that a stored number stands for.
    pub const fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Advisor,
            2 => Self::FallbackAttempt,
            3 => Self::Compaction,
            _ => Self::Message,
        }
    }
}

impl Qualifiers {
    /// Everything but `longest_prompt` in one integer, three bits each.
    pub const fn to_bits(self) -> i64 {
        self.speed as i64
            | (self.service_tier as i64) << 3
            | (self.inference_geo as i64) << 6
            | (self.refusal as i64) << 9
            | (self.assumed as i64) << 12
            | (self.credited as i64) << 13
    }

    /// The inverse of [`Qualifiers::to_bits`].
    pub const fn from_bits(bits: i64) -> Self {
        Self {
            speed: match bits & 7 {
                0 => Speed::Standard,
                1 => Speed::Fast,
                _ => Speed::Other,
            },
            service_tier: match bits >> 3 & 7 {
                0 => ServiceTier::Standard,
                1 => ServiceTier::Batch,
                2 => ServiceTier::Priority,
                3 => ServiceTier::Flex,
                4 => ServiceTier::Ultrafast,
                _ => ServiceTier::Other,
            },
            inference_geo: match bits >> 6 & 7 {
                0 => Geo::Unstated,
                1 => Geo::Global,
                2 => Geo::Us,
                _ => Geo::Other,
            },
            refusal: match bits >> 9 & 7 {
                0 => Refusal::None,
                1 => Refusal::Unbilled,
                _ => Refusal::Billed,
            },
            assumed: bits >> 12 & 1 == 1,
            credited: bits >> 13 & 1 == 1,
            longest_prompt: 0,
        }
    }
}

impl Call {
    /// A call of which no more is told than whose it is, session and subagent, and what was used: it
    /// is final.
    pub fn told(
        agent: AgentId,
        (session_id, agent_id): (Arc<str>, Option<Arc<str>>),
        call_id: CallId,
        timestamp: Millis,
        usage: TokenUsage,
    ) -> Self {
        Self {
            call_id,
            kind: CallKind::Message,
            agent,
            session_id,
            is_sidechain: agent_id.is_some(),
            agent_id,
            model: None,
            timestamp,
            usage,
            qualifiers: Qualifiers::default(),
            cwd: None,
            project: None,
            git_branch: None,
            is_final: true,
            is_echo: false,
            is_background: false,
            reported_cost: None,
            offset: 0,
        }
    }

    /// Length in tokens of the prompt that selects the price band.
    pub fn band_prompt_tokens(&self) -> u64 {
        match self.qualifiers.longest_prompt {
            0 => self.usage.prompt_tokens(),
            longest => longest,
        }
    }
}
