//! The embedded book: canonical, whole, and without overlaps; and what calls of it cost.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{call, charge};
use crate::model::{
    AgentId, Charge, Cost, CostStatus, Geo, Millis, ServiceTier, Speed, UnpricedReason,
};
use crate::pricing::{Basis, Endpoint, PriceBook, Pricer, Provider, Tier};

fn unpriced(book: &PriceBook, call: &crate::model::Call) -> Option<UnpricedReason> {
    match book.price(call) {
        Cost::Unpriced(reason) => Some(reason),
        Cost::Priced(_) => None,
    }
}

#[test]
fn the_embedded_book_is_canonical_and_comes_back_the_same() {
    let text = include_str!("../../../assets/prices.json");
    let book = PriceBook::from_json(text.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(book.to_json()).unwrap(), text);
    assert_eq!(book.id(), PriceBook::embedded().id());
    assert_eq!(book.id().len(), 64);
    let rebuilt = crate::pricing::draft::Draft::of(&book).finish().unwrap();
    assert_eq!(rebuilt.id(), book.id(), "the build and the draft have one order");
    assert!(book.models().len() > 150 && book.rows().len() > 500);
}

#[test]
fn rows_name_their_source_and_do_not_overlap() {
    let book = PriceBook::embedded();
    for (index, row) in book.rows().iter().enumerate() {
        let name = format!("{}/{}", row.provider.name(), row.model);
        assert!(!row.source.text.is_empty() && row.source.checked.len() == 10, "{name}");
        assert!(row.rates.input.is_some() && row.rates.output.is_some(), "{name}");
        for other in &book.rows()[..index] {
            let same = (row.provider, &row.model, row.when, row.above)
                == (other.provider, &other.model, other.when, other.above);
            assert!(!same || row.start() >= other.end() || other.start() >= row.end(), "{name}");
        }
    }
}

#[test]
fn every_model_of_the_research_has_a_current_row() {
    let models = [
        "claude-fable-5-2",
        "claude-mythos-5-2",
        "claude-fable-5-1",
        "claude-mythos-5-1",
        "claude-fable-5",
        "claude-mythos-5",
        "claude-opus-5-5",
        "claude-opus-5",
        "claude-opus-4-8",
        "claude-opus-4-7",
        "claude-opus-4-6",
        "claude-opus-4-5",
        "claude-opus-4-1",
        "claude-opus-4-0",
        "claude-sonnet-5-5",
        "claude-sonnet-5",
        "claude-sonnet-4-6",
        "claude-sonnet-4-5",
        "claude-sonnet-4-0",
        "claude-3-7-sonnet-latest",
        "claude-haiku-5-5",
        "claude-haiku-4-5",
        "claude-3-5-haiku-latest",
        "gpt-6-astra",
        "gpt-6.1-sol",
        "gpt-6.1-terra",
        "gpt-6-sol",
        "gpt-6-luna",
        "gpt-5.6-sol",
        "gpt-5.6-terra",
        "gpt-5.6-luna",
        "gpt-5.5",
        "gpt-5.4",
        "gpt-5.4-mini",
        "gpt-5.3-codex",
        "gpt-5.2",
        "gpt-5.1",
        "gpt-5",
        "gpt-5-mini",
        "codex-mini",
        "o3",
        "o4-mini",
        "gpt-4.1",
        "gemini-4-argon",
        "gemini-3.8-flash",
        "gemini-3.7-flash",
        "gemini-3.6-flash",
        "gemini-3.5-flash",
        "gemini-3.5-flash-lite",
        "gemini-3.1-pro-preview",
        "gemini-3-pro-preview",
        "gemini-3-flash-preview",
        "gemini-2.5-pro",
        "gemini-2.5-flash",
        "gemini-2.5-flash-lite",
    ];
    for model in models {
        let call = call(model, "2026-11-23", [1000, 100, 0, 0, 1000]);
        let charge = charge(PriceBook::embedded(), &call);
        assert!(charge.amount.0 > 0, "{model}");
    }
}

