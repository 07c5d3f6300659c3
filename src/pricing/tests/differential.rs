//! Against the `genai-prices` crate: the same amounts where both have the row, and a list of where
//! they are meant to differ, which fails when a difference is gone or a new one appears.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use genai_prices::{PriceRequest, Usage, UsageKey};

use super::call;
use crate::model::{Call, Cost, ServiceTier, Speed};
use crate::pricing::{Endpoint, PriceBook, Provider};

/// Days around every change the book knows.
const DAYS: [&str; 9] = [
    "2025-06-09",
    "2026-02-10",
    "2026-03-12",
    "2026-03-13",
    "2026-07-29",
    "2026-08-01",
    "2026-10-06",
    "2026-11-20",
    "2027-01-02",
];

/// Prompts on both sides of every threshold.
const TOKENS: [[u64; 5]; 3] =
    [[1000, 500, 300, 0, 20_000], [1000, 500, 300, 0, 150_000], [10_000, 500, 300, 0, 300_000]];

/// One comparison.
struct Case {
    provider: Provider,
    model: String,
    speed: Speed,
    tier: ServiceTier,
    day: &'static str,
    /// The prompt has more than 200,000 tokens.
    long: bool,
}

/// Why our amount is meant to differ from the crate's; none where it must not.
fn intended(case: &Case) -> Option<&'static str> {
    let Case { provider, tier, day, long, .. } = *case;
    let model = case.model.as_str();
    let is = |names: &[&str]| names.contains(&model);
    let anthropic = provider == Provider::Anthropic;
    let standard = case.speed == Speed::Standard && tier == ServiceTier::Standard;

    if is(&["claude-fable-5-2", "claude-mythos-5-2", "gpt-6-cyber", "gpt-6-rosalind"]) {
        // Fast mode was not to be had before its launch: unpriced here, unknown there.
        let sold = case.speed == Speed::Standard || day >= "2026-11-09";
        return sold.then_some("the crate is older than the model");
    }
    let is_ours = is(&["claude-mythos-5", "claude-mythos-5-1", "codex-auto-review"]);
    if is_ours || provider == Provider::Alibaba {
        return Some("in no genai-prices");
    }
    if case.speed == Speed::Fast {
        let at_standard_price = is(&["claude-opus-4-6"]) && day >= "2026-06-27";
        return (!at_standard_price).then_some("the crate has no fast mode: standard, silently");
    }
    if tier == ServiceTier::Ultrafast {
        return Some("the crate has no ultrafast");
    }
    if tier == ServiceTier::Batch && anthropic {
        let retired = PriceBook::embedded().entry(provider, model).is_some_and(|e| e.retired);
        if retired || day < "2026-10-14" {
            return Some("batch was half price before upstream verified it");
        }
        if is(&["claude-sonnet-4-5"]) && long {
            return Some("the long-context beta has ended");
        }
        return None;
    }
    if tier != ServiceTier::Standard {
        let undated = is(&["gpt-6.1-terra", "gpt-3.5-turbo-1106"]);
        let verified = if tier == ServiceTier::Batch { "2026-10-14" } else { "2026-10-12" };
        return (!undated && day < verified)
            .then_some("tiers are older than the day upstream verified them");
    }
    if anthropic && standard && is(&["claude-sonnet-4-0"]) && long && day < "2026-04-30" {
        return Some("the crate lacks Sonnet 4's long context");
    }
    if anthropic && standard && is(&["claude-sonnet-4-5"]) && long && day >= "2026-04-30" {
        return Some("the long-context beta has ended");
    }
    if anthropic && standard && is(&["claude-sonnet-5-5"]) && day < "2026-10-07" {
        return Some("the crate has no history of the cache read cut");
    }
    None
}

fn crate_amount(provider: Provider, model: &str, call: &Call) -> Option<i64> {
    let usage = &call.usage;
    let entries = [
        (UsageKey::INPUT_TOKENS, usage.prompt_tokens()),
        (UsageKey::OUTPUT_TOKENS, usage.output_tokens),
        (UsageKey::CACHE_READ_TOKENS, usage.cache_read_input_tokens),
        (UsageKey::CACHE_WRITE_TOKENS, usage.cache_creation_input_tokens()),
    ];
    let usage: Usage = entries
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(key, count)| (key, count as f64))
        .collect();
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(call.timestamp.0 as u64);
    let mut request =
        PriceRequest::new(model, &usage).with_provider_id(provider.name()).with_timestamp(at);
    request = match call.qualifiers.service_tier {
        ServiceTier::Batch => request.with_price_context("processing", "batch"),
        ServiceTier::Flex => request.with_price_context("service_tier", "flex"),
        ServiceTier::Priority => request.with_price_context("service_tier", "priority"),
        _ => request,
    };
    if call.qualifiers.speed == Speed::Fast {
        request = request.with_price_context("speed", "fast");
    }
    let price = genai_prices::calculate(&request).ok()?;
    Some((price.total_price * 1e12).round() as i64)
}

