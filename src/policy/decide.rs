//! Holds what was spent against what may be.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::tally::{Counted, Tally, Used};
use super::{Cap, Measure, Who};
use crate::model::{
    CapAction, LIMIT, Latch, Lift, LiftBy, Millis, Permille, PicoUsd, SessionKey, UsdTotal,
};

/// How one subject of a cap stands in the present period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The cap.
    pub cap: Arc<Cap>,
    /// Whose spend it is.
    pub subject: Arc<str>,
    /// The period.
    pub window: Range<Millis>,
    /// What was spent, and what is set aside for calls without a price.
    pub used: Used,
    /// The limit in force: the cap's, and what it was raised by.
    pub limit: PicoUsd,
    /// The highest level reached; none below the first warning.
    pub level: Option<Permille>,
    /// The limit was reached earlier in the period, and holds whatever the sums say now.
    pub latched: bool,
    /// It stops nothing until then.
    pub snoozed_until: Option<Millis>,
}

impl Decision {
    /// What counts towards the limit.
    pub fn counted(&self) -> UsdTotal {
        self.used.spent + self.used.reserve
    }

    /// The limit is reached.
    pub fn is_breach(&self) -> bool {
        self.level == Some(LIMIT)
    }

    /// What is to happen to the sessions that it is about; none below the limit or while snoozed.
    pub fn action(&self) -> Option<CapAction> {
        (self.is_breach() && self.snoozed_until.is_none()).then_some(self.cap.action)
    }

    /// The levels reached, ascending.
    pub fn levels(&self) -> impl Iterator<Item = Permille> + '_ {
        let reached = move |level: &Permille| self.level.is_some_and(|highest| *level <= highest);
        self.cap.warn_at.iter().copied().chain([LIMIT]).filter(reached)
    }

    /// What to keep of a level that was reached; `session` made the call that crossed it.
    pub fn latch(&self, level: Permille, at: Millis, session: Option<SessionKey>) -> Latch {
        Latch {
            cap: Arc::clone(&self.cap.name),
            subject: Arc::clone(&self.subject),
            window: self.window.clone(),
            level,
            limit: self.limit,
            spent: self.used.spent.to_pico(),
            reserve: self.used.reserve.to_pico(),
            at,
            session,
        }
    }

    /// Spent beyond the limit; nothing where the limit is a count.
    pub fn overshoot(&self) -> UsdTotal {
        if self.cap.measure == Measure::LoopCount {
            return UsdTotal::ZERO;
        }
        (self.counted() - self.limit.into()).max(UsdTotal::ZERO)
    }
}

/// How every subject of every cap stands, in the order of the caps.
///
/// Lifts and latches of other periods or caps do no harm; `now` tells which are in force.
pub fn decide(tally: &Tally, lifts: &[Lift], latches: &[Latch], now: Millis) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for counted in &tally.caps {
        let broken: Vec<&Latch> = latches
            .iter()
            .filter(|latch| {
                latch.cap == counted.cap.name
                    && latch.level == LIMIT
                    && latch.window.contains(&now)
                    && counted.means(&latch.subject)
                    && counted.is_of_now(latch)
            })
            .collect();
        let subjects: BTreeSet<&Arc<str>> =
            counted.used.keys().chain(broken.iter().map(|latch| &latch.subject)).collect();
        for subject in subjects {
            decisions.push(decide_one(counted, subject, lifts, &broken, now));
        }
    }
    decisions
}

/// The decision that a session is to be held to: the strictest action in force among the caps that
/// are about it, and of equals the one that holds longest. None where nothing is to happen.
///
/// A session that uses several models or branches asks for each.
pub fn verdict<'d>(decisions: &'d [Decision], who: &Who<'_>) -> Option<&'d Decision> {
    let about = |decision: &&Decision| {
        who.in_scope(decision.cap.scope).is_some_and(|name| *name == *decision.subject)
    };
    decisions
        .iter()
        .filter(about)
        .filter_map(|decision| Some((decision.action()?, decision.window.end, decision)))
        // The first of equals: `max_by_key` would take the last.
        .rev()
        .max_by_key(|(action, end, _)| (*action, *end))
        .map(|(_, _, decision)| decision)
}

fn decide_one(
    counted: &Counted,
    subject: &Arc<str>,
    lifts: &[Lift],
    broken: &[&Latch],
    now: Millis,
) -> Decision {
    let cap = &counted.cap;
    let mut limit = cap.limit;
    let mut snoozed_until = None;
    for lift in lifts.iter().filter(|lift| lift.cap == cap.name) {
        // A clock that steps back takes nothing back within the period; over its start it does.
        let until = lift.what.until();
        if now >= until || lift.at >= counted.window.end {
            continue;
        }
        match lift.what {
            // Nor does it make an hour of rest a day of it: twice the time at most.
            LiftBy::Snooze { .. } if until.since(lift.at) < lift.at.since(now) => {}
            LiftBy::Snooze { until } => snoozed_until = snoozed_until.max(Some(until)),
            LiftBy::Raise { amount, .. } => limit += amount,
        }
    }
    // A limit that was raised since starts anew.
    let latched = broken.iter().any(|latch| latch.subject == *subject && latch.limit >= limit);
    let used = counted.used.get(subject).copied().unwrap_or_default();
    let level = if latched { Some(LIMIT) } else { level(&used, limit, &cap.warn_at) };
    Decision {
        cap: Arc::clone(cap),
        subject: Arc::clone(subject),
        window: counted.window_of(subject),
        used,
        limit,
        level,
        latched,
        snoozed_until,
    }
}

/// The highest level that an amount reaches. Equality reaches.
fn level(used: &Used, limit: PicoUsd, warn_at: &[Permille]) -> Option<Permille> {
    let counted = used.spent + used.reserve;
    let reached = |level: &Permille| {
        counted.0.saturating_mul(i128::from(LIMIT)) >= i128::from(limit.0) * i128::from(*level)
    };
    warn_at.iter().copied().chain([LIMIT]).filter(reached).max()
}
