//! Updates: what is taken over, and hostile or stale data that leaves the old book in force.

use serde_json::{Value, json};

use super::{call, charge};
use crate::model::ServiceTier::{Batch, Standard};
use crate::model::{CostStatus, Millis};
use crate::pricing::draft::{Draft, Slot};
use crate::pricing::{
    BookDiff, Endpoint, PriceBook, PriceRow, Provider, TokenClass, Update, UpdateRefusal, When,
    update,
};

const KEYS: [(TokenClass, &str); 5] = [
    (TokenClass::Input, "input_mtok"),
    (TokenClass::Output, "output_mtok"),
    (TokenClass::CacheWrite5m, "cache_write_mtok"),
    (TokenClass::CacheWrite1h, "cache_write_1h_mtok"),
    (TokenClass::CacheRead, "cache_read_mtok"),
];

/// The upstream data that a book's standard rows could have come from.
fn v2(book: &PriceBook) -> Value {
    let mut providers = json!([
        {"id": "anthropic", "models": []}, {"id": "openai", "models": []},
        {"id": "google", "models": []}, {"id": "aws", "models": []}, {"id": "other", "models": [7]},
    ]);
    for ((provider, id), model) in &Draft::of(book).models {
        for (endpoint, prefix) in [
            (None, if *provider == Provider::Aws { "regional.anthropic." } else { "" }),
            (
                Some(Endpoint::Global),
                if *provider == Provider::Aws { "global.anthropic." } else { "" },
            ),
            (Some(Endpoint::Regional), "regional.anthropic."),
        ] {
            if *provider == Provider::Google && endpoint == Some(Endpoint::Regional) {
                continue;
            }
            let when = When { endpoint, ..When::default() };
            let Some(base) = model.slots.get(&Slot { when, above: 0 }) else { continue };
            let band = model.slots.iter().find(|(slot, _)| slot.when == when && slot.above > 0);
            // Only what came from upstream; it has no date for its first rate.
            let upstream = |rows: &[PriceRow]| -> Vec<PriceRow> {
                let end = rows.last().map_or(i64::MAX, PriceRow::end);
                let mut rows: Vec<PriceRow> =
                    rows.iter().filter(|row| row.source.is_upstream()).cloned().collect();
                if let Some(first) = rows.first_mut() {
                    *first = first.within(i64::MIN, first.end());
                }
                if let Some(last) = rows.last_mut() {
                    *last = last.within(last.start(), end);
                }
                rows
            };
            let over = band.map_or(Vec::new(), |(_, rows)| upstream(rows));
            let base = upstream(base);
            let mut starts: Vec<i64> =
                base.iter().chain(&over).flat_map(|row| [row.start(), row.end()]).collect();
            starts.sort_unstable();
            starts.dedup();
            starts.retain(|start| *start != i64::MAX);
            if base.is_empty() {
                continue;
            }
            let covering = |rows: &'_ [PriceRow], start: i64| {
                rows.iter().find(|row| row.start() <= start && start < row.end()).cloned()
            };
            let prices: Vec<Value> = starts
                .into_iter()
                .map(|start| {
                    let row = covering(&base, start).unwrap();
                    let long = covering(&over, start);
                    let mut prices = serde_json::Map::new();
                    for (class, key) in KEYS {
                        let Some(rate) = row.rates.get(class) else { continue };
                        let dollars = |pico: i64| json!(pico as f64 / 1e6);
                        let price = match long.as_ref().and_then(|long| long.rates.get(class)) {
                            Some(over) => json!({
                                "base": dollars(rate.0),
                                "tiers": [{"start": band.unwrap().0.above, "price": dollars(over.0)}],
                            }),
                            None => dollars(rate.0),
                        };
                        prices.insert(key.to_owned(), price);
                    }
                    if start == i64::MIN {
                        return json!({"prices": prices});
                    }
                    let date = Millis(start).timestamp().strftime("%F").to_string();
                    json!({"constraint": {"start_date": date}, "prices": prices})
                })
                .collect();
            let name = format!("{prefix}{id}");
            let model = json!({"id": name, "match": {"equals": name}, "prices": prices});
            providers[*provider as usize]["models"].as_array_mut().unwrap().push(model);
        }
    }
    providers
}

