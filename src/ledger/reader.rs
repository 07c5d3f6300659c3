//! What the screens and reports read.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::totals::Totals;
use super::{LedgerError, Writer, schema};
use crate::model::{
    AgentId, Cursor, FileStat, Millis, PicoUsd, SessionKey, StoredSource, TokenUsage, UsdTotal,
};

/// Reads the ledger; any number may, while one process writes.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: Connection,
}

/// What a set of calls is charged to. The texts are shared between equal ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// The agent.
    pub agent: AgentId,
    /// Number of the session in the ledger.
    pub session: i64,
    /// The session's id.
    pub session_id: Arc<str>,
    /// The subagent within the session, or empty.
    pub subagent: Arc<str>,
    /// The project, or empty.
    pub project: Arc<str>,
    /// The branch, or empty.
    pub branch: Arc<str>,
    /// The model, or empty.
    pub model: Arc<str>,
    /// Who pays.
    pub developer: Arc<str>,
}

/// A sum of calls that share what they are charged to and lie close in time.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// An instant within the cell's time; every calendar puts the whole cell on its day.
    pub at: Millis,
    /// Index into [`Reader::charged`]'s result.
    pub charged: i64,
    /// The sums.
    pub totals: Totals,
}

/// What of an agent's own total no call explains.
#[derive(Clone, Debug)]
pub struct Unlogged {
    /// The agent.
    pub agent: AgentId,
    /// Number of the session in the ledger.
    pub session: i64,
    /// The session's id.
    pub session_id: Arc<str>,
    /// When the agent stated its total.
    pub at: Millis,
    /// The difference.
    pub amount: PicoUsd,
}

impl Unlogged {
    /// The session.
    pub fn session_key(&self) -> SessionKey {
        SessionKey { agent: self.agent, session_id: Arc::clone(&self.session_id) }
    }
}

impl Charged {
    /// Where each session was last, with the number of that: what belongs to none of its calls is
    /// put there.
    pub fn last_places(charged: &HashMap<i64, Self>) -> HashMap<i64, (i64, &Self)> {
        let mut places: HashMap<i64, (i64, &Self)> = HashMap::new();
        for (&number, to) in charged {
            let place = places.entry(to.session).or_insert((number, to));
            if number > place.0 {
                *place = (number, to);
            }
        }
        places
    }

    /// The session.
    pub fn session_key(&self) -> SessionKey {
        SessionKey { agent: self.agent, session_id: Arc::clone(&self.session_id) }
    }

    /// What a session without any call is charged to.
    pub fn of_session(unlogged: &Unlogged) -> Self {
        let nothing: Arc<str> = Arc::from("");
        Self {
            agent: unlogged.agent,
            session: unlogged.session,
            session_id: Arc::clone(&unlogged.session_id),
            subagent: Arc::clone(&nothing),
            project: Arc::clone(&nothing),
            branch: Arc::clone(&nothing),
            model: Arc::clone(&nothing),
            developer: nothing,
        }
    }
}

impl Reader {
    /// Opens a ledger for reading; none where there is none yet.
    pub fn open(path: &Path) -> Result<Option<Self>, LedgerError> {
        Ok(schema::open_readable(path)?.map(|db| Self { db }))
    }

    /// Changes whenever another connection has committed.
    pub fn data_version(&self) -> Result<i64, LedgerError> {
        // Asked many times a second: compiling it would cost more than running it.
        let mut statement = self.db.prepare_cached("PRAGMA data_version")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Runs several reads on one state of the ledger.
    pub fn snapshot<T, E: From<LedgerError>>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.db.unchecked_transaction().map_err(LedgerError::from)?;
        let result = read(self);
        drop(transaction);
        result
    }

