//! Counts, times, shares and bars.

use crate::model::UsdTotal;

/// Milliseconds of each unit, largest first.
const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];

/// A count with its thousands set apart: `31,004,112`.
pub fn thousands(count: impl Into<u128>) -> String {
    let digits = count.into().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and what is counted: `1 call`, `1,204 calls`.
pub fn counted(count: impl Into<u128>, one: &str, many: &str) -> String {
    let count = count.into();
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// A count of tokens, short: `12`, `1.8k`, `148.9k`, `31.0M`.
pub fn tokens(count: u64) -> String {
    if count < 1000 {
        return count.to_string();
    }
    let mut tenths = u128::from(count) * 10;
    for unit in ["k", "M", "B", "T", "P", "E"] {
        tenths = (tenths + 500) / 1000;
        // 999,960 is 1.0M, not 1000.0k. (Rounding again moves it by half a tenth at most.)
        if tenths < 10_000 || unit == "E" {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
    }
    count.to_string()
}

/// A time span in its largest unit: `12s`, `3m`, `2h`, `4d`. What lies ahead is `0s`: clocks differ.
pub fn age(milliseconds: i64) -> String {
    let span = u64::try_from(milliseconds).unwrap_or(0);
    UNITS
        .iter()
        .find(|(unit, _)| span >= *unit)
        .map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", span / unit))
}

/// A time span in its two largest units: `12s`, `3m 05s`, `2h 14m`, `4d 3h`.
pub fn duration(milliseconds: i64) -> String {
    let span = u64::try_from(milliseconds).unwrap_or(0);
    let Some(first) = UNITS.iter().position(|(unit, _)| span >= *unit) else {
        return "0s".to_owned();
    };
    let (unit, name) = UNITS[first];
    let whole = format!("{}{name}", span / unit);
    match UNITS.get(first + 1) {
        Some((next, next_name)) if first == 0 => {
            format!("{whole} {}{next_name}", span % unit / next)
        }
        Some((next, next_name)) => format!("{whole} {:02}{next_name}", span % unit / next),
        None => whole,
    }
}

/// How many hundredths of `whole` are reached, rounded down: 100 means that all of it is. None
/// without a whole.
pub fn percent(part: UsdTotal, whole: UsdTotal) -> Option<u64> {
    if whole.0 <= 0 {
        return None;
    }
    let percent = part.0.max(0).saturating_mul(100) / whole.0;
    Some(u64::try_from(percent).unwrap_or(u64::MAX))
}

/// What a bar is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// Block elements, to an eighth of a cell.
    Unicode,
    /// Heavy lines, to half a cell: those of rows below each other do not run together.
    Lines,
    /// `#` and `-`, for terminals and logs without them.
    Ascii,
}

/// A bar `width` cells long. It is full only where `part` reaches `whole`, and empty only where
/// there is nothing.
pub fn bar(part: UsdTotal, whole: UsdTotal, width: usize, style: Bar) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let steps = match style {
        Bar::Unicode => 8,
        Bar::Lines => 2,
        Bar::Ascii => 1,
    };
    let length = (width * steps) as i128;
    let (part, whole) = (part.0.max(0), whole.0.max(1));
    let mut filled = (part.saturating_mul(length) / whole).clamp(0, length) as usize;
    if part > 0 && filled == 0 && width > 0 {
        filled = 1;
    }
    let (cells, rest) = (filled / steps, filled % steps);
    let (full, partial, empty) = match style {
        Bar::Unicode => ("█", EIGHTHS[rest], " "),
        Bar::Lines => ("━", ["", "╸"][rest], " "),
        Bar::Ascii => ("#", "", "-"),
    };
    let open = width - cells - usize::from(rest > 0);
    format!("{}{partial}{}", full.repeat(cells), empty.repeat(open))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::width;

    #[test]
    fn counts() {
        assert_eq!(thousands(0_u64), "0");
        assert_eq!(thousands(999_u64), "999");
        assert_eq!(thousands(31_004_112_u64), "31,004,112");
        assert_eq!(counted(0_u64, "call", "calls"), "0 calls");
        assert_eq!(counted(1_u64, "call", "calls"), "1 call");
        assert_eq!(counted(1_204_u64, "call", "calls"), "1,204 calls");
        for (count, text) in [
            (0, "0"),
            (12, "12"),
            (999, "999"),
            (1_000, "1.0k"),
            (1_849, "1.8k"),
            (148_906, "148.9k"),
            (999_949, "999.9k"),
            (999_960, "1.0M"),
            (31_000_000, "31.0M"),
            (2_500_000_000, "2.5B"),
        ] {
            assert_eq!(tokens(count), text, "{count}");
        }
        assert_eq!(tokens(u64::MAX), "18.4E");
    }

    #[test]
    fn spans() {
        for (span, short, long) in [
            (-5, "0s", "0s"),
            (999, "0s", "0s"),
            (12_400, "12s", "12s"),
            (185_000, "3m", "3m 05s"),
            (8_040_000, "2h", "2h 14m"),
            (356_400_000, "4d", "4d 3h"),
        ] {
            assert_eq!(age(span), short);
            assert_eq!(duration(span), long);
        }
    }

    #[test]
    fn a_share_is_full_only_when_all_is_reached() {
        let whole = UsdTotal(1000);
        assert_eq!(percent(UsdTotal(999), whole), Some(99));
        assert_eq!(percent(UsdTotal(1000), whole), Some(100));
        assert_eq!(percent(UsdTotal(2500), whole), Some(250));
        assert_eq!(percent(UsdTotal(-1), whole), Some(0));
        assert_eq!(percent(UsdTotal(1), UsdTotal::ZERO), None);
        assert_eq!(bar(UsdTotal(999), whole, 4, Bar::Unicode), "███▉");
        assert_eq!(bar(UsdTotal(999), whole, 4, Bar::Lines), "━━━╸");
        assert_eq!(bar(UsdTotal(999), whole, 4, Bar::Ascii), "###-");
        assert_eq!(bar(UsdTotal(1), whole, 4, Bar::Unicode), "▏   ");
        assert_eq!(bar(UsdTotal(1), whole, 4, Bar::Ascii), "#---");
        assert_eq!(bar(UsdTotal(0), whole, 4, Bar::Unicode), "    ");
        assert_eq!(bar(UsdTotal(i128::MAX), whole, 4, Bar::Unicode), "████");
        assert_eq!(bar(UsdTotal(1), UsdTotal::ZERO, 0, Bar::Unicode), "");
    }

    #[test]
    fn a_bar_always_has_its_width() {
        for part in 0..=80 {
            for style in [Bar::Unicode, Bar::Lines, Bar::Ascii] {
                assert_eq!(width(&bar(UsdTotal(part), UsdTotal(77), 9, style)), 9);
            }
        }
    }
}
