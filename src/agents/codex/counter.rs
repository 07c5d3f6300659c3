//! Which `token_count` events tell of a request that nothing else told of.
//!
//! They come again and again with the same total, after a pause, a compaction, a change of the rate
//! limits: only another total is another request. Newer clients also write a `token_usage_record`
//! for each answer, at once and with its id; the `token_count` comes when the answer's tools have
//! run, or never. Then the record is the call, and the event only confirms it.

use serde::{Deserialize, Serialize};

use super::tokens::{Saved, Tokens};

/// Records that a `token_count` may still be waited for: one, unless the client was killed.
const MOST_WAITING: usize = 16;

/// What a thread's events said so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Counter {
    /// The latest total. None is not zero: a first total of zero is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Saved>,
    /// Records whose event has not come: the answer's usage, and the thread's total after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<(Saved, Option<Saved>)>,
    /// How often a total was less than the one before.
    falls: u32,
    /// Of events without a total: the latest usage, and what they add up to.
    #[serde(skip_serializing_if = "Option::is_none")]
    bare: Option<(Saved, Saved)>,
}

/// A request that an event told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub usage: Tokens,
    /// The thread's total after it, which names it.
    pub total: Tokens,
    /// How often the total had fallen before: without that, the name would come twice.
    pub falls: u32,
}

impl Counter {
    /// Takes in a `token_usage_record`.
    pub(super) fn record(&mut self, usage: Tokens, total: Option<Tokens>) {
        if self.waiting.len() == MOST_WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push((Saved(usage), total.map(Saved)));
    }

    /// Takes in a `token_count`; tells of the request that it is the only word of. `goes_on`: no
    /// model has answered in the thread yet, and it may have begun with another one's total: a first
    /// total is then where the thread goes on from, and no request.
    pub(super) fn count(
        &mut self,
        total: Option<Tokens>,
        last: Option<Tokens>,
        goes_on: bool,
    ) -> Option<Counted> {
        let Some(total) = total else { return self.count_bare(last?) };
        if self.total == Some(Saved(total)) {
            return None;
        }
        let before = self.total.replace(Saved(total)).map(|saved| saved.0);
        let grown = before.map(|before| total.since(&before));
        if grown == Some(None) {
            self.falls += 1;
        }
        if self.is_recorded(Some(total), last) {
            return None;
        }
        if before.is_none() && goes_on {
            return None;
        }
        // The last usage is the request's own word; the difference may be of more than one.
        let usage = last.or(grown.unwrap_or(Some(total)))?;
        (!usage.is_nothing()).then_some(Counted { usage, total, falls: self.falls })
    }

    fn count_bare(&mut self, last: Tokens) -> Option<Counted> {
        let (before, sum) = match self.bare {
            Some((before, sum)) => (Some(before.0), sum.0),
            None => (None, Tokens::default()),
        };
        if before == Some(last) {
            return None;
        }
        let total = sum.plus(&last);
        self.bare = Some((Saved(last), Saved(total)));
        let is_new = !self.is_recorded(None, Some(last)) && !last.is_nothing();
        is_new.then_some(Counted { usage: last, total, falls: self.falls })
    }

