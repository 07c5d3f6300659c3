//! From the bytes of a record to JSON that serde reads, whatever a crash or JavaScript made of them.

use std::borrow::Cow;

use crate::agents::Unparsed;

/// Has a record that is a JSON object read, if anything is in it; once more if it has what JavaScript
/// reads and serde refuses. Invalid UTF-8 in some text must not lose the counts beside it.
pub(in crate::agents) fn read(
    record: &[u8],
    mut read: impl FnMut(&str) -> serde_json::Result<Result<(), Unparsed>>,
) -> Result<(), Unparsed> {
    let Some(record) = object(record)? else { return Ok(()) };
    // Checked first because repairing goes byte by byte; and text that is known to be valid parses
    // faster.
    let text =
        std::str::from_utf8(record).map_or_else(|_| String::from_utf8_lossy(record), Cow::Borrowed);
    read(&text).or_else(|_| read(&mended(&text))).map_err(|_| Unparsed::NotJson)?
}

/// A record without what is around it; none if nothing is in it.
pub(in crate::agents) fn object(record: &[u8]) -> Result<Option<&[u8]>, Unparsed> {
    // After a crash a record may start with NUL bytes.
    let nuls = record.iter().take_while(|&&byte| byte == 0).count();
    let record = record[nuls..].trim_ascii();
    let is_object = record.starts_with(b"{") && record.ends_with(b"}");
    match is_object {
        true => Ok(Some(record)),
        false if record.is_empty() => Ok(None),
        false => Err(Unparsed::NotJson),
    }
}

/// The same JSON without what JavaScript reads and serde refuses: halves of surrogate pairs become
/// U+FFFD, and of equal keys the last holds. Only for text that did not parse: it is slow.
pub(in crate::agents) fn mended(text: &str) -> String {
    let text = without_lone_surrogates(text);
    // A `Value` keeps the last of equal keys. What it refuses too (deep nesting, huge exponents)
    // may still do as it is.
    serde_json::from_str::<serde_json::Value>(&text).map_or(text, |value| value.to_string())
}

fn without_lone_surrogates(text: &str) -> String {
    const ESCAPE_LEN: usize = r"\ud83d".len();
    let unit = |at: usize| {
        let digits = text.get(at..at + ESCAPE_LEN)?.strip_prefix(r"\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        at += found;
        at = match (unit(at), unit(at + ESCAPE_LEN)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at + 2 * ESCAPE_LEN,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str(&text[copied..at]);
                mended.push_str(r"\ufffd");
                copied = at + ESCAPE_LEN;
                copied
            }
            // The character after a backslash may be another one, which escapes nothing.
            _ => (at + 2).min(text.len()),
        };
    }
    mended.push_str(&text[copied..]);
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_of_pairs_are_mended() {
        let cases = [
            (r"\ud83d\ude00", r"\ud83d\ude00"),
            (r"a\ud83d", r"a\ufffd"),
            (r"\ude00\uD83D\n", r"\ufffd\ufffd\n"),
            (r"\ud83d\ud83d\ude00b", r"\ufffd\ud83d\ude00b"),
            (r"\\ud83d\\\ud83d", r"\\ud83d\\\ufffd"),
            ("\\\u{e9}\\u12\u{e9}\\", "\\\u{e9}\\u12\u{e9}\\"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_lone_surrogates(text), expected);
        }
    }

    #[test]
    fn of_equal_keys_the_last_holds() {
        assert_eq!(mended(r#"{"a":1,"b":{"c":2,"c":3},"a":[4]}"#), r#"{"a":[4],"b":{"c":3}}"#);
    }
}
