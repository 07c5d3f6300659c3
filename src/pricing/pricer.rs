//! Pricing in a loop: remembers where each model name was found.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::model::{Call, Cost};

use super::{ModelMatch, PriceBook};

/// A price book with a memory for model names; one for every worker.
///
/// Holds the book by reference or by `Arc`.
#[derive(Debug)]
pub struct Pricer<B> {
    book: B,
    /// A session keeps to its model: mostly the name is the last one again.
    last: (Arc<str>, ModelMatch),
    seen: HashMap<Arc<str>, ModelMatch>,
}

impl<B: Deref<Target = PriceBook>> Pricer<B> {
    /// Names remembered at most; a transcript with more of them is not one of an agent.
    const CAPACITY: usize = 1024;

    /// Starts with an empty memory.
    pub fn new(book: B) -> Self {
        let last = (Arc::from(""), book.find_model(""));
        Self { book, last, seen: HashMap::new() }
    }

    /// The book it prices by.
    pub fn book(&self) -> &PriceBook {
        &self.book
    }

    /// Same as [`PriceBook::price`].
    pub fn price(&mut self, call: &Call) -> Cost {
        let Some(model) = &call.model else { return self.book.price(call) };
        if self.last.0 != *model {
            let found = match self.seen.get(model) {
                Some(found) => *found,
                None => self.book.find_model(model),
            };
            if self.seen.len() < Self::CAPACITY {
                self.seen.insert(model.clone(), found);
            }
            self.last = (model.clone(), found);
        }
        self.book.price_matched(call, &self.last.1)
    }
}
