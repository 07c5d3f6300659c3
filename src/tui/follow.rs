//! Watches the ledger, the running sessions and the clock, and reads what is shown whenever one of
//! them moved. On a thread of its own: the screen never waits for the disk.

use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::Renew;
use super::action::Action;
use super::board::Board;
use super::checkups::Checkups;
use super::commits::Commits;
use super::history::History;
use super::screens::live::Memory;
use super::screens::session::Kept;
use super::screens::{Answer, Ask, Screen};
use super::source::{Facts, Source};
use super::sums::Sums;
use crate::clock::Clock;
use crate::enforce::{Kernel, ProcessTable, Roll, roll_call};
use crate::ledger::{LedgerError, Reader};
use crate::model::{Millis, Sighting};

/// How soon after a look there is another one where something was committed, and how often the
/// ledger is asked for that where nobody tells.
const LOOK: Duration = Duration::from_millis(70);

/// A commit is told with its first bytes; so long after that a usual one can be seen. Looked at
/// right away it would be seen a whole [`LOOK`] later.
const SETTLE: Duration = Duration::from_millis(5);

/// How often the running sessions are looked at.
const ROLL: Duration = Duration::from_secs(1);

/// How often it is asked whether the config or the prices changed.
const RENEW: Duration = Duration::from_secs(1);

/// What is shown of the time is another after this: a minute.
const MINUTE: i64 = 60_000;

/// What a screen wants read.
#[derive(Debug)]
pub struct Question {
    /// Which screen.
    pub screen: Screen,
    /// What.
    pub ask: Box<dyn Ask>,
}

/// What wakes the follower.
#[derive(Debug)]
pub(super) enum Wake {
    /// Somebody wants something read.
    Question(Question),
    /// Something was committed to the ledger.
    Commit,
}

/// What was read, all of one moment.
#[derive(Debug)]
pub struct Picture {
    /// What every screen shows.
    pub board: Board,
    /// The screen that the answer is for.
    pub screen: Screen,
    /// What that screen shows.
    pub answer: Answer,
}

/// Watches a ledger.
#[derive(Debug)]
pub struct Follower {
    facts: Facts,
    question: Option<Question>,
    table: Kernel,
    reader: Option<Reader>,
    sums: Sums,
    history: History,
    checkups: Checkups,
    memory: Memory,
    calls: Kept,
    sightings: Vec<Sighting>,
    roll: Roll,
    /// The ledger's version at the newest roll, and when that was.
    rolled: Option<(i64, Instant)>,
    /// The ledger's version and the minute that the newest picture is of.
    seen: Option<(i64, i64)>,
}

impl Follower {
    /// Watches a ledger that need not be there yet.
    pub fn new(facts: Facts) -> Self {
        Self {
            facts,
            question: None,
            table: Kernel::new(),
            reader: None,
            sums: Sums::default(),
            history: History::default(),
            checkups: Checkups::default(),
            memory: Memory::default(),
            calls: Kept::default(),
            sightings: Vec::new(),
            roll: Roll::default(),
            rolled: None,
            seen: None,
        }
    }

    /// Reads this from now on.
    pub fn ask(&mut self, question: Question) {
        self.question = Some(question);
        self.seen = None;
    }

    /// Reads with these from now on.
    pub fn give(&mut self, facts: Facts) {
        let question = self.question.take();
        *self = Self { question, ..Self::new(facts) };
    }

    /// What is to be shown now, or why nothing can be, where something changed.
    pub fn look(&mut self, now: Millis) -> Option<Action> {
        match self.picture(now) {
            Ok(picture) => picture.map(|picture| Action::Picture(Box::new(picture))),
            // The collector is at it: the next look comes soon enough.
            Err(LedgerError::Busy) => None,
            Err(error) => {
                self.reader = None;
                self.sums = Sums::default();
                self.history = History::default();
                self.memory = Memory::default();
                self.calls = Kept::default();
                self.seen = None;
                Some(Action::Unreadable(error.to_string()))
            }
        }
    }

