//! What is done in threads beside their calls, from the events of a transaction into the tables.
//!
//! Every merge is one that any order of the same records comes to the same by: the earliest, the
//! latest, a set.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::LedgerError;
use super::recent::{KEPT_MILLIS, Recent};
use super::tools::{self, Tool};
use super::writer::Writer;
use crate::model::{
    AgentId, Deed, DeedOf, Fingerprint, Millis, ThreadDeeds, ToldDeed, ToolOutcome, TurnSource,
};

/// What may happen to a thread beside calls and tools. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Incident {
    /// The conversation was summed up, by itself.
    Compaction = 1,
    /// The same, because a person asked for it.
    AskedCompaction = 2,
    /// A request failed for good.
    ApiError = 3,
}

/// What a thread's latest record says of it: when, and that the agent waits. Of two at one time
/// the one that says so holds.
type Word = (Millis, bool);

/// What a transaction tells of a thread.
#[derive(Debug, Default)]
struct Told {
    word: Option<Word>,
    turns: BTreeMap<Fingerprint, (Millis, TurnSource)>,
    recent: Recent,
}

/// What a transaction tells of threads, by number, until it is stored.
#[derive(Debug, Default)]
pub(super) struct PendingThreads {
    threads: BTreeMap<i64, Told>,
    incidents: Vec<(i64, Millis, Fingerprint, Incident)>,
    failed: Vec<(i64, ToolOutcome)>,
    turns: usize,
}

impl Writer {
    /// Takes in what was done in a thread, after the calls of the same records.
    pub(super) fn apply_deeds(
        &mut self,
        agent: AgentId,
        thread: ThreadDeeds,
    ) -> Result<(), LedgerError> {
        let number = self.thread(agent, &thread.session_id, thread.agent_id.as_ref())?;
        if let Some((at, _)) = thread.word {
            self.newest = self.newest.max(at);
        }
        // Most of a backfill is long ago.
        let recent_from = self.newest.0.saturating_sub(KEPT_MILLIS);
        let ThreadDeeds { session_id, agent_id, deeds, word } = thread;
        for ToldDeed { timestamp: at, deed, of } in deeds {
            match (&deed, of) {
                (Deed::ToolUse(used), DeedOf::Call(place)) => {
                    self.group(place.group)?;
                    let tool = Tool::new(used, at);
                    self.pending.note_tool(&place, &session_id, agent_id.as_ref(), tool);
                }
                (Deed::ToolResult(result), _) if result.outcome != ToolOutcome::Done => {
                    self.pending.threads.failed.push((tools::key(result.id), result.outcome));
                }
                (Deed::Turn(source), DeedOf::Line(key)) => {
                    self.pending.threads.note_turn(number, key, (at, *source));
                }
                (Deed::Compaction { is_auto }, DeedOf::Line(key)) => {
                    let kind =
                        if *is_auto { Incident::Compaction } else { Incident::AskedCompaction };
                    self.pending.threads.incidents.push((number, at, key, kind));
                }
                _ => {}
            }
            if at.0 >= recent_from {
                self.pending.threads.of(number).recent.take_in(at, deed);
            }
        }
        let told = self.pending.threads.of(number);
        told.word = told.word.max(word);
        Ok(())
    }

    /// Takes in that a request of a thread failed.
    pub(super) fn apply_api_error(
        &mut self,
        agent: AgentId,
        session_id: &Arc<str>,
        agent_id: Option<&Arc<str>>,
        at: Millis,
        key: Fingerprint,
    ) -> Result<(), LedgerError> {
        let thread = self.thread(agent, session_id, agent_id)?;
        self.pending.threads.incidents.push((thread, at, key, Incident::ApiError));
        Ok(())
    }

    fn thread(
        &mut self,
        agent: AgentId,
        session_id: &Arc<str>,
        agent_id: Option<&Arc<str>>,
    ) -> Result<i64, LedgerError> {
        let session = self.names.session(&self.reader.db, agent, session_id)?;
        self.names.thread(&self.reader.db, session, agent_id)
    }

    /// Stores what is pending, in the transaction that is open.
    pub(super) fn store_threads(&mut self) -> Result<(), LedgerError> {
        let told = std::mem::take(&mut self.pending.threads);
        if let Some(stirred) = &mut self.stirred {
            stirred.extend(told.threads.keys());
            stirred.extend(told.incidents.iter().map(|(thread, ..)| thread));
        }
        for (thread, at, key, kind) in told.incidents {
            self.db
                .prepare_cached(
                    "INSERT INTO incident (thread, at, key, kind) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET kind = min(kind, excluded.kind)",
                )?
                .execute(params![thread, at.0, key.0.cast_signed(), kind as i64])?;
        }
        for (id, outcome) in told.failed {
            let outcome = if outcome == ToolOutcome::Denied { 2 } else { 1 };
            self.db
                .prepare_cached(
                    "INSERT INTO failed_tool (id, outcome) VALUES (?1, ?2)
                     ON CONFLICT DO UPDATE SET outcome = max(outcome, excluded.outcome)",
                )?
                .execute([id, outcome])?;
        }
        for (thread, told) in told.threads {
            store_thread(&self.db, thread, told, self.newest)?;
        }
        Ok(())
    }

