//! `message.usage` becomes disjoint token counts, price qualifiers and separately billed parts.

use std::sync::Arc;

use super::quick;
use super::record::{CacheCreation, Iteration, Message, StopDetails, Usage};
use crate::agents::json::{Count, Object, Objects};
use crate::model::{CallKind, Geo, Qualifiers, Refusal, ServiceTier, Speed, TokenUsage};

/// The reason of an answer that the model refused.
pub(super) const REFUSAL: &str = "refusal";

/// Output counts below this in a declined attempt may be the stream's opening figure.
const OPENING_OUTPUT_TOKENS: u64 = 10;

/// One separately priced piece of a response.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    pub kind: CallKind,
    /// Index among the entries of its type.
    pub ordinal: usize,
    /// The model, where the part names one of its own.
    pub model: Option<Arc<str>>,
    pub usage: TokenUsage,
    pub qualifiers: Qualifiers,
}

/// The counts of a usage's top level, as they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub input: Count,
    pub output: Count,
    pub read: Count,
    pub written: Count,
    pub five_minutes: Count,
    pub one_hour: Count,
    pub searches: Count,
    pub thinking: Count,
}

impl Counts {
    pub(super) fn of(usage: &Usage<'_>) -> Self {
        let split = usage.cache_creation.0.unwrap_or_default();
        let tools = usage.server_tool_use.0.as_ref();
        let details = usage.output_tokens_details.0.as_ref();
        Self {
            input: usage.input_tokens,
            output: usage.output_tokens,
            read: usage.cache_read_input_tokens,
            written: usage.cache_creation_input_tokens,
            five_minutes: split.ephemeral_5m_input_tokens,
            one_hour: split.ephemeral_1h_input_tokens,
            searches: tools.map_or_else(Count::default, |tools| tools.web_search_requests),
            thinking: details.map_or_else(Count::default, |details| details.thinking_tokens),
        }
    }

    /// As disjoint counts. The flag tells that the split had to be assumed.
    pub(super) fn tokens(&self) -> (TokenUsage, bool) {
        let split = Object(Some(CacheCreation {
            ephemeral_5m_input_tokens: self.five_minutes,
            ephemeral_1h_input_tokens: self.one_hour,
        }));
        let (counts, assumed) =
            token_counts(self.input, self.output, self.read, self.written, &split);
        let counts = TokenUsage {
            web_search_requests: self.searches.or_zero(),
            reasoning_output_tokens: self.thinking.or_zero(),
            ..counts
        };
        (counts, assumed)
    }
}

/// The counts of the message itself, which is what the top level of `usage` holds.
pub(super) fn message_part(message: &Message<'_>, usage: &Usage<'_>) -> Part {
    let (counts, assumed) = Counts::of(usage).tokens();
    let refusal = if message.stop_reason.is(REFUSAL) && counts.output_tokens == 0 {
        refusal(&message.stop_details)
    } else {
        Refusal::None
    };
    let ambiguous_refusal =
        message.stop_reason.is(REFUSAL) && is_opening_figure(counts.output_tokens);
    Part {
        kind: CallKind::Message,
        ordinal: 0,
        model: None,
        usage: counts,
        qualifiers: Qualifiers {
            refusal,
            assumed: assumed || ambiguous_refusal,
            ..common_qualifiers(usage)
        },
    }
}

/// The provider took one step at most, so that the top level holds all there is to bill.
pub(super) fn is_one_step(iterations: &str) -> bool {
    let is_plain = |steps: Vec<Iteration<'_>>| match &steps[..] {
        [] => true,
        [step] => step.kind.is("message"),
        _ => false,
    };
    iterations.is_empty() || quick::iterations(iterations).is_some_and(is_plain)
}

/// The provider's own steps; read only for records that are no repeat.
pub(super) fn steps(iterations: &str) -> Option<Vec<Iteration<'_>>> {
    quick::iterations(iterations)
        .or_else(|| serde_json::from_str::<Objects<_>>(iterations).ok().map(|steps| steps.0))
}

/// The pieces that the top level leaves out: advisors, declined attempts, compactions.
pub(super) fn further_parts(
    message: &Message<'_>,
    usage: &Usage<'_>,
    entries: &[Iteration<'_>],
) -> Vec<Part> {
    let served_by_fallback = entries.iter().position(|entry| entry.kind.is("fallback_message"));
    let mut parts = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let kind = match entry.kind.as_deref() {
            Some("advisor_message") => CallKind::Advisor,
            Some("compaction") => CallKind::Compaction,
            Some("message") if served_by_fallback.is_some_and(|at| index < at) => {
                // Only another model's attempt is missing from the top level.
                match entry.model.non_empty() {
                    Some(model) if !message.model.is(model) => CallKind::FallbackAttempt,
                    _ => continue,
                }
            }
            _ => continue,
        };
        // Entries that are no part (yet) count too: an attempt must not take over the id of one
        // that has output only in a later snapshot.
        let ordinal = entries[..index].iter().filter(|earlier| earlier.kind == entry.kind).count();
        parts.extend(part_of(kind, ordinal, entry, usage));
    }
    parts
}

