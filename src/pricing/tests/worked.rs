//! The worked examples of the price research, by their id. Amounts are pico-dollars.

use super::{call, charge};
use crate::model::{
    Call, CallKind, Charge, Cost, CostStatus, Geo, PicoUsd, Refusal, ServiceTier, Speed,
    UnpricedReason,
};
use crate::pricing::PriceBook;

fn price(model: &str, at: &str, tokens: [u64; 5]) -> (i64, CostStatus) {
    let Charge { amount, status, .. } = charge(PriceBook::embedded(), &call(model, at, tokens));
    (amount.0, status)
}

const E01: [u64; 5] = [12, 1834, 0, 21457, 148_906];

#[test]
fn e01_opus_5_5_standard() {
    assert_eq!(price("claude-opus-5-5", "2026-11-20", E01), (238_165_200_000, CostStatus::Exact));
}

#[test]
fn e02_fast() {
    let mut fast = call("claude-opus-5-5", "2026-11-20", E01);
    fast.qualifiers.speed = Speed::Fast;
    assert_eq!(charge(PriceBook::embedded(), &fast).amount.0, 476_330_400_000);
}

#[test]
fn e03_inference_in_the_united_states() {
    let mut us = call("claude-opus-5-5", "2026-11-20", E01);
    us.qualifiers.inference_geo = Geo::Us;
    let charge = charge(PriceBook::embedded(), &us);
    assert_eq!(charge.amount.0, 261_981_720_000);
    assert_eq!((charge.status, charge.multiplier_ppm), (CostStatus::Exact, 1_100_000));
}

#[test]
fn e05a_sonnet_5_5_before_its_cache_read_cut() {
    let tokens = [9, 2210, 0, 6120, 187_344];
    assert_eq!(price("claude-sonnet-5-5", "2026-10-06", tokens).0, 84_066_800_000);
    assert_eq!(price("claude-sonnet-5-5", "2026-10-07T00:00:00Z", tokens).0, 65_332_400_000);
}

#[test]
fn e06a_haiku_5_5_at_its_threshold() {
    let at = |input| price("claude-haiku-5-5", "2026-11-20", [input, 1500, 9600, 0, 90_000]).0;
    assert_eq!(at(400), 2_890_000_000);
    // One token more: every class at five times the rate.
    assert_eq!(at(401), 5 * 2_890_100_000);
}

#[test]
fn e07_sonnet_4_5_long_context() {
    let at =
        |input, day| price("claude-sonnet-4-5-20250929", day, [input, 3000, 4000, 0, 195_000]).0;
    assert_eq!(at(1000, "2026-02-10"), 121_500_000_000, "E07a");
    assert_eq!(at(1001, "2026-02-10"), 220_506_000_000, "E07b");
    assert_eq!(at(1001, "2026-05-01"), 121_503_000_000, "the beta is over");
}

#[test]
fn e08_opus_4_6_before_and_after_flat_pricing() {
    let tokens = [500, 2000, 0, 9500, 240_000];
    assert_eq!(price("claude-opus-4-6", "2026-03-12", tokens).0, 510_000_000_000, "E08a");
    assert_eq!(price("claude-opus-4-6", "2026-03-13", tokens).0, 267_500_000_000, "E08b");
}

#[test]
fn e10_batch_is_exact_where_nano_dollars_are_not() {
    let mut batch = call("claude-haiku-5-5", "2026-11-20", [1001, 11, 3001, 0, 7]);
    batch.qualifiers.service_tier = ServiceTier::Batch;
    assert_eq!(charge(PriceBook::embedded(), &batch).amount.0, 240_397_500);
    // Upstream's own batch rows start in October; the half is older.
    batch.timestamp = call("", "2026-10-08", [0; 5]).timestamp;
    assert_eq!(charge(PriceBook::embedded(), &batch).amount.0, 240_397_500);
}

#[test]
fn e12_a_refusal_is_billed_by_category_and_date() {
    let refused = |refusal, day| {
        let mut call = call("claude-opus-5-5", day, [106, 0, 0, 0, 50_000]);
        call.qualifiers.refusal = refusal;
        let charge = charge(PriceBook::embedded(), &call);
        (charge.amount.0, charge.status)
    };
    let billed = (10_424_000_000, CostStatus::Exact);
    assert_eq!(refused(Refusal::Billed, "2026-09-24T00:00:00Z"), billed);
    assert_eq!(refused(Refusal::Billed, "2026-09-23"), (0, CostStatus::NotBilled));
    assert_eq!(refused(Refusal::Unbilled, "2026-09-24"), (0, CostStatus::NotBilled));
}

#[test]
fn a_refusal_after_output_is_billed_and_a_tiny_one_is_doubtful() {
    let refused = |output, kind| {
        let mut call = call("claude-opus-5-5", "2026-11-20", [100, output, 0, 0, 0]);
        call.qualifiers.refusal = Refusal::Unbilled;
        call.kind = kind;
        charge(PriceBook::embedded(), &call).status
    };
    assert_eq!(refused(9, CallKind::Message), CostStatus::Assumed);
    assert_eq!(refused(10, CallKind::Message), CostStatus::Exact);
    let mut declined = call("claude-fable-5-2", "2026-11-20", [100, 0, 0, 0, 0]);
    declined.kind = CallKind::FallbackAttempt;
    assert_eq!(charge(PriceBook::embedded(), &declined).status, CostStatus::NotBilled);
}

#[test]
fn e14_fable_5_2_fast() {
    let mut fast = call("claude-fable-5-2", "2026-11-12", [7, 2048, 0, 4096, 65_536]);
    fast.qualifiers.speed = Speed::Fast;
    assert_eq!(charge(PriceBook::embedded(), &fast).amount.0, 321_238_400_000);
}

