//! Follows the transcripts: watches, reads what is new, does what is asked, until told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::watch::{Changes, Watch};
use super::{Attempt, Book, Holder, InstanceLock, Progress, Role, plan, plan_paths, serve};
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{Problem, Root};
use crate::ledger::{Inbox, LedgerError, Pricing, Writer};
use crate::paths;

/// Agents write in bursts: what comes within this time is read together.
const GATHER: Duration = Duration::from_millis(30);

/// How often everything is looked at, in case the watch missed something.
const SWEEP: Duration = Duration::from_secs(15);

/// The same where no watch could be set up.
const SWEEP_WITHOUT_WATCH: Duration = Duration::from_secs(1);

/// How often to try for the lock while another process holds it.
const RETRY_LOCK: Duration = Duration::from_secs(2);

/// How long to wait when the ledger is busy or full.
const RETRY_LEDGER: Duration = Duration::from_secs(2);

/// What a collector needs to run.
pub struct Collector {
    /// The ledger to write.
    pub ledger: PathBuf,
    /// The folders to follow.
    pub roots: Vec<Root>,
    /// The config, for the user's prices.
    pub config: Config,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// What a collector says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Another process writes the ledger; this one only watches for its end.
    OtherHolder(Option<Holder>),
    /// The first scan is under way.
    Reading(Progress),
    /// Everything there is has been read; following from now on.
    Live,
    /// Changes are not told by the system, and have to be looked for.
    Unwatched(String),
    /// The ledger cannot be written for now; trying again.
    Waiting(String),
    /// Something could not be read.
    Trouble(Vec<Problem>),
    /// The collector stopped.
    Failed(String),
}

/// Follows the transcripts on this thread until `stop` is sent or dropped.
pub fn run(collector: &Collector, stop: oneshot::Receiver<()>, tell: &mut dyn FnMut(News)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(async {
            tokio::select! {
                _ = stop => Ok(()),
                outcome = collect(collector, tell) => outcome,
            }
        }),
        Err(error) => Err(anyhow::Error::from(error)),
    };
    if let Err(error) = outcome {
        tell(News::Failed(format!("{error:#}")));
    }
}

async fn collect(collector: &Collector, tell: &mut dyn FnMut(News)) -> anyhow::Result<()> {
    let mut lock = take_lock(collector, tell).await?;
    // Before the first scan: what is written meanwhile must not be missed.
    let mut watch = Watch::new(&collector.ledger);
    watch.add_roots(&collector.roots);
    let mut engine = Engine::open(collector)?;
    let mut changes = Changes::everything();
    let mut caught_up = false;
    let mut waiting = false;
    let mut told_unwatched = false;
    let mut last_sweep = Instant::now();
    loop {
        let first = !caught_up;
        let mut progress = |progress| {
            if first {
                tell(News::Reading(progress));
            }
        };
        match engine.read(&changes, &mut progress).and_then(|read| engine.serve().map(|()| read)) {
            Ok(problems) => {
                if std::mem::take(&mut waiting) {
                    tell(News::Live);
                }
                tell_problems(problems, tell);
                if !std::mem::replace(&mut caught_up, true) {
                    lock.set_caught_up()?;
                    tell(News::Live);
                }
                // Also of a folder that came later.
                if let Some(why) = watch.trouble().filter(|_| !told_unwatched) {
                    tell(News::Unwatched(why.to_owned()));
                    told_unwatched = true;
                }
            }
            // What was not stored is still in the transcripts: look at everything again.
            Err(error) if error.may_pass() => {
                waiting = true;
                tell(News::Waiting(error.to_string()));
                sleep(RETRY_LEDGER).await;
                changes = Changes::everything();
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        changes = next_changes(&mut watch, &collector.roots, &mut last_sweep).await;
    }
}

/// Waits until something changed, or it is time to look at everything.
async fn next_changes(watch: &mut Watch, roots: &[Root], last_sweep: &mut Instant) -> Changes {
    let mut changes = Changes::default();
    // Where nothing is watched yet, an agent's first transcript should not take long to show.
    let period = if watch.has_roots() { SWEEP } else { SWEEP_WITHOUT_WATCH };
    tokio::select! {
        change = watch.changes.recv() => {
            changes.extend(change);
            sleep(GATHER).await;
            while let Ok(change) = watch.changes.try_recv() {
                changes.extend(Some(change));
            }
        }
        () = sleep_until(*last_sweep + period) => {
            changes = Changes::everything();
            *last_sweep = Instant::now();
            // A root that was not there, or was replaced, may be there by now.
            watch.add_roots(roots);
        }
    }
    changes
}

fn tell_problems(problems: Vec<Problem>, tell: &mut dyn FnMut(News)) {
    if !problems.is_empty() {
        tell(News::Trouble(problems));
    }
}

async fn take_lock(
    collector: &Collector,
    tell: &mut dyn FnMut(News),
) -> anyhow::Result<InstanceLock> {
    let path = paths::lock_of(&collector.ledger);
    let mut told = false;
    loop {
        let attempt = InstanceLock::try_take(&path, Role::Collector)
            .map_err(|why| LedgerError::Unwritable { path: path.clone(), why })?;
        match attempt {
            Attempt::Held(lock) => return Ok(lock),
            Attempt::Taken(holder) => {
                if !std::mem::replace(&mut told, true) {
                    tell(News::OtherHolder(holder));
                }
                sleep(RETRY_LOCK).await;
            }
        }
    }
}

/// The ledger with what is needed to write it.
struct Engine<'a> {
    collector: &'a Collector,
    writer: Writer,
    book: Book,
    pricing: Pricing<'static>,
    inbox: Inbox,
}

impl<'a> Engine<'a> {
    fn open(collector: &'a Collector) -> anyhow::Result<Self> {
        let writer = Writer::open(&collector.ledger)?;
        let base = Book::base(writer.newest_book()?.as_ref());
        let book = Book::with_user_prices(base, &collector.config)?;
        let pricing = book.pricing(collector.clock.now());
        let inbox = Inbox::open(&paths::inbox_of(&collector.ledger))?;
        Ok(Self { collector, writer, book, pricing, inbox })
    }

    /// Reads what changed; returns what could not be read.
    fn read(
        &mut self,
        changes: &Changes,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Problem>, LedgerError> {
        let roots = &self.collector.roots;
        let plan = if changes.everything {
            plan(&self.writer, roots)?
        } else {
            plan_paths(&self.writer, roots, &changes.paths)?
        };
        if plan.is_empty() {
            return Ok(plan.nothing_to_do().problems);
        }
        self.pricing.now = self.collector.clock.now();
        Ok(plan.run(&mut self.writer, &mut self.pricing, progress)?.problems)
    }

    fn serve(&mut self) -> Result<(), LedgerError> {
        let now = self.collector.clock.now();
        let in_force = self.book.book().id().to_owned();
        serve(&self.inbox, &mut self.writer, &mut self.book, &self.collector.config, now)?;
        if self.book.book().id() != in_force {
            self.pricing = self.book.pricing(now);
        }
        Ok(())
    }
}
