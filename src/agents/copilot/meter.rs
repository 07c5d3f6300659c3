//! What a model has used in a session: running totals, which begin anew when a client of some
//! versions takes a session up again, and from which what was told before has to be taken off.

use serde::{Deserialize, Serialize};

use crate::agents::json::Count;
use crate::model::{PicoUsd, TokenUsage};

/// A nano credit is a thousand-millionth of a cent.
const PICO_USD_OF_NANO_AIU: i64 = 10;

/// The counts of one answer, or of several. Cached and written tokens are part of the input,
/// reasoning of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Counts {
    #[serde(rename = "inputTokens")]
    input: Count,
    #[serde(rename = "outputTokens")]
    output: Count,
    #[serde(rename = "cacheReadTokens")]
    read: Count,
    #[serde(rename = "cacheWriteTokens")]
    written: Count,
    #[serde(rename = "reasoningTokens")]
    reasoning: Count,
}

/// The same, with how many answers it is and what they cost in nano credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 7]", into = "[u64; 7]")]
pub(super) struct Used {
    pub input: u64,
    pub output: u64,
    pub read: u64,
    pub written: u64,
    pub reasoning: u64,
    pub requests: u64,
    pub nano_aiu: u64,
}

impl From<[u64; 7]> for Used {
    fn from([input, output, read, written, reasoning, requests, nano_aiu]: [u64; 7]) -> Self {
        Self { input, output, read, written, reasoning, requests, nano_aiu }
    }
}

impl From<Used> for [u64; 7] {
    fn from(used: Used) -> Self {
        let Used { input, output, read, written, reasoning, requests, nano_aiu } = used;
        [input, output, read, written, reasoning, requests, nano_aiu]
    }
}

impl Used {
    pub(super) fn of(counts: &Counts, requests: u64, nano_aiu: Count) -> Self {
        Self {
            input: counts.input.or_zero(),
            output: counts.output.or_zero(),
            read: counts.read.or_zero(),
            written: counts.written.or_zero(),
            reasoning: counts.reasoning.or_zero(),
            requests,
            nano_aiu: nano_aiu.or_zero(),
        }
    }

    /// Nothing was billed.
    pub(super) fn is_nothing(&self) -> bool {
        (self.input, self.output, self.read, self.written) == (0, 0, 0, 0)
    }

    /// What came on top of earlier totals; none where something is less than before.
    fn since(&self, before: &Self) -> Option<Self> {
        Some(Self {
            input: self.input.checked_sub(before.input)?,
            output: self.output.checked_sub(before.output)?,
            read: self.read.checked_sub(before.read)?,
            written: self.written.checked_sub(before.written)?,
            reasoning: self.reasoning.saturating_sub(before.reasoning),
            requests: self.requests.saturating_sub(before.requests),
            nano_aiu: self.nano_aiu.saturating_sub(before.nano_aiu),
        })
    }

    fn plus(&self, other: &Self) -> Self {
        let (ours, theirs): ([u64; 7], [u64; 7]) = ((*self).into(), (*other).into());
        let sum = |at: usize| ours[at].saturating_add(theirs[at]).min(Count::MAX);
        Self::from(std::array::from_fn(sum))
    }

    /// Taken apart into classes that do not overlap, and whether that rests on an assumption: the
    /// time that writes are kept for is not told, and more may be cached than was sent.
    pub(super) fn usage(&self) -> (TokenUsage, bool) {
        let from_cache = self.read.saturating_add(self.written);
        let usage = TokenUsage {
            input_tokens: self.input.saturating_sub(from_cache),
            output_tokens: self.output,
            cache_read_input_tokens: self.read,
            cache_creation_5m_input_tokens: self.written,
            reasoning_output_tokens: self.reasoning,
            ..TokenUsage::default()
        };
        (usage, self.written > 0 || from_cache > self.input)
    }

    /// What it cost in credits, where that is told.
    pub(super) fn credits(&self) -> Option<PicoUsd> {
        credits(self.nano_aiu)
    }
}

/// What so many nano credits are.
pub(super) fn credits(nano_aiu: u64) -> Option<PicoUsd> {
    let nano_aiu = i64::try_from(nano_aiu).ok().filter(|nano_aiu| *nano_aiu > 0)?;
    nano_aiu.checked_mul(PICO_USD_OF_NANO_AIU).map(PicoUsd)
}

