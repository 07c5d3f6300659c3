//! A new book from newer upstream data, or the reason to refuse it.
//!
//! The data is unsigned and has no date, so it is believed within limits. What the book knows of
//! the past stays; a rate without a date counts from the day it was first seen; hand-kept rows
//! stand unless upstream dates a change after they were last checked; nothing is ever deleted.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Millis, PicoUsd};

use super::book::{BookError, PriceBook};
use super::diff::{BookDiff, RateChange};
use super::draft::Draft;
use super::news::{add_aliases, derive, lay_floor, new_model, retire, update_model};
use super::row::{Basis, PriceRow, Provider, Rates, Source, TokenClass};
use super::upstream::Upstream;

/// A rate may move by this factor from one book to the next.
const MAX_JUMP: i64 = 10;

/// Models that may be missing, in percent of those the book has.
const MAX_LOSS_PERCENT: usize = 2;

/// A book that passed every check.
#[derive(Clone, Debug)]
pub struct Update {
    /// The new book, complete.
    pub book: PriceBook,
    /// What it changes. Empty: the old book may stay.
    pub diff: BookDiff,
    /// Models upstream prices in a way this version does not know; the old rows stay.
    pub skipped: Vec<String>,
}

/// Why new data was refused; the old book stays in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateRefusal {
    /// More bytes than price data has.
    #[error("{bytes} bytes are more than the {most} that price data can have")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// How many there may be.
        most: usize,
    },
    /// Not the JSON of genai-prices v2, or cut off.
    #[error("not genai-prices v2 data: {0}")]
    Schema(String),
    /// Something is there twice.
    #[error("{0} is there twice")]
    Duplicate(String),
    /// Zero, negative, past $2,000, or more than six decimals.
    #[error("{model}: a price of {price} is not plausible")]
    Price {
        /// Which model.
        model: String,
        /// What it says.
        price: String,
    },
    /// Too many known models are missing.
    #[error("{} of {known} models are missing, among them {}", .lost.len(), .lost.first().map_or("", String::as_str))]
    ModelLoss {
        /// Which.
        lost: Vec<String>,
        /// How many there were.
        known: usize,
    },
    /// A rate moved too far.
    #[error("{model}: {class} moves from {old} to {new} pico-dollars a token, more than tenfold")]
    Jump {
        /// Which model.
        model: String,
        /// Which class.
        class: &'static str,
        /// From.
        old: PicoUsd,
        /// To.
        new: PicoUsd,
    },
    /// The data lacks what the book has and brings nothing new.
    #[error("older than the book in force: it lacks {0} and brings nothing new")]
    Older(String),
    /// The parts do not make a book.
    #[error(transparent)]
    Book(#[from] BookError),
}

/// Makes a book from upstream bytes.
///
/// `active` is the book in force, without the user's rows; `floor` the one this version was built
/// with, whose hand-kept rows stay. `now` is when the bytes were fetched and `origin` where from,
/// with the commit: upstream data has neither date nor signature.
///
/// Older data is told by its content: it lacks a model or a dated change that the book has, and
/// has none that the book lacks.
pub fn update(
    active: &PriceBook,
    floor: &PriceBook,
    bytes: &[u8],
    now: Millis,
    origin: &str,
) -> Result<Update, UpdateRefusal> {
    let day = now.timestamp().strftime("%F").to_string();
    let source = Source { id: "genai".into(), text: origin.into(), checked: day.as_str().into() };
    let upstream = Upstream::read(bytes, now, &Arc::new(source))?;
    check_loss(active, &upstream)?;

    let mut draft = Draft::of(active);
    lay_floor(&mut draft, floor);
    let before = draft.clone().finish()?;
    for (key, model) in &upstream.models {
        match draft.models.get_mut(key) {
            Some(known) => update_model(known, key.0, model, now),
            None => {
                draft.models.insert(key.clone(), new_model(key.0, &key.1, model));
            }
        }
    }
    derive(&mut draft);
    let lacking = lacks_only(&before, &upstream);
    if lacking.is_none() {
        add_aliases(&mut draft, &upstream);
        retire(&mut draft, &upstream);
        origin.clone_into(&mut draft.origin);
    }
    let mut book = draft.finish()?;
    let news = BookDiff::between(&before, &book);
    check_jumps(&before, &news)?;
    if let Some(lacking) = lacking {
        if !news.is_empty() {
            return Err(UpdateRefusal::Older(lacking));
        }
        book = before;
    }
    let diff = BookDiff::between(active, &book);
    Ok(Update { book, diff, skipped: upstream.skipped })
}

