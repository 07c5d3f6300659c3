//! A strict reader of JSON without blanks, as the agents' own writers produce it.
//!
//! It knows less than a JSON parser, and nothing more: whatever it does not expect ends it with
//! `None`, and the record is read by the real parser. What it does accept, that parser reads the
//! same way; a property test holds the two against each other. It takes a third of the time.

mod scan;

use std::borrow::Cow;

use memchr::memchr;
use serde::Deserialize;

use self::scan::{marks, skip_lines_of_text, skip_to_end_of_text, skip_unmarked};
use super::json::{Count, Flag, Object, RawText, Text};

/// Deeper nesting than this is left to the real parser.
const MAX_DEPTH: u32 = 63;

/// A position in a record.
#[derive(Clone, Debug)]
pub(super) struct Compact<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Everything has been read.
    pub(super) fn end(&self) -> Option<()> {
        (self.at == self.bytes.len()).then_some(())
    }

    /// Reads an object; `field` must read or skip the value of each key.
    pub(super) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, &'a [u8]) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'{')?;
        if self.accept(b'}') {
            return Some(());
        }
        loop {
            let key = self.key()?;
            field(self, key)?;
            if !self.accept(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Reads an object with `read`, or passes over anything else.
    pub(super) fn object_of<T: Default>(
        &mut self,
        read: impl FnOnce(&mut Self, &mut T) -> Option<()>,
    ) -> Option<Object<T>> {
        if self.peek()? != b'{' {
            return self.skip().map(|_| Object(None));
        }
        let mut object = T::default();
        read(self, &mut object)?;
        Some(Object(Some(object)))
    }

    /// Reads the objects of an array with `read`, one at a time, and passes over anything else.
    pub(super) fn objects(&mut self, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.peek()? != b'[' {
            return self.skip().map(|_| ());
        }
        self.at += 1;
        if self.accept(b']') {
            return Some(());
        }
        loop {
            if self.peek()? == b'{' {
                read(self)?;
            } else {
                self.skip()?;
            }
            if !self.accept(b',') {
                return self.expect(b']');
            }
        }
    }

    /// A key and its colon.
    pub(super) fn key(&mut self) -> Option<&'a [u8]> {
        let key = self.plain_string()?;
        self.expect(b':')?;
        Some(key)
    }

    pub(super) fn text(&mut self) -> Option<Text<'a>> {
        if self.peek()? == b'"' {
            let start = self.at;
            if let Some(plain) = self.plain_text() {
                return Some(Text(Some(Cow::Borrowed(plain))));
            }
            self.at = start;
        }
        self.value()
    }

    /// A string without escapes.
    pub(super) fn plain_text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.plain_string()?).ok()
    }

    pub(super) fn count(&mut self) -> Option<Count> {
        let digits = &self.bytes[self.at..];
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_whole = matches!(digits.get(length), Some(b',' | b'}'));
        // Nineteen digits may overflow, a leading zero is an error.
        if !is_whole || !(1..19).contains(&length) || (length > 1 && digits[0] == b'0') {
            return self.value();
        }
        self.at += length;
        let value = |sum: u64, digit: &u8| sum * 10 + u64::from(digit - b'0');
        Some(Count(Some(digits[..length].iter().fold(0, value))))
    }

    pub(super) fn flag(&mut self) -> Option<Flag> {
        self.skip().map(|value| Flag(value == b"true"))
    }

    /// Any value, unread.
    pub(super) fn raw(&mut self) -> Option<RawText<'a>> {
        std::str::from_utf8(self.skip()?)
            .ok()
            .map(|value| RawText(Some(value).filter(|value| *value != "null")))
    }

    /// A value that is not of the common form, by the real parser.
    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        serde_json::from_slice(self.skip()?).ok()
    }

    /// Passes over a value, which must be well-formed; returns it.
    pub(super) fn skip(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        // One bit for each open bracket: whether it is of an object.
        let (mut open, mut depth) = (0_u64, 0);
        loop {
            match self.peek()? {
                byte @ (b'{' | b'[') => {
                    self.at += 1;
                    let is_object = byte == b'{';
                    if !self.accept(if is_object { b'}' } else { b']' }) {
                        depth += 1;
                        open = open << 1 | u64::from(is_object);
                        if depth > MAX_DEPTH {
                            return None;
                        }
                        if is_object {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                b'"' => self.skip_string()?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.skip_number()?,
            }
            // A value has ended, and perhaps what it is in.
            loop {
                if depth == 0 {
                    return Some(&self.bytes[start..self.at]);
                }
                let is_object = open & 1 == 1;
                if self.accept(b',') {
                    if is_object {
                        self.skip_key()?;
                    }
                    break;
                }
                self.expect(if is_object { b'}' } else { b']' })?;
                open >>= 1;
                depth -= 1;
            }
        }
    }

    /// A string as it is written, quotes included. Whether its escapes are proper is not looked at:
    /// that would take three times as long.
    pub(super) fn quoted(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.expect(b'"')?;
        let first = self.at;
        loop {
            self.at = skip_to_end_of_text(self.bytes, self.at);
            let quote = self.at + memchr(b'"', &self.bytes[self.at..])?;
            let before = self.bytes[first..quote].iter().rev();
            let slashes = before.take_while(|byte| **byte == b'\\').count();
            self.at = quote + 1;
            if slashes % 2 == 0 {
                return Some(&self.bytes[start..self.at]);
            }
        }
    }

    /// The same without its quotes, if it has no escapes.
    pub(super) fn quoted_plain(&mut self) -> Option<&'a [u8]> {
        let text = self.quoted()?;
        let text = &text[1..text.len() - 1];
        (!text.contains(&b'\\')).then_some(text)
    }

    /// The byte that comes next.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over this byte, if it comes next.
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        let accepted = self.peek() == Some(byte);
        self.at += usize::from(accepted);
        accepted
    }

    /// Passes over this byte, which must come next.
    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        self.accept(byte).then_some(())
    }

    /// These very bytes.
    pub(super) fn literal(&mut self, word: &[u8]) -> Option<()> {
        let found = self.bytes[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found.then_some(())
    }

    fn skip_key(&mut self) -> Option<()> {
        self.skip_string()?;
        self.expect(b':')
    }

    /// A number without an exponent.
    fn skip_number(&mut self) -> Option<()> {
        self.accept(b'-');
        let whole = self.skip_digits();
        let starts_with_zero = self.bytes.get(self.at - whole) == Some(&b'0');
        if whole == 0 || (whole > 1 && starts_with_zero) {
            return None;
        }
        if self.accept(b'.') && self.skip_digits() == 0 {
            return None;
        }
        (!matches!(self.peek(), Some(b'e' | b'E'))).then_some(())
    }

    fn skip_digits(&mut self) -> usize {
        let rest = self.bytes[self.at..].iter();
        let length = rest.take_while(|byte| byte.is_ascii_digit()).count();
        self.at += length;
        length
    }

    /// A string without escapes, without its quotes.
    pub(super) fn plain_string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        self.skip_plain();
        let end = self.at;
        self.expect(b'"')?;
        Some(&self.bytes[start..end])
    }

    fn skip_string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.skip_plain();
            if self.accept(b'"') {
                return Some(());
            }
            self.expect(b'\\')?;
            match self.peek()? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                b'u' => {
                    let digits = self.bytes.get(self.at + 1..self.at + 5)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    self.at += 5;
                }
                _ => return None,
            }
            // Where one is, there are more: text of several lines, code.
            self.at = skip_lines_of_text(self.bytes, self.at);
        }
    }

    /// Moves to the next quote, backslash or control character, or to the end.
    #[inline]
    fn skip_plain(&mut self) {
        let mut rest = &self.bytes[self.at..];
        // Keys and most values end in the first words.
        let mut words = 0;
        while let Some(word) = rest.first_chunk::<8>() {
            let marks = marks(u64::from_le_bytes(*word));
            if marks != 0 {
                self.at = self.bytes.len() - rest.len() + marks.trailing_zeros() as usize / 8;
                return;
            }
            rest = &rest[8..];
            words += 1;
            if words > 3 {
                rest = skip_unmarked(rest);
            }
        }
        let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
        let tail = rest.iter().position(ends).unwrap_or(rest.len());
        self.at = self.bytes.len() - rest.len() + tail;
    }
}

#[cfg(test)]
mod tests;
