//! The guard at work: after each pass of reading it holds the sums against the caps, latches what
//! is reached, tells the person and stops the sessions that must not go on.
//!
//! It looks at present totals alone. Reading history fills the ledger and nothing else: the first
//! look comes when everything that was written before has been read.

mod alerts;
mod levels;
mod loops;
mod reload;
mod sessions;
mod stop;
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use jiff::tz::TimeZone;

use self::levels::Crossed;
use self::sessions::{Sessions, Touched};
use super::{Book, Outbox, store_notes};
use crate::config::Config;
use crate::enforce::{AgentStop, Guard, Kernel};
use crate::guard::{LiveSums, Terms};
use crate::ingest::Root;
use crate::ledger::{Charged, Inbox, LedgerError, Writer};
use crate::model::{Latch, Lift, Millis, Note, SessionKey};
use crate::policy::Decision;

/// How long a stop is remembered of a session that never went on.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// The guard of one ledger.
pub(super) struct Watchdog {
    config: Config,
    zone: TimeZone,
    sums: LiveSums,
    /// In force at the last look; read anew whenever a note or we ourselves changed them.
    standing: Option<Standing>,
    sessions: Sessions,
    guard: Guard,
    table: Kernel,
    outbox: Outbox,
    /// What was done already for a session under a breach, so that it is done once; until the end
    /// of the period.
    done: BTreeMap<(Arc<str>, Arc<str>, Millis, SessionKey), Millis>,
    alerted: alerts::Alerted,
    loops: loops::Loops,
    /// Sessions that the guard was told to stop, and what their calls are charged to.
    demanded: BTreeMap<SessionKey, Vec<Charged>>,
    /// When a hook ended a session's turn, until the session spends again. The transcript does not
    /// tell: its last record is still a tool's result.
    hook_stops: BTreeMap<SessionKey, Millis>,
    /// Agents' own commands that stop their workers, as they end.
    agent_stops: (Sender<Ended>, Receiver<Ended>),
    wake: Arc<dyn Fn() + Send + Sync>,
    /// It has looked before: what it finds from now on is new.
    has_looked: bool,
}

/// An agent's own command that has ended.
type Ended = (AgentStop, Result<(), String>);

/// What is latched, lifted and marked at a moment.
pub(super) struct Standing {
    latches: Vec<Latch>,
    lifts: Vec<Lift>,
    /// When a lift or a period ends, and this must be read anew.
    until: Millis,
}

/// What a look needs beside the watchdog's own memory.
pub(super) struct Look<'a> {
    pub writer: &'a mut Writer,
    pub inbox: &'a Inbox,
    pub book: &'a Book,
    /// When the system told of what was just read.
    pub arrived: Millis,
    /// The present.
    pub now: Millis,
}

impl Watchdog {
    /// A watchdog that has not looked yet. `wake` is called from other threads when it should.
    pub(super) fn new(
        config: &Config,
        roots: &[Root],
        wake: impl Fn() + Clone + Send + Sync + 'static,
    ) -> Self {
        Self {
            zone: config.zone(),
            config: config.clone(),
            sums: LiveSums::default(),
            standing: None,
            sessions: Sessions::new(roots),
            guard: Guard::default(),
            table: Kernel::new(),
            outbox: Outbox::start(&config.notify, config.zone(), wake.clone()),
            done: BTreeMap::new(),
            alerted: alerts::Alerted::default(),
            loops: loops::Loops::default(),
            demanded: BTreeMap::new(),
            hook_stops: BTreeMap::new(),
            agent_stops: channel(),
            wake: Arc::new(wake),
            has_looked: false,
        }
    }