#[test]
fn scheduled_changes_are_in_the_book() {
    let now = Millis::parse("2026-11-23T12:00:00Z").unwrap();
    let scheduled: BTreeSet<(&str, String)> = PriceBook::embedded()
        .scheduled(now)
        .filter(|row| row.when.is_standard() && row.above == 0)
        .map(|row| (&*row.model, row.from.unwrap().timestamp().strftime("%F").to_string()))
        .collect();
    for (model, day) in [
        ("gemini-4-argon", "2026-12-01"),
        ("gemini-3.6-flash", "2027-01-01"),
        ("gemini-3.7-flash", "2027-01-01"),
        ("gemini-3.8-flash", "2027-01-01"),
    ] {
        assert!(scheduled.contains(&(model, day.to_owned())), "{model}");
    }
    let opus = |day| {
        let mut fast = call("claude-opus-4-8", day, [1, 1, 0, 0, 0]);
        fast.qualifiers.speed = Speed::Fast;
        unpriced(PriceBook::embedded(), &fast)
    };
    assert_eq!(opus("2026-11-30"), None);
    assert_eq!(opus("2026-12-01"), Some(UnpricedReason::UnknownQualifier));
    let sol = call("gpt-5.6-sol", "2026-11-23", [1_000_000, 0, 0, 0, 0]);
    // Promised through 2026-11-21 only.
    assert_eq!(charge(PriceBook::embedded(), &sol).status, CostStatus::Assumed);
}

#[test]
fn tiers_follow_the_one_rule() {
    for entry in PriceBook::embedded().models() {
        assert_eq!(entry.tier, Tier::of(&entry.model), "{}", entry.model);
    }
    assert_eq!(Tier::of("gemini-2.5-pro"), Tier::Quality);
    assert_eq!(Tier::of("claude-opus-9"), Tier::Reasoning);
}

#[test]
fn fast_mode_by_date() {
    let book = PriceBook::embedded();
    let at = |model: &str, day, prompt| {
        let mut fast = call(model, day, [prompt, 0, 0, 0, 0]);
        fast.qualifiers.speed = Speed::Fast;
        match book.price(&fast) {
            Cost::Priced(charge) => Ok(charge.amount.0 / i64::try_from(prompt).unwrap()),
            Cost::Unpriced(reason) => Err(reason),
        }
    };
    let none = Err(UnpricedReason::UnknownQualifier);
    assert_eq!(at("claude-opus-4-6", "2026-02-06", 1000), none);
    assert_eq!(at("claude-opus-4-6", "2026-03-01", 1000), Ok(30_000_000));
    assert_eq!(at("claude-opus-4-6", "2026-03-01", 200_001), Ok(60_000_000));
    assert_eq!(at("claude-opus-4-6", "2026-03-13", 200_001), Ok(30_000_000));
    assert_eq!(at("claude-opus-4-6", "2026-07-01", 1000), Ok(5_000_000), "served at standard");
    assert_eq!(at("claude-opus-4-7", "2026-07-23", 1000), Ok(30_000_000));
    assert_eq!(at("claude-opus-4-7", "2026-07-24", 1000), none);
    assert_eq!(at("claude-opus-5", "2026-07-24", 1000), Ok(10_000_000));
    assert_eq!(at("claude-sonnet-5-5", "2026-11-20", 1000), none);
}

#[test]
fn terms_that_nobody_sells_are_unpriced() {
    let book = PriceBook::embedded();
    let with = |speed, tier| {
        let mut call = call("claude-opus-5-5", "2026-11-20", [1000, 10, 0, 0, 0]);
        call.qualifiers.speed = speed;
        call.qualifiers.service_tier = tier;
        unpriced(book, &call)
    };
    let unknown = Some(UnpricedReason::UnknownQualifier);
    assert_eq!(with(Speed::Fast, ServiceTier::Batch), unknown, "they do not combine");
    assert_eq!(with(Speed::Other, ServiceTier::Standard), unknown);
    assert_eq!(with(Speed::Standard, ServiceTier::Other), unknown);
    assert_eq!(with(Speed::Standard, ServiceTier::Flex), unknown);
    assert_eq!(with(Speed::Fast, ServiceTier::Standard), None);
}

