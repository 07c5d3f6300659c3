//! The ledger with everything that is needed to write it, and one pass of the loop.

use super::watch::Changes;
use super::watchdog::{Look, Watchdog};
use super::{Book, Collector, Progress, plan, plan_paths, requests};
use crate::config::Config;
use crate::ingest::{Problem, Root};
use crate::ledger::{Inbox, LedgerError, Pricing, Writer};
use crate::model::Millis;
use crate::paths;

/// What a collector works with. Everything that a new config changes is in here.
pub(super) struct Engine<'a> {
    collector: &'a Collector,
    pub roots: Vec<Root>,
    pub config: Config,
    writer: Writer,
    book: Book,
    pricing: Pricing<'static>,
    inbox: Inbox,
    watchdog: Watchdog,
}

/// What a pass found.
pub(super) struct Passed {
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// When the guard wants to look again, if nothing happens before.
    pub look_again: Option<Millis>,
}

impl<'a> Engine<'a> {
    /// Opens the ledger. `wake` is called from other threads when a pass is due.
    pub(super) fn open(
        collector: &'a Collector,
        wake: impl Fn() + Clone + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let writer = Writer::open(&collector.ledger)?;
        // What there was to read has been, by another.
        writer.settle_down()?;
        let base = Book::base(writer.newest_book()?.as_ref());
        let book = Book::with_user_prices(base, &collector.config)?;
        let pricing = book.pricing(collector.clock.now());
        let inbox = Inbox::open(&paths::inbox_of(&collector.ledger))?;
        let watchdog = Watchdog::new(&collector.config, &collector.roots, wake);
        let (roots, config) = (collector.roots.clone(), collector.config.clone());
        Ok(Self { collector, roots, config, writer, book, pricing, inbox, watchdog })
    }

    /// Reads what changed, has the guard look, and does what other processes ask.
    pub(super) fn pass(
        &mut self,
        changes: &Changes,
        arrived: Millis,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Passed, LedgerError> {
        let problems = self.read(changes, progress)?;
        let look_again = self.look(arrived)?;
        self.answer()?;
        Ok(Passed { problems, look_again })
    }

    /// Reads what changed; returns what could not be read.
    fn read(
        &mut self,
        changes: &Changes,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Problem>, LedgerError> {
        let plan = if changes.everything {
            plan(&self.writer, &self.roots)?
        } else {
            plan_paths(&self.writer, &self.roots, &changes.paths)?
        };
        if plan.is_empty() {
            return Ok(plan.nothing_to_do().problems);
        }
        self.pricing.now = self.collector.clock.now();
        Ok(plan.run(&mut self.writer, &mut self.pricing, progress)?.problems)
    }

    fn look(&mut self, arrived: Millis) -> Result<Option<Millis>, LedgerError> {
        self.watchdog.look(&mut Look {
            writer: &mut self.writer,
            inbox: &self.inbox,
            book: &self.book,
            arrived,
            now: self.collector.clock.now(),
        })
    }

    fn answer(&mut self) -> Result<(), LedgerError> {
        let now = self.collector.clock.now();
        let in_force = self.book.book().id().to_owned();
        requests::answer(&self.inbox, &mut self.writer, &mut self.book, &self.config, now)?;
        if self.book.book().id() != in_force {
            self.pricing = self.book.pricing(now);
            self.watchdog.book_changed();
        }
        Ok(())
    }

    /// Takes a new config into force; what it loosens is written down and told. The inner error is
    /// what is wrong with it.
    pub(super) fn reload(
        &mut self,
        config: Config,
        roots: Vec<Root>,
        wake: impl Fn() + Clone + Send + Sync + 'static,
    ) -> Result<Result<(), String>, LedgerError> {
        let base = Book::base(self.writer.newest_book()?.as_ref());
        let book = match Book::with_user_prices(base, &config) {
            Ok(book) => book,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        let now = self.collector.clock.now();
        self.watchdog.reload(&config, &roots, &mut self.writer, now, wake)?;
        self.writer.forget_book();
        self.pricing = book.pricing(now);
        self.book = book;
        self.config = config;
        self.roots = roots;
        Ok(Ok(()))
    }

    /// Tells that a changed config cannot be used.
    pub(super) fn refuse_config(&mut self, why: &str) -> Result<(), LedgerError> {
        let file = self.config.origin.clone().unwrap_or_default();
        self.watchdog.tell_config_error(&mut self.writer, &file, why, self.collector.clock.now())
    }

    /// Processes were told to end and have not yet.
    pub(super) fn is_ending_sessions(&self) -> bool {
        self.watchdog.is_ending_sessions()
    }

    /// Before the end: what is being told is noted.
    pub(super) fn finish(&mut self) -> Result<(), LedgerError> {
        self.watchdog.finish(&mut self.writer, self.collector.clock.now())
    }
}