    /// The channels that notices are told by.
    pub(super) fn channels(&self) -> Vec<&'static str> {
        self.outbox.channels()
    }

    /// Looks once; tells when to look again if nothing happens before.
    ///
    /// What is reached is latched before anything is done about it: a fifth of a millisecond before
    /// the signal, for which no process is ever signalled over a cap that the ledger does not call
    /// broken. Rows of what was done follow the doing. After a crash in between, the first look of
    /// the next start takes every latched breach for one of just now: a session that runs on is
    /// signalled again, and written down; one that has ended leaves the breach as its only row.
    pub(super) fn look(&mut self, look: &mut Look<'_>) -> Result<Option<Millis>, LedgerError> {
        self.take_notes(look)?;
        let touched = self.touched(look)?;
        let looping = self.watch_loops(look, &touched, self.has_looked)?;
        let decisions = self.decide(look, &touched, &looping)?;
        let mut crossed = self.latch(look, &decisions, &touched, &looping)?;
        if !std::mem::replace(&mut self.has_looked, true) {
            // Whoever ran on while nobody looked.
            let broken = decisions.iter().enumerate().filter(|(_, one)| one.is_breach());
            crossed = broken.map(|(decision, _)| Crossed { decision }).collect();
        }
        self.stop(look, &decisions, &touched, &looping, &crossed)?;
        self.act(look, &touched)?;
        self.alert(look, &touched)?;
        let outbox = self.outbox.pump(look.writer, look.now)?;
        let lifts = self.standing.as_ref().map(|standing| standing.until);
        Ok([outbox, self.guard.deadline(), lifts].into_iter().flatten().min())
    }

    /// Another price book is in force: what is set aside by it is another amount.
    pub(super) fn book_changed(&mut self) {
        self.sums.forget();
    }

    /// What hooks and commands left.
    fn take_notes(&mut self, look: &mut Look<'_>) -> Result<(), LedgerError> {
        for note in store_notes(look.inbox, look.writer, &self.channels())? {
            match note {
                Note::Action(action) => {
                    if let Some(session) = &action.session
                        && action.kind == crate::model::ActionKind::HookStop
                    {
                        self.guard.hook_stopped(session, look.now);
                        self.hook_stops.retain(|_, at| look.now.since(*at) < DAY_MS);
                        self.hook_stops.insert(session.clone(), action.at);
                    }
                }
                Note::Sighting(_) => self.sessions.note_sighting(),
                Note::Latch(_) | Note::Lift(_) | Note::Mark(_) | Note::Unmark(_) => {
                    self.standing = None;
                }
                Note::Notice { .. } | Note::Delivered { .. } | Note::Failure { .. } => {}
            }
        }
        Ok(())
    }

    /// The sessions whose spend the last commits moved.
    fn touched(&mut self, look: &mut Look<'_>) -> Result<Touched, LedgerError> {
        let mut touched = Touched::default();
        match look.writer.take_changes() {
            Some(changes) => {
                for change in &changes {
                    let to = self.sums.charged(look.writer, change.attribution)?;
                    touched.add(to, change);
                }
                touched.changes = changes;
            }
            // The first look, or one after an error: nobody knows what moved.
            None => self.sums.forget(),
        }
        Ok(touched)
    }

    fn decide(
        &mut self,
        look: &mut Look<'_>,
        touched: &Touched,
        looping: &BTreeSet<SessionKey>,
    ) -> Result<Vec<Decision>, LedgerError> {
        if self.config.caps.is_empty() {
            return Ok(Vec::new());
        }
        let terms = Terms {
            caps: &self.config.caps,
            zone: &self.zone,
            book: &**look.book.book(),
            include_unlogged: self.config.include_unlogged,
        };
        // Those that are being stopped, too: whether they still are to be.
        let sessions = touched.sessions().chain(looping).chain(self.demanded.keys());
        let sessions: BTreeSet<SessionKey> = sessions.cloned().collect();
        let sessions: Vec<SessionKey> = sessions.into_iter().collect();
        let tally = self.sums.tally(look.writer, &terms, &touched.changes, &sessions, look.now)?;
        let standing = self.standing(look)?;
        Ok(crate::policy::decide(&tally, &standing.lifts, &standing.latches, look.now))
    }

    /// What is in force now.
    fn standing(&mut self, look: &Look<'_>) -> Result<&Standing, LedgerError> {
        let fresh = self.standing.take().filter(|standing| look.now < standing.until);
        let standing = match fresh {
            Some(standing) => standing,
            None => Standing::read(look.writer, look.now)?,
        };
        Ok(self.standing.insert(standing))
    }
}

impl Standing {
    fn read(writer: &Writer, now: Millis) -> Result<Self, LedgerError> {
        let (latches, lifts) = (writer.latches(now)?, writer.lifts(now)?);
        let ends = lifts.iter().map(|lift| lift.what.until());
        let ends = ends.chain(latches.iter().map(|latch| latch.window.end));
        let until = ends.min().unwrap_or(Millis(i64::MAX));
        Ok(Self { latches, lifts, until })
    }
}
