//! What was spent in the caps' present periods, kept in memory and moved by each commit.
//!
//! A pass of the guard must not cost more because a month is long: the ledger is asked for a
//! period's sums when the period begins, and after that tells what each commit changed.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::daemon::Book;
use crate::guard::who;
use crate::ledger::{Change, Charged, LedgerError, Writer};
use crate::model::{Millis, SessionKey, UsdTotal};
use crate::policy::{Cap, Decision, Tally, Used, Who};

/// Sums of every period that some cap is for.
#[derive(Debug, Default)]
pub(super) struct Sums {
    periods: Vec<PeriodSums>,
    charged: HashMap<i64, Charged>,
}

#[derive(Debug)]
struct PeriodSums {
    time: Range<Millis>,
    /// By number of what it is charged to.
    used: HashMap<i64, Used>,
    /// What agents say beyond their calls, by session.
    unlogged: Vec<(SessionKey, UsdTotal)>,
}

/// What decides how the sums are made.
pub(super) struct Rules<'a> {
    pub caps: &'a [Arc<Cap>],
    pub zone: &'a TimeZone,
    pub book: &'a Book,
    pub include_unlogged: bool,
}

impl Sums {
    /// Forgets everything: the ledger was changed in ways that nobody told.
    pub(super) fn forget(&mut self) {
        self.periods.clear();
    }

    /// What is charged to a number.
    pub(super) fn charged(
        &mut self,
        writer: &Writer,
        attribution: i64,
    ) -> Result<&Charged, LedgerError> {
        use std::collections::hash_map::Entry;
        match self.charged.entry(attribution) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(vacant) => Ok(vacant.insert(writer.charged_to(attribution)?)),
        }
    }

    /// The sums of every cap after these changes; `sessions` are those whose whole life is to be
    /// summed too.
    pub(super) fn tally(
        &mut self,
        writer: &mut Writer,
        rules: &Rules<'_>,
        changes: &[Change],
        sessions: &[SessionKey],
        now: Millis,
    ) -> Result<Tally, LedgerError> {
        let mut tally = Tally::new(rules.caps, rules.zone, now);
        let windows = tally.windows();
        let same = self.periods.len() == windows.len()
            && self.periods.iter().zip(&windows).all(|(period, window)| period.time == *window);
        if same {
            self.apply(writer, rules, changes)?;
        } else {
            self.periods = windows
                .into_iter()
                .map(|time| load(writer, rules, time))
                .collect::<Result<_, _>>()?;
        }
        self.fill(writer, &mut tally)?;
        if tally.wants_sessions() {
            for session in sessions {
                self.add_session(writer, rules, session, &mut tally)?;
            }
        }
        Ok(tally)
    }

    fn apply(
        &mut self,
        writer: &mut Writer,
        rules: &Rules<'_>,
        changes: &[Change],
    ) -> Result<(), LedgerError> {
        let reserves_moved = changes.iter().any(|change| change.unpriced_calls != 0);
        for period in &mut self.periods {
            for change in changes.iter().filter(|change| period.time.contains(&change.at)) {
                period.used.entry(change.attribution).or_default().spent += change.spent;
            }
            if reserves_moved {
                for used in period.used.values_mut() {
                    used.reserve = UsdTotal::ZERO;
                }
                add_reserves(writer, rules.book, &period.time, &mut period.used)?;
            }
            if rules.include_unlogged {
                period.unlogged = unlogged(writer, &period.time)?;
            }
        }
        Ok(())
    }

    fn fill(&mut self, writer: &Writer, tally: &mut Tally) -> Result<(), LedgerError> {
        let periods = std::mem::take(&mut self.periods);
        for period in &periods {
            let mut places: HashMap<SessionKey, Charged> = HashMap::new();
            for (&attribution, &used) in &period.used {
                let to = self.charged(writer, attribution)?;
                tally.add(&period.time, &who(to), used);
                if !period.unlogged.is_empty() {
                    places.insert(session_key(to), to.clone());
                }
            }
            for (session, amount) in &period.unlogged {
                if let Some(place) = places.get(session) {
                    // It is of no known model.
                    let who = Who { model: "", ..who(place) };
                    let used = Used { spent: *amount, reserve: UsdTotal::ZERO };
                    tally.add(&period.time, &who, used);
                }
            }
        }
        self.periods = periods;
        Ok(())
    }

    /// The sessions that spent what a decision is about, and what their calls are charged to.
    pub(super) fn sessions_of(
        &mut self,
        writer: &Writer,
        decision: &Decision,
    ) -> Result<BTreeMap<SessionKey, Vec<Charged>>, LedgerError> {
        let period = self.periods.iter().find(|period| period.time == decision.window);
        let attributions: Vec<i64> =
            period.map_or_else(Vec::new, |period| period.used.keys().copied().collect());
        let mut sessions: BTreeMap<SessionKey, Vec<Charged>> = BTreeMap::new();
        for attribution in attributions {
            let to = self.charged(writer, attribution)?;
            let name = who(to).in_scope(decision.cap.scope);
            if name.is_some_and(|name| *name == *decision.subject) {
                sessions.entry(session_key(to)).or_default().push(to.clone());
            }
        }
        Ok(sessions)
    }

    fn add_session(
        &mut self,
        writer: &mut Writer,
        rules: &Rules<'_>,
        session: &SessionKey,
        tally: &mut Tally,
    ) -> Result<(), LedgerError> {
        let mut all: HashMap<i64, Used> = writer
            .session_spend(session)?
            .into_iter()
            .map(|row| (row.attribution, Used { spent: row.spent, ..Used::default() }))
            .collect();
        let known: Vec<i64> = all.keys().copied().collect();
        let always = Millis(i64::MIN)..Millis(i64::MAX);
        add_reserves(writer, rules.book, &always, &mut all)?;
        for attribution in known {
            let used = all.remove(&attribution).unwrap_or_default();
            tally.add_session(&who(self.charged(writer, attribution)?), used);
        }
        Ok(())
    }
}

fn load(
    writer: &mut Writer,
    rules: &Rules<'_>,
    time: Range<Millis>,
) -> Result<PeriodSums, LedgerError> {
    let mut used: HashMap<i64, Used> = HashMap::new();
    for row in writer.spend(&time)? {
        used.entry(row.attribution).or_default().spent += row.spent;
    }
    add_reserves(writer, rules.book, &time, &mut used)?;
    let unlogged = if rules.include_unlogged { unlogged(writer, &time)? } else { Vec::new() };
    Ok(PeriodSums { time, used, unlogged })
}

/// Sets aside for calls without a price what they may cost at the most.
fn add_reserves(
    writer: &mut Writer,
    book: &Book,
    time: &Range<Millis>,
    used: &mut HashMap<i64, Used>,
) -> Result<(), LedgerError> {
    writer.unpriced(time, &mut |attribution, call| {
        used.entry(attribution).or_default().reserve += book.book().set_aside(call);
    })
}

fn unlogged(
    writer: &Writer,
    time: &Range<Millis>,
) -> Result<Vec<(SessionKey, UsdTotal)>, LedgerError> {
    let all = writer.unlogged()?.into_iter().filter(|unlogged| time.contains(&unlogged.at));
    let key = |agent, session_id| SessionKey { agent, session_id };
    Ok(all.map(|one| (key(one.agent, one.session_id), one.amount.into())).collect())
}

/// The session that spend is charged to.
pub(super) fn session_key(charged: &Charged) -> SessionKey {
    SessionKey { agent: charged.agent, session_id: Arc::clone(&charged.session_id) }
}