fn model<'a>(data: &'a mut Value, provider: Provider, id: &str) -> &'a mut Value {
    let models = data[provider as usize]["models"].as_array_mut().unwrap();
    models.iter_mut().find(|model| model["id"] == id).unwrap()
}

const NOW: &str = "2026-11-23T12:00:00Z";

fn run(data: &Value) -> Result<Update, UpdateRefusal> {
    let book = PriceBook::embedded();
    let now = Millis::parse(NOW).unwrap();
    update(book, book, data.to_string().as_bytes(), now, "test data")
}

fn run_bytes(bytes: &[u8]) -> UpdateRefusal {
    let book = PriceBook::embedded();
    update(book, book, bytes, Millis::parse(NOW).unwrap(), "test data").unwrap_err()
}

#[test]
fn the_same_data_changes_nothing() {
    let update = run(&v2(PriceBook::embedded())).unwrap();
    assert_eq!(update.diff, BookDiff::default());
    assert_eq!(update.skipped, Vec::<String>::new());
}

fn with_new_model(mut data: Value) -> Value {
    let new = json!({
        "id": "claude-opus-6",
        "match": {"or": [{"equals": "claude-opus-6"}, {"starts_with": "claude-6-opus"}]},
        "prices": {"input_mtok": 6, "output_mtok": 30, "cache_read_mtok": 0.3, "cache_write_mtok": 7.5},
        "price_variants": [{"when": {"processing": "batch"}, "prices": {"input_mtok": 3}}],
    });
    data[0]["models"].as_array_mut().unwrap().push(new);
    data
}

#[test]
fn a_new_model_is_priced_with_all_its_terms() {
    let update = run(&with_new_model(v2(PriceBook::embedded()))).unwrap();
    assert_eq!(update.diff.added.len(), 1);
    assert!(update.diff.changed.is_empty() && update.diff.removed.is_empty());
    let mut call = call("claude-6-opus", "2026-11-20", [1000, 0, 0, 0, 0]);
    assert_eq!(charge(&update.book, &call).amount.0, 6_000_000_000);
    call.qualifiers.service_tier = Batch;
    call.qualifiers.inference_geo = crate::model::Geo::Us;
    assert_eq!(charge(&update.book, &call).amount.0, 3_300_000_000);
    // It is stored and comes back.
    let again = PriceBook::from_json(&update.book.to_json()).unwrap();
    assert_eq!(again.id(), update.book.id());
    assert_eq!(again.origin(), "test data");
}

#[test]
fn an_undated_rate_counts_from_the_day_it_was_seen() {
    let mut data = v2(PriceBook::embedded());
    let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
    opus["prices"][0]["prices"]["input_mtok"] = json!(5);
    let book = run(&data).unwrap().book;
    let at = |day, tier| {
        let mut call = call("claude-opus-5-5", day, [1000, 0, 0, 0, 0]);
        call.qualifiers.service_tier = tier;
        charge(&book, &call).amount.0
    };
    assert_eq!(at("2026-11-23T11:59:59Z", Standard), 4_000_000_000, "the past stays");
    assert_eq!(at("2026-11-23T12:00:00Z", Standard), 5_000_000_000);
    assert_eq!(at("2026-11-23T11:59:59Z", Batch), 2_000_000_000);
    assert_eq!(at("2026-11-23T12:00:00Z", Batch), 2_500_000_000, "batch follows");
}

#[test]
fn a_dated_change_counts_from_its_date() {
    let mut data = v2(PriceBook::embedded());
    let vertex = model(&mut data, Provider::Google, "claude-opus-5-5");
    let mut later = vertex["prices"][0].clone();
    later["constraint"] = json!({"start_date": "2026-12-15"});
    later["prices"]["input_mtok"] = json!(5);
    vertex["prices"].as_array_mut().unwrap().push(later);
    let update = run(&data).unwrap();
    assert_eq!(update.diff.changed.len(), 2, "global and regional");
    let at = |day| {
        let mut call = call("claude-opus-5-5", day, [1000, 0, 0, 0, 0]);
        call.call_id.id = "msg_vrtx_1".into();
        let charge = charge(&update.book, &call);
        (charge.amount.0, update.book.row(charge.row.unwrap()).unwrap().basis.is_assumption())
    };
    assert_eq!(at("2026-12-14"), (4_000_000_000, false));
    assert_eq!(at("2026-12-15"), (5_000_000_000, true));
}

