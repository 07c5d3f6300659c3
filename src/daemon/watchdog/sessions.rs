//! Which sessions spent just now, and what is known of where each lives.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use crate::agents;
use crate::enforce::{self, Located, ProcessTable, Search, tail_of};
use crate::guard::who;
use crate::ingest::Root;
use crate::ledger::{Change, Charged, LedgerError, Writer};
use crate::model::{AgentId, ProcessKey, SessionKey, Sighting, UsdTotal};
use crate::policy::Decision;

/// What the last commits moved, by session.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub changes: Vec<Change>,
    by_session: BTreeMap<SessionKey, Vec<(Charged, UsdTotal)>>,
}

impl Touched {
    pub(super) fn add(&mut self, to: &Charged, change: &Change) {
        let charges = self.by_session.entry(to.session_key()).or_default();
        match charges.iter_mut().find(|(known, _)| known == to) {
            Some((_, spent)) => *spent += change.spent,
            None => charges.push((to.clone(), change.spent)),
        }
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = &SessionKey> {
        self.by_session.keys()
    }

    /// What all that moved is charged to.
    pub(super) fn all_charged(&self) -> impl Iterator<Item = &Charged> {
        self.by_session.values().flatten().map(|(to, _)| to)
    }

    pub(super) fn is_touched(&self, session: &SessionKey) -> bool {
        self.by_session.contains_key(session)
    }

    /// What a session's latest calls are charged to.
    pub(super) fn charged(&self, session: &SessionKey) -> impl Iterator<Item = &Charged> {
        self.by_session.get(session).into_iter().flatten().map(|(to, _)| to)
    }

    /// The session whose calls moved a cap the most, and its project: the one that crossed its
    /// line, if it was crossed just now.
    pub(super) fn spender_of(&self, decision: &Decision) -> Option<(SessionKey, Arc<str>)> {
        let about = |to: &Charged| {
            let name = who(to).in_scope(decision.cap.scope);
            name.is_some_and(|name| *name == *decision.subject)
        };
        self.by_session
            .iter()
            .flat_map(|(session, charges)| charges.iter().map(move |charge| (session, charge)))
            .filter(|(_, (to, _))| about(to))
            .max_by_key(|(_, (_, spent))| *spent)
            .map(|(session, (to, _))| (session.clone(), Arc::clone(&to.project)))
    }
}

/// Where sessions live, by what hooks saw and agents say.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Roots of transcripts, by agent.
    roots: Vec<(AgentId, PathBuf)>,
    /// What hooks saw since the machine was started; none: to be read anew.
    sightings: Option<Vec<Sighting>>,
}

impl Sessions {
    pub(super) fn new(roots: &[Root]) -> Self {
        let roots = roots.iter().map(|root| (root.agent, root.path.clone())).collect();
        Self { roots, sightings: None }
    }

    /// A hook saw a session.
    pub(super) fn note_sighting(&mut self) {
        self.sightings = None;
    }

    /// What hooks saw since the machine was started, the newest first.
    pub(super) fn sightings(
        &mut self,
        writer: &Writer,
        table: &dyn ProcessTable,
    ) -> Result<&[Sighting], LedgerError> {
        let sightings = match self.sightings.take() {
            Some(sightings) => sightings,
            None => writer.sightings_of_boot(&table.own().boot_id)?,
        };
        Ok(self.sightings.insert(sightings))
    }

    /// A hook of the session was heard since the machine was started.
    pub(super) fn has_hook(
        &mut self,
        writer: &Writer,
        table: &dyn ProcessTable,
        session: &SessionKey,
    ) -> Result<bool, LedgerError> {
        Ok(self.sightings(writer, table)?.iter().any(|seen| seen.session == *session))
    }

    /// The processes that the session lives in.
    pub(super) fn locate(
        &mut self,
        writer: &Writer,
        table: &dyn ProcessTable,
        session: &SessionKey,
        known: &[ProcessKey],
    ) -> Result<Vec<Located>, LedgerError> {
        let of_agent = |(agent, _): &&(AgentId, PathBuf)| *agent == session.agent;
        let roots: Vec<PathBuf> =
            self.roots.iter().filter(of_agent).map(|(_, root)| root.clone()).collect();
        let sightings = self.sightings(writer, table)?;
        Ok(enforce::locate(table, &Search { session, sightings, known, roots: &roots }))
    }

    /// Whether a session is in the middle of a turn, by its transcript; a transcript that says
    /// nothing is of a session that does nothing.
    pub(super) fn is_in_turn(
        &mut self,
        writer: &Writer,
        table: &dyn ProcessTable,
        session: &SessionKey,
    ) -> Result<bool, LedgerError> {
        let seen = self.sightings(writer, table)?.iter();
        let mut seen = seen.filter(|sighting| sighting.session == *session);
        let mut transcript = seen.find_map(|sighting| sighting.transcript.clone());
        let adapter = agents::adapter(session.agent);
        if transcript.is_none() {
            let of_call = writer.transcript_of(session)?;
            transcript = of_call.map(|path| adapter.own_transcript(&path, &session.session_id));
        }
        let file = transcript.and_then(|path| File::open(path).ok());
        let tail = file.and_then(|file| tail_of(file).ok());
        Ok(tail.and_then(|tail| adapter.in_turn(&tail)).unwrap_or(false))
    }
}