/// The name that the crate knows a row's model by.
fn crate_name(provider: Provider, model: &str, endpoint: Option<Endpoint>) -> String {
    match (provider, endpoint) {
        (Provider::Aws, Some(Endpoint::Global)) => format!("global.anthropic.{}-v1", dated(model)),
        (Provider::Aws, _) => format!("us.anthropic.{}-v1", dated(model)),
        _ => model.to_owned(),
    }
}

/// Upstream matches some Bedrock ids with their date only.
fn dated(model: &str) -> String {
    let date = match model {
        "claude-3-5-haiku" => "-20241022",
        "claude-3-5-sonnet" => "-20240620",
        "claude-3-7-sonnet" => "-20250219",
        "claude-3-haiku" => "-20240307",
        "claude-3-opus" | "claude-3-sonnet" => "-20240229",
        "claude-haiku-4-5" => "-20251001",
        "claude-opus-4-0" => return "claude-opus-4-20250514".to_owned(),
        "claude-opus-4-1" => "-20250805",
        "claude-sonnet-4-0" => return "claude-sonnet-4-20250514".to_owned(),
        "claude-sonnet-4-5" => "-20250929",
        _ => "",
    };
    format!("{model}{date}")
}

#[test]
fn every_difference_is_intended_and_every_intended_one_is_there() {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut compared = 0;
    let book = PriceBook::embedded();
    for entry in book.models() {
        let mut terms: Vec<_> = book.rows_of(entry).iter().map(|row| row.when).collect();
        terms.dedup();
        for when in terms {
            for day in DAYS {
                for tokens in TOKENS {
                    let name = crate_name(entry.provider, &entry.model, when.endpoint);
                    let mut call = call(&entry.model, day, tokens);
                    call.qualifiers.speed = when.speed;
                    call.qualifiers.service_tier = when.service_tier;
                    if entry.provider == Provider::Aws {
                        call.call_id.id = "msg_bdrk_1".into();
                        call.model = Some(name.as_str().into());
                    } else if entry.provider == Provider::Google {
                        call.call_id.id = "msg_vrtx_1".into();
                        if when.endpoint == Some(Endpoint::Regional) {
                            continue; // upstream has no Vertex regions at all
                        }
                    }
                    let rates = book.rows_of(entry).iter().find(|row| row.when == when);
                    if rates.is_none_or(|row| row.rates.cache_write_5m.is_none()) {
                        call.usage.cache_creation_5m_input_tokens = 0;
                    }
                    if rates.is_none_or(|row| row.rates.cache_read.is_none()) {
                        call.usage.input_tokens += call.usage.cache_read_input_tokens;
                        call.usage.cache_read_input_tokens = 0;
                    }
                    let theirs = crate_amount(entry.provider, &name, &call);
                    let ours = match book.price(&call) {
                        Cost::Priced(charge) => Some(charge.amount.0),
                        Cost::Unpriced(_) => None,
                    };
                    compared += 1;
                    // Their floats are right to about fifteen digits.
                    let same = match (ours, theirs) {
                        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= ours / 1_000_000_000,
                        (ours, theirs) => ours == theirs,
                    };
                    let case = Case {
                        provider: entry.provider,
                        model: entry.model.to_string(),
                        speed: when.speed,
                        tier: when.service_tier,
                        day,
                        long: call.band_prompt_tokens() > 200_000,
                    };
                    let what = format!("{name} {when:?} {day} {tokens:?}: {ours:?} {theirs:?}");
                    match intended(&case) {
                        Some(reason) => {
                            assert!(!same, "differs no longer ({reason}): {what}");
                            *reasons.entry(reason).or_default() += 1;
                        }
                        None => assert!(same, "{what}"),
                    }
                }
            }
        }
    }
    assert!(compared > 5000, "{compared}");
    assert_eq!(reasons.len(), 9, "a reason that is never met: {reasons:?}");
}
