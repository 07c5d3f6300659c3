//! What every screen shows in its first and last lines, whatever else is on it: today against the
//! cap, how fast money goes, what is marked and held, and how the collector and the prices are.

use std::fs;
use std::ops::Range;
use std::sync::Arc;

use super::source::Source;
use crate::guard::{self, Terms};
use crate::ledger::{LedgerError, Totals};
use crate::model::{Latch, Mark, Millis, UsdTotal};
use crate::policy::{Decision, Period, Scope};

/// The minutes that the pace is taken of.
pub const PACE_MS: i64 = 15 * 60_000;

/// What every screen shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The instants of today; outside them the picture is of another day.
    pub day: Range<Millis>,
    /// What the developer used today.
    pub today: Totals,
    /// What others used today, where several share the ledger.
    pub others_today: Totals,
    /// How the developer's daily cap stands, if there is one.
    pub cap: Option<Decision>,
    /// What the developer spent in the last quarter of an hour.
    pub burn: UsdTotal,
    /// Calls without a price, ever.
    pub unpriced_calls: u64,
    /// Sessions that are flagged or blocked.
    pub marks: Vec<Mark>,
    /// Levels of caps that were reached in a period that is not over.
    pub latches: Vec<Latch>,
    /// When the prices in force were last checked.
    pub book_checked: Option<Millis>,
    /// The collector's last sign of life.
    pub heartbeat: Option<Millis>,
}

impl Board {
    /// Reads it.
    pub fn read(source: &Source<'_>) -> Result<Self, LedgerError> {
        let (facts, sums, now) = (source.facts, source.sums, source.now);
        let daily = |cap: &&Arc<_>| is_daily(cap);
        let caps: Vec<_> = facts.caps.iter().filter(daily).cloned().collect();
        let terms = Terms {
            caps: &caps,
            zone: &facts.zone,
            book: &facts.book,
            include_unlogged: facts.include_unlogged,
        };
        let developer = Arc::clone(&facts.developer);
        let mut decisions = guard::stand(source.reader, &terms, &[developer], &[], now)?;
        decisions.retain(|decision| decision.subject == facts.developer);
        let mine = |charged: &i64| {
            sums.charged.get(charged).is_some_and(|who| who.developer == facts.developer)
        };
        let since = now.minus(PACE_MS);
        let recent = sums.recent.iter().filter(|call| call.at > since && mine(&call.charged));
        Ok(Self {
            day: sums.day.clone(),
            today: sums.today(),
            others_today: sums.others_today,
            cap: decisions.into_iter().next(),
            burn: recent
                .filter_map(|call| call.cost)
                .map(UsdTotal::from)
                .fold(UsdTotal::ZERO, |a, b| a + b),
            unpriced_calls: sums.unpriced_calls,
            marks: source.reader.marks()?,
            latches: source.reader.latches(now)?,
            book_checked: facts.book.checked(),
            heartbeat: heartbeat(&facts.lock),
        })
    }

    /// What the developer spends in an hour, at the pace of the last quarter of one.
    pub fn per_hour(&self) -> UsdTotal {
        per_hour(self.burn)
    }
}

/// An hour's worth of what was spent in [`PACE_MS`].
pub fn per_hour(burn: UsdTotal) -> UsdTotal {
    UsdTotal(burn.0.saturating_mul(3_600_000) / i128::from(PACE_MS))
}

fn is_daily(cap: &crate::policy::Cap) -> bool {
    cap.scope == Scope::Developer && cap.period == Period::Day
}

/// To the minute: that it beats is no news.
fn heartbeat(lock: &std::path::Path) -> Option<Millis> {
    let touched = fs::metadata(lock).and_then(|file| file.modified()).ok()?;
    let touched = jiff::Timestamp::try_from(touched).ok()?;
    Some(Millis(Millis::from(touched).0.div_euclid(60_000) * 60_000))
}