#[test]
fn priority_is_a_contract_at_anthropic_and_a_rate_at_openai() {
    let book = PriceBook::embedded();
    let with = |model, speed, tier| {
        let mut call = call(model, "2026-11-20", [1000, 0, 0, 0, 0]);
        call.qualifiers.speed = speed;
        call.qualifiers.service_tier = tier;
        let charge = charge(book, &call);
        (charge.amount.0, charge.status)
    };
    let (standard, priority) = (Speed::Standard, ServiceTier::Priority);
    assert_eq!(with("claude-opus-5-5", standard, priority), (4_000_000_000, CostStatus::Contract));
    assert_eq!(with("gpt-5.5", standard, priority), (12_500_000_000, CostStatus::Exact));
    // Its newer name.
    let fast = with("gpt-5.5", Speed::Fast, ServiceTier::Standard);
    assert_eq!(fast, (12_500_000_000, CostStatus::Exact));
}

#[test]
fn residency_is_for_newer_models_on_the_first_party_only() {
    let book = PriceBook::embedded();
    let at = |model: &str, geo| {
        let mut call = call(model, "2026-11-20", [1000, 0, 0, 0, 0]);
        call.qualifiers.inference_geo = geo;
        charge(book, &call).multiplier_ppm
    };
    assert_eq!(at("claude-sonnet-4-6", Geo::Us), 1_100_000);
    assert_eq!(at("claude-sonnet-4-5", Geo::Us), 1_000_000);
    assert_eq!(at("claude-opus-4-5", Geo::Us), 1_000_000);
    assert_eq!(at("claude-opus-5-5", Geo::Global), 1_000_000);
    assert_eq!(at("us.anthropic.claude-opus-5-5", Geo::Us), 1_000_000);
}

#[test]
fn a_search_costs_a_cent_whatever_the_terms() {
    let mut call = call("claude-opus-5-5", "2026-11-20", [1000, 0, 0, 0, 0]);
    call.usage.web_search_requests = 3;
    call.qualifiers.inference_geo = Geo::Us;
    call.qualifiers.service_tier = ServiceTier::Batch;
    let charge = charge(PriceBook::embedded(), &call);
    assert_eq!(charge.amount.0, 2_200_000_000 + 30_000_000_000);
}

#[test]
fn a_redeemed_credit_makes_an_upper_bound() {
    let mut call = call("claude-opus-5-5", "2026-11-20", [1000, 0, 0, 0, 0]);
    call.qualifiers.credited = true;
    assert_eq!(charge(PriceBook::embedded(), &call).status, CostStatus::UpperBound);
}

#[test]
fn the_response_id_names_the_platform() {
    let book = PriceBook::embedded();
    let at = |id: &str, model: &str| {
        let mut call = call(model, "2026-11-20", [1000, 0, 0, 0, 0]);
        call.call_id.id = id.into();
        let charge = charge(book, &call);
        let row = book.row(charge.row.unwrap()).unwrap();
        (row.provider, row.when.endpoint, charge.status)
    };
    let (global, regional) = (Some(Endpoint::Global), Some(Endpoint::Regional));
    assert_eq!(
        at("msg_bdrk_01", "claude-sonnet-4-5-20250929"),
        (Provider::Aws, regional, CostStatus::Assumed)
    );
    assert_eq!(
        at("msg_bdrk_01", "eu.anthropic.claude-opus-5-5"),
        (Provider::Aws, regional, CostStatus::Exact)
    );
    assert_eq!(
        at("msg_vrtx_01", "claude-opus-5-5"),
        (Provider::Google, global, CostStatus::Assumed)
    );
    // Before Sonnet 4.5 every endpoint costs the same.
    assert_eq!(
        at("msg_vrtx_01", "claude-opus-4-1@20250805"),
        (Provider::Google, None, CostStatus::Exact)
    );
    let path = "projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5-5";
    assert_eq!(at("msg_01x", path), (Provider::Google, regional, CostStatus::Exact));
    assert_eq!(at("msg_01x", "claude-opus-5-5"), (Provider::Anthropic, None, CostStatus::Exact));
}

#[test]
fn a_class_without_a_rate_is_unpriced_or_plain_input() {
    let book = PriceBook::embedded();
    let bedrock = call("anthropic.claude-sonnet-4-20250514-v1:0", "2026-11-20", [1, 1, 0, 1, 0]);
    assert_eq!(unpriced(book, &bedrock), Some(UnpricedReason::NoRateForClass));
    let pro = charge(book, &call("gpt-5-pro", "2026-11-20", [0, 0, 0, 0, 1000]));
    assert_eq!((pro.amount.0, pro.status), (15_000_000_000, CostStatus::Assumed));
}

