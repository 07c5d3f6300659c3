//! Turns: what an agent did between two prompts of a thread, summed up from the thread's calls.
//!
//! A turn's steps, tools and cost are those of the calls that count in the thread, from its prompt to
//! the next. So they are right whatever happens to a call later: a fuller usage, another price,
//! an older holder that turns up. What a fork copied is its original's.

mod sum;

use std::collections::BTreeSet;
use std::ops::{AddAssign, Range};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use self::sum::Summing;
use super::recent::{KEPT_MILLIS, Recent};
use super::threads::{self, source_of_number};
use super::{LedgerError, Reader, Totals};
use crate::model::{AgentId, Millis, ThreadDeed, TurnSource};

/// A session's main thread, or a subagent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Number in the ledger.
    pub number: i64,
    /// The agent.
    pub agent: AgentId,
    /// Number of the session in the ledger.
    pub session: i64,
    /// The session's id.
    pub session_id: Arc<str>,
    /// The subagent, or empty.
    pub subagent: Arc<str>,
}

/// What was done in a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deeds {
    /// Calls of the model.
    pub steps: u64,
    /// Tools that it asked for.
    pub tool_calls: u64,
    /// Tools that failed, and requests that failed for good.
    pub errors: u64,
    /// Tools that a person or a rule did not let run.
    pub denied: u64,
    /// Subagents that were started.
    pub subagents: u64,
    /// How often the conversation was summed up.
    pub compactions: u64,
    /// The longest run of one and the same tool call.
    pub repeats: u64,
}

/// How seriously a turn looks like a loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoopLevel {
    /// It does not.
    #[default]
    None,
    /// To be watched.
    Watch,
    /// It is one.
    Loop,
    /// One that nobody stops.
    Runaway,
}

/// A turn: from a prompt to the next in its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Where.
    pub thread: Arc<Thread>,
    /// The prompt.
    pub at: Millis,
    /// The latest call.
    pub last: Millis,
    /// Who gave the prompt.
    pub source: TurnSource,
    /// As the detectors of loops have it.
    pub level: LoopLevel,
    /// What was done.
    pub deeds: Deeds,
    /// Calls, tokens and cost of the thread itself; its subagents have turns of their own.
    pub totals: Totals,
    /// Project of its latest call.
    pub project: Arc<str>,
    /// Branch of its latest call.
    pub branch: Arc<str>,
    /// Every model it used.
    pub models: BTreeSet<Arc<str>>,
    /// The model that took the most steps; of equals the first by name.
    pub model: Arc<str>,
    /// Who pays.
    pub developer: Arc<str>,
}

/// The turn that a thread is in, or was in last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnNow {
    /// Where.
    pub thread: Thread,
    /// The thread's latest record.
    pub last: Millis,
    /// The agent is at work, as far as the transcript tells: it has not said its last word, or has
    /// others at work.
    pub is_open: bool,
    /// The prompt, and who gave it; none where no transcript tells, and all of the thread counts.
    pub began: Option<(Millis, TurnSource)>,
    /// As the detectors of loops have it.
    pub level: LoopLevel,
    /// What was done since.
    pub deeds: Deeds,
    /// How often in a row the newest tool call has been made: same tool, same input.
    pub repeats: u64,
    /// Calls, tokens and cost since.
    pub totals: Totals,
}

impl LoopLevel {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Watch => "watch",
            Self::Loop => "loop",
            Self::Runaway => "runaway",
        }
    }

    /// The level with a stored number; the stored numbers are those of the order.
    pub(super) const fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Watch,
            2 => Self::Loop,
            3 => Self::Runaway,
            _ => Self::None,
        }
    }
}

impl Deeds {
    /// Nothing was done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Deeds {
    /// Of several turns the longest run is the longest of any.
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.tool_calls += other.tool_calls;
        self.errors += other.errors;
        self.denied += other.denied;
        self.subagents += other.subagents;
        self.compactions += other.compactions;
        self.repeats = self.repeats.max(other.repeats);
    }
}

