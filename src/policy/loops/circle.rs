//! Steps that bring nothing new, of a few different calls, in any order.

use serde::{Deserialize, Serialize};

use super::calls::Recall;
use super::scene::{self, Mark, Scene, Step};

/// More different calls than these are no circle that a person would see.
const WIDEST: usize = 16;

/// Fewer repetitions than these are none either.
const FEWEST: u32 = 10;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Circle {
    repeats: u32,
    calls: Vec<u32>,
    since: Mark,
    edits: u32,
}

/// A circle as it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub repeats: u32,
    pub limit: u32,
    pub since: Mark,
}

impl Circle {
    /// How many different calls go round.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// A new edit ends the circle, and each new thing takes one step back.
    pub fn see(
        &mut self,
        step: &Step,
        recall: &Recall,
        is_stale: bool,
        scene: &Scene,
        rounds: u32,
    ) -> Option<Round> {
        if self.edits != scene.edits {
            *self = Self { edits: scene.edits, ..Self::default() };
        }
        if !is_stale {
            self.repeats = self.repeats.saturating_sub(1);
            if self.repeats == 0 {
                self.calls.clear();
            }
            return None;
        }
        if self.repeats == 0 {
            self.since = recall.since;
        }
        self.repeats = self.repeats.saturating_add(1);
        let call = scene::short(step.call.0);
        if !self.calls.contains(&call) && self.calls.len() < WIDEST {
            self.calls.push(call);
        }
        let calls = self.calls.len() as u32;
        // A first look at each may have come late.
        let limit = FEWEST.max(rounds.saturating_mul(calls).saturating_add(4));
        (calls > 1).then_some(Round { repeats: self.repeats, limit, since: self.since })
    }
}
