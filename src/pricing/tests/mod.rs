//! Tests of the pricing area, and the calls they price.

mod book;
mod differential;
mod matching;
mod props;
mod update;
mod user;
mod worked;

use std::sync::Arc;

use crate::model::{AgentId, Call, CallId, CallKind, Charge, Cost, Millis, Qualifiers, TokenUsage};

use super::PriceBook;

/// A call of a model at a date ("2026-11-20", noon UTC, or an instant) with
/// input/output/5m/1h/read tokens.
pub(super) fn call(model: &str, at: &str, tokens: [u64; 5]) -> Call {
    let at = if at.len() == 10 { format!("{at}T12:00:00Z") } else { at.to_owned() };
    let [input, output, short_write, long_write, read] = tokens;
    Call {
        call_id: CallId { id: "msg_01Example".into(), request_id: None, run: None },
        kind: CallKind::Message,
        agent: AgentId::Claude,
        session_id: "session".into(),
        agent_id: None,
        model: Some(Arc::from(model)),
        timestamp: Millis::parse(&at).unwrap(),
        usage: TokenUsage {
            input_tokens: input,
            output_tokens: output,
            cache_read_input_tokens: read,
            cache_creation_5m_input_tokens: short_write,
            cache_creation_1h_input_tokens: long_write,
            ..TokenUsage::default()
        },
        qualifiers: Qualifiers::default(),
        cwd: None,
        project: None,
        git_branch: None,
        is_final: true,
        is_sidechain: false,
        is_echo: false,
        is_background: false,
        reported_cost: None,
        offset: 0,
    }
}

/// The charge of a call that must have a price.
pub(super) fn charge(book: &PriceBook, call: &Call) -> Charge {
    match book.price(call) {
        Cost::Priced(charge) => charge,
        Cost::Unpriced(reason) => panic!("{:?} is unpriced: {reason:?}", call.model),
    }
}
