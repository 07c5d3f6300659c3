//! Follows the transcripts: watches, reads what is new, guards, does what is asked, until told to
//! stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};

use super::engine::{Engine, Passed};
use super::watch::{Change, Changes, Watch};
use super::{Attempt, Holder, InstanceLock, Progress, Role};
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{Problem, Root};
use crate::ledger::LedgerError;
use crate::model::Millis;
use crate::paths;

/// Agents write in bursts: passes begin at least this far apart. The first of a burst is read at
/// once, because it may be the one that breaks a cap.
const SPACING: Duration = Duration::from_millis(20);

/// How often everything is looked at, in case the watch missed something.
const SWEEP: Duration = Duration::from_secs(60);

/// The same where no watch could be set up.
const SWEEP_WITHOUT_WATCH: Duration = Duration::from_secs(1);

/// How often to try for the lock while another process holds it.
const RETRY_LOCK: Duration = Duration::from_secs(2);

/// How long to wait when the ledger is busy or full.
const RETRY_LEDGER: Duration = Duration::from_secs(2);

/// How often the lock file is touched, for whoever wants to know that we are not stuck.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The longest sleep until a time of the clock: it may be set meanwhile, or the machine sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Reads the config anew: what is to be in force, or what is wrong with it.
pub type Reload = Box<dyn Fn() -> Result<(Config, Vec<Root>), String> + Send>;

/// What a collector needs to run.
pub struct Collector {
    /// The ledger to write.
    pub ledger: PathBuf,
    /// The folders to follow.
    pub roots: Vec<Root>,
    /// The config, for the user's prices and the caps.
    pub config: Config,
    /// The config file, there or not, to notice when it changes.
    pub config_file: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How it stands in the lock file.
    pub role: Role,
    /// Reads the config when it changed; none: what it started with is for good.
    pub reload: Option<Reload>,
}

/// What a collector is told while it runs. It stops when nobody can tell it anything any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Read the config anew.
    Reload,
    /// End in good order.
    Stop,
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
    /// A new config is in force.
    Reloaded,
    /// A new config cannot be used; the last good one stays in force.
    Refused(String),
    /// The collector stopped.
    Failed(String),
}

/// Follows the transcripts on this thread until it is told to stop, or nobody can tell it.
pub fn run(collector: &Collector, orders: UnboundedReceiver<Order>, tell: &mut dyn FnMut(News)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(collect(collector, orders, tell)),
        Err(error) => Err(anyhow::Error::from(error)),
    };
    if let Err(error) = outcome {
        tell(News::Failed(format!("{error:#}")));
    }
}

/// Why the loop woke.
enum Woken {
    Order(Option<Order>),
    Change(Option<Change>),
    /// The guard or the outbox wants a pass.
    Due,
    Sweep,
    Heartbeat,
}

