//! Reads a file that is one JSON document: its writer writes it anew as a whole, in place or by
//! putting another file under its name, so that it is read whole again when it has changed.

use std::fs::File;
use std::io::{self, Read};

use serde::de::IgnoredAny;

use crate::agents::{Parser, Unparsed};
use crate::model::{Cursor, Event};

/// The longest document that is read. A longer one is counted.
const MAX_DOCUMENT: u64 = 64 << 20;

/// A document's text, and whether there would have been more of it than is read.
pub(super) struct Document {
    text: Vec<u8>,
    is_oversized: bool,
}

impl Document {
    /// Reads all of a file that had `size` bytes a moment ago.
    pub(super) fn read(file: &mut File, size: u64) -> io::Result<Self> {
        Self::read_at_most(file, size, MAX_DOCUMENT)
    }

    fn read_at_most(file: &mut impl Read, size: u64, most: u64) -> io::Result<Self> {
        let mut text = Vec::with_capacity(if size > most { 0 } else { size as usize + 1 });
        if size <= most {
            file.take(most + 1).read_to_end(&mut text)?;
        }
        let is_oversized = size > most || text.len() as u64 > most;
        Ok(Self { text, is_oversized })
    }

    /// Has it parsed, and tells where reading stands. Half a document is no error: its writer is at
    /// it, and the file will have changed when it is done.
    pub(super) fn parse(&self, parser: &mut dyn Parser, events: &mut Vec<Event>) -> Cursor {
        let mut cursor = Cursor::default();
        if self.is_oversized {
            cursor.oversized = 1;
            return cursor;
        }
        cursor.offset = self.text.len() as u64;
        if let Err(error) = self.outcome(parser, events) {
            cursor.unparsed = u64::from(error != Unparsed::NotJson || !self.is_torn());
        }
        cursor
    }

    /// What the parser says of it.
    pub(super) fn outcome(
        &self,
        parser: &mut dyn Parser,
        events: &mut Vec<Event>,
    ) -> Result<(), Unparsed> {
        parser.parse(&self.text, 0, events)
    }

    /// The text, which may be half of one.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// It ends before what it began does.
    fn is_torn(&self) -> bool {
        let whole = serde_json::from_slice::<IgnoredAny>(&self.text);
        whole.is_err_and(|error| error.is_eof())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes objects only.
    struct Objects;

    impl Parser for Objects {
        fn parse(&mut self, text: &[u8], _: u64, _: &mut Vec<Event>) -> Result<(), Unparsed> {
            let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(text);
            object.map(|_| ()).map_err(|_| Unparsed::NotJson)
        }

        fn save(&self) -> Option<String> {
            None
        }
    }

    fn counts(mut text: &[u8], size: u64) -> (u64, u64, u64) {
        let document = Document::read_at_most(&mut text, size, 16).unwrap();
        let cursor = document.parse(&mut Objects, &mut Vec::new());
        (cursor.offset, cursor.unparsed, cursor.oversized)
    }

    #[test]
    fn half_a_document_is_no_error_and_another_one_is() {
        for text in ["", " ", "{", "{\"a\":[1,", "{\"a\":\"\\u00"] {
            assert_eq!(counts(text.as_bytes(), 0), (text.len() as u64, 0, 0), "{text}");
        }
        assert_eq!(counts(b"{\"a\":[1]}\n", 10), (10, 0, 0));
        for text in ["7", "[{}]", "{]", "{} {}", "\u{0}\u{0}", "no json"] {
            assert_eq!(counts(text.as_bytes(), 0), (text.len() as u64, 1, 0), "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_counted_and_not_read() {
        assert_eq!(counts(b"{\"0123\":\"67890\"}", 16), (16, 0, 0));
        assert_eq!(counts(b"{\"0123\":\"678901\"}", 17), (0, 0, 1));
        // It grew after it was looked at.
        assert_eq!(counts(b"{\"0123\":\"678901\"}", 3), (0, 0, 1));
    }
}
