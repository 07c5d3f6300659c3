//! The newest checkup, for the Health screen: taken anew now and then while somebody looks at it.
//!
//! Much of what it looks at is no part of the ledger (settings of agents, folders, a lock), so it is
//! taken anew also while nothing is committed: seldom enough to cost next to nothing.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::source::Facts;
use crate::health::{self, Checkup, Finding};
use crate::ledger::{LedgerError, Reader};
use crate::model::Millis;

/// While the ledger changes, checkups may take one part in this many of the time; while it does
/// not, one in that many.
const SHARE: u32 = 10;
const SHARE_AT_REST: u32 = 1000;

/// The soonest that another one is taken.
const SOONEST: Duration = Duration::from_secs(1);
const SOONEST_AT_REST: Duration = Duration::from_secs(5);

/// How long it is believed what the desktop's service said.
const DESKTOP: Duration = Duration::from_secs(300);

/// The newest checkup.
#[derive(Debug, Default)]
pub struct Checkups {
    /// A screen asked for it since [`begin`](Self::begin).
    is_wanted: bool,
    newest: Option<Taken>,
    desktop: Desktop,
}

#[derive(Debug)]
struct Taken {
    what: Arc<Checkup>,
    at: Instant,
    took: Duration,
}

impl Checkups {
    /// Another look at the ledger.
    pub(super) fn begin(&mut self) {
        self.is_wanted = false;
    }

    /// It is shown, and time for another one, whether or not the ledger changed.
    pub(super) fn is_due(&mut self) -> bool {
        let rest = |taken: &Taken| (taken.took * SHARE_AT_REST).max(SOONEST_AT_REST);
        let is_old = self.newest.as_ref().is_none_or(|taken| taken.at.elapsed() >= rest(taken));
        self.is_wanted && (is_old || self.desktop.has_answered())
    }

    /// The newest one; another one where that is old enough.
    pub(super) fn take(
        &mut self,
        facts: &Facts,
        reader: &Reader,
        now: Millis,
    ) -> Result<Arc<Checkup>, LedgerError> {
        self.is_wanted = true;
        let rest = |taken: &Taken| (taken.took * SHARE).max(SOONEST);
        let is_answer = self.desktop.has_answered();
        let recent = self.newest.as_ref().filter(|taken| taken.at.elapsed() < rest(taken));
        if let Some(taken) = recent.filter(|_| !is_answer) {
            return Ok(Arc::clone(&taken.what));
        }
        let began = Instant::now();
        let mut checkup = health::checkup(&facts.setup, reader, &facts.book, now)?;
        if facts.setup.config.notify.desktop {
            checkup.findings.extend(self.desktop.ask());
        }
        let taken = Taken { what: Arc::new(checkup), at: began, took: began.elapsed() };
        let what = Arc::clone(&taken.what);
        self.newest = Some(taken);
        Ok(what)
    }
}

/// What the desktop's service says. It may take seconds, which nothing else waits for.
#[derive(Debug, Default)]
struct Desktop {
    asked: Option<(Instant, Receiver<Option<Finding>>)>,
    said: Option<Finding>,
    has_answered: bool,
}

impl Desktop {
    /// It has answered since it was asked what it says.
    fn has_answered(&mut self) -> bool {
        if let Some((_, answer)) = &self.asked
            && let Ok(said) = answer.try_recv()
        {
            self.has_answered = self.said != said;
            self.said = said;
        }
        self.has_answered
    }

    /// What it said last; asks it (again), where that was long ago.
    fn ask(&mut self) -> Option<Finding> {
        self.has_answered();
        self.has_answered = false;
        let is_recent = self.asked.as_ref().is_some_and(|(at, _)| at.elapsed() < DESKTOP);
        if !is_recent {
            let (tell, answer) = channel();
            let ask = move || {
                // Nobody listens any more once the screen is left.
                let _ = tell.send(health::desktop());
            };
            // Without a thread there is no answer, and nothing is said of it.
            let _ = thread::Builder::new().name("desktop".into()).spawn(ask);
            self.asked = Some((Instant::now(), answer));
        }
        self.said.clone()
    }
}
