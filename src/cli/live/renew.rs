//! A config or prices that change while the screen is open.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::cli::context::Context;
use crate::ledger::Reader;
use crate::tui::{Given, Renew};

/// What is said where a new config is in force, or a new price book.
pub(super) const CONFIG: &str = "the new config is in force";
const PRICES: &str = "newer prices are in force";

/// The context in force, for whoever needs it later.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Context>>);

impl Shared {
    pub(super) fn new(context: Context) -> Self {
        Self(Arc::new(Mutex::new(context)))
    }

    pub(super) fn get(&self) -> Context {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, context: Context) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = context;
    }
}

/// When a file was last changed, and its size; none where there is no file.
type Stamp = Option<(SystemTime, u64)>;

/// Notices what changed.
pub(super) struct Renewer {
    shared: Shared,
    config: Stamp,
    /// The config's text when it was last read, right or wrong.
    text: String,
    reader: Option<Reader>,
    /// The ledger's version when it was last asked for its price book, and that book's number.
    book: Option<(i64, Option<i64>)>,
}

impl Renewer {
    /// Notices what changes from now on, and what has changed since the context was made.
    pub(super) fn new(shared: Shared) -> Self {
        let text = shared.get().config.text;
        let mut new = Self { shared, config: None, text, reader: None, book: None };
        new.has_new_book();
        new
    }

    pub(super) fn renew(mut self) -> Renew {
        Box::new(move || self.look())
    }

    fn look(&mut self) -> Option<Result<Given, String>> {
        let has_new_book = self.has_new_book();
        if self.has_new_config() {
            return Some(self.read(CONFIG));
        }
        has_new_book.then(|| self.read(PRICES))
    }

    /// Another text stands in the config file than before.
    fn has_new_config(&mut self) -> bool {
        let Some(path) = self.shared.get().config_file() else { return false };
        let stamp = stamp(&path);
        if stamp == self.config {
            return false;
        }
        self.config = stamp;
        let text = fs::read_to_string(&path).unwrap_or_default();
        let is_new = text != self.text;
        self.text = text;
        is_new
    }

    /// The ledger keeps another price book than before.
    fn has_new_book(&mut self) -> bool {
        if self.reader.is_none() {
            // Not there yet, or not to be read: which is told by those who read it.
            self.reader = Reader::open(&self.shared.get().ledger).ok().flatten();
        }
        let Some(reader) = &self.reader else { return false };
        let Ok(version) = reader.data_version() else { return false };
        if self.book.is_some_and(|(seen, _)| seen == version) {
            return false;
        }
        let Ok(number) = reader.newest_book_number() else { return false };
        let before = self.book.replace((version, number));
        before.is_some_and(|(_, before)| before != number)
    }

    fn read(&self, news: &'static str) -> Result<Given, String> {
        let read = || {
            let context = Context::new(&self.shared.get().global)?;
            let given = super::given(&context)?;
            self.shared.set(context);
            Ok(Given { news, ..given })
        };
        read().map_err(|error: anyhow::Error| format!("{error:#}"))
    }
}

fn stamp(path: &Path) -> Stamp {
    let file = fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}
