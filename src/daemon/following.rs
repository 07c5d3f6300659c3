//! The loop: watches, reads what is new, guards, does what is asked, until told to stop.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};

use super::engine::{Engine, Passed};
use super::watch::{Change, Changes, Watch};
use super::{Collector, InstanceLock, News, Order, history};
use crate::ledger::LedgerError;
use crate::model::Millis;
use crate::paths;

/// Agents write in bursts: passes begin at least this far apart. The first of a burst is read at
/// once, because it may be the one that breaks a cap.
const SPACING: Duration = Duration::from_millis(20);

/// How often everything is looked at, in case the watch missed something.
const SWEEP: Duration = Duration::from_secs(60);

/// However many files there are, and however slow the disk is, looking at everything takes at most
/// one part in this many of the time, unless that would be too seldom.
const SWEEP_SHARE: u32 = 2000;
const SELDOM: Duration = Duration::from_secs(300);

/// The same where no watch could be set up.
const SWEEP_WITHOUT_WATCH: Duration = Duration::from_secs(1);

/// How often roots are looked for that were not there. A handful of system calls.
const LOOK_FOR_ROOTS: Duration = Duration::from_secs(1);

/// How long the config must have been left alone before it is read. Many editors empty it or put it
/// away for a moment when they save it, and caps are not to be gone for that moment.
const SETTLE: Duration = Duration::from_millis(200);

/// How long to wait when the ledger is busy or full.
const RETRY_LEDGER: Duration = Duration::from_secs(2);

/// How often the lock file is touched, for whoever wants to know that we are not stuck.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The longest sleep until a time of the clock: it may be set meanwhile, or the machine sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How long the end may take to see through what was begun: a process that was told to end and is
/// within its grace. A second order to stop does not wait for it.
const SEE_THROUGH: Duration = Duration::from_secs(30);

/// A collector that holds the lock.
pub(super) struct Following<'a> {
    collector: &'a Collector,
    lock: InstanceLock,
    watch: Watch,
    engine: Engine<'a>,
    /// What changed since the last pass.
    changes: Changes,
    /// When to read the config, which is being written.
    settled: Option<Instant>,
    /// Other threads want a pass.
    wake: (UnboundedSender<()>, UnboundedReceiver<()>),
    told: Told,
    /// Why the last config was refused.
    refused: Option<String>,
    last_sweep: Instant,
    /// How long it took to look at everything the last time.
    sweep_took: Duration,
    last_beat: Instant,
    /// It was told to stop, then.
    ending: Option<Instant>,
}

/// Why the loop woke.
enum Woken {
    Order(Option<Order>),
    Change(Option<Change>),
    /// The config has been left alone for a while.
    Settled,
    /// The guard or the outbox wants a pass.
    Due,
    Sweep,
    Heartbeat,
}

impl<'a> Following<'a> {
    pub(super) fn begin(
        collector: &'a Collector,
        lock: InstanceLock,
        tell: &mut dyn FnMut(News),
    ) -> anyhow::Result<Self> {
        let config_file = collector.config_file.as_deref().filter(|_| collector.reload.is_some());
        // Before the first scan: what is written meanwhile must not be missed.
        let mut watch = Watch::new(&collector.ledger, config_file);
        watch.add_roots(&collector.roots);
        history::read(collector, tell);
        let wake = unbounded_channel();
        let engine = Engine::open(collector, waker(&wake.0))?;
        Ok(Self {
            collector,
            lock,
            watch,
            engine,
            // The config too: it may have changed while another process held the lock.
            changes: Changes { config: true, ..Changes::everything() },
            settled: None,
            wake,
            told: Told::default(),
            refused: None,
            last_sweep: Instant::now(),
            sweep_took: Duration::ZERO,
            last_beat: Instant::now(),
            ending: None,
        })
    }