    /// A record told of it: one with the same total or, where totals differ, the same usage. Those
    /// before it are not waited for any more.
    fn is_recorded(&mut self, total: Option<Tokens>, last: Option<Tokens>) -> bool {
        let by_total = |(_, after): &(Saved, Option<Saved>)| {
            after.is_some() && after.map(|after| after.0) == total
        };
        let by_usage = |(usage, _): &(Saved, Option<Saved>)| Some(usage.0) == last;
        let found = self.waiting.iter().position(by_total);
        let found = found.or_else(|| self.waiting.iter().position(by_usage));
        if let Some(index) = found {
            self.waiting.drain(..=index);
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: u64, output: u64) -> Tokens {
        Tokens { input, output, total: input + output, ..Tokens::default() }
    }

    fn usage(counted: Option<Counted>) -> Option<Tokens> {
        counted.map(|counted| counted.usage)
    }

    #[test]
    fn a_total_that_comes_again_is_no_request() {
        let mut counter = Counter::default();
        let first = counter.count(Some(tokens(0, 0)), Some(tokens(0, 0)), false);
        assert_eq!(first, None, "a total of zero is a total, of nothing");
        assert!(counter.count(Some(tokens(9, 1)), Some(tokens(9, 1)), false).is_some());
        assert_eq!(counter.count(Some(tokens(9, 1)), Some(tokens(9, 1)), false), None);
        // An estimate of the context after a compaction.
        let estimate = Tokens { total: 6058, ..Tokens::default() };
        assert_eq!(counter.count(Some(tokens(9, 1)), Some(estimate), false), None);
        assert_eq!(counter.count(Some(estimate), Some(estimate), false), None);
    }

    #[test]
    fn the_last_usage_is_trusted_over_the_difference() {
        let mut counter = Counter::default();
        counter.count(Some(tokens(100, 10)), Some(tokens(100, 10)), false);
        let missed = counter.count(Some(tokens(400, 40)), Some(tokens(200, 20)), false);
        assert_eq!(usage(missed), Some(tokens(200, 20)));
        let by_total = counter.count(Some(tokens(500, 50)), None, false);
        assert_eq!(usage(by_total), Some(tokens(100, 10)));
        // It fell: what the difference was nobody knows.
        assert_eq!(counter.count(Some(tokens(50, 50)), None, false), None);
        let fallen = counter.count(Some(tokens(20, 2)), Some(tokens(20, 2)), false).unwrap();
        assert_eq!((fallen.usage, fallen.falls), (tokens(20, 2), 2));
    }

    #[test]
    fn a_first_total_is_usage_only_where_nothing_can_have_been_before() {
        let of = |last, goes_on| Counter::default().count(Some(tokens(9, 1)), last, goes_on);
        assert_eq!(usage(of(None, false)), Some(tokens(9, 1)));
        assert_eq!(of(None, true), None);
        // What the parent asked last, told again.
        assert_eq!(of(Some(tokens(2, 1)), true), None);
        assert_eq!(of(Some(tokens(9, 1)), true), None);
    }

    #[test]
    fn events_without_a_total_are_requests_unless_they_repeat() {
        let mut counter = Counter::default();
        let first = counter.count(None, Some(tokens(5, 1)), false).unwrap();
        assert_eq!(counter.count(None, Some(tokens(5, 1)), false), None);
        let second = counter.count(None, Some(tokens(6, 1)), false).unwrap();
        let third = counter.count(None, Some(tokens(5, 1)), false).unwrap();
        assert_eq!((first.total, third.total), (tokens(5, 1), tokens(16, 3)));
        assert_ne!(second.total, third.total);
    }

    #[test]
    fn a_record_is_the_call_and_its_event_a_confirmation() {
        let mut counter = Counter::default();
        counter.record(tokens(10, 1), Some(tokens(10, 1)));
        // The client died before the event; its next total has both.
        counter.record(tokens(20, 2), Some(tokens(30, 3)));
        assert_eq!(counter.count(Some(tokens(30, 3)), Some(tokens(20, 2)), false), None);
        assert_eq!(counter.count(Some(tokens(30, 3)), Some(tokens(20, 2)), false), None);
        // Or it began again from the total before: the usage tells.
        counter.record(tokens(40, 4), Some(tokens(70, 7)));
        assert_eq!(counter.count(Some(tokens(60, 6)), Some(tokens(40, 4)), false), None);
        // A request that has no record.
        let other = counter.count(Some(tokens(61, 7)), Some(tokens(1, 1)), false);
        assert_eq!(usage(other), Some(tokens(1, 1)));
        // Of a record without a total only the usage is known.
        counter.record(tokens(7, 7), None);
        assert_eq!(counter.count(Some(tokens(68, 14)), Some(tokens(7, 7)), false), None);
        assert!(counter.waiting.is_empty());
    }

    #[test]
    fn records_are_not_waited_for_without_end() {
        let mut counter = Counter::default();
        for number in 0..100 {
            counter.record(tokens(number, 1), Some(tokens(number * 10, 1)));
        }
        assert_eq!(counter.waiting.len(), MOST_WAITING);
    }
}
