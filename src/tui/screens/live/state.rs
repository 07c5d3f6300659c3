//! What a session does, what holds it, and what would stop it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::session::{Session, Subagent};
use super::turn::{Turn, Turns};
use crate::agents::{self, Status};
use crate::enforce::{How, Present};
use crate::format::printable;
use crate::guard::who;
use crate::ledger::{Charged, LedgerError};
use crate::model::{AgentId, CapAction, LIMIT, Latch, LiftBy, Mark, SessionKey};
use crate::policy::Cap;
use crate::tui::source::Source;

/// A session whose agent does not say what it does is taken to run this long after a call, and to
/// be at its prompt that long.
const RUNS_MS: i64 = 2 * 60_000;
const IDLES_MS: i64 = 30 * 60_000;

/// No tool takes longer than this, by what agents allow: a turn that is not over was cut short.
const LONGEST_TOOL_MS: i64 = 10 * 60_000;

/// What a session does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// In mid-turn.
    Run,
    /// Asks the person.
    Ask,
    /// Must not go on.
    Blocked,
    /// At its prompt.
    Idle,
    /// Has ended.
    #[default]
    End,
}

/// What a session does, and whether its agent said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// What it does.
    pub doing: Doing,
    /// It is only concluded from the time of its last call.
    pub is_guess: bool,
}

impl State {
    /// The word in the table; a guess is small.
    pub const fn word(self) -> &'static str {
        match (self.doing, self.is_guess) {
            (Doing::Run, false) => "RUN",
            (Doing::Run, true) => "run",
            (Doing::Ask, _) => "ASK",
            (Doing::Idle, false) => "IDLE",
            (Doing::Idle, true) => "idle",
            (Doing::Blocked, _) => "BLK",
            (Doing::End, _) => "END",
        }
    }

    /// A sentence about it.
    pub const fn meaning(self) -> &'static str {
        match (self.doing, self.is_guess) {
            (Doing::Run, false) => "in mid-turn",
            (Doing::Run, true) => "seems to run: its last call says so",
            (Doing::Ask, _) => "asks you something",
            (Doing::Idle, false) => "at its prompt",
            (Doing::Idle, true) => "seems to wait at its prompt",
            (Doing::Blocked, _) => "must not go on",
            (Doing::End, _) => "has ended",
        }
    }

    /// It may call a model (again).
    pub const fn is_live(self) -> bool {
        !matches!(self.doing, Doing::End)
    }
}

/// What would stop a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// Nothing.
    None,
    /// Its process, which is known, can be signalled.
    Signal,
    /// Its hook, which was heard.
    Hook,
    /// It is over.
    #[default]
    Unneeded,
}

impl Protection {
    /// The word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none!",
            Self::Signal => "signal",
            Self::Hook => "hook",
            Self::Unneeded => "–",
        }
    }
}

/// What to do about a live session that nothing would stop.
pub fn unprotected(agent: AgentId) -> &'static str {
    match agents::adapter(agent).hook() {
        Some(_) => "nothing would stop it: `spendtop hook install`",
        None => "nothing would stop it: no hook, and no process that is certain",
    }
}

/// Why a session is marked, or must not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What it is to come to.
    pub action: CapAction,
    /// The session itself is marked; else a cap holds whoever it is about.
    pub is_mark: bool,
    /// In words, safe to show.
    pub why: String,
}

/// What is held and seen, of all sessions.
pub(super) struct Guarded<'a> {
    marks: BTreeMap<SessionKey, Vec<Mark>>,
    /// Caps that are broken and stop what breaks them.
    broken: Vec<(&'a Arc<Cap>, Latch)>,
    hooked: BTreeSet<&'a SessionKey>,
}

impl<'a> Guarded<'a> {
    pub(super) fn read(source: &Source<'a>) -> Result<Self, LedgerError> {
        let mut marks: BTreeMap<SessionKey, Vec<Mark>> = BTreeMap::new();
        for mark in source.reader.marks()? {
            marks.entry(mark.session.clone()).or_default().push(mark);
        }
        let lifts = source.reader.lifts(source.now)?;
        let snoozed = |cap: &str| {
            lifts.iter().any(|lift| &*lift.cap == cap && matches!(lift.what, LiftBy::Snooze { .. }))
        };
        let mut broken = Vec::new();
        for latch in source.reader.latches(source.now)? {
            let cap = source.facts.caps.iter().find(|cap| cap.name == latch.cap);
            let cap = cap.filter(|cap| cap.action.stops() && !snoozed(&cap.name));
            if let Some(cap) = cap.filter(|_| latch.level == LIMIT) {
                // A person's prompt ends a loop, and with it what was latched of it.
                if cap.measure.is_loop() && !is_of_now(source, &latch)? {
                    continue;
                }
                broken.push((cap, latch));
            }
        }
        let hooked = source.sightings.iter().map(|seen| &seen.session).collect();
        Ok(Self { marks, broken, hooked })
    }

