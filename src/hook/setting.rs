//! What a hook is run with: all that it must not reach for by itself.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;

use crate::config::Config;
use crate::ingest::Root;
use crate::ledger::Reader;
use crate::model::{Millis, Permille, ProcessKey};
use crate::policy::Decision;
use crate::pricing::PriceBook;

/// Looks up the price book in force, in the ledger if there is one.
pub type FindBook<'a> = dyn Fn(Option<&Reader>) -> Result<Arc<PriceBook>, String> + 'a;

/// What a hook is run with.
pub struct Setting<'a> {
    /// What the user wrote.
    pub config: &'a Config,
    /// The ledger.
    pub ledger: &'a Path,
    /// Where transcripts are, and who pays for them.
    pub roots: &'a [Root],
    /// Who pays for those that lie nowhere in there.
    pub developer: &'a Arc<str>,
    /// The zone that days begin in.
    pub zone: &'a TimeZone,
    /// The present.
    pub now: Millis,
    /// When reading transcripts must end.
    pub until: Instant,
    /// Looks up the price book in force.
    pub book: &'a FindBook<'a>,
    /// Finds the agent's process that we live in, and its executable.
    pub process: &'a dyn Fn() -> Option<(ProcessKey, PathBuf)>,
    /// Waits a moment for a transcript that is about to grow; false when it has been long enough.
    pub pause: &'a mut dyn FnMut() -> bool,
    /// A daemon is there, which tells the person.
    pub is_watched: &'a dyn Fn() -> bool,
    /// Tells the person, where no daemon does: a level of a cap, and in which project.
    pub tell: &'a mut dyn FnMut(&Decision, Permille, &str) -> Result<(), String>,
}

impl std::fmt::Debug for Setting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// The book in force, looked up when it is first needed.
pub(super) struct LazyBook<'a> {
    book: OnceCell<Arc<PriceBook>>,
    trouble: RefCell<Option<String>>,
    look_up: &'a FindBook<'a>,
    ledger: Option<&'a Reader>,
}

impl<'a> LazyBook<'a> {
    pub(super) fn new(look_up: &'a FindBook<'a>, ledger: Option<&'a Reader>) -> Self {
        Self { book: OnceCell::new(), trouble: RefCell::new(None), look_up, ledger }
    }

    /// Why it could not be looked up, if it was needed.
    pub(super) fn into_trouble(self) -> Option<String> {
        self.trouble.into_inner()
    }
}

impl AsRef<PriceBook> for LazyBook<'_> {
    fn as_ref(&self) -> &PriceBook {
        self.book.get_or_init(|| {
            (self.look_up)(self.ledger).unwrap_or_else(|why| {
                *self.trouble.borrow_mut() = Some(why);
                Arc::clone(PriceBook::embedded())
            })
        })
    }
}
