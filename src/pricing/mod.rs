//! What a call costs: dated price rows, exact model matching, integer arithmetic.
//!
//! A [`PriceBook`] is immutable and named by the hash of its canonical bytes; user rows and updates
//! make a new one. [`PriceBook::price`] turns a [`Call`](crate::model::Call) into a
//! [`Cost`](crate::model::Cost); a [`Pricer`] does the same in a hot loop. Everything here is pure:
//! bytes and instants come in as arguments. Depends on `model` only.
//!
//! Deliberately absent: floating point, substring or prefix matching, a default price, and any
//! derivation of cache rates from input rates at run time.

mod apply;
mod audit;
mod book;
mod diff;
mod draft;
mod formula;
mod json;
mod matching;
mod news;
mod pricer;
mod reserve;
mod row;
mod select;
mod tier;
mod update;
mod upstream;
mod upstream_names;
mod upstream_rows;
mod user;

#[cfg(test)]
mod tests;

pub use audit::AuditRow;
pub use book::{BookError, ModelEntry, PriceBook, Settings};
pub use diff::{BookDiff, ModelName, RateChange};
pub use matching::{Form, ModelMatch, normalise};
pub use pricer::Pricer;
pub use row::{Basis, Endpoint, PriceRow, Provider, Rates, Source, TokenClass, When, rate_text};
pub use tier::Tier;
pub use update::{Update, UpdateRefusal, update};
pub use user::{
    Discount, UnknownPolicy, UserDiscount, UserPriceError, UserPriceProblem, UserPrices, UserRow,
    UserRowKind, UserSpeed, UserTier, UserUnknown, UserWhen,
};