    /// Everything that calls are charged to, by number.
    pub fn charged(&self) -> Result<HashMap<i64, Charged>, LedgerError> {
        let mut names: HashMap<i64, Arc<str>> = HashMap::new();
        let mut statement = self.db.prepare_cached("SELECT id, text FROM name")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            names.insert(row.get(0)?, text(row, 1)?);
        }
        let mut sessions: HashMap<i64, (AgentId, Arc<str>)> = HashMap::new();
        let mut statement = self.db.prepare_cached("SELECT id, agent, session_id FROM session")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            sessions.insert(row.get(0)?, (AgentId::from_number(row.get(1)?), text(row, 2)?));
        }
        let nothing: Arc<str> = Arc::from("");
        let name = |id: i64| names.get(&id).unwrap_or(&nothing).clone();
        let mut statement = self.db.prepare_cached(
            "SELECT id, session, subagent, project, branch, model, developer FROM attribution",
        )?;
        let mut rows = statement.query([])?;
        let mut charged = HashMap::new();
        while let Some(row) = rows.next()? {
            let session: i64 = row.get(1)?;
            let Some((agent, session_id)) = sessions.get(&session) else { continue };
            charged.insert(
                row.get(0)?,
                Charged {
                    agent: *agent,
                    session,
                    session_id: Arc::clone(session_id),
                    subagent: name(row.get(2)?),
                    project: name(row.get(3)?),
                    branch: name(row.get(4)?),
                    model: name(row.get(5)?),
                    developer: name(row.get(6)?),
                },
            );
        }
        Ok(charged)
    }

    /// Sums of the calls of a time, by quarter of an hour where the time's ends allow it, else
    /// call by call.
    pub fn cells(
        &self,
        time: &Range<Millis>,
        add: &mut dyn FnMut(Cell),
    ) -> Result<(), LedgerError> {
        let whole_quarters = [time.start, time.end].iter().all(|end| {
            matches!(end.0, i64::MIN | i64::MAX) || Millis::of_quarter(end.quarter()) == *end
        });
        if !whole_quarters {
            return self.calls_as_cells(time, false, add);
        }
        let mut statement = self.db.prepare_cached(
            "SELECT quarter, attribution, calls, input_tokens, output_tokens, cache_read_tokens,
                 cache_write_5m_tokens, cache_write_1h_tokens, web_searches, cost_usd, cost_pico,
                 unpriced_calls, not_final_calls
             FROM rollup WHERE quarter >= ?1 AND quarter < ?2",
        )?;
        let mut rows = statement.query([time.start.quarter(), time.end.quarter()])?;
        while let Some(row) = rows.next()? {
            add(Cell {
                at: Millis::of_quarter(row.get(0)?),
                charged: row.get(1)?,
                totals: Totals {
                    calls: count(row, 2)?,
                    usage: usage(row, 3)?,
                    cost: UsdTotal::of_whole(row.get(9)?, row.get(10)?),
                    unpriced_calls: count(row, 11)?,
                    not_final_calls: count(row, 12)?,
                },
            });
        }
        // The sums leave implausible calls out.
        self.calls_as_cells(time, true, add)
    }

    fn calls_as_cells(
        &self,
        time: &Range<Millis>,
        implausible_only: bool,
        add: &mut dyn FnMut(Cell),
    ) -> Result<(), LedgerError> {
        let sql = format!(
            "SELECT at, attribution, cost_pico, flags, input_tokens, output_tokens,
                 cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, web_searches
             FROM call WHERE at >= ?1 AND at < ?2 AND standing = 0{}",
            if implausible_only { " AND flags & 16" } else { "" }
        );
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query([time.start.0, time.end.0])?;
        while let Some(row) = rows.next()? {
            let amount = row.get::<_, Option<i64>>(2)?.map(PicoUsd);
            let is_final = row.get::<_, i64>(3)? & super::holding::flag::FINAL != 0;
            add(Cell {
                at: Millis(row.get(0)?),
                charged: row.get(1)?,
                totals: Totals::of_call(usage(row, 4)?, amount, is_final),
            });
        }
        Ok(())
    }

    /// First and last call by what they are charged to.
    pub fn activity(&self) -> Result<HashMap<i64, (Millis, Millis)>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id,
                 (SELECT min(at) FROM call WHERE attribution = attribution.id AND standing = 0),
                 (SELECT max(at) FROM call WHERE attribution = attribution.id AND standing = 0)
             FROM attribution",
        )?;
        let mut rows = statement.query([])?;
        let mut activity = HashMap::new();
        while let Some(row) = rows.next()? {
            if let (Some(first), Some(last)) = (row.get(1)?, row.get(2)?) {
                activity.insert(row.get(0)?, (Millis(first), Millis(last)));
            }
        }
        Ok(activity)
    }

    /// Every session's unlogged amount, where the agent stated a total that is larger than ours.
    pub fn unlogged(&self) -> Result<Vec<Unlogged>, LedgerError> {
        read_unlogged(&self.db)
    }

    /// How far every transcript has been read.
    pub fn sources(&self) -> Result<HashMap<PathBuf, StoredSource>, LedgerError> {
        read_sources(&self.db)
    }
}

