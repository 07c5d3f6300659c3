//! Tells beside the daemon's loop: a worker thread for each channel, so that one that hangs holds
//! up neither the loop nor the other channels.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use super::{Notifier, TIME_LIMIT, notifiers, tell_within};
use crate::config::Notify;
use crate::model::Notice;

/// What is given beyond a channel's own limit before its thread is left behind.
const SPARE: Duration = Duration::from_secs(1);

/// Attempts of one channel that may hang at a time: each costs a thread, and often a connection.
const HANGING: usize = 3;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The sender's number of the notice.
    pub number: i64,
    /// The channel.
    pub channel: &'static str,
    /// Told, or why not.
    pub outcome: Result<(), String>,
}

/// The workers of the configured channels. They end when it is dropped.
pub struct Teller {
    workers: Vec<Worker>,
    told: Receiver<Told>,
}

struct Worker {
    channel: &'static str,
    jobs: Sender<(i64, Notice)>,
}

impl Teller {
    /// Starts the configured channels' workers. `wake` is called from them whenever
    /// [`Teller::told`] has something new.
    pub fn start(config: &Notify, wake: impl Fn() + Clone + Send + 'static) -> Self {
        Self::with(notifiers(config, TIME_LIMIT), TIME_LIMIT + SPARE, wake)
    }

    fn with(
        notifiers: Vec<Arc<dyn Notifier>>,
        limit: Duration,
        wake: impl Fn() + Clone + Send + 'static,
    ) -> Self {
        let (report, told) = mpsc::channel();
        let start = |notifier: Arc<dyn Notifier>| {
            let channel = notifier.channel();
            let (jobs, todo) = mpsc::channel();
            let (report, wake) = (report.clone(), wake.clone());
            let work = move || work(&notifier, limit, &todo, &report, &wake);
            let started = thread::Builder::new().name(format!("tell {channel}")).spawn(work);
            if let Err(error) = started {
                // What is sent to it then fails, and is tried again by another process.
                tracing::warn!("cannot start a thread for notices: {error}");
            }
            Worker { channel, jobs }
        };
        Self { workers: notifiers.into_iter().map(start).collect(), told }
    }

    /// The channels' names.
    pub fn channels(&self) -> Vec<&'static str> {
        self.workers.iter().map(|worker| worker.channel).collect()
    }

    /// Has a notice told by a channel; says why where that cannot be.
    pub fn send(&self, number: i64, channel: &str, notice: Notice) -> Result<(), String> {
        let worker = self.workers.iter().find(|worker| worker.channel == channel);
        let Some(worker) = worker else {
            return Err("this channel is not configured any more".to_owned());
        };
        worker.jobs.send((number, notice)).map_err(|_| "its thread has ended".to_owned())
    }

    /// An attempt that has ended, if one has and was not asked for yet.
    pub fn told(&self) -> Option<Told> {
        self.told.try_recv().ok()
    }

    /// The same, waiting for it.
    pub fn told_within(&self, limit: Duration) -> Option<Told> {
        self.told.recv_timeout(limit).ok()
    }
}

fn work(
    notifier: &Arc<dyn Notifier>,
    limit: Duration,
    todo: &Receiver<(i64, Notice)>,
    report: &Sender<Told>,
    wake: &impl Fn(),
) {
    let running = Arc::new(AtomicUsize::new(0));
    let counted: Arc<dyn Notifier> =
        Arc::new(Counted { notifier: Arc::clone(notifier), running: Arc::clone(&running) });
    for (number, notice) in todo {
        let outcome = if running.load(Ordering::Relaxed) < HANGING {
            tell_within(&counted, &notice, limit)
        } else {
            Err("has not answered earlier notices yet".to_owned())
        };
        let told = Told { number, channel: notifier.channel(), outcome };
        if report.send(told).is_err() {
            return;
        }
        wake();
    }
}

/// Counts the attempts that have not ended, those that nobody waits for any more among them.
struct Counted {
    notifier: Arc<dyn Notifier>,
    running: Arc<AtomicUsize>,
}

impl Notifier for Counted {
    fn channel(&self) -> &'static str {
        self.notifier.channel()
    }

    fn tell(&self, notice: &Notice) -> Result<(), String> {
        self.running.fetch_add(1, Ordering::Relaxed);
        let outcome = self.notifier.tell(notice);
        self.running.fetch_sub(1, Ordering::Relaxed);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;
    use crate::model::Millis;

    /// Hangs until its other end is dropped, or tells at once.
    struct Fake(&'static str, Option<Mutex<Receiver<()>>>);

    impl Notifier for Fake {
        fn channel(&self) -> &'static str {
            self.0
        }
        fn tell(&self, _: &Notice) -> Result<(), String> {
            self.1
                .as_ref()
                .map_or(Ok(()), |hold| hold.lock().unwrap().recv().map_err(|_| String::new()))
        }
    }

    fn notice() -> Notice {
        Notice {
            key: "k".into(),
            at: Millis(0),
            title: "t".into(),
            body: String::new(),
            urgent: false,
        }
    }

    #[test]
    fn a_channel_that_hangs_delays_no_other() {
        let (_hold, gate) = mpsc::channel();
        let fakes: Vec<Arc<dyn Notifier>> =
            vec![Arc::new(Fake("hangs", Some(Mutex::new(gate)))), Arc::new(Fake("works", None))];
        let (wake, woken) = mpsc::channel();
        let limit = Duration::from_millis(300);
        let teller = Teller::with(fakes, limit, move || wake.send(()).unwrap());
        assert_eq!(teller.channels(), ["hangs", "works"]);
        let start = Instant::now();
        teller.send(1, "hangs", notice()).unwrap();
        teller.send(1, "works", notice()).unwrap();
        assert!(start.elapsed() < limit, "sending waits for nobody");
        let first = teller.told_within(Duration::from_secs(10)).unwrap();
        assert_eq!((first.channel, first.outcome), ("works", Ok(())));
        let second = teller.told_within(Duration::from_secs(10)).unwrap();
        let words = "did not answer within 0.3 s".to_owned();
        assert_eq!(second, Told { number: 1, channel: "hangs", outcome: Err(words) });
        woken.recv().unwrap();
        woken.recv().unwrap();
        assert_eq!(teller.told(), None);
        assert!(teller.send(2, "webhook", notice()).is_err());
    }

    #[test]
    fn attempts_that_hang_do_not_pile_up() {
        let (hold, gate) = mpsc::channel();
        let fakes: Vec<Arc<dyn Notifier>> = vec![Arc::new(Fake("hangs", Some(Mutex::new(gate))))];
        let teller = Teller::with(fakes, Duration::from_millis(20), || {});
        let outcome = |number| {
            teller.send(number, "hangs", notice()).unwrap();
            teller.told_within(Duration::from_secs(10)).unwrap().outcome
        };
        for number in 0..3 {
            assert_eq!(outcome(number), Err("did not answer within 0.02 s".into()));
        }
        assert_eq!(outcome(3), Err("has not answered earlier notices yet".into()));
        // The service is well again: so is the channel.
        for _ in 0..4 {
            hold.send(()).unwrap();
        }
        let start = Instant::now();
        while outcome(4).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10));
            let _ = hold.send(());
        }
    }
}
