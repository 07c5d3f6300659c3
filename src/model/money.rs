//! Money as whole pico-dollars; no floating point before the formatter.
//!
//! One pico-dollar a token is one micro-dollar per million tokens, so every published price is an
//! exact integer. A single charge fits `i64` (±9.2 million dollars); sums are `i128`.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Pico-dollars in one dollar.
pub const PICO_PER_USD: i64 = 1_000_000_000_000;

/// An amount of one charge or one limit, in pico-dollars (1e-12 $).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct PicoUsd(pub i64);

/// A sum of any number of charges, in pico-dollars. Cannot overflow in practice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsdTotal(pub i128);

/// Why a text is not an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseUsdError {
    /// Not a plain or scientific decimal number.
    #[error("not a decimal number")]
    Syntax,
    /// More decimals than the unit can hold exactly.
    #[error("more than {0} decimals")]
    TooPrecise(u32),
    /// Outside the range of the type.
    #[error("out of range")]
    Range,
}

impl PicoUsd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Whole dollars; saturates at the type's range.
    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars.saturating_mul(PICO_PER_USD))
    }

    /// Reads a decimal number of dollars ("20", "0.0112", "1.3e-05"), rounding half to even below
    /// a pico-dollar: agents print binary floats with more digits than mean anything.
    pub fn parse_rounded(text: &str) -> Result<Self, ParseUsdError> {
        let (value, _exact) = parse_decimal(text, 12)?;
        i64::try_from(value).map(Self).map_err(|_| ParseUsdError::Range)
    }

    /// The sum, or `None` past ±9.2 million dollars.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl FromStr for PicoUsd {
    type Err = ParseUsdError;

    /// Exact: more than twelve decimals are refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (value, exact) = parse_decimal(text, 12)?;
        if !exact {
            return Err(ParseUsdError::TooPrecise(12));
        }
        i64::try_from(value).map(Self).map_err(|_| ParseUsdError::Range)
    }
}

/// Reads a decimal as an integer scaled by `10^scale`; the flag tells whether that was exact,
/// else the value is rounded half to even.
pub fn parse_decimal(text: &str, scale: u32) -> Result<(i128, bool), ParseUsdError> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse::<i32>().map_err(|_| ParseUsdError::Syntax)?)
        }
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let well_formed = (!whole.is_empty() || !fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !well_formed {
        return Err(ParseUsdError::Syntax);
    }

    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i128::from(digit - b'0')))
            .ok_or(ParseUsdError::Range)?;
    }
    // value * 10^shift is the scaled number.
    let decimals = i32::try_from(fraction.len()).map_err(|_| ParseUsdError::Range)?;
    let shift = exponent
        .checked_sub(decimals)
        .and_then(|s| s.checked_add_unsigned(scale))
        .ok_or(ParseUsdError::Range)?;
    let (value, exact) = if shift >= 0 {
        let factor = 10_i128.checked_pow(shift.unsigned_abs()).ok_or(ParseUsdError::Range);
        let scaled = if value == 0 {
            Ok(0)
        } else {
            factor.and_then(|f| value.checked_mul(f).ok_or(ParseUsdError::Range))
        };
        (scaled?, true)
    } else {
        match 10_i128.checked_pow(shift.unsigned_abs()) {
            Some(divisor) => (div_half_even(value, divisor), value % divisor == 0),
            None => (0, value == 0),
        }
    };
    Ok((if negative { -value } else { value }, exact))
}

