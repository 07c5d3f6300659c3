//! Every session, read again and again: what nothing happened to is handed on as it was.
//!
//! Of thousands of sessions a few are at work. A session is made anew where its sums moved, and
//! touched where its turn, its process, or what holds it is another; all others cost a comparison.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::session::{Draft, Session};
use super::state::Guarded;
use super::turn;
use crate::format::short_paths;
use crate::ledger::LedgerError;
use crate::model::UsdTotal;
use crate::tui::board::PACE_MS;
use crate::tui::source::Source;
use crate::tui::sums::Sums;

/// The sessions as they were read last.
#[derive(Debug, Default)]
pub struct Memory {
    /// By their numbers in the ledger.
    sessions: HashMap<i64, Remembered>,
    /// The short names of the projects, and of how many charges they are.
    projects: (usize, HashMap<Arc<str>, String>),
    hasher: RandomState,
}

#[derive(Debug)]
struct Remembered {
    /// Equal for equal sums.
    sums: u64,
    /// What names it: the number of what its newest call is charged to.
    name: i64,
    session: Arc<Session>,
}

/// Reads every session, the newest activity first.
pub(super) fn read(source: &mut Source<'_>) -> Result<Vec<Arc<Session>>, LedgerError> {
    let burns = burns(source);
    source.memory.recall_projects(source.sums);
    let sums = source.memory.sums(source.sums, &burns);
    source.memory.renew(source.sums, &burns, &sums);
    let guarded = Guarded::read(source)?;
    let turns = turn::read(source)?;
    let mut sessions = Vec::with_capacity(sums.len());
    let mut judged = Vec::new();
    for (number, known) in &source.memory.sessions {
        let Some(who) = source.sums.charged.get(&known.name) else { continue };
        let turns = turns.get(number);
        let standing = guarded.standing(&known.session, turns, who, source);
        let session = if standing.is_of(&known.session, turns) {
            Arc::clone(&known.session)
        } else {
            let mut session = Session::clone(&known.session);
            standing.put_to(&mut session, turns);
            let session = Arc::new(session);
            judged.push((*number, Arc::clone(&session)));
            session
        };
        sessions.push((*number, session));
    }
    for (number, session) in judged {
        if let Some(known) = source.memory.sessions.get_mut(&number) {
            known.session = session;
        }
    }
    sessions.sort_unstable_by_key(|(number, session)| {
        (std::cmp::Reverse(session.last), std::cmp::Reverse(*number))
    });
    Ok(sessions.into_iter().map(|(_, session)| session).collect())
}

/// What each charge cost in the last quarter of an hour.
fn burns(source: &Source<'_>) -> HashMap<i64, UsdTotal> {
    let since = source.now.minus(PACE_MS);
    let mut burns: HashMap<i64, UsdTotal> = HashMap::new();
    for call in source.sums.recent.iter().filter(|call| call.at > since) {
        let burn = burns.entry(call.charged).or_default();
        *burn += call.cost.map_or(UsdTotal::ZERO, UsdTotal::from);
    }
    burns
}

impl Memory {
    /// A new project may make another's name longer, and with it that of every session there.
    fn recall_projects(&mut self, sums: &Sums) {
        if self.projects.0 == sums.charged.len() {
            return;
        }
        let paths: HashSet<&Arc<str>> = sums.charged.values().map(|who| &who.project).collect();
        let names = short_paths(paths.iter().map(|path| &***path));
        let name =
            |path: &&Arc<str>| (Arc::clone(path), names.get(&***path).cloned().unwrap_or_default());
        let names: HashMap<Arc<str>, String> = paths.iter().map(name).collect();
        if names != self.projects.1 {
            self.projects.1 = names;
            self.sessions.clear();
        }
        self.projects.0 = sums.charged.len();
    }

    /// For every session a number that is another where its sums are.
    fn sums(&self, sums: &Sums, burns: &HashMap<i64, UsdTotal>) -> HashMap<i64, u64> {
        let mut all: HashMap<i64, u64> = HashMap::with_capacity(self.sessions.len());
        for (number, sum) in &sums.by_charged {
            let Some(who) = sums.charged.get(number) else { continue };
            let one = self.hasher.hash_one((number, sum, burns.get(number)));
            // Whatever order they come in.
            let sum = all.entry(who.session).or_default();
            *sum = sum.wrapping_add(one);
        }
        all
    }

    /// Makes those anew whose sums are others, and forgets those that are gone.
    fn renew(&mut self, sums: &Sums, burns: &HashMap<i64, UsdTotal>, now: &HashMap<i64, u64>) {
        self.sessions.retain(|number, _| now.contains_key(number));
        let is_new = |number: &i64| {
            self.sessions.get(number).map(|known| known.sums) != now.get(number).copied()
        };
        let mut drafts: HashMap<i64, Draft<'_>> = HashMap::new();
        for (number, sum) in &sums.by_charged {
            let Some(who) = sums.charged.get(number).filter(|who| is_new(&who.session)) else {
                continue;
            };
            let burn = burns.get(number).copied().unwrap_or(UsdTotal::ZERO);
            drafts.entry(who.session).or_default().add(*number, who, sum, burn);
        }
        for (number, draft) in drafts {
            let (Some((name, who)), Some(sums)) = (draft.name(), now.get(&number)) else {
                continue;
            };
            let project = self.projects.1.get(&who.project).map_or("", String::as_str);
            let session = Arc::new(draft.session(who, project));
            self.sessions.insert(number, Remembered { sums: *sums, name, session });
        }
    }
}