#[test]
fn hand_kept_rows_stand_unless_upstream_dates_a_later_change() {
    let mut data = v2(PriceBook::embedded());
    // The band that upstream still had in November, long after the beta's end.
    let sonnet = model(&mut data, Provider::Anthropic, "claude-sonnet-4-5");
    sonnet["prices"][0]["prices"]["input_mtok"] =
        json!({"base": 3, "tiers": [{"start": 200_000, "price": 6}]});
    assert_eq!(run(&data).unwrap().diff, BookDiff::default());
    let sonnet = model(&mut data, Provider::Anthropic, "claude-sonnet-4-5");
    let mut later = sonnet["prices"][0].clone();
    later["constraint"] = json!({"start_date": "2027-02-01"});
    sonnet["prices"].as_array_mut().unwrap().push(later);
    let changed = run(&data).unwrap().diff.changed;
    assert!(changed.iter().all(|change| change.above == 200_000));
    assert_eq!(changed[0].from, Millis::parse("2027-02-01T00:00:00Z"));
}

#[test]
fn an_announced_change_is_confirmed_by_a_later_update() {
    let book = PriceBook::embedded();
    let now = Millis::parse("2026-12-02T00:00:00Z").unwrap();
    let data = v2(book).to_string();
    let update = update(book, book, data.as_bytes(), now, "test data").unwrap();
    assert!(update.diff.is_empty());
    let argon = call("gemini-4-argon", "2026-12-05", [1000, 0, 0, 0, 0]);
    assert_eq!(charge(book, &argon).status, CostStatus::Assumed);
    let confirmed = charge(&update.book, &argon);
    assert_eq!((confirmed.amount.0, confirmed.status), (4_000_000_000, CostStatus::Exact));
}

#[test]
fn a_model_that_upstream_dropped_keeps_its_price() {
    let mut data = with_new_model(v2(PriceBook::embedded()));
    let models = data[1]["models"].as_array_mut().unwrap();
    models.retain(|model| model["id"] != "gpt-5.5");
    let update = run(&data).unwrap();
    assert!(update.diff.removed.is_empty());
    let priced = charge(&update.book, &call("gpt-5.5", "2026-11-20", [1000, 0, 0, 0, 0]));
    assert_eq!(priced.amount.0, 5_000_000_000);
    assert!(update.book.entry(Provider::Openai, "gpt-5.5").unwrap().retired);
}

#[test]
fn older_data_is_refused() {
    let old = |data: &mut Value| {
        data[0]["models"].as_array_mut().unwrap().retain(|m| m["id"] != "claude-fable-5-2");
    };
    let mut data = v2(PriceBook::embedded());
    old(&mut data);
    // Nothing else differs: the book stays as it is.
    let same = run(&data).unwrap();
    assert_eq!(same.book.id(), PriceBook::embedded().id());
    model(&mut data, Provider::Openai, "gpt-5.5")["prices"][0]["prices"]["input_mtok"] = json!(6);
    assert!(matches!(run(&data), Err(UpdateRefusal::Older(_))));
    assert!(run(&with_new_model(data)).is_ok(), "it has news");
    let mut data = v2(PriceBook::embedded());
    let argon = model(&mut data, Provider::Google, "gemini-4-argon");
    argon["prices"].as_array_mut().unwrap().pop();
    argon["prices"][0]["prices"]["input_mtok"] = json!(3);
    assert!(matches!(run(&data), Err(UpdateRefusal::Older(_))), "an announced change is gone");
}

#[test]
fn data_that_lost_models_is_refused() {
    let mut data = v2(PriceBook::embedded());
    data[0]["models"].as_array_mut().unwrap().truncate(10);
    assert!(matches!(run(&data), Err(UpdateRefusal::ModelLoss { .. })));
    let mut data = v2(PriceBook::embedded());
    data.as_array_mut().unwrap().remove(0);
    assert!(matches!(run(&data), Err(UpdateRefusal::Schema(_))));
    for nothing in [json!([]), json!({}), json!(null)] {
        assert!(matches!(run(&nothing), Err(UpdateRefusal::Schema(_))));
    }
}

