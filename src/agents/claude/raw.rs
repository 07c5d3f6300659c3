//! A record as it stands in the file, for what its parsed form leaves out.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde::Deserialize;

use super::quick::Places;
use super::record::Body;
use super::state::NEEDLES;
use crate::agents::json;

/// The record's bytes and where they begin.
pub(super) struct Raw<'a> {
    pub record: &'a [u8],
    pub offset: u64,
    /// Where its values stand, if it was read quickly.
    pub places: Option<Places<'a>>,
    /// What the record passes over unread, the body may have to read.
    text: OnceCell<Cow<'a, str>>,
    mended: OnceCell<String>,
}

impl<'a> Raw<'a> {
    pub(super) fn new(record: &'a [u8], offset: u64) -> Self {
        Self { record, offset, places: None, text: OnceCell::new(), mended: OnceCell::new() }
    }

    pub(super) fn with_places(self, places: Places<'a>) -> Self {
        Self { places: Some(places), ..self }
    }

    pub(super) fn body(&self) -> Option<Body<'_>> {
        self.read()
    }

    /// Another reading of the record.
    pub(super) fn read<'s, T: Deserialize<'s>>(&'s self) -> Option<T> {
        let text = self.text.get_or_init(|| String::from_utf8_lossy(self.record));
        let mended = || self.mended.get_or_init(|| json::mended(text));
        serde_json::from_str(text).or_else(|_| serde_json::from_str(mended())).ok()
    }

    /// The body, where it may use a tool and its blocks were not read quickly.
    pub(super) fn tool_body(&self) -> Option<Body<'_>> {
        NEEDLES.tool_use.find(self.record).and_then(|_| self.body())
    }

    /// The body, where it may use the `WebSearch` tool.
    pub(super) fn search_body(&self) -> Option<Body<'_>> {
        let uses_it = match &self.places {
            Some(places) => places.uses.search,
            None => NEEDLES.web_search.find(self.record).is_some(),
        };
        if uses_it { self.body() } else { None }
    }
}
