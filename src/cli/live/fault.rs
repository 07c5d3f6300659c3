//! A screen that fails while it is open, to prove that the terminal is as it was afterwards: its
//! clock panics on one of its threads, from the moment on that there is a file named `fault` in the
//! home.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::Result;

use crate::cli::args::Global;
use crate::cli::context::Context;
use crate::clock::{Clock, SystemClock};
use crate::model::Millis;

/// The threads that can be made to fail: the one that draws, the one that reads, and the one that
/// collects.
pub(in crate::cli) const FAULTY: [&str; 3] = ["main", "follower", "collector"];

/// Opens the screen, which fails on the thread of this name.
pub(in crate::cli) fn fail(thread: &'static str) -> Result<()> {
    let context = Context::new(&Global::default())?;
    let sign = context.paths.home().map(|home| home.join("fault")).unwrap_or_default();
    let clock = Arc::new(Faulty { thread, sign });
    super::run(&Context { clock, ..context }).map(|_| ())
}

struct Faulty {
    thread: &'static str,
    sign: PathBuf,
}

impl Clock for Faulty {
    fn now(&self) -> Millis {
        let is_here = thread::current().name() == Some(self.thread);
        assert!(!is_here || !self.sign.exists(), "the clock fails, as it was asked to");
        SystemClock.now()
    }
}
