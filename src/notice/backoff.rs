//! When a notice that could not be told is tried again.

use crate::model::Millis;

/// After the first failures; then every hour.
const FIRST_MS: [i64; 4] = [5_000, 30_000, 120_000, 600_000];

const HOUR_MS: i64 = 3_600_000;

/// What was not told by then is old news.
const GIVE_UP_AFTER_MS: i64 = 24 * HOUR_MS;

/// When to try again after the `failed`th failure of a notice of time `of`; none if that would be
/// too late. By the clock, so that a notice that slept with the machine is given up as well.
pub fn retry_at(of: Millis, failed: u32, now: Millis) -> Option<Millis> {
    let index = usize::try_from(failed.saturating_sub(1)).ok();
    let wait = index.and_then(|index| FIRST_MS.get(index)).copied().unwrap_or(HOUR_MS);
    let at = now.plus(wait);
    (at.since(of) <= GIVE_UP_AFTER_MS).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_tried_ever_more_seldom_and_given_up_after_a_day() {
        let of = Millis(1_000_000);
        let mut now = of;
        let mut waits = Vec::new();
        while let Some(next) = retry_at(of, u32::try_from(waits.len()).unwrap() + 1, now) {
            waits.push(next.since(now) / 1000);
            now = next;
        }
        assert_eq!(waits[..6], [5, 30, 120, 600, 3600, 3600]);
        assert_eq!(waits.len(), 4 + 23);
        assert!(now.since(of) <= GIVE_UP_AFTER_MS);
    }

    #[test]
    fn a_clock_that_jumps_loses_no_notice_and_keeps_none_for_ever() {
        let of = Millis(10 * GIVE_UP_AFTER_MS);
        assert_eq!(retry_at(of, 1, Millis(0)), Some(Millis(5_000)), "stepped back");
        assert_eq!(retry_at(of, 1, Millis(of.0 + GIVE_UP_AFTER_MS)), None, "slept");
        assert_eq!(retry_at(of, 0, of), Some(Millis(of.0 + 5_000)));
        assert_eq!(retry_at(Millis(i64::MIN), u32::MAX, Millis(i64::MAX)), None);
    }
}