#[test]
fn implausible_prices_are_refused() {
    for price in ["0", "-1", "2000.5", "1e400", "1e-9", "4.0000001", "\"4\"", "true", "[4]"] {
        let mut data = v2(PriceBook::embedded());
        let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
        opus["prices"][0]["prices"]["input_mtok"] = json!("HERE");
        let text = data.to_string().replace("\"HERE\"", price);
        assert!(text.contains(&format!(":{price}")), "{price}");
        let refusal = run_bytes(text.as_bytes());
        let expected = matches!(refusal, UpdateRefusal::Price { .. } | UpdateRefusal::Schema(_));
        assert!(expected, "{price}: {refusal}");
    }
    // Null is no price at all: the model counts as missing and keeps its rows.
    let mut data = v2(PriceBook::embedded());
    let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
    opus["prices"][0]["prices"]["input_mtok"] = json!(null);
    assert_eq!(run(&data).unwrap().book.id(), PriceBook::embedded().id());
    for jump in [json!(41), json!(0.39)] {
        let mut data = v2(PriceBook::embedded());
        let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
        opus["prices"][0]["prices"]["input_mtok"] = jump;
        assert!(matches!(run(&data), Err(UpdateRefusal::Jump { .. })));
    }
    // A new band must not smuggle one in.
    let mut data = v2(PriceBook::embedded());
    let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
    opus["prices"][0]["prices"]["input_mtok"] =
        json!({"base": 4, "tiers": [{"start": 1, "price": 2000}]});
    assert!(matches!(run(&data), Err(UpdateRefusal::Jump { .. })));
}

#[test]
fn float_noise_is_not_a_price() {
    for noisy in ["3.9999999999999996", "4.000000000000001", "4.0", "4e0"] {
        let mut data = v2(PriceBook::embedded());
        let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
        opus["prices"][0]["prices"]["input_mtok"] = json!("HERE");
        let text = data.to_string().replace("\"HERE\"", noisy);
        let now = Millis::parse(NOW).unwrap();
        let book = PriceBook::embedded();
        let update = update(book, book, text.as_bytes(), now, "test data").unwrap();
        assert!(update.diff.is_empty(), "{noisy}");
    }
}