impl Reader {
    /// Shows the turns that began in a time, newest first, until `show` says `false`: those of
    /// sessions whose number `wants` takes. Prompts that nothing came of are no turns, and
    /// neither are copies in a fork.
    pub fn turns(
        &self,
        time: &Range<Millis>,
        wants: &dyn Fn(i64) -> bool,
        show: &mut dyn FnMut(Turn) -> bool,
    ) -> Result<(), LedgerError> {
        let mut sums = Summing::of_many(&self.db)?;
        let mut statement = self.db.prepare_cached(
            "SELECT thread, turn.at, source, level,
                 (SELECT min(next.at) FROM turn AS next
                  WHERE next.thread = turn.thread AND next.at > turn.at),
                 session
             FROM turn
             JOIN thread ON thread.id = turn.thread
             JOIN session ON session.id = thread.session
             JOIN name ON name.id = thread.subagent
             WHERE turn.at >= ?1 AND turn.at < ?2
             ORDER BY turn.at DESC, session.session_id, name.text, source",
        )?;
        let mut rows = statement.query([time.start.0, time.end.0])?;
        let mut before = None;
        while let Some(row) = rows.next()? {
            let (thread, at) = (row.get(0)?, Millis(row.get(1)?));
            // Two prompts at one instant are one turn.
            if before.replace((thread, at)) == Some((thread, at)) || !wants(row.get(5)?) {
                continue;
            }
            let end = Millis(row.get::<_, Option<i64>>(4)?.unwrap_or(i64::MAX));
            let sum = sums.up(thread, &(at..end))?;
            if sum.deeds.is_empty() {
                continue;
            }
            let source = source_of_number(row.get(2)?);
            let level = LoopLevel::from_number(row.get(3)?);
            if !show(sum.into_turn(at, source, level)) {
                break;
            }
        }
        Ok(())
    }

    /// The present turn of every thread that has a record since then, the newest thread first.
    pub fn turns_now(&self, since: Millis) -> Result<Vec<TurnNow>, LedgerError> {
        let mut sums = Summing::of(&self.db);
        let mut statement = self.db.prepare_cached(
            "SELECT thread.id, at, goes_on
             FROM thread
             JOIN session ON session.id = thread.session
             JOIN name ON name.id = thread.subagent
             WHERE at >= ?1 ORDER BY at DESC, session.session_id, name.text",
        )?;
        let mut rows = statement.query([since.0])?;
        let mut turns = Vec::new();
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            let began = threads::present_turn(&self.db, number)?;
            let from = began.map_or(Millis(i64::MIN), |(at, _)| at);
            let sum = sums.up(number, &(from..Millis(i64::MAX)))?;
            turns.push(TurnNow {
                thread: (*sum.thread).clone(),
                last: Millis(row.get(1)?),
                is_open: row.get(2)?,
                began,
                level: level_of(&self.db, number, from)?,
                deeds: sum.deeds,
                repeats: sum.repeats_now,
                totals: sum.totals,
            });
        }
        Ok(turns)
    }

    /// What a thread has done lately in its present turn, oldest first: the newest of its tool uses
    /// and results, of one day at most. It is the same after any restart.
    pub fn recent_deeds(&self, thread: &Thread) -> Result<Vec<ThreadDeed>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT recent, (SELECT max(at) FROM thread) FROM thread
             WHERE id = ?1 AND recent IS NOT NULL",
        )?;
        let stored = statement
            .query_row([thread.number], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((bytes, newest)) = stored else { return Ok(Vec::new()) };
        let (bytes, newest): (Vec<u8>, i64) = (bytes, newest);
        let mut recent = Recent::from_bytes(&bytes);
        recent.forget_before(Millis(newest.saturating_sub(KEPT_MILLIS)));
        if let Some((began, _)) = threads::present_turn(&self.db, thread.number)? {
            recent.forget_before(began);
        }
        let subagent = Some(&thread.subagent).filter(|id| !id.is_empty());
        Ok(recent.into_deeds(&thread.session_id, subagent))
    }
}

fn level_of(db: &Connection, thread: i64, began: Millis) -> Result<LoopLevel, LedgerError> {
    let level: Option<i64> = db
        .prepare_cached("SELECT max(level) FROM turn WHERE thread = ?1 AND at = ?2")?
        .query_row([thread, began.0], |row| row.get(0))?;
    Ok(LoopLevel::from_number(level.unwrap_or_default()))
}
