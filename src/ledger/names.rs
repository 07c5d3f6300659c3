//! Texts that repeat are stored once; this remembers their numbers.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::LedgerError;
use crate::model::AgentId;

/// Who and what a call is charged to, by text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Who<'a> {
    pub session: i64,
    pub subagent: Option<&'a Arc<str>>,
    pub project: Option<&'a Arc<str>>,
    pub branch: Option<&'a Arc<str>>,
    pub model: Option<&'a Arc<str>>,
    pub developer: &'a Arc<str>,
}

/// The attribution that was looked up last.
#[derive(Debug)]
struct Last {
    id: i64,
    session: i64,
    texts: [Option<Arc<str>>; 4],
    developer: Arc<str>,
}

impl Last {
    fn new(id: i64, who: &Who<'_>) -> Self {
        let texts = [who.subagent, who.project, who.branch, who.model].map(Option::<&_>::cloned);
        Self { id, session: who.session, texts, developer: Arc::clone(who.developer) }
    }

    fn who(&self) -> Who<'_> {
        let [subagent, project, branch, model] = self.texts.each_ref().map(Option::as_ref);
        Who { session: self.session, subagent, project, branch, model, developer: &self.developer }
    }
}

/// The same, read back.
#[derive(Clone, Debug)]
pub(super) struct Attribution {
    pub agent: AgentId,
    pub session: i64,
    pub session_id: Arc<str>,
    pub subagent: Option<Arc<str>>,
    pub project: Option<Arc<str>>,
    pub branch: Option<Arc<str>>,
    pub model: Option<Arc<str>>,
    pub developer: Arc<str>,
}

/// The numbers given out so far. Valid as long as every transaction that used it is committed;
/// after a failed one it must be thrown away.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The database has no others: it need not be asked.
    are_all: bool,
    texts: HashMap<Arc<str>, i64>,
    sessions: HashMap<(AgentId, Arc<str>), i64>,
    threads: HashMap<(i64, Option<Arc<str>>), i64>,
    last_thread: Option<(i64, Option<Arc<str>>, i64)>,
    sources: HashMap<Arc<Path>, i64>,
    attributions: HashMap<[i64; 6], i64>,
    by_attribution: HashMap<i64, Attribution>,
    last: Option<Last>,
    last_session: Option<(AgentId, Arc<str>, i64)>,
}

impl Names {
    /// None yet: of a ledger that only this will name things in.
    pub(super) fn of_new_ledger() -> Self {
        Self { are_all: true, ..Self::default() }
    }

    /// The number that the database has.
    fn stored(
        &self,
        db: &Connection,
        sql: &str,
        named: impl Params,
    ) -> Result<Option<i64>, LedgerError> {
        if self.are_all {
            return Ok(None);
        }
        Ok(db.prepare_cached(sql)?.query_row(named, |row| row.get(0)).optional()?)
    }

    fn name(&mut self, db: &Connection, text: &str) -> Result<i64, LedgerError> {
        if let Some(&id) = self.texts.get(text) {
            return Ok(id);
        }
        let known = self.stored(db, "SELECT id FROM name WHERE text = ?1", [text])?;
        let id = match known {
            Some(id) => id,
            None => db
                .prepare_cached("INSERT INTO name (text) VALUES (?1) RETURNING id")?
                .query_row([text], |row| row.get(0))?,
        };
        self.texts.insert(Arc::from(text), id);
        Ok(id)
    }

    pub(super) fn session(
        &mut self,
        db: &Connection,
        agent: AgentId,
        session_id: &Arc<str>,
    ) -> Result<i64, LedgerError> {
        // Neighbouring calls mostly are of one session.
        if let Some((last_agent, last, id)) = &self.last_session
            && (*last_agent, last) == (agent, session_id)
        {
            return Ok(*id);
        }
        let id = self.look_up_session(db, agent, session_id)?;
        self.last_session = Some((agent, Arc::clone(session_id), id));
        Ok(id)
    }

    fn look_up_session(
        &mut self,
        db: &Connection,
        agent: AgentId,
        session_id: &Arc<str>,
    ) -> Result<i64, LedgerError> {
        let key = (agent, Arc::clone(session_id));
        if let Some(&id) = self.sessions.get(&key) {
            return Ok(id);
        }
        let known = self.stored(
            db,
            "SELECT id FROM session WHERE agent = ?1 AND session_id = ?2",
            params![agent as i64, session_id],
        )?;
        let id = match known {
            Some(id) => id,
            None => db
                .prepare_cached(
                    "INSERT INTO session (agent, session_id) VALUES (?1, ?2) RETURNING id",
                )?
                .query_row(params![agent as i64, session_id], |row| row.get(0))?,
        };
        self.sessions.insert(key, id);
        Ok(id)
    }

    /// The number of a session's main thread, or of a subagent's.
    pub(super) fn thread(
        &mut self,
        db: &Connection,
        session: i64,
        subagent: Option<&Arc<str>>,
    ) -> Result<i64, LedgerError> {
        // Neighbouring deeds mostly are of one thread.
        if let Some((last_session, last_subagent, id)) = &self.last_thread
            && (*last_session, last_subagent.as_ref()) == (session, subagent)
        {
            return Ok(*id);
        }
        let key = (session, subagent.cloned());
        let id = match self.threads.get(&key) {
            Some(&id) => id,
            None => self.look_up_thread(db, &key)?,
        };
        self.last_thread = Some((session, key.1, id));
        Ok(id)
    }

