//! Adds up spend by what each cap is about.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use wildmatch::WildMatch;

use super::{Cap, Period, Scope, Who, window};
use crate::model::{Millis, UsdTotal};

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
    pattern: WildMatch,
}

impl Tally {
    /// No spend yet, for the periods that hold `now`.
    pub fn new(caps: &[Arc<Cap>], zone: &TimeZone, now: Millis) -> Self {
        let counted = |cap: &Arc<Cap>| Counted {
            cap: Arc::clone(cap),
            window: window(cap.period, zone, now),
            used: BTreeMap::new(),
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
        let Some(subject) = who.in_scope(self.cap.scope) else { return };
        // Mostly one that is known, and then meant.
        if let Some(sum) = self.used.get_mut(&*subject) {
            sum.add(used);
        } else if self.means(&subject) {
            self.used.insert(Arc::from(subject), used);
        }
    }

    /// The cap is for this one of its scope.
    pub(super) fn means(&self, subject: &str) -> bool {
        self.cap.means(subject, &self.pattern)
    }
}
