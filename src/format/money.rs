//! Dollars as a person reads them; every rounding is half to even and happens here.

use super::thousands;
use crate::model::UsdTotal;
use crate::model::money::div_half_even;

/// Decimals of a dollar that are whole pico-dollars.
const MAX_DECIMALS: u32 = 12;

/// An amount on its own: `$1,234.50`, `$0.2382`, `$0.000013`, `-$3.10`.
///
/// Cents from one dollar up; below it four decimals, or as many as the first two digits need, so
/// that no cost looks like none.
pub fn money(amount: impl Into<UsdTotal>) -> String {
    let amount = amount.into();
    if amount == UsdTotal::ZERO {
        return money_fixed(amount, 2);
    }
    let size = amount.0.unsigned_abs();
    let decimals = (4..MAX_DECIMALS)
        .find(|&decimals| size >= 10_u128.pow(MAX_DECIMALS + 1 - decimals))
        .unwrap_or(MAX_DECIMALS);
    // Rounded first: $0.99999 is $1.00, not $1.0000.
    let rounds_to_dollars = rounded(amount, decimals).unsigned_abs() >= 10_u128.pow(decimals);
    money_fixed(amount, if rounds_to_dollars { 2 } else { decimals })
}

/// An amount with this many decimals, at most twelve, for columns: `$0.24`, `$1,234.50`.
pub fn money_fixed(amount: impl Into<UsdTotal>, decimals: u32) -> String {
    let decimals = decimals.min(MAX_DECIMALS);
    let value = rounded(amount.into(), decimals);
    let unit = 10_u128.pow(decimals);
    let (dollars, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    let dollars = thousands(dollars);
    if decimals == 0 {
        format!("{sign}${dollars}")
    } else {
        format!("{sign}${dollars}.{rest:0width$}", width = decimals as usize)
    }
}

/// The decimals that suit a whole column: cents, or four where all of it stays below a dollar.
pub fn column_decimals(amounts: impl IntoIterator<Item = UsdTotal>) -> u32 {
    let mut largest = 0;
    for amount in amounts {
        largest = largest.max(amount.0.unsigned_abs());
    }
    let below_a_dollar = largest > 0 && largest < 10_u128.pow(MAX_DECIMALS);
    if below_a_dollar { 4 } else { 2 }
}

/// In units of the last decimal.
fn rounded(amount: UsdTotal, decimals: u32) -> i128 {
    div_half_even(amount.0, 10_i128.pow(MAX_DECIMALS - decimals))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PicoUsd;

    fn usd(text: &str) -> UsdTotal {
        text.parse::<PicoUsd>().unwrap().into()
    }

    #[test]
    fn an_amount_shows_what_matters_of_it() {
        for (amount, text) in [
            ("0", "$0.00"),
            ("0.2382", "$0.2382"),
            ("0.001", "$0.0010"),
            ("0.0000131", "$0.000013"),
            ("0.000000000001", "$0.000000000001"),
            ("0.99999", "$1.00"),
            ("0.99994", "$0.9999"),
            ("1", "$1.00"),
            ("14.2", "$14.20"),
            ("1234567.891", "$1,234,567.89"),
            ("-3.1", "-$3.10"),
            ("-0.05", "-$0.0500"),
        ] {
            assert_eq!(money(usd(amount)), text, "{amount}");
        }
        assert_eq!(money(PicoUsd::from_dollars(20)), "$20.00");
    }

    #[test]
    fn rounding_is_half_to_even_and_never_writes_a_negative_nothing() {
        assert_eq!(money_fixed(usd("0.125"), 2), "$0.12");
        assert_eq!(money_fixed(usd("0.135"), 2), "$0.14");
        assert_eq!(money_fixed(usd("-0.125"), 2), "-$0.12");
        assert_eq!(money_fixed(usd("-0.004"), 2), "$0.00");
        assert_eq!(money_fixed(usd("2.5"), 0), "$2");
        assert_eq!(money_fixed(usd("1"), 99), "$1.000000000000");
        assert_eq!(money_fixed(UsdTotal(i128::MIN), 2).chars().next(), Some('-'));
    }

    #[test]
    fn a_column_has_one_number_of_decimals() {
        assert_eq!(column_decimals([usd("0.2"), usd("0.03")]), 4);
        assert_eq!(column_decimals([usd("0.2"), usd("-3")]), 2);
        assert_eq!(column_decimals([UsdTotal::ZERO]), 2);
        assert_eq!(column_decimals([]), 2);
    }
}