/// Known upstream models that are still sold.
fn known(book: &PriceBook) -> impl Iterator<Item = (Provider, Arc<str>)> {
    book.models
        .iter()
        .filter(|entry| !entry.retired)
        .filter(|entry| book.rows_of(entry).iter().any(|row| row.source.is_upstream()))
        .map(|entry| (entry.provider, entry.model.clone()))
}

fn check_loss(active: &PriceBook, upstream: &Upstream) -> Result<(), UpdateRefusal> {
    let known: Vec<_> = known(active).collect();
    let name = |key: &&(Provider, Arc<str>)| format!("{}/{}", key.0.name(), key.1);
    let lost: Vec<String> =
        known.iter().filter(|key| !upstream.models.contains_key(*key)).map(|k| name(&k)).collect();
    if lost.len() * 100 > known.len() * MAX_LOSS_PERCENT {
        return Err(UpdateRefusal::ModelLoss { lost, known: known.len() });
    }
    Ok(())
}

/// What the data lacks of the book, if it brings nothing that the book lacks.
fn lacks_only(active: &PriceBook, upstream: &Upstream) -> Option<String> {
    type Fact = (Provider, Arc<str>, Option<Millis>);
    // The days on which some standard rate of a model begins or ends.
    let dates = |row: &PriceRow| {
        let ends = [row.from, row.to].into_iter().flatten();
        let (provider, model) = (row.provider, row.model.clone());
        ends.map(move |at| (provider, model.clone(), Some(at))).collect::<Vec<Fact>>()
    };
    let told = |row: &&PriceRow| {
        row.when.is_standard()
            && row.source.is_upstream()
            && matches!(row.basis, Basis::OfficialEffective | Basis::Announced)
    };
    let by_hand = active.rows.iter().filter(|row| !row.source.is_upstream());
    let by_hand: BTreeSet<Fact> = by_hand.flat_map(dates).collect();
    let mut ours: BTreeSet<Fact> = active.rows.iter().filter(told).flat_map(dates).collect();
    // A rate without a date cuts the row before it on the day we first saw it: our date, not theirs.
    let seen: BTreeSet<Fact> = active
        .rows
        .iter()
        .filter(|row| row.basis == Basis::FirstObserved)
        .map(|row| (row.provider, row.model.clone(), row.from))
        .collect();
    ours.retain(|fact| !by_hand.contains(fact) && !seen.contains(fact));
    ours.extend(known(active).map(|(provider, model)| (provider, model, None)));
    let mut theirs: BTreeSet<Fact> = BTreeSet::new();
    for (key, model) in &upstream.models {
        theirs.insert((key.0, key.1.clone(), None));
        theirs.extend(model.slots.values().flatten().filter(told).flat_map(dates));
    }
    // A model the book has from elsewhere is no news.
    let is_news = |fact: &Fact| match fact {
        (provider, model, None) => active.entry(*provider, model).is_none(),
        _ => !ours.contains(fact) && !by_hand.contains(fact),
    };
    if theirs.iter().any(is_news) {
        return None;
    }
    let (provider, model, from) = ours.difference(&theirs).next()?;
    let date = from.map(|at| format!(" on {}", at.timestamp().strftime("%F")));
    Some(format!("{}/{model}{}", provider.name(), date.unwrap_or_default()))
}

fn check_jumps(active: &PriceBook, diff: &BookDiff) -> Result<(), UpdateRefusal> {
    for change in &diff.changed {
        let Some(new) = &change.new else { continue };
        let Some(old) = change.old.or_else(|| standard(active, change)) else { continue };
        for class in TokenClass::ALL {
            let (Some(old), Some(new)) = (old.get(class), new.get(class)) else { continue };
            if new.0 > old.0.saturating_mul(MAX_JUMP) || old.0 > new.0.saturating_mul(MAX_JUMP) {
                let model = format!("{}/{}", change.name.provider.name(), change.name.model);
                return Err(UpdateRefusal::Jump { model, class: class.name(), old, new });
            }
        }
    }
    Ok(())
}

/// The standard rates a new kind of row is measured by.
fn standard(active: &PriceBook, change: &RateChange) -> Option<Rates> {
    let entry = active.entry(change.name.provider, &change.name.model)?;
    let at = change.from.unwrap_or(Millis(i64::MIN));
    let mut rows = active.rows_of(entry).iter().filter(|row| row.when.is_standard());
    rows.find(|row| row.above == 0 && row.covers(at)).map(|row| row.rates)
}