async fn collect(
    collector: &Collector,
    mut orders: UnboundedReceiver<Order>,
    tell: &mut dyn FnMut(News),
) -> anyhow::Result<()> {
    let Some(mut lock) = take_lock(collector, &mut orders, tell).await? else { return Ok(()) };
    let config_file = collector.config_file.as_deref().filter(|_| collector.reload.is_some());
    // Before the first scan: what is written meanwhile must not be missed.
    let mut watch = Watch::new(&collector.ledger, config_file);
    watch.add_roots(&collector.roots);
    let (wake, mut woken) = unbounded_channel();
    let wake = move || {
        // Nobody waits any more at the end.
        let _ = wake.send(());
    };
    let mut engine = Engine::open(collector, wake.clone())?;
    let mut told = Told::default();
    let mut changes = Changes::everything();
    let mut last_sweep = Instant::now();
    let mut last_beat = Instant::now();
    loop {
        let began = Instant::now();
        let arrived = collector.clock.now();
        if std::mem::take(&mut changes.config) {
            reload(collector, &mut engine, &mut watch, wake.clone(), tell)?;
        }
        let mut progress = |progress| {
            if !told.caught_up {
                tell(News::Reading(progress));
            }
        };
        let passed = match engine.pass(&changes, arrived, &mut progress) {
            Ok(passed) => passed,
            // What was not stored is still in the transcripts: look at everything again.
            Err(error) if error.may_pass() => {
                told.waiting = true;
                tell(News::Waiting(error.to_string()));
                changes = Changes::everything();
                tokio::select! {
                    order = orders.recv() => match order {
                        Some(Order::Reload) => changes.config = true,
                        Some(Order::Stop) | None => return Ok(()),
                    },
                    () = sleep(RETRY_LEDGER) => {}
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        told.passed(&passed, &mut lock, &watch, tell)?;
        changes = Changes::default();
        sleep_until(began + SPACING).await;
        // Where nothing is watched yet, an agent's first transcript should not take long to show.
        let period = if watch.has_roots() { SWEEP } else { SWEEP_WITHOUT_WATCH };
        let due = passed.look_again.map(|at| until(at, collector.clock.now()));
        let woken = tokio::select! {
            order = orders.recv() => Woken::Order(order),
            change = watch.changes.recv() => Woken::Change(change),
            _ = woken.recv() => Woken::Due,
            () = sleep(due.unwrap_or_default()), if due.is_some() => Woken::Due,
            () = sleep_until(last_sweep + period) => Woken::Sweep,
            () = sleep_until(last_beat + HEARTBEAT) => Woken::Heartbeat,
        };
        match woken {
            Woken::Order(Some(Order::Reload)) => changes.config = true,
            Woken::Order(Some(Order::Stop) | None) => {
                engine.finish()?;
                return Ok(());
            }
            Woken::Change(change) => {
                changes.extend(change);
                while let Ok(change) = watch.changes.try_recv() {
                    changes.extend(Some(change));
                }
            }
            Woken::Due => {}
            Woken::Sweep => {
                changes = Changes::everything();
                last_sweep = Instant::now();
                // A root that was not there, or was replaced, may be there by now.
                watch.add_roots(&engine.roots);
            }
            Woken::Heartbeat => {
                lock.beat(collector.clock.now())?;
                last_beat = Instant::now();
            }
        }
    }
}

/// How long until a time of the clock.
fn until(at: Millis, now: Millis) -> Duration {
    let millis = u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0);
    Duration::from_millis(millis).min(LONGEST_SLEEP)
}

/// What was told already, so that it is told once.
#[derive(Default)]
struct Told {
    caught_up: bool,
    waiting: bool,
    unwatched: bool,
}

impl Told {
    fn passed(
        &mut self,
        passed: &Passed,
        lock: &mut InstanceLock,
        watch: &Watch,
        tell: &mut dyn FnMut(News),
    ) -> std::io::Result<()> {
        if std::mem::take(&mut self.waiting) && self.caught_up {
            tell(News::Live);
        }
        if !passed.problems.is_empty() {
            tell(News::Trouble(passed.problems.clone()));
        }
        if !std::mem::replace(&mut self.caught_up, true) {
            lock.set_caught_up()?;
            tell(News::Live);
        }
        // Also of a folder that came later.
        if let Some(why) = watch.trouble().filter(|_| !self.unwatched) {
            tell(News::Unwatched(why.to_owned()));
            self.unwatched = true;
        }
        Ok(())
    }
}

/// Takes the config as it is now, if it can be used.
fn reload(
    collector: &Collector,
    engine: &mut Engine<'_>,
    watch: &mut Watch,
    wake: impl Fn() + Clone + Send + Sync + 'static,
    tell: &mut dyn FnMut(News),
) -> anyhow::Result<()> {
    let Some(read) = &collector.reload else { return Ok(()) };
    let outcome = match read() {
        // Written again with the same text, or not yet to its end.
        Ok((config, _)) if config.text == engine.config.text => return Ok(()),
        Ok((config, roots)) => {
            watch.add_roots(&roots);
            engine.reload(config, roots, wake).map_err(|error| format!("{error:#}"))
        }
        Err(why) => Err(why),
    };
    match outcome {
        Ok(()) => tell(News::Reloaded),
        Err(why) => {
            engine.refuse_config(&why)?;
            tell(News::Refused(why));
        }
    }
    Ok(())
}

/// Waits for the lock; none if it is to stop before it has it.
async fn take_lock(
    collector: &Collector,
    orders: &mut UnboundedReceiver<Order>,
    tell: &mut dyn FnMut(News),
) -> anyhow::Result<Option<InstanceLock>> {
    let path = paths::lock_of(&collector.ledger);
    let mut told = false;
    loop {
        let attempt = InstanceLock::try_take(&path, collector.role)
            .map_err(|why| LedgerError::Unwritable { path: path.clone(), why })?;
        match attempt {
            Attempt::Held(mut lock) => {
                lock.set_since(collector.clock.now())?;
                return Ok(Some(lock));
            }
            Attempt::Taken(holder) => {
                if !std::mem::replace(&mut told, true) {
                    tell(News::OtherHolder(holder));
                }
                tokio::select! {
                    order = orders.recv() => {
                        if order != Some(Order::Reload) {
                            return Ok(None);
                        }
                    }
                    () = sleep(RETRY_LOCK) => {}
                }
            }
        }
    }
}
