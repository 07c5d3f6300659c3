//! What watching for loops needs of the ledger, and what it leaves there.
//!
//! What a thread does is read as facts: prompts, calls, tools, compactions, each with a name of its
//! own, so that whoever reads again tells what is new.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

use super::recent::Recent;
use super::threads::{self, Incident, source_of_number};
use super::tools::Tools;
use super::turns::{LoopLevel, Thread};
use super::{Charged, LedgerError, Reader, Writer};
use crate::model::{AgentId, CallKind, Deed, Fingerprint, Millis, PicoUsd, SessionKey, TurnSource};

/// Something that a thread did.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// When.
    pub at: Millis,
    /// Tells it from the others of its time.
    pub name: u32,
    /// What.
    pub what: FactKind,
}

/// What a thread did.
#[derive(Clone, Debug, PartialEq)]
pub enum FactKind {
    /// A prompt, a tool, a compaction.
    Deed(Deed),
    /// An answer of the model, and what it cost as far as that is known.
    Call(PicoUsd),
    /// A call that is no step, and what it cost.
    Aside(PicoUsd),
}

/// A thread and what it is at.
#[derive(Clone, Debug)]
pub struct Watchable {
    /// Which.
    pub thread: Thread,
    /// Its latest record.
    pub last: Millis,
    /// When its present turn began, where a prompt tells.
    pub began: Option<Millis>,
    /// The latest prompt of a person.
    pub person: Option<Millis>,
}

/// A loop that was found, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Which detector found it, by its name.
    pub detector: Arc<str>,
    /// When what repeats came first.
    pub since: Millis,
    /// When the turn began that it was found in.
    pub turn: Millis,
    /// How bad it has become.
    pub level: LoopLevel,
    /// The tool, where one is the matter.
    pub tool: Option<Arc<str>>,
    /// How often it has come.
    pub count: u64,
    /// When it came last.
    pub at: Millis,
    /// What was spent after the first time.
    pub cost: PicoUsd,
}

/// What of a session's loops goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoopsNow {
    /// A person's latest prompt.
    pub since: Millis,
    /// How often what repeats most has come.
    pub count: u64,
    /// What the dearest has cost.
    pub cost: PicoUsd,
}

/// A loop, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopOf {
    /// The session.
    pub session: SessionKey,
    /// The subagent, or empty.
    pub subagent: Arc<str>,
    /// The loop.
    pub found: Loop,
}

impl Writer {
    /// Threads that the last commits told something of, since this was asked last; none after an
    /// error, when nobody knows.
    pub fn take_stirred(&mut self) -> Option<BTreeSet<i64>> {
        self.stirred.replace(BTreeSet::new())
    }

