//! Pricing in a loop: remembers where each model name was found.

use std::collections::HashMap;
use std::ops::Deref;

use crate::model::{Call, Cost};

use super::{ModelMatch, PriceBook};

/// A price book with a memory for model names; one for every worker.
///
/// Holds the book by reference or by `Arc`.
#[derive(Debug)]
pub struct Pricer<B> {
    book: B,
    seen: HashMap<Box<str>, ModelMatch>,
}

impl<B: Deref<Target = PriceBook>> Pricer<B> {
    /// Names remembered at most; a transcript with more of them is not one of an agent.
    const CAPACITY: usize = 1024;

    /// Starts with an empty memory.
    pub fn new(book: B) -> Self {
        Self { book, seen: HashMap::new() }
    }

    /// The book it prices by.
    pub fn book(&self) -> &PriceBook {
        &self.book
    }

    /// Same as [`PriceBook::price`].
    pub fn price(&mut self, call: &Call) -> Cost {
        let Some(model) = call.model.as_deref() else { return self.book.price(call) };
        if let Some(found) = self.seen.get(model) {
            return self.book.price_matched(call, found);
        }
        let found = self.book.find_model(model);
        if self.seen.len() < Self::CAPACITY {
            self.seen.insert(model.into(), found);
        }
        self.book.price_matched(call, &found)
    }
}
