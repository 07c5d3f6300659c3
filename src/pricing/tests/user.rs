//! The user's own rows and discounts: what wins, and what is refused with its line.

use super::{call, charge};
use crate::model::{Cost, CostStatus, Geo, UnpricedReason};
use crate::pricing::{Basis, PriceBook, UserPriceProblem as P, UserPrices};

fn applied(text: &str) -> PriceBook {
    let prices: UserPrices = toml::from_str(text).unwrap();
    prices.apply(PriceBook::embedded()).unwrap()
}

/// The lines and problems of a config that is refused.
fn refused(text: &str) -> Vec<(usize, P)> {
    let prices: UserPrices = toml::from_str(text).unwrap();
    let errors = prices.apply(PriceBook::embedded()).unwrap_err();
    errors.into_iter().map(|error| (error.line(text).unwrap(), error.problem)).collect()
}

const ROW: &str = r#"
[[row]]
provider = "anthropic"
model = "claude-opus-5.5[1m]"
from = "2026-11-01"
input = "3"
output = "15"
cache_read = "0.15"
note = "enterprise agreement"
"#;

#[test]
fn a_contract_row_wins_from_its_date() {
    let book = applied(ROW);
    let at = |day| charge(&book, &call("claude-opus-5-5", day, [1000, 0, 0, 0, 1000]));
    let before = at("2026-10-31");
    assert_eq!((before.amount.0, before.status), (4_200_000_000, CostStatus::Exact));
    let after = at("2026-11-01T00:00:00Z");
    assert_eq!((after.amount.0, after.status), (3_150_000_000, CostStatus::Contract));
    let row = book.row(after.row.unwrap()).unwrap();
    assert_eq!((row.basis, &*row.source.text), (Basis::Contract, "enterprise agreement"));
    // A class the contract does not name is not guessed.
    let write = book.price(&call("claude-opus-5-5", "2026-11-20", [1, 0, 0, 1, 0]));
    assert_eq!(write, Cost::Unpriced(UnpricedReason::NoRateForClass));
}

#[test]
fn the_book_with_user_rows_has_its_own_id_and_comes_back_from_its_bytes() {
    let discount = "vertex_region = \"us-east5\"\n[[discount]]\nprovider = \"anthropic\"\npercent = \"15\"\n[unknown]\npolicy = \"assume:claude-opus-5-5\"\n";
    let book = applied(&format!("{discount}{ROW}"));
    assert_ne!(book.id(), PriceBook::embedded().id());
    let again = PriceBook::from_json(&book.to_json()).unwrap();
    assert_eq!(again.id(), book.id());
    assert_eq!(again.settings(), book.settings());
    assert_eq!(again.rows(), book.rows());
}

#[test]
fn a_row_without_a_band_covers_the_listed_bands() {
    let own = "[[row]]\nprovider = \"anthropic\"\nmodel = \"claude-haiku-5-5\"\ninput = \"0.09\"\noutput = \"0.5\"\n";
    let book = applied(own);
    let long = charge(&book, &call("claude-haiku-5-5", "2026-11-20", [200_000, 0, 0, 0, 0]));
    assert_eq!(long.amount.0, 200_000 * 90_000);
    // The user's own band is kept.
    let banded =
        format!("{own}{}", own.replace("input = \"0.09\"", "above = 150000\ninput = \"0.4\""));
    let long =
        charge(&applied(&banded), &call("claude-haiku-5-5", "2026-11-20", [200_000, 0, 0, 0, 0]));
    assert_eq!(long.amount.0, 200_000 * 400_000);
}

#[test]
fn other_models_can_be_priced_under_any_name() {
    let book = applied(
        "[[row]]\nprovider = \"other\"\nmodel = \"Relay/GLM-5.3\"\ninput = \"1.68\"\noutput = \"5.28\"\nkind = \"list\"\n",
    );
    let charge = charge(&book, &call("relay/glm-5.3", "2026-11-20", [1000, 0, 0, 0, 0]));
    assert_eq!((charge.amount.0, charge.status), (1_680_000_000, CostStatus::Exact));
}

#[test]
fn a_regional_row_wins_at_its_endpoint_only() {
    let book = applied(
        "[[row]]\nprovider = \"aws\"\nmodel = \"claude-opus-5-5\"\ninput = \"4\"\noutput = \"20\"\nwhen = { endpoint = \"regional\" }\n",
    );
    let at = |model| charge(&book, &call(model, "2026-11-20", [1000, 0, 0, 0, 0])).status;
    assert_eq!(at("eu.anthropic.claude-opus-5-5"), CostStatus::Contract);
    assert_eq!(at("global.anthropic.claude-opus-5-5"), CostStatus::Exact);
}

#[test]
fn a_discount_is_in_the_amount_and_in_the_multiplier() {
    let book = applied(
        "[[discount]]\nprovider = \"anthropic\"\npercent = \"15\"\nfrom = \"2026-11-01\"\n",
    );
    let mut call = call("claude-opus-5-5", "2026-11-20", [1000, 0, 0, 0, 0]);
    let charge_of = |call: &crate::model::Call| charge(&book, call);
    let charge = charge_of(&call);
    assert_eq!((charge.amount.0, charge.multiplier_ppm), (3_400_000_000, 850_000));
    assert_eq!(charge.status, CostStatus::Contract);
    call.qualifiers.inference_geo = Geo::Us;
    assert_eq!(charge_of(&call).multiplier_ppm, 935_000);
    call.usage.web_search_requests = 1;
    assert_eq!(charge_of(&call).amount.0, 3_740_000_000 + 10_000_000_000);
    call.timestamp = super::call("", "2026-10-31", [0; 5]).timestamp;
    assert_eq!(charge_of(&call).status, CostStatus::Exact);
}