    fn picture(&mut self, now: Millis) -> Result<Option<Picture>, LedgerError> {
        let Some(question) = &self.question else { return Ok(None) };
        if self.reader.is_none() {
            self.reader = Reader::open(&self.facts.db)?;
            self.rolled = None;
        }
        let Some(reader) = &self.reader else { return Ok(None) };
        // Before reading: what is committed meanwhile is seen the next time.
        let version = reader.data_version()?;
        let minute = now.0.div_euclid(MINUTE);
        let mut moved = self.seen != Some((version, minute));
        if self.rolled.is_none_or(|(_, at)| at.elapsed() >= ROLL) {
            if self.rolled.is_none_or(|(seen, _)| seen != version) {
                self.sightings = reader.sightings_of_boot(&self.table.own().boot_id)?;
            }
            let roll = roll_call(&self.table, &self.facts.roots, &self.sightings);
            moved |= roll != self.roll;
            self.roll = roll;
            self.rolled = Some((version, Instant::now()));
        }
        let is_behind = self.sums.is_behind(version) || self.history.is_behind(version);
        let is_behind = is_behind || self.checkups.is_due();
        if !moved && !is_behind {
            return Ok(None);
        }
        let (facts, sums, history) = (&self.facts, &mut self.sums, &mut self.history);
        history.begin(version);
        let (checkups, memory, calls) = (&mut self.checkups, &mut self.memory, &mut self.calls);
        checkups.begin();
        let (roll, sightings) = (&self.roll, &self.sightings);
        let (board, answer) = reader.snapshot(|reader| -> Result<_, LedgerError> {
            sums.refresh(reader, version, &facts.developer, &facts.zone, now)?;
            let mut source = Source {
                reader,
                facts,
                sums,
                history,
                memory,
                calls,
                checkups,
                roll,
                sightings,
                now,
            };
            Ok((Board::read(&source)?, question.ask.read(&mut source)?))
        })?;
        self.seen = Some((version, minute));
        Ok(Some(Picture { board, screen: question.screen, answer }))
    }
}

/// Follows until `tell` says that nobody listens any more, or nobody is left who could ask. The
/// first question must be there already.
pub(super) fn follow(
    mut follower: Follower,
    clock: &dyn Clock,
    (waker, woken): (Weak<Sender<Wake>>, &Receiver<Wake>),
    mut renew: Option<Renew>,
    tell: &dyn Fn(Action) -> bool,
) {
    let mut commits = Commits::new(waker);
    let mut is_fresh = false;
    let mut renewed = Instant::now();
    loop {
        if let Some(action) = follower.look(clock.now())
            && !tell(action)
        {
            return;
        }
        let looked = Instant::now();
        // Once more after a commit: a long one can be seen only some time after it was told.
        let is_told = commits.watch(&follower.facts.db) && !is_fresh;
        let Ok(next) = rest(woken, looked, if is_told { ROLL } else { LOOK }) else { return };
        is_fresh = matches!(next, Some(Wake::Commit));
        if let Some(Wake::Question(question)) = next {
            follower.ask(question);
        }
        if renewed.elapsed() < RENEW {
            continue;
        }
        let action = match renew.as_mut().and_then(|renew| renew()) {
            Some(Ok(given)) => {
                follower.give(given.facts.clone());
                Some(Action::Given(Box::new(given)))
            }
            Some(Err(why)) => Some(Action::Refused(why)),
            None => None,
        };
        renewed = Instant::now();
        if action.is_some_and(|action| !tell(action)) {
            return;
        }
    }
}

/// Waits until something is asked, or for so long after a look; less long where something is
/// committed meanwhile. An error: nobody can ask any more.
fn rest(
    woken: &Receiver<Wake>,
    looked: Instant,
    wait: Duration,
) -> Result<Option<Wake>, RecvTimeoutError> {
    let (mut due, mut commit) = (looked + wait, None);
    loop {
        match woken.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Wake::Commit) if commit.is_none() => {
                commit = Some(Wake::Commit);
                due = due.min((looked + LOOK).max(Instant::now() + SETTLE));
            }
            Ok(Wake::Commit) => {}
            Ok(question) => return Ok(Some(question)),
            Err(RecvTimeoutError::Timeout) => return Ok(commit),
            Err(gone) => return Err(gone),
        }
    }
}
