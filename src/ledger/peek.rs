//! Quick looks at the ledger and its inbox, for a hook: short waits, no write unless there is
//! something to say, and nothing left to do when the connections are closed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params, params_from_iter};

use super::{Charged, Inbox, LedgerError, Reader, schema};
use crate::model::{AgentId, Latch, Lift, Mark, Millis, Note, PicoUsd, SessionKey, Sighting};

/// How long a hook waits for a ledger that another process has locked.
const PATIENCE: Duration = Duration::from_millis(250);

/// Beyond this many, a further failure says nothing new.
const MOST_NOTES: i64 = 2000;

/// Bytes of the inbox's log before a hook folds it in; the first to open it reads all of it.
const LONG_LOG: u64 = 512 << 10;

/// What the inbox holds that the writer of the ledger has not stored yet, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Caps that hooks found broken.
    pub latches: Vec<Latch>,
    /// Caps that were lifted.
    pub lifts: Vec<Lift>,
    /// Sessions that were marked, or (none) had their marks taken back.
    pub marks: Vec<(SessionKey, Option<Mark>)>,
    /// Processes that were seen.
    pub sightings: Vec<Sighting>,
}

impl Reader {
    /// Opens a ledger for one quick look; none where there is none yet, or one of an older version.
    pub fn open_quickly(path: &Path) -> Result<Option<Self>, LedgerError> {
        let Some(db) = schema::open_readable_within(path, PATIENCE)? else { return Ok(None) };
        leave_no_work(&db)?;
        Ok(Some(Self { db }))
    }

    /// When an agent's hooks noticed a process, and in which transcripts' sessions.
    pub fn hooks_seen(
        &self,
        agent: AgentId,
    ) -> Result<Vec<(Option<PathBuf>, Millis)>, LedgerError> {
        let mut statement = self.db.prepare_cached(
            "SELECT transcript, max(at) FROM sighting WHERE agent = ?1 GROUP BY transcript",
        )?;
        let rows = statement.query_map([agent as i64], |row| {
            let transcript: Option<String> = row.get(0)?;
            Ok((transcript.map(PathBuf::from), Millis(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the latest call of a session's thread is charged to, and what it cost. The main thread
    /// is the empty one.
    pub fn last_call(
        &self,
        session: &SessionKey,
        subagent: &str,
    ) -> Result<Option<(Charged, Option<PicoUsd>)>, LedgerError> {
        let latest: Option<(i64, Option<i64>)> = self
            .db
            .prepare_cached(
                "SELECT attribution.id, call.cost_pico FROM session
                 CROSS JOIN name ON name.text = ?3
                 CROSS JOIN attribution ON attribution.session = session.id
                     AND attribution.subagent = name.id
                 CROSS JOIN call ON call.id = (SELECT id FROM call WHERE attribution = attribution.id
                     AND standing = 0 ORDER BY at DESC LIMIT 1)
                 WHERE session.agent = ?1 AND session.session_id = ?2
                 ORDER BY call.at DESC LIMIT 1",
            )?
            .query_row(params![session.agent as i64, session.session_id, subagent], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((attribution, cost)) = latest else { return Ok(None) };
        Ok(Some((self.charged_to(attribution)?, cost.map(PicoUsd))))
    }
}

impl Inbox {
    /// Opens the inbox for one quick look; none where there is none yet, or one of an older version.
    pub fn open_quickly(path: &Path) -> Result<Option<Self>, LedgerError> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = || -> Result<Option<Self>, LedgerError> {
            let db = Connection::open_with_flags(path, flags)?;
            db.busy_timeout(4 * PATIENCE)?;
            leave_no_work(&db)?;
            quicken(&db)?;
            let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok(Self::of_version(db, version))
        };
        opened().map_err(|error| error.of_file(path))
    }

    /// Opens the inbox for one note, making it if need be.
    pub fn create_quickly(path: &Path) -> Result<Self, LedgerError> {
        let inbox = Self::open(path)?;
        leave_no_work(&inbox.db)?;
        quicken(&inbox.db)?;
        Ok(inbox)
    }

    /// What waits to be stored.
    pub fn pending(&self) -> Result<Pending, LedgerError> {
        // Most notes are actions and failures: they change nothing that a hook decides. An index
        // has the others, by this very condition.
        let mut statement = self.db.prepare_cached(
            "SELECT content FROM note
             WHERE substr(content, 1, 9) NOT IN ('{\"action\"', '{\"failure', '{\"notice\"',
                 '{\"deliver')
             ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut pending = Pending::default();
        while let Some(row) = rows.next()? {
            let content = row.get_ref(0)?.as_str().unwrap_or_default();
            match serde_json::from_str(content) {
                Ok(Note::Latch(latch)) => pending.latches.push(latch),
                Ok(Note::Lift(lift)) => pending.lifts.push(lift),
                Ok(Note::Mark(mark)) => pending.marks.push((mark.session.clone(), Some(mark))),
                Ok(Note::Unmark(session)) => pending.marks.push((session, None)),
                Ok(Note::Sighting(sighting)) => pending.sightings.push(sighting),
                _ => {}
            }
        }
        Ok(pending)
    }

    /// Which of these keys nobody has claimed yet.
    pub fn unsaid(&self, keys: Vec<String>) -> Result<Vec<String>, LedgerError> {
        if keys.is_empty() {
            return Ok(keys);
        }
        let marks = vec!["?"; keys.len()].join(", ");
        let mut statement =
            self.db.prepare_cached(&format!("SELECT key FROM said WHERE key IN ({marks})"))?;
        let said = statement.query_map(params_from_iter(&keys), |row| row.get::<_, String>(0))?;
        let said: Vec<String> = said.collect::<Result<_, _>>()?;
        Ok(keys.into_iter().filter(|key| !said.contains(key)).collect())
    }

    /// Folds a long log into the database and begins a new one. While a daemon runs the log is its
    /// business; while none does, one hook in a hundred waits for the disk.
    pub fn fold_long_log(&self) -> Result<(), LedgerError> {
        let log = self.db.path().map(|path| format!("{path}-wal"));
        let is_long = |log: String| fs::metadata(log).is_ok_and(|file| file.len() > LONG_LOG);
        if log.is_some_and(is_long) {
            // Whoever is in it just now keeps it as it is; the next will do.
            self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Leaves a note unless nobody has taken away any for very long.
    pub fn leave_if_there_is_room(&self, note: &Note, now: Millis) -> Result<(), LedgerError> {
        let waiting: i64 =
            self.db
                .query_row("SELECT ifnull(max(id) - min(id), 0) FROM note", [], |row| row.get(0))?;
        if waiting < MOST_NOTES { self.leave(note, now) } else { Ok(()) }
    }

    /// How many failures wait to be stored, and how the last one was, from `since` on.
    pub fn failures(&self, since: Millis) -> Result<(u64, Option<String>), LedgerError> {
        let failures = self.notes()?.into_iter().filter_map(|(_, note)| match note {
            Some(Note::Failure { at, what }) if at >= since => Some(what),
            _ => None,
        });
        Ok(failures.fold((0, None), |(count, _), what| (count + 1, Some(what))))
    }
}

/// No commit folds the log in: without another connection nobody would remember that it is, and
/// every further one would do it again and wait for the disk. See [`Inbox::fold_long_log`].
fn quicken(db: &Connection) -> Result<(), LedgerError> {
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(())
}

/// The last connection of a database that closes folds its log in and waits for the disk. That is
/// the writer's business.
fn leave_no_work(db: &Connection) -> Result<(), LedgerError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}
