//! Leaving the screen while its collector has told a process to end: that is seen through.

use std::io::{Write as _, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tokio::sync::mpsc::UnboundedSender;

use crate::daemon::Order;

/// A collector that has not ended within this reads something long, and is not waited for: the
/// process ends and its transaction with it, which is as safe as any other end.
const QUICK: Duration = Duration::from_millis(300);

/// How often it is looked whether somebody does not want to wait.
const STEP: Duration = Duration::from_millis(100);

/// A collector to take leave of.
pub(super) struct Leaving {
    orders: UnboundedSender<Order>,
    /// It says so where it sees something through, and is gone when it has ended.
    collector: Receiver<()>,
}

impl Leaving {
    pub(super) fn new(orders: UnboundedSender<Order>, collector: Receiver<()>) -> Self {
        Self { orders, collector }
    }

    /// Has it end in good order, and waits where it has told a process to end that has not yet.
    /// Another signal ends it at once.
    pub(super) fn see_through(self) -> Result<()> {
        // Fails where it has ended already.
        let _ = self.orders.send(Order::Stop);
        if self.collector.recv_timeout(QUICK).is_err() {
            return Ok(());
        }
        let signalled = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&signalled))
                .context("cannot listen for signals")?;
        }
        // Nobody may be left to read it.
        let _ = writeln!(
            stderr(),
            "spendtop: a session over its cap is being stopped; this ends when it has (^C: at once)"
        );
        while let Ok(()) | Err(RecvTimeoutError::Timeout) = self.collector.recv_timeout(STEP) {
            if signalled.swap(false, Ordering::Relaxed) {
                // Asked twice, it does not wait.
                let _ = self.orders.send(Order::Stop);
            }
        }
        Ok(())
    }
}
