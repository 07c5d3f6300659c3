//! What spend is charged to, in words.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::days::{self, Heading};
use super::super::{Charged, LedgerError, Reader};
use crate::model::{AgentId, Millis, UsdTotal};

/// What attributions are charged to, looked up one by one: a month has thousands of them, which
/// share most of their texts. The subagent is left out: no cap is about one.
#[derive(Debug)]
pub struct ChargedTo<'a> {
    reader: &'a Reader,
    names: HashMap<i64, Arc<str>>,
    sessions: HashMap<i64, (AgentId, Arc<str>)>,
    known: HashMap<i64, Arc<Charged>>,
}

impl<'a> ChargedTo<'a> {
    /// Knows nothing yet.
    pub fn new(reader: &'a Reader) -> Self {
        let (names, sessions) = (HashMap::new(), HashMap::new());
        Self { reader, names, sessions, known: HashMap::new() }
    }

    /// Shows what was spent in a time, and what it is charged to; without their sessions where
    /// nobody asks for them, which is quicker by far the longer the time is.
    pub fn each_spend(
        &mut self,
        time: &Range<Millis>,
        with_sessions: bool,
        show: &mut dyn FnMut(&Charged, UsdTotal),
    ) -> Result<(), LedgerError> {
        if with_sessions {
            for spend in self.reader.spend(time)? {
                show(&*self.of(spend.attribution)?, spend.spent);
            }
        } else {
            for (heading, spent) in days::spend(&self.reader.db, time)? {
                show(&self.heading(heading)?, spent);
            }
        }
        Ok(())
    }

    /// What is charged to no session in particular.
    fn heading(
        &mut self,
        [agent, developer, project, branch, model]: Heading,
    ) -> Result<Charged, LedgerError> {
        Ok(Charged {
            agent: AgentId::from_number(agent),
            session: 0,
            session_id: Arc::default(),
            subagent: Arc::default(),
            project: self.name(project)?,
            branch: self.name(branch)?,
            model: self.name(model)?,
            developer: self.name(developer)?,
        })
    }

    /// What an attribution is charged to.
    pub fn of(&mut self, attribution: i64) -> Result<Arc<Charged>, LedgerError> {
        if let Some(known) = self.known.get(&attribution) {
            return Ok(Arc::clone(known));
        }
        let [session, project, branch, model, developer] = self
            .reader
            .db
            .prepare_cached(
                "SELECT session, project, branch, model, developer FROM attribution WHERE id = ?1",
            )?
            .query_row([attribution], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, i64>(4)?])
            })?;
        let (agent, session_id) = self.session(session)?;
        let charged = Arc::new(Charged {
            agent,
            session,
            session_id,
            subagent: Arc::default(),
            project: self.name(project)?,
            branch: self.name(branch)?,
            model: self.name(model)?,
            developer: self.name(developer)?,
        });
        self.known.insert(attribution, Arc::clone(&charged));
        Ok(charged)
    }

    fn name(&mut self, id: i64) -> Result<Arc<str>, LedgerError> {
        if let Some(name) = self.names.get(&id) {
            return Ok(Arc::clone(name));
        }
        let mut select = self.reader.db.prepare_cached("SELECT text FROM name WHERE id = ?1")?;
        let name: Arc<str> = select.query_row([id], |row| row.get(0))?;
        self.names.insert(id, Arc::clone(&name));
        Ok(name)
    }

    fn session(&mut self, id: i64) -> Result<(AgentId, Arc<str>), LedgerError> {
        if let Some(session) = self.sessions.get(&id) {
            return Ok(session.clone());
        }
        let mut select =
            self.reader.db.prepare_cached("SELECT agent, session_id FROM session WHERE id = ?1")?;
        let session: (AgentId, Arc<str>) =
            select.query_row([id], |row| Ok((AgentId::from_number(row.get(0)?), row.get(1)?)))?;
        self.sessions.insert(id, session.clone());
        Ok(session)
    }
}