#[test]
fn the_reserve_is_the_dearest_model_on_sale() {
    let book = PriceBook::embedded();
    let unknown = call("claude-opus-9", "2026-11-23", [1000, 1000, 0, 0, 0]);
    let reserve = book.reserve(&unknown, UnpricedReason::UnknownModel).unwrap();
    assert_eq!(reserve.0, 60_000_000_000, "Fable 5 and 5.1: $10 and $50");
    assert_eq!(book.reserve(&unknown, UnpricedReason::OutOfRange), None);
    let mut fast = call("claude-opus-4-7", "2026-11-23", [1000, 1000, 0, 0, 0]);
    fast.qualifiers.speed = Speed::Fast;
    let own = book.reserve(&fast, UnpricedReason::UnknownQualifier).unwrap();
    assert_eq!(own.0, 180_000_000_000, "its own fast rate was dearer");
}

#[test]
fn qwen_costs_what_alibaba_lists_by_the_length_of_the_prompt() {
    let book = PriceBook::embedded();
    let price = |model: &str, tokens| {
        let Charge { amount, status, .. } = charge(book, &call(model, "2026-11-30", tokens));
        (amount.0, status)
    };
    // A dollar and five a million, and a fifth of a dollar for what is cached; nine above 32,000.
    let short = price("qwen3-coder-plus", [1000, 100, 0, 0, 1000]);
    assert_eq!(short, (1_000_000_000 + 500_000_000 + 200_000_000, CostStatus::Assumed));
    let long = price("qwen3-coder-plus-2025-09-23", [40_000, 100, 0, 0, 0]);
    assert_eq!(long.0, 72_000_000_000 + 900_000_000);
    // One that is not listed is set aside for at the dearest of them, and passes no cap.
    let mut unknown = call("coder-model", "2026-11-30", [1000, 100, 0, 0, 0]);
    unknown.agent = AgentId::Qwen;
    assert!(matches!(book.price(&unknown), Cost::Unpriced(_)));
    assert_eq!(book.set_aside(&unknown).0, 1_200_000_000 + 600_000_000);
}

#[test]
fn a_pricer_says_what_the_book_says() {
    let book = PriceBook::embedded();
    let mut pricer = Pricer::new(Arc::clone(book));
    for model in ["claude-opus-5-5", "claude-opus-4-10", "gpt-5.5", "claude-opus-5-5"] {
        let call = call(model, "2026-11-20", [1000, 10, 0, 0, 0]);
        assert_eq!(pricer.price(&call), book.price(&call));
    }
    let mut nameless = call("", "2026-11-20", [1, 1, 0, 0, 0]);
    nameless.model = None;
    assert_eq!(pricer.price(&nameless), Cost::Unpriced(UnpricedReason::NoModel));
}

#[test]
fn a_broken_book_is_refused() {
    let text = include_str!("../../../assets/prices.json");
    let broken = [
        text.replacen("spendtop.prices/1", "spendtop.prices/2", 1),
        text.replacen("\"input\":\"4\"", "\"input\":\"-4\"", 1),
        text.replacen("\"input\":\"4\"", "\"input\":\"4.0000001\"", 1),
        text.replacen("\"input\":\"4\"", "\"input\":\"2001\"", 1),
        text.replacen("\"source\":\"genai\"}", "\"source\":\"nobody\"}", 1),
        text.replacen("\"tier\":", "\"level\":", 1),
        text[..text.len() / 2].to_owned(),
    ];
    for text in broken {
        assert!(PriceBook::from_json(text.as_bytes()).is_err());
    }
    let overlapping =
        text.replacen("\"to\":\"2026-10-07T00:00:00Z\"", "\"to\":\"2026-10-08T00:00:00Z\"", 1);
    let error = PriceBook::from_json(overlapping.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("overlap"), "{error}");
}

#[test]
fn only_rows_that_rest_on_something_are_assumptions() {
    let standard = PriceBook::embedded()
        .rows()
        .iter()
        .filter(|row| row.provider == Provider::Anthropic && row.when.is_standard());
    for row in standard {
        assert!(!row.basis.is_assumption() && row.basis != Basis::User, "{}", row.model);
    }
}