    /// Threads that have a record since then.
    pub fn threads_since(&self, since: Millis) -> Result<BTreeSet<i64>, LedgerError> {
        let mut statement = self.db.prepare_cached("SELECT id FROM thread WHERE at >= ?1")?;
        let rows = statement.query_map([since.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The number of the thread that calls are charged to, if anything else was told of it.
    pub fn thread_of(&self, to: &Charged) -> Result<Option<i64>, LedgerError> {
        thread_of(&self.db, to.session, &to.subagent)
    }

    /// A thread, if it has a record since then.
    pub fn watchable(&self, thread: i64, since: Millis) -> Result<Option<Watchable>, LedgerError> {
        watchable(&self.db, thread, since)
    }

    /// What a thread did since then, the oldest first; of tools those that are kept.
    pub fn facts(&self, thread: &Thread, since: Millis) -> Result<Vec<Fact>, LedgerError> {
        facts(&self.db, thread, since)
    }

    /// What was known of a thread when it was watched last.
    pub fn watch_state(&self, thread: i64) -> Result<Option<String>, LedgerError> {
        let mut statement = self.db.prepare_cached("SELECT state FROM watch WHERE thread = ?1")?;
        Ok(statement.query_row([thread], |row| row.get(0)).optional()?)
    }

    /// Keeps what is known of a thread.
    pub fn keep_watch_state(&self, thread: i64, state: &str) -> Result<(), LedgerError> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO watch (thread, state) VALUES (?1, ?2)")?
            .execute(params![thread, state])?;
        Ok(())
    }

    /// Forgets what is known of threads that have no record since then.
    pub fn forget_watch_states(&self, since: Millis) -> Result<(), LedgerError> {
        self.db
            .prepare_cached(
                "DELETE FROM watch WHERE thread IN (SELECT id FROM thread WHERE at < ?1)",
            )?
            .execute([since.0])?;
        Ok(())
    }

    /// Raises the level of a turn, which never falls.
    pub fn raise_level(
        &self,
        thread: i64,
        turn: Millis,
        level: LoopLevel,
    ) -> Result<(), LedgerError> {
        self.db
            .prepare_cached(
                "UPDATE turn SET level = ?3 WHERE thread = ?1 AND at = ?2 AND level < ?3",
            )?
            .execute(params![thread, turn.0, level as i64])?;
        Ok(())
    }

    /// Keeps a loop as it stands; its level never falls.
    pub fn keep_loop(&self, thread: i64, found: &Loop) -> Result<(), LedgerError> {
        self.db
            .prepare_cached(
                "INSERT INTO loop (thread, detector, since, turn, level, tool, count, at, cost_pico)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT DO UPDATE SET
                     level = max(level, excluded.level), tool = excluded.tool,
                     count = max(count, excluded.count), at = max(at, excluded.at),
                     cost_pico = max(cost_pico, excluded.cost_pico)",
            )?
            .execute(params![
                thread,
                found.detector,
                found.since.0,
                found.turn.0,
                found.level as i64,
                found.tool,
                found.count.cast_signed(),
                found.at.0,
                found.cost.0,
            ])?;
        Ok(())
    }
}

impl Reader {
    /// What of a session's loops goes on after a person's latest prompt: in the main thread it ends
    /// those of all the session's threads.
    pub fn loops_now(&self, session: &SessionKey) -> Result<LoopsNow, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "WITH asked AS (
                 SELECT session.id AS session, ifnull((
                     SELECT max(turn.at) FROM thread JOIN name ON name.id = thread.subagent
                     JOIN turn ON turn.thread = thread.id
                     WHERE thread.session = session.id AND name.text = '' AND source = 0), 0) AS at
                 FROM session WHERE agent = ?1 AND session_id = ?2)
             SELECT asked.at, ifnull(max(count), 0), ifnull(max(cost_pico), 0) FROM asked
             LEFT JOIN thread ON thread.session = asked.session
             LEFT JOIN loop ON loop.thread = thread.id AND loop.at >= asked.at
             GROUP BY asked.session",
        )?;
        let found = statement.query_row(params![session.agent as i64, session.session_id], |row| {
            Ok(LoopsNow {
                since: Millis(row.get(0)?),
                count: row.get::<_, i64>(1)?.cast_unsigned(),
                cost: PicoUsd(row.get(2)?),
            })
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    /// Every loop of a session by its number, the oldest first.
    pub fn loops_of(&self, session: i64) -> Result<Vec<LoopOf>, LedgerError> {
        loops(&self.db, "session.id = ?1", params![session])
    }

    /// Every loop that came in a time, the oldest first.
    pub fn loops(&self, time: &Range<Millis>) -> Result<Vec<LoopOf>, LedgerError> {
        loops(&self.db, "loop.at >= ?1 AND loop.at < ?2", params![time.start.0, time.end.0])
    }
}

fn thread_of(db: &Connection, session: i64, subagent: &str) -> Result<Option<i64>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT thread.id FROM thread JOIN name ON name.id = thread.subagent
         WHERE thread.session = ?1 AND name.text = ?2",
    )?;
    Ok(statement.query_row(params![session, subagent], |row| row.get(0)).optional()?)
}

fn watchable(
    db: &Connection,
    number: i64,
    since: Millis,
) -> Result<Option<Watchable>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT session.agent, session.id, session.session_id, name.text, thread.at,
             (SELECT max(at) FROM turn WHERE thread = ?1),
             (SELECT max(at) FROM turn WHERE thread = ?1 AND source = ?3)
         FROM thread
         JOIN session ON session.id = thread.session
         JOIN name ON name.id = thread.subagent
         WHERE thread.id = ?1 AND thread.at >= ?2",
    )?;
    let human = threads::source_number(TurnSource::Human);
    let found = statement.query_row(params![number, since.0, human], |row| {
        Ok(Watchable {
            thread: Thread {
                number,
                agent: AgentId::from_number(row.get(0)?),
                session: row.get(1)?,
                session_id: row.get(2)?,
                subagent: row.get(3)?,
            },
            last: Millis(row.get(4)?),
            began: row.get::<_, Option<i64>>(5)?.map(Millis),
            person: row.get::<_, Option<i64>>(6)?.map(Millis),
        })
    });
    Ok(found.optional()?)
}