fn part_of(
    kind: CallKind,
    ordinal: usize,
    entry: &Iteration<'_>,
    usage: &Usage<'_>,
) -> Option<Part> {
    let (counts, mut assumed) = token_counts(
        entry.input_tokens,
        entry.output_tokens,
        entry.cache_read_input_tokens,
        entry.cache_creation_input_tokens,
        &entry.cache_creation,
    );
    if kind == CallKind::FallbackAttempt {
        if counts.output_tokens == 0 && refusal(&entry.stop_details) != Refusal::Billed {
            return None; // declined before any output: not billed
        }
        assumed |= is_opening_figure(counts.output_tokens);
    }
    let model = entry.model.non_empty().map(Arc::from);
    // An advisor is another model; where the entry does not say which, the request's is a guess.
    assumed |= kind == CallKind::Advisor && model.is_none();
    let refusal =
        if counts.output_tokens == 0 { refusal(&entry.stop_details) } else { Refusal::None };
    Some(Part {
        kind,
        ordinal,
        model,
        usage: counts,
        qualifiers: Qualifiers {
            refusal: if kind == CallKind::FallbackAttempt { refusal } else { Refusal::None },
            assumed,
            credited: false,
            ..common_qualifiers(usage)
        },
    })
}

/// Takes the flat cache write count apart. The flag tells that the split had to be assumed.
fn token_counts(
    input: Count,
    output: Count,
    read: Count,
    written: Count,
    split: &Object<CacheCreation>,
) -> (TokenUsage, bool) {
    let written = written.or_zero();
    let (five_minutes, one_hour) = split.0.map_or((0, 0), |split| {
        (split.ephemeral_5m_input_tokens.or_zero(), split.ephemeral_1h_input_tokens.or_zero())
    });
    // What the split leaves out is a five-minute write; a split larger than the flat count is
    // trusted.
    let rest = written.saturating_sub(five_minutes.saturating_add(one_hour));
    let counts = TokenUsage {
        input_tokens: input.or_zero(),
        output_tokens: output.or_zero(),
        cache_read_input_tokens: read.or_zero(),
        cache_creation_5m_input_tokens: five_minutes.saturating_add(rest).min(Count::MAX),
        cache_creation_1h_input_tokens: one_hour,
        ..TokenUsage::default()
    };
    (counts, rest > 0)
}

fn common_qualifiers(usage: &Usage<'_>) -> Qualifiers {
    Qualifiers {
        speed: match usage.speed.non_empty() {
            None | Some("standard") => Speed::Standard,
            Some("fast") => Speed::Fast,
            Some(_) => Speed::Other,
        },
        service_tier: match usage.service_tier.non_empty() {
            None | Some("standard" | "default") => ServiceTier::Standard,
            Some("batch") => ServiceTier::Batch,
            Some("priority") => ServiceTier::Priority,
            Some("flex") => ServiceTier::Flex,
            Some("ultrafast") => ServiceTier::Ultrafast,
            Some(_) => ServiceTier::Other,
        },
        inference_geo: match usage.inference_geo.non_empty() {
            None | Some("not_available") => Geo::Unstated,
            Some("global") => Geo::Global,
            Some("us") => Geo::Us,
            Some(_) => Geo::Other,
        },
        credited: usage
            .fallback_credit
            .0
            .as_ref()
            .and_then(|credit| credit.status.0.as_ref())
            .is_some_and(|status| status.kind.is("redeemed")),
        ..Qualifiers::default()
    }
}

/// The longest prompt where the top level sums several of the provider's own steps; zero where it
/// is one step.
pub(super) fn longest_prompt(message: &Message<'_>, steps: &[Iteration<'_>]) -> u64 {
    let steps = steps.iter().filter(|entry| {
        entry.kind.is("message")
            && entry.model.non_empty().is_none_or(|model| message.model.is(model))
    });
    let lengths: Vec<u64> = steps
        .map(|step| {
            step.input_tokens
                .or_zero()
                .saturating_add(step.cache_read_input_tokens.or_zero())
                .saturating_add(step.cache_creation_input_tokens.or_zero())
        })
        .collect();
    if lengths.len() < 2 { 0 } else { lengths.into_iter().max().unwrap_or(0).min(Count::MAX) }
}

fn is_opening_figure(output_tokens: u64) -> bool {
    (1..OPENING_OUTPUT_TOKENS).contains(&output_tokens)
}

fn refusal(details: &Object<StopDetails<'_>>) -> Refusal {
    match details.0.as_ref().and_then(|details| details.category.as_deref()) {
        Some("bio" | "frontier_llm" | "reasoning_extraction") => Refusal::Billed,
        _ => Refusal::Unbilled,
    }
}
