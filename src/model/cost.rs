//! What a call costs, and how sure that is.

use super::PicoUsd;

/// The price of a call, or why there is none. An unknown price is never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// A known amount.
    Priced(Charge),
    /// Tokens kept, amount unknown: every total it touches is a floor.
    Unpriced(UnpricedReason),
}

/// A priced amount with what it was computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The amount.
    pub amount: PicoUsd,
    /// How sure it is.
    pub status: CostStatus,
    /// Index of the price row in the book; none where the agent reported the amount, or nothing
    /// was billed without looking a price up.
    pub row: Option<u32>,
    /// Factor on the token amounts in parts per million: 1,000,000 is list price, 1,100,000 with
    /// the data residency surcharge, 850,000 with a discount of 15 %.
    pub multiplier_ppm: u32,
}

/// How sure a charge is. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostStatus {
    /// Everything that decides the price was in the record.
    Exact = 1,
    /// A cache lifetime, endpoint or tier had to be assumed.
    Assumed = 2,
    /// List price, and a credit makes the bill smaller.
    UpperBound = 3,
    /// A price of the user's contract, or list price where a contract applies.
    Contract = 4,
    /// The amount is the agent's or provider's own.
    ProviderReported = 5,
    /// Known to be free, such as a refusal without output.
    NotBilled = 6,
}

/// Why a call has no price. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnpricedReason {
    /// The record names no model.
    NoModel = 1,
    /// No price book row has the model.
    UnknownModel = 2,
    /// The model is known, but has no row for that date.
    NoRowAtDate = 3,
    /// The model is known, but not at that speed, tier or endpoint.
    UnknownQualifier = 4,
    /// The row lacks a rate for a token class that was used.
    NoRateForClass = 5,
    /// The amount is past what one charge can hold; the counts must be corrupt.
    OutOfRange = 6,
}

impl CostStatus {
    /// The status that a stored number stands for.
    pub const fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Exact,
            3 => Self::UpperBound,
            4 => Self::Contract,
            5 => Self::ProviderReported,
            6 => Self::NotBilled,
            _ => Self::Assumed,
        }
    }

    /// The word for it in JSON and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Assumed => "assumed",
            Self::UpperBound => "upper_bound",
            Self::Contract => "contract",
            Self::ProviderReported => "provider_reported",
            Self::NotBilled => "not_billed",
        }
    }
}

impl UnpricedReason {
    /// The reason that a stored number stands for.
    pub const fn from_number(number: i64) -> Self {
        match number {
            1 => Self::NoModel,
            3 => Self::NoRowAtDate,
            4 => Self::UnknownQualifier,
            5 => Self::NoRateForClass,
            6 => Self::OutOfRange,
            _ => Self::UnknownModel,
        }
    }

    /// The reason in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoModel => "the record names no model",
            Self::UnknownModel => "no price book has the model",
            Self::NoRowAtDate => "the model has no price on that date",
            Self::UnknownQualifier => "the model has no price at that speed, tier or endpoint",
            Self::NoRateForClass => "the price row lacks a rate for a token class that was used",
            Self::OutOfRange => "the counts are corrupt: the amount is past any bill",
        }
    }
}
