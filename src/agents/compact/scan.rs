//! Passes over the text of strings many bytes at a time: most of a record is such.

/// Leaves out whole steps of a string's text in which nothing is escaped but line ends, tabs and
/// quotes. `at` stands after an escape, and so does the result, or before one.
#[inline]
pub(super) fn skip_lines_of_text(bytes: &[u8], at: usize) -> usize {
    const STEP: usize = 32;
    // What is before the first byte is no escape of it.
    if bytes.get(at).is_none_or(|byte| matches!(byte, b'"' | b'\\' | 0..b' ')) {
        return at;
    }
    let mut next = at + 1;
    while let Some(step) = bytes.get(next - 1..next + STEP) {
        let is_odd = |(before, byte): (&u8, &u8)| {
            let is_escaped = u8::from(*before == b'\\');
            let is_quote = u8::from(*byte == b'"');
            let is_usual = is_quote | u8::from(*byte == b'n') | u8::from(*byte == b't');
            u8::from(*byte < b' ') | (is_quote & !is_escaped) | (is_escaped & !is_usual)
        };
        let pairs = step.iter().zip(&step[1..]);
        if pairs.map(is_odd).fold(0, |found, odd| found | odd) & 1 != 0 {
            break;
        }
        next += STEP;
    }
    // Not between a backslash and what it escapes.
    if bytes[next - 1] == b'\\' { next - 1 } else { next }
}

/// Leaves out whole steps without a quote that could end a string: one with no backslash before it,
/// or with two. Code and JSON have many that cannot.
#[inline]
pub(super) fn skip_to_end_of_text(bytes: &[u8], mut at: usize) -> usize {
    const STEP: usize = 32;
    while let Some(step) = at.checked_sub(2).and_then(|from| bytes.get(from..at + STEP)) {
        let ends = |(before, (slash, quote)): (&u8, (&u8, &u8))| {
            u8::from(*quote == b'"') & (u8::from(*slash != b'\\') | u8::from(*before == b'\\'))
        };
        let triples = step.iter().zip(step[1..].iter().zip(&step[2..]));
        if triples.map(ends).fold(0, |found, end| found | end) != 0 {
            break;
        }
        at += STEP;
    }
    at
}

/// Sets the high bit of the first byte of a word that ends a plain string; of later ones perhaps
/// wrongly.
#[inline]
pub(super) fn marks(word: u64) -> u64 {
    const LOW: u64 = u64::MAX / 255;
    const HIGH: u64 = LOW << 7;
    let zero = |bytes: u64| bytes.wrapping_sub(LOW) & !bytes;
    let control = word.wrapping_sub(LOW * 0x20) & !word;
    (control | zero(word ^ (LOW * 0x22)) | zero(word ^ (LOW * 0x5c))) & HIGH
}

/// Leaves out whole steps without any mark. Without an early exit inside a step the compiler makes
/// vector code of it.
#[inline]
pub(super) fn skip_unmarked(mut rest: &[u8]) -> &[u8] {
    while let Some(step) = rest.first_chunk::<32>() {
        let is_mark =
            |byte: u8| u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < b' ');
        if step.iter().fold(0, |found, &byte| found | is_mark(byte)) != 0 {
            break;
        }
        rest = &rest[32..];
    }
    rest
}