/// Division rounding half to even; `divisor` is positive.
pub fn div_half_even(value: i128, divisor: i128) -> i128 {
    let quotient = value.div_euclid(divisor);
    let twice = value.rem_euclid(divisor) * 2;
    match twice.cmp(&divisor) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

impl UsdTotal {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The same as one amount, at the end of its range (±9.2 million dollars) where it is beyond.
    pub fn to_pico(self) -> PicoUsd {
        PicoUsd(self.0.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// Whole dollars, rounded down, and the rest in pico-dollars: how the ledger keeps sums, which
    /// may pass 64 bits.
    pub fn whole_and_rest(self) -> (i64, i64) {
        let unit = i128::from(PICO_PER_USD);
        (self.0.div_euclid(unit) as i64, self.0.rem_euclid(unit) as i64)
    }

    /// The same, put together again; or the sums of many of them.
    pub fn of_whole(dollars: i64, rest: i64) -> Self {
        Self(i128::from(dollars) * i128::from(PICO_PER_USD) + i128::from(rest))
    }

    /// The exact decimal text with twelve decimals, the form of every JSON amount.
    pub fn to_decimal(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let unsigned = self.0.unsigned_abs();
        let unit = PICO_PER_USD.unsigned_abs();
        format!("{sign}{}.{:012}", unsigned / u128::from(unit), unsigned % u128::from(unit))
    }
}

impl fmt::Display for UsdTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_decimal())
    }
}

impl fmt::Display for PicoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        UsdTotal::from(*self).fmt(f)
    }
}

impl From<PicoUsd> for UsdTotal {
    fn from(amount: PicoUsd) -> Self {
        Self(i128::from(amount.0))
    }
}

/// Saturates: for sums that only ever meet a limit. What is shown is a [`UsdTotal`].
impl Add for PicoUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for PicoUsd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for PicoUsd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for UsdTotal {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for UsdTotal {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl AddAssign<PicoUsd> for UsdTotal {
    fn add_assign(&mut self, other: PicoUsd) {
        *self = *self + other.into();
    }
}

impl Sub for UsdTotal {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for UsdTotal {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_both_ways() {
        for text in ["0.000000000001", "20.000000000000", "9223372.036854775807"] {
            let amount: PicoUsd = text.parse().unwrap();
            assert_eq!(amount.to_string(), text);
        }
        assert_eq!("-0.5".parse::<PicoUsd>().unwrap().to_string(), "-0.500000000000");
        assert_eq!("20".parse(), Ok(PicoUsd::from_dollars(20)));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", ".", "1,5", "0x10", "1e", "NaN", "inf", "--1", "1.2.3"] {
            assert_eq!(text.parse::<PicoUsd>(), Err(ParseUsdError::Syntax), "{text:?}");
        }
        assert_eq!("0.0000000000001".parse::<PicoUsd>(), Err(ParseUsdError::TooPrecise(12)));
        for text in [
            "9223372.036854775808",
            "1e40",
            "1e999999999",
            "99999999999999999999999999999999999999999",
        ] {
            assert_eq!(text.parse::<PicoUsd>(), Err(ParseUsdError::Range), "{text:?}");
        }
    }

    #[test]
    fn an_agents_float_is_rounded_half_to_even() {
        assert_eq!(PicoUsd::parse_rounded("0.011200000000000002"), Ok(PicoUsd(11_200_000_000)));
        assert_eq!(PicoUsd::parse_rounded("1.3e-05"), Ok(PicoUsd(13_000_000)));
        assert_eq!(PicoUsd::parse_rounded("0.0000000000005"), Ok(PicoUsd(0)));
        assert_eq!(PicoUsd::parse_rounded("0.0000000000015"), Ok(PicoUsd(2)));
        assert_eq!(PicoUsd::parse_rounded("1e-400"), Ok(PicoUsd(0)));
    }

    #[test]
    fn sums_pass_the_range_of_one_charge() {
        let total: UsdTotal = (0..3).map(|_| UsdTotal::from(PicoUsd(i64::MAX))).sum();
        assert_eq!(total.to_decimal(), "27670116.110564327421");
    }
    #[test]
    fn a_sum_is_kept_as_dollars_and_a_rest() {
        for pico in [0, 1, -1, i128::from(PICO_PER_USD), i128::from(i64::MIN), 27 << 80] {
            let (dollars, rest) = UsdTotal(pico).whole_and_rest();
            assert!((0..PICO_PER_USD).contains(&rest));
            assert_eq!(UsdTotal::of_whole(dollars, rest), UsdTotal(pico));
        }
    }
}
