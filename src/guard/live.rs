//! The sums of [`super::tally`], kept in memory and moved by each commit.
//!
//! A pass of the daemon must not cost more because a month is long: the ledger is asked for a
//! period's sums when the period begins, and after that tells what each commit changed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::{Terms, set_aside, set_loops, spent, who, without_model};
use crate::ledger::{Change, Charged, LedgerError, Reader};
use crate::model::{Call, Millis, SessionKey};
use crate::policy::{Decision, Tally, Used};

/// Sums of every period that some cap is for.
#[derive(Debug, Default)]
pub struct LiveSums {
    /// What was spent in them; none: to be read from the ledger.
    spent: Option<Tally>,
    periods: Vec<Period>,
    names: Names,
}

#[derive(Debug)]
struct Period {
    time: Range<Millis>,
    /// Numbers of what is charged in it.
    attributions: HashSet<i64>,
    /// What is set aside in it for calls without a price.
    reserves: Reserves,
}

/// What is set aside, by number of what it is charged to.
#[derive(Debug, Default)]
struct Reserves(HashMap<i64, Used>);

impl Period {
    fn set_aside(&mut self, reader: &Reader, terms: &Terms<'_>) -> Result<(), LedgerError> {
        self.reserves = Reserves::default();
        reader.unpriced(&self.time, &mut self.reserves.gather(terms))?;
        self.attributions.extend(self.reserves.0.keys());
        Ok(())
    }
}

impl Reserves {
    fn gather(&mut self, terms: &Terms<'_>) -> impl FnMut(i64, &Call) {
        |attribution, call| {
            self.0.entry(attribution).or_default().add(set_aside(terms.book, call));
        }
    }
}

/// What is charged to which number.
#[derive(Debug, Default)]
struct Names(HashMap<i64, Charged>);

impl Names {
    fn of(&mut self, reader: &Reader, attribution: i64) -> Result<&Charged, LedgerError> {
        match self.0.entry(attribution) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(vacant) => Ok(vacant.insert(reader.charged_to(attribution)?)),
        }
    }
}

impl LiveSums {
    /// Forgets everything: the ledger or the terms were changed in ways that nobody told.
    pub fn forget(&mut self) {
        self.spent = None;
    }

    /// What is charged to a number.
    pub fn charged(&mut self, reader: &Reader, attribution: i64) -> Result<&Charged, LedgerError> {
        self.names.of(reader, attribution)
    }

    /// The sums of every cap after these changes; `sessions` are those whose whole life is to be
    /// summed too.
    pub fn tally(
        &mut self,
        reader: &Reader,
        terms: &Terms<'_>,
        changes: &[Change],
        sessions: &[SessionKey],
        now: Millis,
    ) -> Result<Tally, LedgerError> {
        let mut tally = Tally::new(terms.caps, terms.zone, now);
        let windows = tally.windows();
        let same = windows.iter().eq(self.periods.iter().map(|period| &period.time));
        // Taken out: where half of the changes are in and an error comes, it is read anew.
        let spent = match self.spent.take().filter(|_| same) {
            Some(spent) => self.moved(reader, terms, changes, spent)?,
            None => self.load(reader, terms, windows, tally)?,
        };
        tally = self.spent.insert(spent).clone();
        for period in &self.periods {
            for (&attribution, &reserve) in &period.reserves.0 {
                let to = self.names.of(reader, attribution)?;
                tally.add(&period.time, &who(to), reserve);
            }
        }
        if terms.include_unlogged {
            self.add_unlogged(reader, sessions, &mut tally)?;
        }
        if tally.wants_sessions() {
            for session in sessions {
                self.add_session(reader, terms, session, &mut tally)?;
            }
        }
        Ok(tally)
    }

    fn load(
        &mut self,
        reader: &Reader,
        terms: &Terms<'_>,
        windows: Vec<Range<Millis>>,
        mut tally: Tally,
    ) -> Result<Tally, LedgerError> {
        self.periods.clear();
        for time in windows {
            let mut attributions = HashSet::new();
            for row in reader.spend(&time)? {
                let to = self.names.of(reader, row.attribution)?;
                tally.add(&time, &who(to), spent(row.spent));
                attributions.insert(row.attribution);
            }
            let mut period = Period { time, attributions, reserves: Reserves::default() };
            period.set_aside(reader, terms)?;
            self.periods.push(period);
        }
        Ok(tally)
    }

    fn moved(
        &mut self,
        reader: &Reader,
        terms: &Terms<'_>,
        changes: &[Change],
        mut tally: Tally,
    ) -> Result<Tally, LedgerError> {
        for period in &mut self.periods {
            let changes = || changes.iter().filter(|change| period.time.contains(&change.at));
            for change in changes() {
                let to = self.names.of(reader, change.attribution)?;
                tally.add(&period.time, &who(to), spent(change.spent));
                period.attributions.insert(change.attribution);
            }
            if changes().any(|change| change.moves_reserve) {
                period.set_aside(reader, terms)?;
            }
        }
        Ok(tally)
    }

    fn add_unlogged(
        &self,
        reader: &Reader,
        sessions: &[SessionKey],
        tally: &mut Tally,
    ) -> Result<(), LedgerError> {
        for unlogged in reader.unlogged()? {
            let within = |period: &&Period| period.time.contains(&unlogged.at);
            let mut periods = self.periods.iter().filter(within).peekable();
            let is_asked = sessions.contains(&unlogged.session_key());
            if periods.peek().is_none() && !is_asked {
                continue;
            }
            let Some(to) = reader.place_of(unlogged.session)? else { continue };
            let (who, amount) = (without_model(&to), spent(unlogged.amount.into()));
            for period in periods {
                tally.add(&period.time, &who, amount);
            }
            if is_asked {
                tally.add_session(&who, amount);
            }
        }
        Ok(())
    }

    fn add_session(
        &mut self,
        reader: &Reader,
        terms: &Terms<'_>,
        session: &SessionKey,
        tally: &mut Tally,
    ) -> Result<(), LedgerError> {
        if tally.wants_loops() {
            set_loops(tally, session, reader.loops_now(session)?);
        }
        for row in reader.session_spend(session)? {
            let to = self.names.of(reader, row.attribution)?;
            tally.add_session(&who(to), spent(row.spent));
        }
        let mut reserves = Reserves::default();
        reader.unpriced_of(session, &mut reserves.gather(terms))?;
        for (attribution, reserve) in reserves.0 {
            let to = self.names.of(reader, attribution)?;
            tally.add_session(&who(to), reserve);
        }
        Ok(())
    }

    /// The sessions that spent what a decision is about, and what their calls are charged to.
    pub fn sessions_of(
        &mut self,
        reader: &Reader,
        decision: &Decision,
    ) -> Result<BTreeMap<SessionKey, Vec<Charged>>, LedgerError> {
        let mut sessions: BTreeMap<SessionKey, Vec<Charged>> = BTreeMap::new();
        let period = self.periods.iter().find(|period| period.time == decision.window);
        for &attribution in period.map(|period| &period.attributions).into_iter().flatten() {
            let to = self.names.of(reader, attribution)?;
            let name = who(to).in_scope(decision.cap.scope);
            if name.is_some_and(|name| *name == *decision.subject) {
                sessions.entry(to.session_key()).or_default().push(to.clone());
            }
        }
        Ok(sessions)
    }
}