    /// Before a commit: what threads did lately is forgotten of those that have done nothing for
    /// long.
    pub(super) fn forget_old_deeds(&self) -> Result<(), LedgerError> {
        let before = self.newest.0.saturating_sub(KEPT_MILLIS);
        self.db
            .prepare_cached("UPDATE thread SET recent = NULL WHERE recent IS NOT NULL AND at < ?1")?
            .execute([before])?;
        Ok(())
    }
}

impl PendingThreads {
    fn of(&mut self, thread: i64) -> &mut Told {
        self.threads.entry(thread).or_default()
    }

    fn note_turn(&mut self, thread: i64, key: Fingerprint, turn: (Millis, TurnSource)) {
        self.turns += 1;
        let known = self.of(thread).turns.entry(key).or_insert(turn);
        *known = earlier(*known, turn);
    }

    /// How much waits to be stored that grows with what was read.
    pub(super) fn len(&self) -> usize {
        self.turns + self.incidents.len() + self.failed.len()
    }
}

/// Of two records of one prompt the earlier; a person's, if they are equally early.
fn earlier(a: (Millis, TurnSource), b: (Millis, TurnSource)) -> (Millis, TurnSource) {
    std::cmp::min_by_key(a, b, |(at, source)| (*at, *source == TurnSource::Automated))
}

/// The time of the newest record that any thread has.
pub(super) fn newest(db: &Connection) -> Result<Millis, LedgerError> {
    let newest: Option<i64> = db.query_row("SELECT max(at) FROM thread", [], |row| row.get(0))?;
    Ok(Millis(newest.unwrap_or(i64::MIN)))
}

fn store_thread(
    db: &Connection,
    thread: i64,
    told: Told,
    newest: Millis,
) -> Result<(), LedgerError> {
    for (key, (at, source)) in &told.turns {
        db.prepare_cached(
            "INSERT INTO turn (thread, key, at, source) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET at = excluded.at, source = excluded.source
                 WHERE (excluded.at, excluded.source) < (at, source)",
        )?
        .execute(params![thread, key.0.cast_signed(), at.0, source_number(*source)])?;
    }
    let (at, waits) = told.word.unwrap_or((Millis(i64::MIN), false));
    db.prepare_cached(
        "UPDATE thread SET at = ?2, goes_on = ?3 WHERE id = ?1 AND (at, NOT goes_on) < (?2, NOT ?3)",
    )?
    .execute(params![thread, at.0, !waits])?;
    let mut recent = told.recent;
    let stored: Option<Vec<u8>> = db
        .prepare_cached("SELECT recent FROM thread WHERE id = ?1")?
        .query_row([thread], |row| row.get(0))
        .optional()?
        .flatten();
    if stored.is_none() && recent == Recent::default() {
        return Ok(());
    }
    recent.extend(stored.as_deref().map(Recent::from_bytes).unwrap_or_default());
    recent.forget_before(newest.minus(KEPT_MILLIS));
    if let Some((began, _)) = present_turn(db, thread)? {
        recent.forget_before(began);
    }
    let recent = recent.to_bytes();
    if recent != stored {
        db.prepare_cached("UPDATE thread SET recent = ?2 WHERE id = ?1")?
            .execute(params![thread, recent])?;
    }
    Ok(())
}

/// When the newest turn of a thread began, and who began it.
pub(super) fn present_turn(
    db: &Connection,
    thread: i64,
) -> Result<Option<(Millis, TurnSource)>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT at, source FROM turn WHERE thread = ?1 ORDER BY at DESC, source LIMIT 1",
    )?;
    let turn = statement
        .query_row([thread], |row| Ok((Millis(row.get(0)?), source_of_number(row.get(1)?))));
    Ok(turn.optional()?)
}

pub(super) const fn source_number(source: TurnSource) -> i64 {
    match source {
        TurnSource::Human => 0,
        TurnSource::Automated => 1,
    }
}

pub(super) const fn source_of_number(number: i64) -> TurnSource {
    match number {
        0 => TurnSource::Human,
        _ => TurnSource::Automated,
    }
}
