//! How caps stand, by the ledger: joins what was spent, what has no price, and what is latched and
//! lifted into [`Decision`]s.
//!
//! One place for the daemon, the hook, the screen and the commands: a cap must not be broken in one
//! of them and whole in another. Reads the ledger and nothing else; writes nothing.

mod live;

use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::ledger::{Charged, ChargedTo, LedgerError, LoopsNow, Reader};
use crate::model::{Call, Millis, SessionKey, UsdTotal};
use crate::policy::{self, Cap, Decision, Looping, Period, Tally, Used, Who};
use crate::pricing::PriceBook;

pub use live::LiveSums;

/// What is held against what. The book may be one that is read only when it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a, B = PriceBook> {
    /// The caps.
    pub caps: &'a [Arc<Cap>],
    /// The zone that periods begin in.
    pub zone: &'a TimeZone,
    /// Tells what to set aside for calls without a price.
    pub book: &'a B,
    /// What agents say they spent beyond their transcripts counts too.
    pub include_unlogged: bool,
}

/// How every cap stands. Caps on a session's whole life are told of for `sessions` alone; those
/// and `developers` are told of even where nothing was spent yet.
pub fn stand<B: AsRef<PriceBook>>(
    reader: &Reader,
    terms: &Terms<'_, B>,
    developers: &[Arc<str>],
    sessions: &[SessionKey],
    now: Millis,
) -> Result<Vec<Decision>, LedgerError> {
    let mut tally = tally(reader, terms, sessions, now)?;
    for developer in developers {
        tally.expect(&Who::developer_alone(developer));
    }
    let mut decisions = policy::decide(&tally, &reader.lifts(now)?, &reader.latches(now)?, now);
    // A session that is over is latched for good, and of no more interest.
    decisions.retain(|decision| {
        let asked = |session: &SessionKey| {
            policy::session_name(session.agent, &session.session_id) == *decision.subject
        };
        decision.cap.period != Period::Session || sessions.iter().any(asked)
    });
    Ok(decisions)
}

/// Adds up what counts towards each cap. Add to it what the ledger does not have yet.
pub fn tally<B: AsRef<PriceBook>>(
    reader: &Reader,
    terms: &Terms<'_, B>,
    sessions: &[SessionKey],
    now: Millis,
) -> Result<Tally, LedgerError> {
    let mut tally = Tally::new(terms.caps, terms.zone, now);
    let mut sums = Sums { reader, terms, names: ChargedTo::new(reader) };
    let windows = tally.windows();
    for window in &windows {
        sums.of_period(&mut tally, window)?;
    }
    sums.reserves(&mut tally, &windows)?;
    if tally.wants_sessions() && !sessions.is_empty() {
        sums.of_sessions(&mut tally, sessions)?;
    }
    Ok(tally)
}

/// What a call is charged to, as caps see it.
pub fn who(to: &Charged) -> Who<'_> {
    Who {
        developer: &to.developer,
        project: &to.project,
        branch: &to.branch,
        model: &to.model,
        agent: Some(to.agent),
        session_id: &to.session_id,
    }
}

fn set_loops(tally: &mut Tally, session: &SessionKey, now: LoopsNow) {
    let who = Who {
        agent: Some(session.agent),
        session_id: &session.session_id,
        ..Who::developer_alone("")
    };
    let count = u32::try_from(now.count).unwrap_or(u32::MAX);
    tally.set_loops(&who, Looping { since: now.since, count, cost: now.cost.into() });
}

fn spent(amount: UsdTotal) -> Used {
    Used { spent: amount, reserve: UsdTotal::ZERO }
}

fn set_aside(book: &PriceBook, call: &Call) -> Used {
    Used { spent: UsdTotal::ZERO, reserve: book.set_aside(call).into() }
}

struct Sums<'a, B> {
    reader: &'a Reader,
    terms: &'a Terms<'a, B>,
    names: ChargedTo<'a>,
}

impl<B: AsRef<PriceBook>> Sums<'_, B> {
    fn of_period(&mut self, tally: &mut Tally, window: &Range<Millis>) -> Result<(), LedgerError> {
        let with_sessions = tally.wants_sessions_in(window);
        self.names.each_spend(window, with_sessions, &mut |to, amount| {
            tally.add(window, &who(to), spent(amount));
        })?;
        if self.terms.include_unlogged {
            for unlogged in self.reader.unlogged_in(window)? {
                if let Some(to) = self.reader.place_of(unlogged.session)? {
                    tally.add(window, &without_model(&to), spent(unlogged.amount.into()));
                }
            }
        }
        Ok(())
    }

    /// What is set aside in all periods. Each of them holds the present, so they are one time.
    fn reserves(
        &mut self,
        tally: &mut Tally,
        windows: &[Range<Millis>],
    ) -> Result<(), LedgerError> {
        let starts = windows.iter().map(|window| window.start);
        let ends = windows.iter().map(|window| window.end);
        let (Some(start), Some(end)) = (starts.min(), ends.max()) else { return Ok(()) };
        let mut reserves = Vec::new();
        self.reader.unpriced(&(start..end), &mut |attribution, call| {
            let reserve = set_aside(self.terms.book.as_ref(), call);
            reserves.push((attribution, call.timestamp, reserve));
        })?;
        for (attribution, at, reserve) in reserves {
            let to = self.names.of(attribution)?;
            for window in windows.iter().filter(|window| window.contains(&at)) {
                tally.add(window, &who(&to), reserve);
            }
        }
        Ok(())
    }

    fn of_sessions(
        &mut self,
        tally: &mut Tally,
        sessions: &[SessionKey],
    ) -> Result<(), LedgerError> {
        for session in sessions {
            if tally.wants_loops() {
                set_loops(tally, session, self.reader.loops_now(session)?);
            }
            for spend in self.reader.session_spend(session)? {
                let to = self.names.of(spend.attribution)?;
                tally.add_session(&who(&to), spent(spend.spent));
            }
            let mut reserves = Vec::new();
            self.reader.unpriced_of(session, &mut |attribution, call| {
                reserves.push((attribution, set_aside(self.terms.book.as_ref(), call)));
            })?;
            for (attribution, reserve) in reserves {
                let to = self.names.of(attribution)?;
                tally.add_session(&who(&to), reserve);
            }
        }
        if self.terms.include_unlogged {
            let unlogged = self.reader.unlogged()?;
            for unlogged in unlogged.iter().filter(|one| sessions.contains(&one.session_key())) {
                if let Some(to) = self.reader.place_of(unlogged.session)? {
                    tally.add_session(&without_model(&to), spent(unlogged.amount.into()));
                }
            }
        }
        Ok(())
    }
}

/// What an agent spent beyond its calls is of no model.
fn without_model(to: &Charged) -> Who<'_> {
    Who { model: "", ..who(to) }
}
