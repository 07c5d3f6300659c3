//! From a rollout's line to pico-dollars: the worked examples of OpenAI's rates.

use std::path::Path;

use serde_json::{Value, json};
use spendtop::agents::adapter;
use spendtop::model::{AgentId, Call, Cost, CostStatus, Event, UnpricedReason};
use spendtop::pricing::PriceBook;

use super::codex_lines::{meta, tokens};

/// The one call that a record tells of.
fn call(day: &str, model: &str, tier: Option<&str>, usage: &Value) -> Call {
    let line = |kind: &str, payload: Value| {
        let timestamp = format!("{day}T12:00:00Z");
        json!({"timestamp": timestamp, "type": kind, "payload": payload}).to_string()
    };
    let mut lines =
        vec![meta("09:00:00.000", "A", &json!({})), line("turn_context", json!({"model": model}))];
    if let Some(tier) = tier {
        let settings = json!({"type": "thread_settings_applied",
            "thread_settings": {"model": model, "service_tier": tier}});
        lines.push(line("event_msg", settings));
        // One that does not speak of it leaves it as it is.
        let silent = json!({"type": "thread_settings_applied", "thread_settings": {}});
        lines.push(line("event_msg", silent));
    }
    lines.push(line("token_usage_record", json!({"response_id": "resp_1", "usage": usage})));
    let mut parser = adapter(AgentId::Codex).open(Path::new("rollout-x.jsonl"), None);
    let mut events = Vec::new();
    for line in lines {
        parser.parse(line.as_bytes(), 0, &mut events).unwrap();
    }
    let mut calls = events.into_iter().filter_map(|event| match event {
        Event::Call(call) => Some(*call),
        _ => None,
    });
    let only = calls.next().unwrap();
    assert_eq!(calls.next(), None);
    only
}

fn written(usage: [u64; 3], written: u64) -> Value {
    let mut usage = tokens(usage);
    usage["cache_write_input_tokens"] = json!(written);
    usage
}

fn price(day: &str, model: &str, tier: Option<&str>, usage: &Value) -> (i64, CostStatus) {
    match PriceBook::embedded().price(&call(day, model, tier, usage)) {
        Cost::Priced(charge) => (charge.amount.0, charge.status),
        Cost::Unpriced(reason) => panic!("{model} is unpriced: {reason:?}"),
    }
}

#[test]
fn x01_the_day_of_a_cut_decides() {
    // 5000 plain, 92,000 cached, 3000 written.
    let usage = written([100_000, 92_000, 4100], 3000);
    assert_eq!(price("2026-07-29", "gpt-5.6-luna", None, &usage).0, 42_550_000_000);
    assert_eq!(price("2026-07-30", "gpt-5.6-luna", None, &usage).0, 8_510_000_000);
}

#[test]
fn x02_writes_are_assumed_to_be_of_thirty_minutes() {
    let usage = written([143_291, 131_072, 2750], 4096);
    let expected = (67_093_200_000, CostStatus::Assumed);
    assert_eq!(price("2026-11-20", "gpt-6.1-sol", None, &usage), expected);
    for tier in ["default", "standard", "auto"] {
        assert_eq!(price("2026-11-20", "gpt-6.1-sol", Some(tier), &usage), expected, "{tier}");
    }
}

#[test]
fn x07_the_tier_that_the_thread_asks_for() {
    let usage = written([53_000, 50_000, 1500], 1000);
    let ultrafast = price("2026-11-20", "gpt-6-astra", Some("ultrafast"), &usage);
    assert_eq!(ultrafast.0, 945_000_000_000);
    let usage = tokens([53_000, 50_000, 1500]);
    // 2.5 times, not twice; and the older name of the tier.
    for tier in ["priority", "fast"] {
        let (amount, status) = price("2026-11-20", "gpt-5.5", Some(tier), &usage);
        let expected = 3000 * 12_500_000 + 50_000 * 1_250_000 + 1500 * 75_000_000;
        assert_eq!((amount, status), (expected, CostStatus::Exact), "{tier}");
    }
    let flex = price("2026-11-20", "gpt-5.5", Some("flex"), &usage).0;
    assert_eq!(flex, 3000 * 2_500_000 + 50_000 * 250_000 + 1500 * 15_000_000);
}

#[test]
fn x08_an_older_model_knows_no_writes() {
    let usage = tokens([121_614, 98_304, 5120]);
    let expected = (92_625_500_000, CostStatus::Exact);
    assert_eq!(price("2025-11-01", "gpt-5-codex", None, &usage), expected);
}

#[test]
fn the_whole_request_is_at_the_rates_of_its_length() {
    let at = |input| price("2026-11-20", "gpt-6.1-sol", None, &tokens([input, 100_000, 1000])).0;
    assert_eq!(at(272_000), 172_000 * 2_000_000 + 100_000 * 100_000 + 1000 * 10_000_000);
    assert_eq!(at(272_001), 172_001 * 4_000_000 + 100_000 * 200_000 + 1000 * 15_000_000);
}

#[test]
fn what_is_not_told_is_an_estimate_and_what_is_not_known_is_no_price() {
    let usage = tokens([1000, 0, 10]);
    for (day, expected) in [("2026-07-29", 2_650_000_000), ("2026-07-30", 212_000_000)] {
        let (amount, status) = price(day, "codex-auto-review", None, &usage);
        assert_eq!((amount, status), (expected, CostStatus::Assumed), "{day}");
    }
    let book = PriceBook::embedded();
    let turbo = call("2026-11-20", "gpt-5.5", Some("turbo"), &usage);
    assert!(matches!(book.price(&turbo), Cost::Unpriced(_)), "a tier of tomorrow");
    let unknown = call("2026-11-20", "sol-9", None, &usage);
    assert_eq!(book.price(&unknown), Cost::Unpriced(UnpricedReason::UnknownModel));
    // Caps set aside what the vendor's dearest row would cost.
    let vendor = book.set_aside(&call("2026-11-20", "gpt-99", None, &usage));
    assert!(vendor.0 > 0);
    assert_eq!(book.set_aside(&unknown), vendor);
}
