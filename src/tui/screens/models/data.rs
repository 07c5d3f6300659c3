//! What the Models screen has read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::mix::Mix;
use super::split::{Rows, Split};
use crate::ledger::{LedgerError, Totals};
use crate::model::{Millis, UsdTotal};
use crate::pricing::Tier;
use crate::tui::history::{day, start_of};
use crate::tui::screens::Query;
use crate::tui::source::Source;
use crate::tui::span::Span;

/// Asks for the models of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByModel {
    /// Which.
    pub span: Span,
}

/// A model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name as the agents write it, or empty.
    pub name: Arc<str>,
    /// What it is for; none: the price book does not list it.
    pub tier: Option<Tier>,
    /// Its calls.
    pub totals: Totals,
    /// What a million tokens of its prompts cost on average.
    pub price_in: Option<UsdTotal>,
    /// What a million tokens of its answers cost on average.
    pub price_out: Option<UsdTotal>,
}

/// The models of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Which span.
    pub span: Span,
    /// Which day it is.
    pub today: Date,
    /// The dearest first.
    pub models: Vec<Model>,
    /// All of them.
    pub total: Totals,
    /// What agents say they spent beyond that, on no model that is known.
    pub unlogged: UsdTotal,
    /// How the calls are spread over the tiers.
    pub mix: Mix,
    /// Who has calls in the span: so many.
    pub developers: usize,
}

impl Query for ByModel {
    type Data = Data;

    fn read(&self, source: &mut Source<'_>) -> Result<Data, LedgerError> {
        let mut charged: HashMap<i64, Totals> = HashMap::new();
        source.each_day(self.span, &mut |_, number, _, totals| {
            *charged.entry(number).or_default() += *totals;
        })?;
        let mut unlogged = UsdTotal::ZERO;
        source.each_unlogged(self.span, &mut |_, _, amount| unlogged += amount)?;
        let today = source.date();
        let mut sums: BTreeMap<Arc<str>, (Totals, Split)> = BTreeMap::new();
        let mut developers: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut splitter = Splitter::new(source, self.span, today)?;
        let mut total = Totals::default();
        for (number, totals) in charged {
            let Some(who) = source.sums.charged.get(&number) else { continue };
            let split = splitter.split(number, &who.model, &totals)?;
            let sum = sums.entry(Arc::clone(&who.model)).or_default();
            sum.0 += totals;
            sum.1.add(&split);
            total += totals;
            developers.insert(Arc::clone(&who.developer));
        }
        let book = &source.facts.book;
        let mut mix = Mix::default();
        let mut models: Vec<Model> = Vec::with_capacity(sums.len());
        for (name, (totals, split)) in sums {
            let tier = book.canonical(&name).map(|entry| entry.tier);
            mix.add(tier, totals.calls);
            let (price_in, price_out) = (split.price_in(), split.price_out());
            models.push(Model { name, tier, totals, price_in, price_out });
        }
        models.sort_by_key(|model| std::cmp::Reverse(model.totals.cost));
        let developers = developers.len();
        Ok(Data { span: self.span, today, models, total, unlogged, mix, developers })
    }
}

/// Tells prompts and answers apart.
struct Splitter<'a> {
    source: &'a Source<'a>,
    time: std::ops::Range<Millis>,
    rows: Rows,
    /// The names that price rows have for the agents' names of models.
    names: HashMap<Arc<str>, Option<Arc<str>>>,
}

impl<'a> Splitter<'a> {
    fn new(source: &'a Source<'_>, span: Span, today: Date) -> Result<Self, LedgerError> {
        let zone = &source.facts.zone;
        let time = match span.first(today) {
            None => Millis(i64::MIN)..Millis(i64::MAX),
            Some(first) => start_of(first, zone)..day(today, zone).end,
        };
        let rows = Rows::new(source.reader.every_price_row()?);
        Ok(Self { source, time, rows, names: HashMap::new() })
    }

    fn split(
        &mut self,
        charged: i64,
        model: &Arc<str>,
        totals: &Totals,
    ) -> Result<Split, LedgerError> {
        let book = &self.source.facts.book;
        let name = self
            .names
            .entry(Arc::clone(model))
            .or_insert_with(|| book.canonical(model).map(|entry| Arc::clone(&entry.model)));
        let explained = name.as_ref().and_then(|name| self.rows.explain(name, totals));
        if let Some(split) = explained {
            return Ok(split);
        }
        let mut split = Split::default();
        for call in self.source.reader.charged_by(charged, &self.time)? {
            if let Some(part) = self.rows.of_call(&call) {
                split.add(&part);
            }
        }
        Ok(split)
    }
}
