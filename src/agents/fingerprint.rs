//! Fingerprints of what tools are asked and give, without what changes nothing: blanks and the order
//! of fields, and in an error's text numbers, addresses and hashes.

use std::borrow::Cow;

use super::compact::Compact;
use crate::model::Fingerprint;

/// Objects within objects beyond which a value is taken as it is written.
const MAX_DEPTH: u32 = 16;

/// How much of an error's text is compared.
const ERROR_CHARS: usize = 200;

/// The fingerprint of a value as it is written without blanks; the order of an object's fields
/// does not matter.
pub(super) fn value_of(value: &[u8]) -> Fingerprint {
    whole(value, |json| canonical(json, 0)).unwrap_or_else(|| Fingerprint::of(value))
}

/// A value without blanks, which is how it is compared.
pub(super) fn compact(value: &str) -> Cow<'_, [u8]> {
    if value.is_empty() || whole(value.as_bytes(), |json| json.skip().map(|_| ())).is_some() {
        return Cow::Borrowed(value.as_bytes());
    }
    // Written by somebody else, or in a way that the quick reader leaves to the real parser.
    match serde_json::from_str::<serde_json::Value>(value) {
        Ok(value) => Cow::Owned(value.to_string().into_bytes()),
        Err(_) => Cow::Borrowed(value.as_bytes()),
    }
}

/// Reads all of a value; none if something is left of it.
pub(super) fn whole<T>(
    value: &[u8],
    read: impl FnOnce(&mut Compact<'_>) -> Option<T>,
) -> Option<T> {
    let mut json = Compact::new(value);
    let found = read(&mut json)?;
    json.end()?;
    Some(found)
}

/// The fingerprint of the value that comes next.
pub(super) fn canonical(json: &mut Compact<'_>, depth: u32) -> Option<Fingerprint> {
    match json.peek()? {
        b'{' if depth < MAX_DEPTH => {
            let mut sum = 0_u64;
            json.object(|json, key| {
                let value = canonical(json, depth + 1)?;
                sum = sum.wrapping_add(value.named(Fingerprint::of(key)).0);
                Some(())
            })?;
            // An empty object is something else than an absent one.
            Some(Fingerprint(sum).named(Fingerprint::of(b"{}")))
        }
        b'[' if depth < MAX_DEPTH => {
            let mut all = Fingerprint::of(b"[]");
            json.expect(b'[')?;
            if json.accept(b']') {
                return Some(all);
            }
            loop {
                all = canonical(json, depth + 1)?.named(all);
                if !json.accept(b',') {
                    json.expect(b']')?;
                    return Some(all);
                }
            }
        }
        // The value is known to be well-formed.
        b'"' => json.quoted().map(Fingerprint::of),
        _ => json.skip().map(Fingerprint::of),
    }
}

/// How the first line of a command's error begins, which is the same for most commands.
const EXIT_CODE: &str = "Exit code ";

/// The fingerprint of an error's first line, without what changes from one time to the next:
/// numbers, addresses, hashes. Lines below quote what was asked for; of a command, whose first line
/// tells its exit code alone, they tell what went wrong.
pub(super) fn of_error(error: &str) -> Fingerprint {
    let mut text = String::with_capacity(ERROR_CHARS);
    let mut word = String::new();
    let error = error.trim_start();
    let is_telling = !error.starts_with(EXIT_CODE);
    let first = error.lines().next().filter(|_| is_telling).unwrap_or(error);
    for c in first.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            push_word(&mut text, &word);
            word.clear();
            text.push(c);
        }
        if text.len() + word.len() >= ERROR_CHARS {
            break;
        }
    }
    push_word(&mut text, &word);
    Fingerprint::of(text.as_bytes())
}

/// Digits become `0`, and so does a word of nothing but hexadecimal digits, some of them decimal
/// or `0x` before them.
fn push_word(text: &mut String, word: &str) {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if is_number && word.bytes().any(|b| b.is_ascii_digit()) {
        text.push('0');
        return;
    }
    let mut after_digit = false;
    for c in word.chars() {
        let is_digit = c.is_ascii_digit();
        if !is_digit {
            text.push(c);
        } else if !after_digit {
            text.push('0');
        }
        after_digit = is_digit;
    }
}
