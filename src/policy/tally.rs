//! Adds up spend by what each cap is about.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use wildmatch::WildMatch;

use super::{Cap, Measure, Period, Scope, Who, window};
use crate::model::{Latch, Millis, UsdTotal};

/// What one subject of a cap has spent in the cap's present period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Priced.
    pub spent: UsdTotal,
    /// Set aside for calls without a price.
    pub reserve: UsdTotal,
}

impl Used {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.spent += other.spent;
        self.reserve += other.reserve;
    }
}

/// What of a session's loops counts, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looping {
    /// The latest prompt of a person: what came before is over, whatever it was.
    pub since: Millis,
    /// How often what repeats most has come.
    pub count: u32,
    /// What the dearest loop has cost since it began.
    pub cost: UsdTotal,
}

/// The sums of every cap and subject, at one moment.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) caps: Vec<Counted>,
}

/// A cap with its present period and what each subject used.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub cap: Arc<Cap>,
    pub window: Range<Millis>,
    pub used: BTreeMap<Arc<str>, Used>,
    /// Of a cap on loops: since when each session's are counted.
    pub since: BTreeMap<Arc<str>, Millis>,
    pattern: WildMatch,
}

impl Tally {
    /// No spend yet, for the periods that hold `now`.
    pub fn new(caps: &[Arc<Cap>], zone: &TimeZone, now: Millis) -> Self {
        let counted = |cap: &Arc<Cap>| Counted {
            cap: Arc::clone(cap),
            window: window(cap.period, zone, now),
            used: BTreeMap::new(),
            since: BTreeMap::new(),
            pattern: WildMatch::new(&cap.pattern),
        };
        Self { caps: caps.iter().map(counted).collect() }
    }

    /// The periods whose spend is to be added by [`Tally::add`], each once. A session's whole
    /// life is not among them: see [`Tally::add_session`].
    pub fn windows(&self) -> Vec<Range<Millis>> {
        let mut windows: Vec<Range<Millis>> = Vec::new();
        for counted in &self.caps {
            if counted.cap.period != Period::Session && !windows.contains(&counted.window) {
                windows.push(counted.window.clone());
            }
        }
        windows
    }

    /// Some cap is for a session's whole life.
    pub fn wants_sessions(&self) -> bool {
        self.caps.iter().any(|counted| counted.cap.period == Period::Session)
    }

    /// Some cap on sessions is for this period.
    pub fn wants_sessions_in(&self, window: &Range<Millis>) -> bool {
        self.caps.iter().any(|counted| {
            let cap = &counted.cap;
            cap.scope == Scope::Session
                && cap.period != Period::Session
                && counted.window == *window
        })
    }

    /// Adds spend of a period to every cap that it counts towards.
    pub fn add(&mut self, window: &Range<Millis>, who: &Who<'_>, used: Used) {
        for counted in &mut self.caps {
            if counted.cap.period != Period::Session && counted.window == *window {
                counted.add(who, used);
            }
        }
    }

    /// Has these told of even where they have spent nothing yet.
    pub fn expect(&mut self, who: &Who<'_>) {
        for counted in &mut self.caps {
            counted.add(who, Used::default());
        }
    }

    /// Some cap is on loops.
    pub fn wants_loops(&self) -> bool {
        self.caps.iter().any(|counted| counted.cap.measure.is_loop())
    }

    /// Says what of a session's loops counts, in place of what was said before.
    pub fn set_loops(&mut self, who: &Who<'_>, looping: Looping) {
        for counted in self.caps.iter_mut().filter(|counted| counted.cap.measure.is_loop()) {
            let Some(subject) = who.in_scope(counted.cap.scope) else { continue };
            if !counted.means(&subject) {
                continue;
            }
            let amount = match counted.cap.measure {
                Measure::LoopCount => Measure::of_count(looping.count).into(),
                _ => looping.cost,
            };
            let subject: Arc<str> = Arc::from(subject);
            counted.since.insert(Arc::clone(&subject), looping.since);
            counted.used.insert(subject, Used { spent: amount, reserve: UsdTotal::ZERO });
        }
    }

    /// A person has asked a session something since the loops were read: they are over.
    pub fn person_asked(&mut self, who: &Who<'_>, at: Millis) {
        let is_over = |counted: &Counted| {
            let subject = who.in_scope(counted.cap.scope);
            let since = subject.and_then(|subject| counted.since.get(&*subject).copied());
            since.is_some_and(|since| at > since)
        };
        if self.caps.iter().any(is_over) {
            self.set_loops(who, Looping { since: at, ..Looping::default() });
        }
    }

    /// Adds spend of a session's whole life to the caps that are for that.
    pub fn add_session(&mut self, who: &Who<'_>, used: Used) {
        for counted in &mut self.caps {
            if counted.cap.period == Period::Session {
                counted.add(who, used);
            }
        }
    }
}

impl Counted {
    fn add(&mut self, who: &Who<'_>, used: Used) {
        // What is spent is not what is held against a cap on loops.
        if self.cap.measure.is_loop() {
            return;
        }
        let Some(subject) = who.in_scope(self.cap.scope) else { return };
        // Mostly one that is known, and then meant.
        if let Some(sum) = self.used.get_mut(&*subject) {
            sum.add(used);
        } else if self.means(&subject) {
            self.used.insert(Arc::from(subject), used);
        }
    }

    /// The time that a subject's use is of. Of loops it begins with a person's prompt, and ends with
    /// the next, of which nobody knows when.
    pub(super) fn window_of(&self, subject: &str) -> Range<Millis> {
        let since = self.since.get(subject).copied();
        since.unwrap_or(self.window.start)..self.window.end
    }

    /// What was latched is in force. Of loops it is only while the person has asked for nothing
    /// else.
    pub(super) fn is_of_now(&self, latch: &Latch) -> bool {
        !self.cap.measure.is_loop() || self.since.get(&latch.subject) == Some(&latch.window.start)
    }

    /// The cap is for this one of its scope.
    pub(super) fn means(&self, subject: &str) -> bool {
        self.cap.means(subject, &self.pattern)
    }
}