/// One model's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Meter {
    /// What was told since the client's totals began.
    told: Used,
    /// The same when the session was taken up again, until the next totals: they may have begun
    /// anew then.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_resume: Option<Used>,
    /// How often they began anew.
    #[serde(skip_serializing_if = "is_zero")]
    pub begun: u32,
    /// Answers were told one by one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_record: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Meter {
    /// An answer.
    pub(super) fn record(&mut self, used: &Used) {
        self.by_record = true;
        self.told = self.told.plus(used);
    }

    /// An answer of which only the output is known.
    pub(super) fn message(&mut self, output: u64) {
        self.told = self.told.plus(&Used { output, ..Used::default() });
    }

    /// The session is taken up again.
    pub(super) fn resume(&mut self) {
        self.at_resume = Some(self.told);
    }

    /// Totals: what of them was not told before.
    pub(super) fn total(&mut self, total: &Used) -> Option<Used> {
        let before = self.at_resume.take();
        let anew = before.and_then(|before| self.told.since(&before));
        let missing = match (total.since(&self.told), anew) {
            (Some(missing), _) => missing,
            // They are less than before, because they began anew.
            (None, Some(since)) => {
                self.begun += 1;
                total.since(&since)?
            }
            // Totals that are behind the answers told one by one tell nothing.
            (None, None) if self.by_record => return None,
            (None, None) => {
                self.begun += 1;
                *total
            }
        };
        self.told = *total;
        Some(missing).filter(|missing| !missing.is_nothing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(input: u64, output: u64) -> Used {
        Used { input, output, requests: 1, ..Used::default() }
    }

    fn missing(meter: &mut Meter, total: &Used) -> Option<(u64, u64)> {
        meter.total(total).map(|used| (used.input, used.output))
    }

    #[test]
    fn a_call_is_what_came_on_top() {
        let mut meter = Meter::default();
        assert_eq!(missing(&mut meter, &used(100, 10)), Some((100, 10)));
        assert_eq!(missing(&mut meter, &used(100, 10)), None, "the same again");
        meter.resume();
        assert_eq!(missing(&mut meter, &used(150, 12)), Some((50, 2)));
        // It began anew, with or without a word.
        meter.resume();
        assert_eq!(missing(&mut meter, &used(30, 3)), Some((30, 3)));
        assert_eq!(missing(&mut meter, &used(7, 1)), Some((7, 1)));
        assert_eq!(meter.begun, 2);
    }

    #[test]
    fn what_was_told_one_by_one_is_taken_off() {
        let mut meter = Meter::default();
        meter.record(&used(100, 10));
        meter.record(&used(50, 5));
        assert_eq!(missing(&mut meter, &used(150, 15)), None);
        assert_eq!(missing(&mut meter, &used(160, 15)), Some((10, 0)), "one that has no record");
        meter.record(&used(9, 1));
        assert_eq!(missing(&mut meter, &used(160, 15)), None, "behind the records");
        // Taken up again by a client that begins anew.
        meter.resume();
        meter.record(&used(20, 2));
        assert_eq!(missing(&mut meter, &used(25, 2)), Some((5, 0)));
        let mut meter = Meter::default();
        meter.message(4);
        assert_eq!(missing(&mut meter, &used(100, 10)), Some((100, 6)));
    }

    #[test]
    fn the_classes_are_disjoint_and_credits_are_cents() {
        let text = r#"{"inputTokens":1000,"outputTokens":50,"cacheReadTokens":600,
            "cacheWriteTokens":300,"reasoningTokens":20}"#;
        let counts: Counts = serde_json::from_str(text).unwrap();
        let used = Used::of(&counts, 1, Count(Some(1_510_581_560_000)));
        let (usage, assumed) = used.usage();
        assert_eq!((usage.input_tokens, usage.cache_creation_5m_input_tokens), (100, 300));
        assert_eq!((usage.total_tokens(), assumed), (1050, true));
        assert_eq!(used.credits(), Some(PicoUsd(15_105_815_600_000)));
        assert_eq!((credits(0), credits(u64::MAX)), (None, None));
        let huge: Counts =
            serde_json::from_str(r#"{"inputTokens":1e30,"outputTokens":"9e18"}"#).unwrap();
        let huge = Used::of(&huge, 1, Count(None));
        assert_eq!(huge.plus(&huge).input, Count::MAX);
    }
}