#[test]
fn e15a_bedrock_regional() {
    let tokens = [850, 1200, 10_000, 0, 90_000];
    let at = |model| price(model, "2026-11-20", tokens);
    let regional = (93_555_000_000, CostStatus::Exact);
    assert_eq!(at("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), regional);
    assert_eq!(at("anthropic.claude-sonnet-4-5-20250929-v1:0"), regional);
    assert_eq!(at("global.anthropic.claude-sonnet-4-5-20250929-v1:0").0, 85_050_000_000);
}

#[test]
fn e16_opus_4_1_without_a_ttl_split() {
    let mut call = call("claude-opus-4-1-20250805", "2025-09-01", [5, 640, 12_000, 0, 33_000]);
    call.qualifiers.assumed = true;
    let charge = charge(PriceBook::embedded(), &call);
    assert_eq!((charge.amount.0, charge.status), (322_575_000_000, CostStatus::Assumed));
}

#[test]
fn e17_a_compaction_is_a_part_of_its_own() {
    let answer = price("claude-opus-5-5", "2026-11-20", [23_000, 1000, 0, 0, 0]).0;
    let compaction = price("claude-opus-5-5", "2026-11-20", [180_000, 3500, 0, 0, 0]).0;
    assert_eq!(answer, 112_000_000_000);
    assert_eq!(answer + compaction, 902_000_000_000);
}

#[test]
fn x01_gpt_5_6_luna_before_and_after_its_cut() {
    let tokens = [5000, 4100, 3000, 0, 92_000];
    assert_eq!(price("gpt-5.6-luna", "2026-07-29", tokens).0, 42_550_000_000, "X01a");
    assert_eq!(price("gpt-5.6-luna", "2026-07-30", tokens).0, 8_510_000_000, "X01b");
}

const X02: [u64; 5] = [8123, 2750, 4096, 0, 131_072];

#[test]
fn x02_gpt_6_1_sol() {
    assert_eq!(price("gpt-6.1-sol", "2026-11-20", X02), (67_093_200_000, CostStatus::Exact));
}

#[test]
fn the_long_band_is_for_the_whole_request() {
    let at = |input| price("gpt-6.1-sol", "2026-11-20", [input, 1000, 0, 0, 0]).0;
    assert_eq!(at(272_000), 554_000_000_000);
    assert_eq!(at(272_001), 272_001 * 4_000_000 + 1000 * 15_000_000);
}

#[test]
fn x05_a_regional_openai_endpoint() {
    let mut regional = call("gpt-6.1-sol", "2026-11-20", X02);
    regional.qualifiers.inference_geo = Geo::Us;
    assert_eq!(charge(PriceBook::embedded(), &regional).amount.0, 73_802_520_000);
}

#[test]
fn x07_gpt_6_astra_ultrafast() {
    let mut fast = call("gpt-6-astra", "2026-11-20", [2000, 1500, 1000, 0, 50_000]);
    fast.qualifiers.service_tier = ServiceTier::Ultrafast;
    assert_eq!(charge(PriceBook::embedded(), &fast).amount.0, 945_000_000_000);
}

#[test]
fn x08_gpt_5_codex() {
    let tokens = [23_310, 5120, 0, 0, 98_304];
    assert_eq!(price("gpt-5-codex", "2025-11-01", tokens).0, 92_625_500_000);
}

#[test]
fn g01a_gemini_2_5_pro_at_its_threshold() {
    let at = |input| price("gemini-2.5-pro", "2026-11-20", [input, 2000, 0, 0, 150_000]).0;
    assert_eq!(at(50_000), 101_250_000_000);
    assert_eq!(at(50_001), 50_001 * 2_500_000 + 2000 * 15_000_000 + 150_000 * 250_000);
}

#[test]
fn g02_gemini_4_argon_doubles_in_december() {
    let tokens = [12_000, 2000, 0, 0, 88_000];
    let before = price("gemini-4-argon", "2026-11-30", tokens);
    assert_eq!(before, (52_800_000_000, CostStatus::Exact), "G02a");
    // Announced, not seen: true until an update confirms it.
    let after = price("gemini-4-argon", "2026-12-01", tokens);
    assert_eq!(after, (105_600_000_000, CostStatus::Assumed), "G02b");
}

#[test]
fn g03_gemini_3_8_flash() {
    let tokens = [30_250, 3000, 0, 0, 70_000];
    assert_eq!(price("gemini-3.8-flash", "2026-12-31", tokens).0, 39_187_500_000);
    assert_eq!(price("gemini-3.8-flash", "2027-01-01", tokens).0, 78_375_000_000);
}

#[test]
fn u01_a_model_that_is_not_listed_is_unpriced() {
    for model in ["claude-opus-4-10", "claude-fantastic-9"] {
        let cost = PriceBook::embedded().price(&call(model, "2026-11-20", [1, 1, 0, 0, 0]));
        assert_eq!(cost, Cost::Unpriced(UnpricedReason::UnknownModel), "{model}");
    }
}

#[test]
fn an_agents_own_figure_stands_in_for_a_missing_price_only() {
    let book = PriceBook::embedded();
    let reported = Some(PicoUsd(500_000_000_000));
    let unknown = call("claude-fantastic-9", "2026-11-20", [10, 10, 0, 0, 0]);
    let charged = charge(book, &Call { reported_cost: reported, ..unknown });
    assert_eq!(
        (charged.amount, charged.status),
        (PicoUsd(500_000_000_000), CostStatus::ProviderReported)
    );
    let known = call("claude-opus-5-5", "2026-11-20", [1_000_000, 0, 0, 0, 0]);
    let charged = charge(book, &Call { reported_cost: reported, ..known });
    assert_eq!((charged.amount, charged.status), (PicoUsd::from_dollars(4), CostStatus::Exact));
}