    pub(super) async fn follow(
        mut self,
        mut orders: UnboundedReceiver<Order>,
        tell: &mut dyn FnMut(News),
    ) -> anyhow::Result<()> {
        loop {
            let began = Instant::now();
            let pause = match self.pass(tell) {
                Ok(look_again) => {
                    sleep_until(began + SPACING).await;
                    look_again.map(|at| until(at, self.collector.clock.now()))
                }
                // What was not stored is still in the transcripts: look at everything again.
                Err(error) if error.may_pass() => {
                    self.told.waiting = true;
                    tell(News::Waiting(error.to_string()));
                    self.changes.everything = true;
                    // Changes are not waited for: they would find it as busy.
                    if let Some(order) = order_within(RETRY_LEDGER, &mut orders).await {
                        self.obey(order);
                    }
                    if self.is_over() {
                        break;
                    }
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if self.is_over() {
                break;
            }
            if self.ending.is_some() && !std::mem::replace(&mut self.told.seeing_through, true) {
                tell(News::SeeingThrough);
            }
            let woken = self.sleep(pause, &mut orders).await;
            self.take(woken)?;
            if self.is_over() {
                break;
            }
        }
        match self.engine.finish() {
            // What was told and could not be noted is told once more after the next start.
            Err(error) if error.may_pass() => {
                tracing::warn!("what was told last is not noted: {error}");
                Ok(())
            }
            outcome => Ok(outcome?),
        }
    }

    /// Reads what changed and acts on it. Tells when to look again, if nothing happens before.
    fn pass(&mut self, tell: &mut dyn FnMut(News)) -> Result<Option<Millis>, LedgerError> {
        let arrived = self.collector.clock.now();
        if self.changes.config {
            self.reload(tell)?;
            self.changes.config = false;
        }
        let caught_up = self.told.caught_up;
        let mut progress = |progress| {
            if !caught_up {
                tell(News::Reading(progress));
            }
        };
        let began = Instant::now();
        let passed = self.engine.pass(&self.changes, arrived, &mut progress)?;
        if self.changes.everything {
            self.sweep_took = began.elapsed();
        }
        if !caught_up {
            self.lock.set_caught_up().map_err(|why| self.unwritable(why))?;
        }
        self.told.passed(&passed, self.changes.everything, &self.watch, tell);
        self.changes = Changes::default();
        Ok(passed.look_again)
    }

    async fn sleep(
        &mut self,
        due: Option<Duration>,
        orders: &mut UnboundedReceiver<Order>,
    ) -> Woken {
        // Where nothing is watched at all, everything has to be looked for.
        let seldom = (self.sweep_took * SWEEP_SHARE).clamp(SWEEP, SELDOM);
        let period = if self.watch.has_roots() { seldom } else { SWEEP_WITHOUT_WATCH };
        let due = due.map(|due| Instant::now() + due);
        loop {
            tokio::select! {
                order = orders.recv() => return Woken::Order(order),
                change = self.watch.changes.recv() => return Woken::Change(change),
                () = sleep_until(self.settled.unwrap_or(self.last_beat)), if self.settled.is_some() => {
                    return Woken::Settled;
                }
                _ = self.wake.1.recv() => return Woken::Due,
                () = sleep_until(due.unwrap_or(self.last_beat)), if due.is_some() => {
                    return Woken::Due;
                }
                () = sleep_until(self.last_sweep + period) => return Woken::Sweep,
                () = sleep_until(self.last_beat + HEARTBEAT) => return Woken::Heartbeat,
                // An agent's first session makes its folder, and is not to go unseen for long.
                () = sleep(LOOK_FOR_ROOTS) => {
                    if self.watch.add_roots(&self.engine.roots) {
                        return Woken::Sweep;
                    }
                }
            }
        }
    }

    fn take(&mut self, woken: Woken) -> anyhow::Result<()> {
        match woken {
            Woken::Order(order) => self.obey(order),
            Woken::Change(change) => {
                self.changes.extend(change);
                while let Ok(change) = self.watch.changes.try_recv() {
                    self.changes.extend(Some(change));
                }
                if std::mem::take(&mut self.changes.config) {
                    self.settled = Some(Instant::now() + SETTLE);
                }
            }
            Woken::Settled => {
                self.settled = None;
                self.changes.config = true;
            }
            Woken::Due => {}
            Woken::Sweep => {
                self.changes.everything = true;
                self.last_sweep = Instant::now();
                // A root that was not there, or was replaced, may be there by now.
                self.watch.add_roots(&self.engine.roots);
            }
            Woken::Heartbeat => {
                self.lock.beat(self.collector.clock.now())?;
                self.last_beat = Instant::now();
            }
        }
        Ok(())
    }

    fn unwritable(&self, why: std::io::Error) -> LedgerError {
        LedgerError::Unwritable { path: paths::lock_of(&self.collector.ledger), why }
    }

    fn obey(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Reload) => self.changes.config = true,
            Some(Order::Stop) if self.ending.is_none() => self.ending = Some(Instant::now()),
            // Asked twice, or nobody is left to ask: at once.
            Some(Order::Stop) | None => self.ending = Some(Instant::now() - SEE_THROUGH),
        }
    }

