//! From a chat's message to pico-dollars: the worked examples of Gemini's rates.

use std::path::Path;

use serde_json::{Value, json};
use spendtop::agents::adapter;
use spendtop::model::{AgentId, Cost, CostStatus, Event, UnpricedReason};
use spendtop::pricing::PriceBook;

fn cost(day: &str, model: &str, tokens: &Value) -> Cost {
    let line = json!({"id": "m1", "timestamp": format!("{day}T12:00:00Z"), "type": "gemini",
        "model": model, "tokens": tokens});
    let mut parser = adapter(AgentId::Gemini).open(Path::new("t/p/chats/session-s.jsonl"), None);
    let mut events = Vec::new();
    parser.parse(line.to_string().as_bytes(), 0, &mut events).unwrap();
    let [Event::Call(call)] = &events[..] else { panic!("{events:?}") };
    PriceBook::embedded().price(call)
}

fn price(day: &str, model: &str, tokens: &Value) -> (i64, CostStatus) {
    match cost(day, model, tokens) {
        Cost::Priced(charge) => (charge.amount.0, charge.status),
        Cost::Unpriced(reason) => panic!("{model} is unpriced: {reason:?}"),
    }
}

#[test]
fn g01_the_whole_request_is_at_the_rates_of_its_length() {
    let of = |input: u64| {
        let tokens = json!({"input": input, "cached": 150_000, "output": 1200, "thoughts": 800});
        price("2026-11-20", "gemini-2.5-pro", &tokens)
    };
    assert_eq!(of(200_000), (101_250_000_000, CostStatus::Exact));
    let long = 50_001 * 2_500_000 + 150_000 * 250_000 + 2000 * 15_000_000;
    assert_eq!(of(200_001), (long, CostStatus::Exact));
}

#[test]
fn g02_the_day_of_a_rise_decides() {
    let tokens = json!({"input": 100_000, "cached": 88_000, "output": 2000});
    assert_eq!(price("2026-11-30", "gemini-4-argon", &tokens).0, 52_800_000_000);
    assert_eq!(price("2026-12-01", "gemini-4-argon", &tokens).0, 105_600_000_000);
}

#[test]
fn g03_tools_are_input_and_thoughts_are_output() {
    let tokens =
        json!({"input": 100_000, "cached": 70_000, "tool": 250, "output": 900, "thoughts": 2100});
    assert_eq!(price("2026-12-31", "gemini-3.8-flash", &tokens).0, 39_187_500_000);
}

#[test]
fn a_model_that_is_not_known_is_no_price() {
    let tokens = json!({"input": 10, "output": 1});
    let unknown = Cost::Unpriced(UnpricedReason::UnknownModel);
    assert_eq!(cost("2026-11-20", "gemini-99-neon", &tokens), unknown);
}