    fn look_up_thread(
        &mut self,
        db: &Connection,
        key: &(i64, Option<Arc<str>>),
    ) -> Result<i64, LedgerError> {
        let (session, subagent) = key;
        let subagent = self.name(db, subagent.as_deref().unwrap_or_default())?;
        let known = self.stored(
            db,
            "SELECT id FROM thread WHERE session = ?1 AND subagent = ?2",
            [*session, subagent],
        )?;
        let id = match known {
            Some(id) => id,
            None => db
                .prepare_cached(
                    "INSERT INTO thread (session, subagent, at, goes_on) VALUES (?1, ?2, ?3, TRUE)
                     RETURNING id",
                )?
                .query_row([*session, subagent, i64::MIN], |row| row.get(0))?,
        };
        self.threads.insert(key.clone(), id);
        Ok(id)
    }

    /// The number of a transcript, which the caller stores with its cursor.
    pub(super) fn source(
        &mut self,
        db: &Connection,
        path: &Path,
        agent: AgentId,
    ) -> Result<i64, LedgerError> {
        if let Some(&id) = self.sources.get(path) {
            return Ok(id);
        }
        let text = path.to_string_lossy();
        let known = self.stored(db, "SELECT id FROM source WHERE path = ?1", [&text])?;
        let id = match known {
            Some(id) => id,
            None => db
                .prepare_cached(
                    "INSERT INTO source (path, agent, dev, ino, size, mtime_ns, ctime_ns,
                         \"offset\", anchor, unparsed, oversized)
                     VALUES (?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0, 0) RETURNING id",
                )?
                .query_row(params![text, agent as i64], |row| row.get(0))?,
        };
        self.sources.insert(Arc::from(path), id);
        Ok(id)
    }

    pub(super) fn attribution_id(
        &mut self,
        db: &Connection,
        who: &Who<'_>,
    ) -> Result<i64, LedgerError> {
        // Neighbouring calls are mostly charged to the same.
        if let Some(last) = &self.last
            && last.who() == *who
        {
            return Ok(last.id);
        }
        let id = self.look_up_attribution(db, who)?;
        self.last = Some(Last::new(id, who));
        Ok(id)
    }

    fn look_up_attribution(&mut self, db: &Connection, who: &Who<'_>) -> Result<i64, LedgerError> {
        let key = [
            who.session,
            self.name(db, who.subagent.map_or("", |text| text))?,
            self.name(db, who.project.map_or("", |text| text))?,
            self.name(db, who.branch.map_or("", |text| text))?,
            self.name(db, who.model.map_or("", |text| text))?,
            self.name(db, who.developer)?,
        ];
        if let Some(&id) = self.attributions.get(&key) {
            return Ok(id);
        }
        let known = self.stored(
            db,
            "SELECT id FROM attribution WHERE session = ?1 AND subagent = ?2
                 AND project = ?3 AND branch = ?4 AND model = ?5 AND developer = ?6",
            key,
        )?;
        let id = match known {
            Some(id) => id,
            None => db
                .prepare_cached(
                    "INSERT INTO attribution (session, subagent, project, branch, model, developer)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
                )?
                .query_row(key, |row| row.get(0))?,
        };
        self.attributions.insert(key, id);
        Ok(id)
    }

    pub(super) fn attribution(
        &mut self,
        db: &Connection,
        id: i64,
    ) -> Result<Attribution, LedgerError> {
        if let Some(known) = self.by_attribution.get(&id) {
            return Ok(known.clone());
        }
        let attribution = read_attribution(db, id)?;
        self.by_attribution.insert(id, attribution.clone());
        Ok(attribution)
    }
}

pub(super) fn read_attribution(db: &Connection, id: i64) -> Result<Attribution, LedgerError> {
    let mut statement = db.prepare_cached(
        "SELECT session.agent, session.id, session.session_id, subagent.text, project.text,
             branch.text, model.text, developer.text
         FROM attribution
         JOIN session ON session.id = attribution.session
         JOIN name AS subagent ON subagent.id = attribution.subagent
         JOIN name AS project ON project.id = attribution.project
         JOIN name AS branch ON branch.id = attribution.branch
         JOIN name AS model ON model.id = attribution.model
         JOIN name AS developer ON developer.id = attribution.developer
         WHERE attribution.id = ?1",
    )?;
    let attribution = statement.query_row([id], |row| {
        let text = |column: usize| {
            row.get::<_, Arc<str>>(column).map(|text| Some(text).filter(|text| !text.is_empty()))
        };
        Ok(Attribution {
            agent: AgentId::from_number(row.get(0)?),
            session: row.get(1)?,
            session_id: row.get(2)?,
            subagent: text(3)?,
            project: text(4)?,
            branch: text(5)?,
            model: text(6)?,
            developer: row.get(7)?,
        })
    })?;
    Ok(attribution)
}
