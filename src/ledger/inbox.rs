//! The inbox: what processes that do not write the ledger ask of the one that does.
//!
//! It is a database of its own, so that asking never waits for a transaction of the ledger.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{LedgerError, schema};
use crate::model::{Millis, Note};

/// Asking must be quick or fail.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Answered requests are kept this long, for whoever still waits.
const KEEP_ANSWERS_MS: i64 = 24 * 3600 * 1000;

/// In the order of `user_version`.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../assets/migrations/inbox_0001.sql"),
    include_str!("../../assets/migrations/inbox_0002.sql"),
];
const VERSION: i64 = MIGRATIONS.len() as i64;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Charge every call anew with the book in use.
    Reprice,
    /// Keep this price book (canonical JSON) and use it.
    KeepBook {
        /// Where it came from.
        source: String,
        /// The book.
        content: Vec<u8>,
    },
}

/// The inbox of a ledger.
#[derive(Debug)]
pub struct Inbox {
    pub(super) db: Connection,
}

impl Inbox {
    /// Opens the inbox, creating it if need be.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        schema::create_private(path)?;
        let opened = || -> Result<Self, LedgerError> {
            let mut db = Connection::open(path)?;
            db.busy_timeout(BUSY_TIMEOUT)?;
            db.pragma_update(None, "journal_mode", "WAL")?;
            db.pragma_update(None, "synchronous", "NORMAL")?;
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let version: i64 =
                transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let done = usize::try_from(version).ok().filter(|&done| done <= MIGRATIONS.len());
            let Some(done) = done else {
                return Err(LedgerError::Newer {
                    path: path.to_owned(),
                    found: version,
                    known: VERSION,
                });
            };
            for migration in &MIGRATIONS[done..] {
                transaction.execute_batch(migration)?;
            }
            if done < MIGRATIONS.len() {
                transaction.pragma_update(None, "user_version", VERSION)?;
            }
            transaction.commit()?;
            Ok(Self { db })
        };
        opened().map_err(|error| error.of_file(path))
    }

    /// An open inbox, if it is of this version.
    pub(super) fn of_version(db: Connection, version: i64) -> Option<Self> {
        (version == VERSION).then_some(Self { db })
    }

    /// Leaves a request; the number asks for its answer.
    pub fn ask(&self, request: &Request, now: Millis) -> Result<i64, LedgerError> {
        let (kind, payload) = match request {
            Request::Reprice => ("reprice", Vec::new()),
            Request::KeepBook { source, content } => {
                let mut payload = source.as_bytes().to_vec();
                payload.push(0);
                payload.extend_from_slice(content);
                ("keep_book", payload)
            }
        };
        self.db.execute(
            "INSERT INTO request (asked_at, kind, payload) VALUES (?1, ?2, ?3)",
            params![now.0, kind, payload],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// The answer to a request, once there is one: nothing, or what went wrong.
    pub fn answer(&self, id: i64) -> Result<Option<Result<(), String>>, LedgerError> {
        let answer: Option<Option<String>> = self
            .db
            .query_row(
                "SELECT answer FROM request WHERE id = ?1 AND answered_at IS NOT NULL",
                [id],
                |row| row.get(0),
            )
            .optional()?;
        Ok(answer.map(|error| match error {
            Some(error) if !error.is_empty() => Err(error),
            _ => Ok(()),
        }))
    }

    /// Takes back a request that nobody has answered.
    pub fn withdraw(&self, id: i64) -> Result<(), LedgerError> {
        self.db
            .execute("DELETE FROM request WHERE id = ?1 AND answered_at IS NULL", [id])
            .map(|_| ())
            .map_err(LedgerError::from)
    }

    /// Every request that waits, oldest first. One that this version does not know is answered.
    pub fn waiting(&self, now: Millis) -> Result<Vec<(i64, Request)>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT id, kind, payload FROM request WHERE answered_at IS NULL ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        let mut requests = Vec::new();
        for row in rows.collect::<Result<Vec<_>, _>>()? {
            match parse(&row.1, &row.2) {
                Some(request) => requests.push((row.0, request)),
                None => {
                    self.set_answer(row.0, &Err(format!("unknown request {:?}", row.1)), now)?;
                }
            }
        }
        Ok(requests)
    }

    /// Answers a request.
    pub fn set_answer(
        &self,
        id: i64,
        answer: &Result<(), String>,
        now: Millis,
    ) -> Result<(), LedgerError> {
        let error = answer.as_ref().err().map_or("", String::as_str);
        self.db.execute(
            "UPDATE request SET answered_at = ?2, answer = ?3 WHERE id = ?1",
            params![id, now.0, error],
        )?;
        self.db.execute("DELETE FROM request WHERE answered_at < ?1", [now.0 - KEEP_ANSWERS_MS])?;
        Ok(())
    }

    /// Leaves a note, which nobody answers.
    pub fn leave(&self, note: &Note, now: Millis) -> Result<(), LedgerError> {
        let content = serde_json::to_string(note).map_err(|error| {
            LedgerError::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
        })?;
        self.db
            .prepare_cached("INSERT INTO note (left_at, content) VALUES (?1, ?2)")?
            .execute(params![now.0, content])?;
        Ok(())
    }

    /// Every note that was left, oldest first, by number. What this version does not understand
    /// (a newer one left it) has no content.
    pub fn notes(&self) -> Result<Vec<(i64, Option<Note>)>, LedgerError> {
        let mut statement = self.db.prepare_cached("SELECT id, content FROM note ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, serde_json::from_str(&row.get::<_, String>(1)?).ok()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes notes away, up to this number, once they are stored.
    pub fn forget_notes(&self, up_to: i64) -> Result<(), LedgerError> {
        self.db.prepare_cached("DELETE FROM note WHERE id <= ?1")?.execute([up_to])?;
        Ok(())
    }

    /// Claims the right to tell something, for good; false if somebody has it already.
    pub fn claim(&self, key: &str, now: Millis) -> Result<bool, LedgerError> {
        let rows = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO said (key, at) VALUES (?1, ?2)")?
            .execute(params![key, now.0])?;
        Ok(rows > 0)
    }

    /// Changes whenever another process has asked something.
    pub fn data_version(&self) -> Result<i64, LedgerError> {
        Ok(self.db.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }
}

fn parse(kind: &str, payload: &[u8]) -> Option<Request> {
    match kind {
        "reprice" => Some(Request::Reprice),
        "keep_book" => {
            let zero = memchr::memchr(0, payload)?;
            let source = String::from_utf8(payload[..zero].to_vec()).ok()?;
            Some(Request::KeepBook { source, content: payload[zero + 1..].to_vec() })
        }
        _ => None,
    }
}