#[test]
fn hostile_bytes_are_refused() {
    let text = v2(PriceBook::embedded()).to_string();
    for cut in [0, 1, 1000, text.len() / 2, text.len() - 1] {
        assert!(matches!(run_bytes(&text.as_bytes()[..cut]), UpdateRefusal::Schema(_)), "{cut}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(run_bytes(deep.as_bytes()), UpdateRefusal::Schema(_)));
    let clause = format!("{}7{}", "{\"or\":[".repeat(50_000), "]}".repeat(50_000));
    let nested = text.replacen("{\"equals\":\"claude-opus-5-5\"}", &clause, 1);
    assert!(nested.len() > text.len());
    assert!(matches!(run_bytes(nested.as_bytes()), UpdateRefusal::Schema(_)));
    assert!(matches!(run_bytes(b"[{\"id\":\"\xff\"}]"), UpdateRefusal::Schema(_)));
    assert!(matches!(
        run_bytes(text.replace("\"input_mtok\":4.0", "\"input_mtok\":NaN").as_bytes()),
        UpdateRefusal::Schema(_)
    ));
    let huge = format!("{text}{}", " ".repeat(17 << 20));
    assert!(matches!(run_bytes(huge.as_bytes()), UpdateRefusal::TooLarge { .. }));
    let digits = text.replacen("4.0", &format!("4.{}1", "0".repeat(1000)), 1);
    assert!(matches!(run_bytes(digits.as_bytes()), UpdateRefusal::Price { .. }));
}

#[test]
fn duplicates_are_refused() {
    let mut data = v2(PriceBook::embedded());
    let twin = model(&mut data, Provider::Anthropic, "claude-opus-5-5").clone();
    data[0]["models"].as_array_mut().unwrap().push(twin);
    assert!(matches!(run(&data), Err(UpdateRefusal::Duplicate(_))));
    let mut data = v2(PriceBook::embedded());
    let twin = data[0].clone();
    data.as_array_mut().unwrap().push(twin);
    assert!(matches!(run(&data), Err(UpdateRefusal::Duplicate(_))));
    let mut data = v2(PriceBook::embedded());
    let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
    let twin = opus["prices"][0].clone();
    opus["prices"].as_array_mut().unwrap().push(twin);
    assert!(matches!(run(&data), Err(UpdateRefusal::Duplicate(_))));
    let text = v2(PriceBook::embedded()).to_string();
    let twice = text.replacen("\"input_mtok\":", "\"input_mtok\":1,\"input_mtok\":", 1);
    assert!(matches!(run_bytes(twice.as_bytes()), UpdateRefusal::Schema(_)));
}

#[test]
fn a_condition_of_another_kind_leaves_the_model_as_it_was() {
    let mut data = v2(PriceBook::embedded());
    let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
    let mut night = opus["prices"][0].clone();
    night["constraint"] = json!({"start_time": "00:00:00", "end_time": "06:00:00"});
    night["prices"]["input_mtok"] = json!(1);
    opus["prices"].as_array_mut().unwrap().push(night);
    let update = run(&data);
    match update {
        Ok(update) => {
            assert!(update.diff.is_empty());
            assert_eq!(update.skipped, ["anthropic/claude-opus-5-5"]);
        }
        Err(refusal) => panic!("{refusal}"),
    }
}

#[test]
fn the_difference_of_two_books_is_exact() {
    let book = PriceBook::embedded();
    assert!(BookDiff::between(book, book).is_empty());
    let dearer = String::from_utf8(book.to_json()).unwrap().replacen(
        "\"model\":\"claude-opus-5-5\",\"tier\":\"reasoning\",\"aliases\":[\"claude-5-5-opus\"],\"residency\":\"1.1\",\"rows\":[{\"input\":\"4\"",
        "\"model\":\"claude-opus-5-5\",\"tier\":\"reasoning\",\"aliases\":[\"claude-5-5-opus\"],\"residency\":\"1.1\",\"rows\":[{\"from\":\"2026-09-22T00:00:00Z\",\"input\":\"5\"",
        1,
    );
    let dearer = PriceBook::from_json(dearer.as_bytes()).unwrap();
    let diff = BookDiff::between(book, &dearer);
    assert!(diff.added.is_empty() && diff.removed.is_empty());
    let [gone, changed] = &diff.changed[..] else { panic!("{diff:?}") };
    assert_eq!((gone.from, gone.to), (None, Millis::parse("2026-09-22T00:00:00Z")));
    assert_eq!(gone.new, None);
    assert_eq!(changed.old.unwrap().input.unwrap().0, 4_000_000);
    assert_eq!(changed.new.unwrap().input.unwrap().0, 5_000_000);
    assert_eq!(&*changed.name.model, "claude-opus-5-5");
}

#[test]
fn the_same_news_again_are_none() {
    let own = PriceBook::embedded();
    let mut data = v2(own);
    let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
    opus["prices"][0]["prices"]["input_mtok"] = json!(5);
    let first = run(&data).unwrap().book;
    for later in [NOW, "2026-11-23T12:00:01Z", "2026-12-24T00:00:00Z"] {
        let now = Millis::parse(later).unwrap();
        let again = update(&first, own, data.to_string().as_bytes(), now, "test data").unwrap();
        assert!(again.diff.is_empty(), "{later}: {:?}", again.diff);
    }
    // And what was first seen there may be raised again.
    let opus = model(&mut data, Provider::Anthropic, "claude-opus-5-5");
    opus["prices"][0]["prices"]["input_mtok"] = json!(6);
    let now = Millis::parse("2026-12-24T00:00:00Z").unwrap();
    let second = update(&first, own, data.to_string().as_bytes(), now, "test data").unwrap();
    assert_eq!(second.diff.changed.len(), 2, "the rate and half of it for batches");
}