#[test]
fn a_discount_leaves_contract_rows_alone() {
    let book = applied(&format!("{ROW}[[discount]]\nprovider = \"anthropic\"\npercent = \"50\"\n"));
    let charge = charge(&book, &call("claude-opus-5-5", "2026-11-20", [1000, 0, 0, 0, 0]));
    assert_eq!((charge.amount.0, charge.multiplier_ppm), (3_000_000_000, 1_000_000));
}

#[test]
fn the_vertex_region_settles_the_endpoint() {
    let at = |region: &str| {
        let book = applied(&format!("vertex_region = \"{region}\"\n"));
        let charge =
            charge(&book, &call("claude-opus-5-5@20260922", "2026-11-20", [1000, 0, 0, 0, 0]));
        (charge.amount.0, charge.status)
    };
    assert_eq!(at("global"), (4_000_000_000, CostStatus::Exact));
    assert_eq!(at("us-east5"), (4_400_000_000, CostStatus::Exact));
    assert_eq!(at(""), (4_000_000_000, CostStatus::Assumed));
}

#[test]
fn unknown_models_follow_the_policy() {
    let at = |policy: &str| {
        let book = applied(&format!("[unknown]\npolicy = \"{policy}\"\n"));
        book.price(&call("claude-fantastic-9", "2026-11-20", [1000, 1000, 0, 0, 0]))
    };
    assert_eq!(at("flag"), Cost::Unpriced(UnpricedReason::UnknownModel));
    let Cost::Priced(assumed) = at("assume:claude-opus-5-5") else { panic!() };
    assert_eq!((assumed.amount.0, assumed.status), (24_000_000_000, CostStatus::Assumed));
    let Cost::Priced(ceiling) = at("ceiling") else { panic!() };
    assert_eq!((ceiling.amount.0, ceiling.status), (60_000_000_000, CostStatus::UpperBound));
}

#[test]
fn what_is_wrong_is_refused_with_its_line() {
    let row = |change: &str, to: &str| ROW.replace(change, to);
    let one = |text: &str| {
        let mut problems = refused(text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        let (line, problem) = problems.remove(0);
        assert_eq!(line, 2, "{problem}");
        problem
    };
    let field = "input";
    let value = |text: &str| text.to_owned();
    assert_eq!(
        one(&row("\"3\"", "\"3.0000001\"")),
        P::TooPrecise { field, value: value("3.0000001"), most: 6 }
    );
    assert_eq!(one(&row("\"3\"", "\"-3\"")), P::Negative { field, value: value("-3") });
    assert_eq!(one(&row("\"3\"", "\"-0\"")), P::Negative { field, value: value("-0") });
    assert_eq!(one(&row("\"3\"", "\"2001\"")), P::TooLarge { field, value: value("2001") });
    assert_eq!(one(&row("\"3\"", "\"1e99\"")), P::TooLarge { field, value: value("1e99") });
    assert_eq!(one(&row("\"3\"", "\"$3\"")), P::NotANumber { field, value: value("$3") });
    assert!(matches!(one(&row("\"3\"", "\"0\"")), P::Zero { .. }));
    assert!(matches!(one(&row("2026-11-01", "November")), P::NotADate { .. }));
    assert_eq!(one(&row("input", "to = \"2026-11-01\"\ninput")), P::EmptyInterval);
    assert_eq!(one(&row("claude-opus-5.5[1m]", " ")), P::NoModel);
    assert!(matches!(one("\n[unknown]\npolicy = \"guess\""), P::Unknown { .. }));
    assert!(matches!(one("\n[unknown]\npolicy = \"assume:opus\""), P::Unknown { .. }));
    let discount =
        |percent| format!("\n[[discount]]\nprovider = \"openai\"\npercent = \"{percent}\"\n");
    assert!(matches!(one(&discount("100")), P::TooLarge { .. }));
    assert!(matches!(one(&discount("-5")), P::Negative { .. }));
    assert!(matches!(one(&discount("0")), P::Zero { .. }));
}

#[test]
fn overlaps_are_refused_at_the_later_entry() {
    let twice = format!("{ROW}{}", ROW.replace("2026-11-01", "2026-12-01"));
    assert_eq!(refused(&twice), [(11, P::Overlap)]);
    let after = format!(
        "{}{ROW}",
        ROW.replace("input", "to = \"2026-11-01\"\ninput").replace("from = \"2026-11-01\"\n", "")
    );
    applied(&after);
    let discount = "[[discount]]\nprovider = \"openai\"\npercent = \"5\"\n";
    assert_eq!(refused(&format!("{discount}{discount}")), [(4, P::Overlap)]);
}

#[test]
fn a_zero_that_is_meant_is_free() {
    let free = ROW.replace("\"3\"", "\"0\"").replace("note", "free = true\nnote");
    let charge =
        charge(&applied(&free), &call("claude-opus-5-5", "2026-11-20", [1000, 0, 0, 0, 0]));
    assert_eq!(charge.amount.0, 0);
}

#[test]
fn an_error_reads_well() {
    let text = ROW.replace("\"3\"", "\"3,5\"");
    let prices: UserPrices = toml::from_str(&text).unwrap();
    let error = prices.apply(PriceBook::embedded()).unwrap_err().remove(0);
    assert_eq!(
        error.to_string(),
        "prices.row for anthropic/claude-opus-5.5[1m]: input = \"3,5\" is not a decimal number; \
         write \"2.5\" for $2.50 per million tokens"
    );
    let unknown = toml::from_str::<UserPrices>("[[row]]\nmodle = 1\n").unwrap_err();
    assert!(unknown.to_string().contains("line 2"), "{unknown}");
}
