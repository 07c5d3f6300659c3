//! What the Caps screen has read: how every cap stands for everyone it is about.

use std::collections::HashMap;
use std::sync::Arc;

use crate::format::{printable, short_id, short_paths};
use crate::guard::{self, Terms};
use crate::ledger::{Charged, LedgerError};
use crate::model::{Latch, Lift, SessionKey};
use crate::policy::{Cap, Decision, Period, Scope};
use crate::tui::screens::Query;
use crate::tui::source::Source;

/// Every cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every;

/// A cap, and one that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The cap.
    pub cap: Arc<Cap>,
    /// How it stands; none: nothing was spent yet that it is about.
    pub decision: Option<Decision>,
    /// Whom it is about, safe to show; empty where that is nobody yet.
    pub subject: String,
    /// Levels that were reached in this period, the lowest first.
    pub latches: Vec<Latch>,
    /// What lifts it now, the newest last.
    pub lifts: Vec<Lift>,
}

impl Query for Every {
    type Data = Vec<Standing>;

    fn read(&self, source: &mut Source<'_>) -> Result<Self::Data, LedgerError> {
        let facts = source.facts;
        let terms = Terms {
            caps: &facts.caps,
            zone: &facts.zone,
            book: &facts.book,
            include_unlogged: facts.include_unlogged,
        };
        // Of caps on a session's life only those of sessions that run are of interest.
        let wants_sessions = facts.caps.iter().any(|cap| cap.period == Period::Session);
        let running = source.roll.present.keys().filter(|_| wants_sessions);
        let sessions: Vec<SessionKey> = running.cloned().collect();
        let developer = [Arc::clone(&facts.developer)];
        let decisions = guard::stand(source.reader, &terms, &developer, &sessions, source.now)?;
        let latches = source.reader.latches(source.now)?;
        let lifts = source.reader.lifts(source.now)?;
        let subjects = Subjects::of(&decisions, source);
        let mut standings = Vec::new();
        for cap in &facts.caps {
            let lifts: Vec<Lift> =
                lifts.iter().filter(|lift| lift.cap == cap.name).cloned().collect();
            let mut own: Vec<&Decision> =
                decisions.iter().filter(|decision| decision.cap == *cap).collect();
            own.sort_by_key(|decision| std::cmp::Reverse(decision.counted()));
            if own.is_empty() {
                standings.push(Standing {
                    cap: Arc::clone(cap),
                    decision: None,
                    subject: String::new(),
                    latches: Vec::new(),
                    lifts: lifts.clone(),
                });
            }
            for decision in own {
                let mut latches: Vec<Latch> = latches
                    .iter()
                    .filter(|latch| latch.cap == cap.name && latch.subject == decision.subject)
                    .cloned()
                    .collect();
                // Of a level that was reached of several limits, the present one's or the newest.
                latches.sort_by_key(|latch| {
                    (latch.level, latch.limit != decision.limit, std::cmp::Reverse(latch.at))
                });
                latches.dedup_by_key(|latch| latch.level);
                standings.push(Standing {
                    cap: Arc::clone(cap),
                    decision: Some(decision.clone()),
                    subject: subjects.name(decision),
                    latches,
                    lifts: lifts.clone(),
                });
            }
        }
        Ok(standings)
    }
}

/// Whom decisions are about, in short: the whole name stands below the table.
struct Subjects<'a> {
    /// Where branches and sessions are at home.
    places: HashMap<String, &'a Charged>,
    /// Projects by as many of their last folders as tell one from the others.
    short: HashMap<&'a str, String>,
}

impl<'a> Subjects<'a> {
    fn of(decisions: &'a [Decision], source: &Source<'a>) -> Self {
        let mut places: HashMap<String, &Charged> = HashMap::new();
        for scope in [Scope::Branch, Scope::Session] {
            if !decisions.iter().any(|decision| decision.cap.scope == scope) {
                continue;
            }
            for to in source.sums.charged.values() {
                let Some(name) = guard::who(to).in_scope(scope) else { continue };
                // Of several the same one at every look.
                let place = places.entry(name.into_owned()).or_insert(to);
                if to.project < place.project {
                    *place = to;
                }
            }
        }
        let project = |decision: &'a Decision| match decision.cap.scope {
            Scope::Project => Some(&*decision.subject),
            _ => places.get(&*decision.subject).map(|to| &*to.project),
        };
        let short = short_paths(decisions.iter().filter_map(project));
        Self { places, short }
    }

    /// Safe to show.
    fn name(&self, decision: &Decision) -> String {
        let subject = &*decision.subject;
        let place = self.places.get(subject);
        let short = |project: &str| self.short.get(project).filter(|short| !short.is_empty());
        let name = match (decision.cap.scope, place) {
            (Scope::Project, _) => short(subject).cloned(),
            (Scope::Branch, Some(to)) => {
                short(&to.project).map(|project| format!("{project}@{}", to.branch))
            }
            (Scope::Session, Some(to)) => {
                let id = short_id(&to.session_id);
                Some(short(&to.project).map_or_else(|| id.clone(), |it| format!("{it} {id}")))
            }
            _ => None,
        };
        printable(name.as_deref().unwrap_or(subject)).into_owned()
    }
}
