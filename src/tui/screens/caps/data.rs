//! What the Caps screen has read: how every cap stands for everyone it is about.

use std::sync::Arc;

use crate::format::{printable, short_id};
use crate::guard::{self, Terms};
use crate::ledger::LedgerError;
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
                latches.sort_by_key(|latch| (latch.level, latch.at));
                standings.push(Standing {
                    cap: Arc::clone(cap),
                    decision: Some(decision.clone()),
                    subject: subject(decision),
                    latches,
                    lifts: lifts.clone(),
                });
            }
        }
        Ok(standings)
    }
}

/// A project by its last folder: the whole path stands below the table.
fn subject(decision: &Decision) -> String {
    let subject = printable(&decision.subject);
    match decision.cap.scope {
        Scope::Project | Scope::Branch => subject.rsplit('/').next().unwrap_or_default().to_owned(),
        // `agent/id`.
        Scope::Session => short_id(subject.split_once('/').map_or(&*subject, |(_, id)| id)),
        _ => subject.into_owned(),
    }
}