    fn is_over(&self) -> bool {
        self.ending.is_some_and(|since| {
            !self.engine.is_ending_sessions() || since.elapsed() >= SEE_THROUGH
        })
    }

    /// Takes the config as it is now, if it can be used.
    fn reload(&mut self, tell: &mut dyn FnMut(News)) -> Result<(), LedgerError> {
        let Some(read) = &self.collector.reload else { return Ok(()) };
        // Before it is read: its folder may be a new one.
        self.watch.add_config();
        let outcome = match read() {
            // Written again with the same text, or not yet to its end.
            Ok((config, _)) if config.text == self.engine.config.text => {
                self.refused = None;
                return Ok(());
            }
            Ok((config, roots)) => {
                self.watch.add_roots(&roots);
                self.engine.reload(config, roots, waker(&self.wake.0))?
            }
            Err(why) => Err(why),
        };
        match outcome {
            Ok(()) => {
                self.refused = None;
                tell(News::Reloaded);
            }
            // One write may be several changes.
            Err(why) if self.refused.as_ref() == Some(&why) => {}
            Err(why) => {
                self.engine.refuse_config(&why)?;
                tell(News::Refused(why.clone()));
                self.refused = Some(why);
            }
        }
        Ok(())
    }
}

fn waker(sender: &UnboundedSender<()>) -> impl Fn() + Clone + Send + Sync + use<> {
    let sender = sender.clone();
    move || {
        // Nobody waits any more at the end.
        let _ = sender.send(());
    }
}

/// An order, if one comes in time; within it, none where nobody can give one any more.
async fn order_within(
    time: Duration,
    orders: &mut UnboundedReceiver<Order>,
) -> Option<Option<Order>> {
    tokio::time::timeout(time, orders.recv()).await.ok()
}

/// How long until a time of the clock.
fn until(at: Millis, now: Millis) -> Duration {
    let millis = u64::try_from(at.since(now)).unwrap_or(0);
    Duration::from_millis(millis).min(LONGEST_SLEEP)
}

/// What was told already, so that it is told once.
#[derive(Default)]
struct Told {
    caught_up: bool,
    waiting: bool,
    unwatched: bool,
    /// Something could not be read when everything was last looked at, or since.
    troubled: bool,
    seeing_through: bool,
}

impl Told {
    /// Tells what came of a pass; of one that looked at everything, too, that what could not be read
    /// before can be by now.
    fn passed(
        &mut self,
        passed: &Passed,
        is_whole: bool,
        watch: &Watch,
        tell: &mut dyn FnMut(News),
    ) {
        let begins = !std::mem::replace(&mut self.caught_up, true);
        let resumes = std::mem::take(&mut self.waiting);
        let has_problems = !passed.problems.is_empty();
        let recovers = is_whole && !has_problems && std::mem::take(&mut self.troubled);
        // Before what troubles it: being live takes that back.
        if begins || resumes || recovers {
            tell(News::Live);
        }
        if has_problems {
            self.troubled = true;
            tell(News::Trouble(passed.problems.clone()));
        }
        // Also of a folder that came later.
        if let Some(why) = watch.trouble().filter(|_| !self.unwatched) {
            tell(News::Unwatched(why.to_owned()));
            self.unwatched = true;
        }
    }
}
