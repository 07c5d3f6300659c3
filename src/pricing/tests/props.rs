//! What holds for every call: no panic, no decrease with more tokens, corrupt counts unpriced.

use proptest::prelude::*;

use super::call;
use crate::model::{Call, Cost, Geo, Refusal, ServiceTier, Speed, UnpricedReason};
use crate::pricing::{PriceBook, normalise};

fn any_model() -> impl Strategy<Value = String> {
    let count = PriceBook::embedded().models().len();
    (0..count).prop_map(|index| PriceBook::embedded().models()[index].model.to_string())
}

fn any_call(tokens: impl Strategy<Value = u64> + Clone) -> impl Strategy<Value = Call> {
    let day = (2025..=2027_i32, 1..=12_u8, 1..=28_u8);
    let qualifiers = (0..3_u8, 0..6_u8, 0..4_u8, 0..3_u8, any::<[bool; 2]>());
    let tokens = prop::array::uniform5(tokens);
    (any_model(), day, tokens, qualifiers).prop_map(|(model, (year, month, day), tokens, q)| {
        let mut call = call(&model, &format!("{year}-{month:02}-{day:02}"), tokens);
        call.qualifiers.speed = [Speed::Standard, Speed::Fast, Speed::Other][q.0 as usize];
        call.qualifiers.service_tier = [
            ServiceTier::Standard,
            ServiceTier::Batch,
            ServiceTier::Priority,
            ServiceTier::Flex,
            ServiceTier::Ultrafast,
            ServiceTier::Other,
        ][q.1 as usize];
        call.qualifiers.inference_geo =
            [Geo::Unstated, Geo::Global, Geo::Us, Geo::Other][q.2 as usize];
        call.qualifiers.refusal = [Refusal::None, Refusal::Unbilled, Refusal::Billed][q.3 as usize];
        [call.qualifiers.assumed, call.qualifiers.credited] = q.4;
        call
    })
}

proptest! {
    #[test]
    fn a_price_grows_with_every_class(
        call in any_call(0..400_000_u64),
        more in prop::array::uniform5(0..300_000_u64),
    ) {
        let mut larger = call.clone();
        larger.usage.input_tokens += more[0];
        larger.usage.output_tokens += more[1];
        larger.usage.cache_creation_5m_input_tokens += more[2];
        larger.usage.cache_creation_1h_input_tokens += more[3];
        larger.usage.cache_read_input_tokens += more[4];
        let book = PriceBook::embedded();
        if let (Cost::Priced(small), Cost::Priced(large)) = (book.price(&call), book.price(&larger)) {
            prop_assert!(small.amount <= large.amount, "{small:?} {large:?}");
            prop_assert!(small.amount.0 >= 0);
        }
    }

    #[test]
    fn no_count_is_too_large_to_look_at(call in any_call(any::<u64>())) {
        match PriceBook::embedded().price(&call) {
            Cost::Priced(charge) => prop_assert!(charge.amount.0 >= 0),
            Cost::Unpriced(reason) => {
                let reserve = PriceBook::embedded().reserve(&call, reason);
                prop_assert!(reserve.is_none_or(|amount| amount.0 >= 0));
            }
        }
    }

    #[test]
    fn no_name_is_too_odd_to_look_at(name in "\\PC{0,60}", wrap in 0..6_usize) {
        let wrapped = [
            name.clone(),
            format!("us.anthropic.{name}"),
            format!("claude-{name}-v1:0"),
            format!("claude-opus-5-5@{name}"),
            format!("arn:aws:bedrock:::{name}"),
            format!("claude-opus-5-5[{name}]"),
        ];
        let _ = normalise(&wrapped[wrap]);
        let _ = PriceBook::embedded().find_model(&wrapped[wrap]);
    }
}

#[test]
fn corrupt_counts_are_out_of_range() {
    let book = PriceBook::embedded();
    for model in ["claude-opus-5-5", "gpt-6-astra", "gemini-2.5-pro", "o1-pro"] {
        let mut call = call(model, "2026-11-20", [u64::MAX, u64::MAX, 0, 0, u64::MAX]);
        call.usage.web_search_requests = u64::MAX;
        assert_eq!(book.price(&call), Cost::Unpriced(UnpricedReason::OutOfRange), "{model}");
    }
    let mut searches = call("claude-opus-5-5", "2026-11-20", [0; 5]);
    searches.usage.web_search_requests = u64::MAX;
    assert_eq!(book.price(&searches), Cost::Unpriced(UnpricedReason::OutOfRange));
}
