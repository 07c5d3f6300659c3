//! What a decision says to a person, in one or two lines, and under which name it is said once.

use jiff::tz::TimeZone;

use super::{Decision, Period, Scope};
use crate::format::{money_fixed, printable};
use crate::model::{LIMIT, Permille, UsdTotal};

/// The session that a decision is about, to itself.
const THIS_SESSION: &str = "this session";

/// Amounts of caps are read to the cent; a cap of cents needs more.
pub(super) fn decimals(limit: UsdTotal) -> u32 {
    if limit < UsdTotal(1_000_000_000_000) { 4 } else { 2 }
}

impl Decision {
    /// `$16.02 of $20.00 today`: what counts, the limit, and what it is about.
    pub fn amounts(&self) -> String {
        self.amounts_of(THIS_SESSION)
    }

    /// The same with a name for the session, for whoever is told of it from outside: `$1.20 of
    /// $1.00 in a session in shop`.
    pub fn amounts_of(&self, session: &str) -> String {
        let limit = UsdTotal::from(self.limit);
        let decimals = decimals(limit);
        let measure = self.cap.measure;
        let counted = measure.show(self.counted(), decimals);
        format!("{counted} of {} {}", measure.show(limit, decimals), self.when(session))
    }

    /// The same with the level in percent: `$16.02 of $20.00 today (80 %)`.
    pub fn headline(&self, level: Permille) -> String {
        self.headline_of(THIS_SESSION, level)
    }

    /// The same with a name for the session; see [`amounts_of`](Self::amounts_of).
    pub fn headline_of(&self, session: &str, level: Permille) -> String {
        let percent = f64::from(level) / 10.0;
        format!("{} ({percent} %)", self.amounts_of(session))
    }

    /// `today`, `this week in shop`, …
    fn when(&self, session: &str) -> String {
        if self.cap.measure.is_loop() {
            return format!("in a loop of {session}");
        }
        let when = match self.cap.period {
            Period::Session => format!("in {session}"),
            Period::Hour => "this hour".to_owned(),
            Period::Day => "today".to_owned(),
            Period::Week => "this week".to_owned(),
            Period::Month => "this month".to_owned(),
        };
        let subject = printable(&self.subject);
        match self.cap.scope {
            Scope::Developer => when,
            Scope::Session if self.cap.period == Period::Session => when,
            Scope::Session => format!("{when} in {session}"),
            Scope::Project => {
                let name = subject.rsplit('/').next().unwrap_or_default();
                format!("{when} in {name}")
            }
            Scope::Branch => format!("{when} on {subject}"),
            Scope::Model => format!("{when} for {subject}"),
            Scope::Agent => format!("{when} with {subject}"),
        }
    }

    /// That the limit is reached: `is reached: $20.40 of $20.00 today`. Where it was by calls that
    /// are counted no more, or not yet, what is counted would be no reason.
    pub fn reached(&self) -> String {
        let limit = UsdTotal::from(self.limit);
        if self.counted() >= limit {
            format!("is reached: {}", self.amounts())
        } else {
            let limit = self.cap.measure.show(limit, decimals(limit));
            format!("of {limit} {} was reached before", self.when(THIS_SESSION))
        }
    }

    /// When the period ends, in local time: `00:00`, `Mon 30 Nov 00:00`; none for a session's
    /// life, which ends with it.
    pub fn resets_at(&self, zone: &TimeZone) -> Option<String> {
        if self.cap.period == Period::Session {
            return None;
        }
        let end = self.window.end.timestamp().to_zoned_datetime(zone.clone());
        let format = match self.cap.period {
            Period::Hour | Period::Day => "%H:%M",
            _ => "%a %-d %b %H:%M",
        };
        Some(end.strftime(format).to_string())
    }

    /// Why a session may not go on: what is used up and until when. It is read by the agent's
    /// model too, so it never names a way round.
    pub fn stop_reason(&self, zone: &TimeZone) -> String {
        let cap = printable(&self.cap.name);
        let until = match self.resets_at(zone) {
            Some(at) => format!("it resets at {at}"),
            None if self.cap.measure.is_loop() => {
                "the same was done again and again, and nobody asked for it since".to_owned()
            }
            None => "it holds for the rest of the session".to_owned(),
        };
        let limit = UsdTotal::from(self.limit);
        let reserve = if self.used.reserve > UsdTotal::ZERO && self.counted() >= limit {
            let reserve = money_fixed(self.used.reserve, decimals(limit));
            format!(", of which {reserve} are set aside for calls without a known price")
        } else {
            String::new()
        };
        format!("spendtop: the {} \"{cap}\" {}{reserve}; {until}.", self.cap.noun(), self.reached())
    }

    /// The level as a person says it.
    pub fn level_name(level: Permille) -> String {
        if level >= LIMIT { "limit".to_owned() } else { format!("{} %", f64::from(level) / 10.0) }
    }
}

/// The key that a level of a cap is told under, by the daemon and by hooks alike: once for each
/// cap, subject, period, level and limit. The limit is part of it because one that was raised
/// starts anew: reaching it is news.
pub fn notice_key(decision: &Decision, level: Permille) -> String {
    // A subject may hold slashes (a project is a path), so the name must not: what follows the
    // subject are numbers.
    let name = decision.cap.name.replace('%', "%25").replace('/', "%2F");
    let (subject, start) = (&decision.subject, decision.window.start.0);
    format!("cap/{name}/{subject}/{start}/{level}/{}", decision.limit.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Millis, PicoUsd};
    use crate::policy::{Cap, Used};

    fn decision(name: &str, subject: &str) -> Decision {
        Decision {
            cap: Arc::new(Cap { name: name.into(), ..Cap::daily(PicoUsd::from_dollars(20)) }),
            subject: subject.into(),
            window: Millis(86_400_000)..Millis(2 * 86_400_000),
            used: Used::default(),
            limit: PicoUsd::from_dollars(20),
            level: Some(800),
            latched: false,
            snoozed_until: None,
        }
    }

    #[test]
    fn a_notice_has_one_key_for_each_cap_subject_period_level_and_limit() {
        let maya = decision("daily", "maya");
        assert_eq!(notice_key(&maya, 800), "cap/daily/maya/86400000/800/20000000000000");
        let mut others = vec![maya.clone(), maya.clone(), decision("daily", "ken")];
        others[0].window = Millis(0)..Millis(86_400_000);
        others[1].limit = PicoUsd::from_dollars(30);
        for other in others {
            assert_ne!(notice_key(&other, 800), notice_key(&maya, 800));
        }
        assert_ne!(notice_key(&maya, LIMIT), notice_key(&maya, 800));
        assert_ne!(
            notice_key(&decision("a/b", "c"), 800),
            notice_key(&decision("a", "b/c"), 800),
            "a slash in a name"
        );
    }
}