fn facts(db: &Connection, thread: &Thread, since: Millis) -> Result<Vec<Fact>, LedgerError> {
    let mut facts = Vec::new();
    let of_thread = params![thread.number, since.0];
    let mut statement =
        db.prepare_cached("SELECT at, key, source FROM turn WHERE thread = ?1 AND at >= ?2")?;
    let mut rows = statement.query(of_thread)?;
    while let Some(row) = rows.next()? {
        let what = FactKind::Deed(Deed::Turn(source_of_number(row.get(2)?)));
        facts.push(Fact { at: Millis(row.get(0)?), name: name("turn", row.get(1)?), what });
    }
    let mut statement =
        db.prepare_cached("SELECT at, key, kind FROM incident WHERE thread = ?1 AND at >= ?2")?;
    let mut rows = statement.query(of_thread)?;
    while let Some(row) = rows.next()? {
        let kind: i64 = row.get(2)?;
        if kind == Incident::ApiError as i64 {
            continue;
        }
        let what =
            FactKind::Deed(Deed::Compaction { is_auto: kind == Incident::Compaction as i64 });
        facts.push(Fact { at: Millis(row.get(0)?), name: name("incident", row.get(1)?), what });
    }
    let recent: Option<Vec<u8>> = db
        .prepare_cached("SELECT recent FROM thread WHERE id = ?1")?
        .query_row([thread.number], |row| row.get(0))
        .optional()?
        .flatten();
    let mut recent = recent.as_deref().map(Recent::from_bytes).unwrap_or_default();
    recent.forget_before(since);
    for told in recent.into_deeds(&thread.session_id, None) {
        let name = match &told.deed {
            Deed::ToolUse(used) => name("use", used.id.0.cast_signed()),
            Deed::ToolResult(result) => name("result", result.id.0.cast_signed()),
            Deed::Turn(_) | Deed::Compaction { .. } => continue,
        };
        facts.push(Fact { at: told.timestamp, name, what: FactKind::Deed(told.deed) });
    }
    add_calls(db, thread, since, &mut facts)?;
    facts.sort_by_key(|fact| (fact.at, rank(&fact.what), fact.name));
    Ok(facts)
}

fn add_calls(
    db: &Connection,
    thread: &Thread,
    since: Millis,
    facts: &mut Vec<Fact>,
) -> Result<(), LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT call.id, call.at, call.kind, call.cost_pico, call.tools
         FROM attribution JOIN name ON name.id = attribution.subagent
         JOIN call ON call.attribution = attribution.id
         WHERE attribution.session = ?1 AND name.text = ?2 AND call.standing = 0 AND call.at >= ?3",
    )?;
    let mut rows = statement.query(params![thread.session, thread.subagent, since.0])?;
    while let Some(row) = rows.next()? {
        let mut at = Millis(row.get(1)?);
        // A call comes before the tools that it asks for.
        if let ValueRef::Blob(bytes) = row.get_ref(4)? {
            let first = Tools::from_bytes(bytes, at).iter().map(|tool| tool.at).min();
            at = first.map_or(at, |first| at.min(first));
        }
        let cost = PicoUsd(row.get::<_, Option<i64>>(3)?.unwrap_or_default());
        let is_step = row.get::<_, i64>(2)? == CallKind::Message as i64;
        let what = if is_step { FactKind::Call(cost) } else { FactKind::Aside(cost) };
        facts.push(Fact { at, name: name("call", row.get(0)?), what });
    }
    Ok(())
}

/// Of what is of one time: a prompt, the answer to it, what that asks for, what comes of it.
fn rank(what: &FactKind) -> u8 {
    match what {
        FactKind::Deed(Deed::Turn(_)) => 0,
        FactKind::Deed(Deed::Compaction { .. }) => 1,
        FactKind::Call(_) | FactKind::Aside(_) => 2,
        FactKind::Deed(Deed::ToolUse(_)) => 3,
        FactKind::Deed(Deed::ToolResult(_)) => 4,
    }
}

fn name(kind: &str, key: i64) -> u32 {
    Fingerprint(key.cast_unsigned()).named(Fingerprint::of(kind.as_bytes())).0 as u32
}

fn loops(
    db: &Connection,
    which: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Vec<LoopOf>, LedgerError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT session.agent, session.session_id, name.text, detector, since, turn, level, tool,
             count, loop.at, cost_pico
         FROM loop
         JOIN thread ON thread.id = loop.thread
         JOIN session ON session.id = thread.session
         JOIN name ON name.id = thread.subagent
         WHERE {which} ORDER BY since, name.text, detector"
    ))?;
    let rows = statement.query_map(values, |row| {
        Ok(LoopOf {
            session: SessionKey {
                agent: AgentId::from_number(row.get(0)?),
                session_id: row.get(1)?,
            },
            subagent: row.get(2)?,
            found: Loop {
                detector: row.get(3)?,
                since: Millis(row.get(4)?),
                turn: Millis(row.get(5)?),
                level: LoopLevel::from_number(row.get(6)?),
                tool: row.get(7)?,
                count: row.get::<_, i64>(8)?.cast_unsigned(),
                at: Millis(row.get(9)?),
                cost: PicoUsd(row.get(10)?),
            },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
