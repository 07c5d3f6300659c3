//! What a session cost, by model and class of tokens, with the rates that its charges were made
//! with: those of the ledger, not of today's book.

use std::collections::BTreeMap;

use crate::format::printable;
use crate::ledger::{LedgerError, SessionCall, Totals};
use crate::model::money::div_half_even;
use crate::model::{PicoUsd, UsdTotal};
use crate::pricing::{AuditRow, TokenClass};
use crate::tui::screens::live::short_model;
use crate::tui::source::Source;

/// A search that the provider runs: a cent each, whatever the model and the terms.
const SEARCH: PicoUsd = PicoUsd(10_000_000_000);

/// What a model cost.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCost {
    /// Its name, short and safe to show.
    pub model: String,
    /// All of it.
    pub totals: Totals,
    /// By class, the dearest first.
    pub classes: Vec<ClassCost>,
    /// What its price rows are for beside the usual, such as `fast`.
    pub terms: Vec<String>,
}

/// What a class of tokens cost.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCost {
    /// Its name in words.
    pub name: &'static str,
    /// How many.
    pub tokens: u64,
    /// Dollars a million, or each where it is no tokens; `2.50–5` where there were several, empty
    /// where there is none.
    pub rate: String,
    /// What they cost; none: no price is known.
    pub cost: Option<UsdTotal>,
}

/// A class while it is summed up.
#[derive(Default)]
struct Sum {
    tokens: u64,
    cost: Option<UsdTotal>,
    /// Rates for one token, with their texts.
    rates: BTreeMap<PicoUsd, String>,
}

/// Calls that were charged alike.
type Terms = (i64, u32);

/// Sums up a session's calls.
pub(super) fn read(
    source: &Source<'_>,
    calls: &[SessionCall],
) -> Result<Vec<ModelCost>, LedgerError> {
    // By model, then by price row and factor: rates are multiplied once for all their tokens.
    let mut models: BTreeMap<&str, (Totals, BTreeMap<Option<Terms>, Totals>)> = BTreeMap::new();
    for call in calls {
        let Some(who) = source.sums.charged.get(&call.charged) else { continue };
        let totals = Totals::of_call(call.usage, call.cost, call.is_final);
        let terms = call.price_row.map(|row| (row, call.multiplier_ppm));
        let model = models.entry(&who.model).or_default();
        model.0 += totals;
        *model.1.entry(terms).or_default() += totals;
    }
    let numbers = models.values().flat_map(|(_, by_terms)| by_terms.keys());
    let numbers: Vec<i64> = numbers.filter_map(|terms| terms.map(|(row, _)| row)).collect();
    let contents = source.reader.price_rows(numbers)?;
    let parsed = |(number, json): (i64, String)| Some((number, serde_json::from_str(&json).ok()?));
    let rows: BTreeMap<i64, AuditRow> = contents.into_iter().filter_map(parsed).collect();
    let mut costs: Vec<ModelCost> = models
        .into_iter()
        .map(|(model, (totals, by_terms))| of_model(model, totals, &by_terms, &rows))
        .collect();
    costs.sort_by_key(|model| std::cmp::Reverse((model.totals.cost, model.totals.calls)));
    Ok(costs)
}

fn of_model(
    model: &str,
    totals: Totals,
    by_terms: &BTreeMap<Option<Terms>, Totals>,
    rows: &BTreeMap<i64, AuditRow>,
) -> ModelCost {
    let mut sums: [Sum; TokenClass::ALL.len()] = Default::default();
    let mut terms: Vec<String> = Vec::new();
    let mut searches = Sum::default();
    for (charged_by, part) in by_terms {
        let found = charged_by.and_then(|(row, ppm)| Some((rows.get(&row)?, ppm)));
        for (sum, class) in sums.iter_mut().zip(TokenClass::ALL) {
            let tokens = class.count(&part.usage);
            sum.tokens += tokens;
            let rate = found
                .and_then(|(row, ppm)| Some((row.rate(class)?, row.rate_per_token(class)?, ppm)));
            let (Some((text, rate, ppm)), true) = (rate, tokens > 0) else { continue };
            let exact = i128::from(rate.0) * i128::from(tokens) * i128::from(ppm);
            let cost = UsdTotal(div_half_even(exact, 1_000_000));
            sum.cost = Some(sum.cost.unwrap_or_default() + cost);
            sum.rates.insert(rate, text.to_owned());
        }
        if let Some((row, ppm)) = found {
            let mut words = row.terms.clone();
            if row.above > 0 {
                words.push(format!("prompts above {}", crate::format::tokens(row.above)));
            }
            if ppm != 1_000_000 {
                let factor = format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000);
                words.push(format!("× {}", factor.trim_end_matches('0').trim_end_matches('.')));
            }
            let words = words.into_iter().map(|word| printable(&word).into_owned());
            terms.extend(words.filter(|word| !terms.contains(word)).collect::<Vec<_>>());
            searches.tokens += part.usage.web_search_requests;
        }
    }
    let mut classes: Vec<ClassCost> = sums
        .into_iter()
        .zip(TokenClass::ALL)
        .filter(|(sum, _)| sum.tokens > 0)
        .map(|(sum, class)| ClassCost {
            name: name(class),
            tokens: sum.tokens,
            rate: rates(&sum.rates),
            cost: sum.cost,
        })
        .collect();
    if searches.tokens > 0 {
        let cost = UsdTotal(i128::from(SEARCH.0) * i128::from(searches.tokens));
        let (name, rate) = ("web searches", "0.01 each".to_owned());
        classes.push(ClassCost { name, tokens: searches.tokens, rate, cost: Some(cost) });
    }
    classes.sort_by_key(|class| std::cmp::Reverse(class.cost));
    let model = short_model(model);
    ModelCost { model, totals, classes, terms }
}

const fn name(class: TokenClass) -> &'static str {
    match class {
        TokenClass::Input => "input",
        TokenClass::Output => "output",
        TokenClass::CacheWrite5m => "cache write 5m",
        TokenClass::CacheWrite1h => "cache write 1h",
        TokenClass::CacheRead => "cache read",
    }
}

fn rates(rates: &BTreeMap<PicoUsd, String>) -> String {
    let mut texts = rates.values();
    match (texts.next(), texts.next_back()) {
        (Some(least), Some(most)) => format!("{least}–{most}"),
        (Some(only), None) => only.clone(),
        _ => String::new(),
    }
}
