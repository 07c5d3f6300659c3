//! What pricing costs: a call in the hot loop, a name seen for the first time, a book parsed.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use spendtop::model::{AgentId, Call, CallId, CallKind, Millis, Qualifiers, TokenUsage};
use spendtop::pricing::{PriceBook, Pricer};

fn call(model: &str) -> Call {
    Call {
        call_id: CallId { id: "msg_01Example".into(), request_id: None, run: None },
        kind: CallKind::Message,
        agent: AgentId::Claude,
        session_id: "session".into(),
        agent_id: None,
        model: Some(Arc::from(model)),
        timestamp: Millis(1_795_000_000_000),
        usage: TokenUsage {
            input_tokens: 12,
            output_tokens: 1834,
            cache_read_input_tokens: 148_906,
            cache_creation_1h_input_tokens: 21_457,
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

fn price(c: &mut Criterion) {
    let book = PriceBook::embedded();
    let calls = ["claude-opus-5-5", "claude-haiku-5-5", "gpt-5.6-sol", "claude-opus-4-10"];
    for model in calls {
        let call = call(model);
        let mut pricer = Pricer::new(Arc::clone(book));
        c.bench_function(&format!("price/{model}"), |b| b.iter(|| pricer.price(black_box(&call))));
    }
    let bedrock = call("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    c.bench_function("price/unremembered", |b| b.iter(|| book.price(black_box(&bedrock))));
    let text = include_bytes!("../assets/prices.json");
    c.bench_function("book/parse", |b| b.iter(|| PriceBook::from_json(black_box(text))));
    c.bench_function("book/canonical", |b| b.iter(|| book.to_json()));
}

criterion_group!(benches, price);
criterion_main!(benches);
