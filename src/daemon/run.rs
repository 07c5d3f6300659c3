//! A collector: what it needs, what it is told, what it says, and how it comes to hold the lock.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use super::following::Following;
use super::{Attempt, Holder, InstanceLock, Progress, Role};
use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{Problem, Root};
use crate::ledger::LedgerError;
use crate::paths;

/// How often to try for the lock while another process holds it.
const RETRY_LOCK: Duration = Duration::from_secs(2);

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
    /// It was told to stop, and does when the processes that it has told to end have ended.
    SeeingThrough,
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

async fn collect(
    collector: &Collector,
    mut orders: UnboundedReceiver<Order>,
    tell: &mut dyn FnMut(News),
) -> anyhow::Result<()> {
    match take_lock(collector, &mut orders, tell).await? {
        Some(lock) => Following::begin(collector, lock, tell)?.follow(orders, tell).await,
        None => Ok(()),
    }
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
