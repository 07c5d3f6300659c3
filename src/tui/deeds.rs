//! What the user asks to be done, while the screen goes on and after it was left.

use std::io::{Write as _, stderr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;

use super::Doer;
use super::deed::{Reply, Request};
use super::terminal::spawn;

/// How often it is looked whether what was begun is done, once the screen is left.
const STEP: Duration = Duration::from_millis(20);

/// What the user asks to be done, done on a thread of its own.
pub struct Deeds {
    orders: Sender<Request>,
    thread: JoinHandle<()>,
    /// What was asked for and has not been heard of.
    pub under_way: usize,
}

impl Deeds {
    /// Does with `doer` what is ordered, and tells what came of it.
    pub fn start(doer: Doer, tell: impl Fn(Reply) + Send + 'static) -> Result<Self> {
        let (orders, ordered) = channel();
        let work = move || {
            while let Ok(request) = ordered.recv() {
                tell(doer(request));
            }
        };
        Ok(Self { orders, thread: spawn("deeds", work)?, under_way: 0 })
    }

    /// Has it done, after what was ordered before.
    pub fn order(&self, request: Request) {
        // The thread ends with the loop only.
        let _ = self.orders.send(request);
    }

    /// Waits for what is being done: a process that was told to end and is within its grace is not
    /// left half ended. The screen is gone by then. Another signal gives it up.
    pub fn see_through(self, stop: &AtomicBool) {
        let Self { orders, thread, under_way } = self;
        drop(orders);
        if under_way == 0 {
            return;
        }
        // Nobody may be left to read it.
        let _ = writeln!(
            stderr(),
            "spendtop: what you asked for is being done; this ends when it is (^C: at once)"
        );
        stop.store(false, Ordering::Relaxed);
        while !thread.is_finished() && !stop.load(Ordering::Relaxed) {
            thread::sleep(STEP);
        }
    }
}