const SOURCE_COLUMNS: &str = "path, dev, ino, size, mtime_ns, ctime_ns, \"offset\", anchor, \
     unparsed, oversized, state";

/// Every session's unlogged amount.
pub(super) fn read_unlogged(db: &Connection) -> Result<Vec<Unlogged>, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT id, reported_at, unlogged_pico, agent, session_id FROM session
         WHERE unlogged_pico > 0 AND reported_at IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Unlogged {
            agent: AgentId::from_number(row.get(3)?),
            session_id: text(row, 4)?,
            session: row.get(0)?,
            at: Millis(row.get(1)?),
            amount: PicoUsd(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How far every transcript has been read.
pub(super) fn read_sources(db: &Connection) -> Result<HashMap<PathBuf, StoredSource>, LedgerError> {
    let mut statement = db.prepare_cached(&format!("SELECT {SOURCE_COLUMNS} FROM source"))?;
    let mut rows = statement.query([])?;
    let mut sources = HashMap::new();
    while let Some(row) = rows.next()? {
        let path = row.get_ref(0)?.as_bytes().unwrap_or_default();
        sources.insert(PathBuf::from(OsStr::from_bytes(path)), stored_source(row)?);
    }
    Ok(sources)
}

/// How far one transcript has been read.
pub(super) fn read_source(
    db: &Connection,
    path: &Path,
) -> Result<Option<StoredSource>, LedgerError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {SOURCE_COLUMNS} FROM source WHERE path = ?1"))?;
    let mut rows = statement.query([path.to_string_lossy()])?;
    Ok(rows.next()?.map(stored_source).transpose()?)
}

impl Writer {
    /// By which names a file was read. By rights there is one, but a file that has gone may have
    /// left its number to another.
    pub fn paths_of(&self, stat: &FileStat) -> Result<Vec<PathBuf>, LedgerError> {
        let mut statement = self
            .db
            .prepare_cached("SELECT path FROM source WHERE dev = ?1 AND ino = ?2 ORDER BY id")?;
        let mut rows = statement.query([stat.dev.cast_signed(), stat.ino.cast_signed()])?;
        let mut paths = Vec::new();
        while let Some(row) = rows.next()? {
            let path = row.get_ref(0)?.as_bytes().unwrap_or_default();
            paths.push(PathBuf::from(OsStr::from_bytes(path)));
        }
        Ok(paths)
    }
}

fn stored_source(row: &Row<'_>) -> rusqlite::Result<StoredSource> {
    Ok(StoredSource {
        stat: FileStat {
            dev: count(row, 1)?,
            ino: count(row, 2)?,
            size: count(row, 3)?,
            mtime_ns: row.get(4)?,
            ctime_ns: row.get(5)?,
        },
        cursor: Cursor {
            offset: count(row, 6)?,
            anchor: row.get(7)?,
            unparsed: count(row, 8)?,
            oversized: count(row, 9)?,
            state: row.get(10)?,
        },
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Arc<str>> {
    row.get_ref(column)?.as_str().map(Arc::from).map_err(rusqlite::Error::from)
}

pub(super) fn usage(row: &Row<'_>, from: usize) -> rusqlite::Result<TokenUsage> {
    Ok(TokenUsage {
        input_tokens: count(row, from)?,
        output_tokens: count(row, from + 1)?,
        cache_read_input_tokens: count(row, from + 2)?,
        cache_creation_5m_input_tokens: count(row, from + 3)?,
        cache_creation_1h_input_tokens: count(row, from + 4)?,
        web_search_requests: count(row, from + 5)?,
        reasoning_output_tokens: 0,
    })
}