    /// Tells of a session what it does, what holds it and what would stop it.
    pub(super) fn standing(
        &self,
        session: &Session,
        turns: Option<&Turns>,
        to: &Charged,
        source: &Source<'_>,
    ) -> Standing {
        let turn = turns.and_then(Turns::of_session);
        let held = self.held(&session.key, to);
        let process = source.roll.present.get(&session.key).cloned();
        let mut state = state(session, turn, process.as_ref(), source);
        let protection = if !state.is_live() {
            Protection::Unneeded
        } else if self.hooked.contains(&session.key) {
            Protection::Hook
        } else if process.is_some() {
            Protection::Signal
        } else {
            Protection::None
        };
        // What runs although it must not, and is stopped by nothing, is not blocked: a block is its
        // hook's to carry out, a signal comes only where a cap kills.
        let is_stopped = |held: &Held| match protection {
            Protection::Hook => held.action.stops(),
            Protection::Signal => held.action == CapAction::Kill,
            Protection::None | Protection::Unneeded => false,
        };
        let goes_on = state.doing == Doing::Run && !held.iter().any(is_stopped);
        if state.is_live() && !goes_on && held.iter().any(|held| held.action.stops()) {
            state = State { doing: Doing::Blocked, is_guess: false };
        }
        Standing { turn, held, process, state, protection }
    }

    fn held(&self, key: &SessionKey, to: &Charged) -> Vec<Held> {
        let mut held: Vec<Held> = Vec::new();
        for mark in self.marks.get(key).into_iter().flatten() {
            let word = if mark.action.stops() { "blocked" } else { "flagged" };
            let by = mark.cap.as_deref().unwrap_or(&mark.by);
            let why = format!("{word} by {}: {}", printable(by), printable(&mark.reason));
            held.push(Held { action: mark.action, is_mark: true, why });
        }
        for (cap, latch) in &self.broken {
            let subject = who(to).in_scope(cap.scope);
            if subject.is_some_and(|subject| *subject == *latch.subject) {
                let why = format!("held by cap {}, which is used up", printable(&cap.name));
                held.push(Held { action: cap.action, is_mark: false, why });
            }
        }
        held.sort_by_key(|held| !held.action.stops());
        held
    }
}

/// How a session stands, beside what its calls tell.
pub(super) struct Standing {
    turn: Option<Turn>,
    held: Vec<Held>,
    process: Option<Present>,
    state: State,
    protection: Protection,
}

impl Standing {
    /// The session stands so already, and its subagents' turns are those.
    pub(super) fn is_of(&self, session: &Session, turns: Option<&Turns>) -> bool {
        let is_at = |subagent: &Subagent| {
            subagent.turn == turns.and_then(|turns| turns.of_subagent(&subagent.id))
        };
        self.state == session.state
            && self.protection == session.protection
            && self.turn == session.turn
            && self.held == session.held
            && self.process == session.process
            && session.subagents.iter().all(is_at)
    }

    /// Has the session stand so.
    pub(super) fn put_to(self, session: &mut Session, turns: Option<&Turns>) {
        for subagent in &mut session.subagents {
            subagent.turn = turns.and_then(|turns| turns.of_subagent(&subagent.id));
        }
        session.turn = self.turn;
        session.held = self.held;
        session.process = self.process;
        session.state = self.state;
        session.protection = self.protection;
    }
}

/// What a session does, whether it may or not.
fn state(
    session: &Session,
    turn: Option<Turn>,
    process: Option<&Present>,
    source: &Source<'_>,
) -> State {
    let sure = |doing| State { doing, is_guess: false };
    let age = source.now.since(session.last);
    let in_turn = turn.map(|turn| turn.in_turn);
    // What the transcript says is more than the time of the last call: a tool may take long.
    let runs = in_turn.map_or(age < RUNS_MS, |in_turn| in_turn && age < LONGEST_TOOL_MS);
    let guess = State { doing: if runs { Doing::Run } else { Doing::Idle }, is_guess: true };
    match process {
        Some(process) => match process.status {
            Some(Status::Busy) => sure(Doing::Run),
            Some(Status::Asking) => sure(Doing::Ask),
            Some(Status::Idle) => sure(Doing::Idle),
            None => guess,
        },
        // The agent tells of every session that runs: this one does not.
        None if source.roll.telling.contains(&session.key.agent) => sure(Doing::End),
        None if age < IDLES_MS => guess,
        None => sure(Doing::End),
    }
}

fn is_of_now(source: &Source<'_>, latch: &Latch) -> Result<bool, LedgerError> {
    let Some(session) = &latch.session else { return Ok(false) };
    Ok(source.reader.loops_now(session)?.since == latch.window.start)
}

/// How a process was found, in words.
pub(in crate::tui::screens) const fn how(how: How) -> &'static str {
    match how {
        How::Hook => "by its hook",
        How::Registry => "by the agent's own file",
        How::OpenTranscript => "by the transcript that it writes",
        How::Arguments => "by the session that it was started for",
    }
}
