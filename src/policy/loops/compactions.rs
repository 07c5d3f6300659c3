//! Summing up, over and over, with next to nothing in between.
//!
//! Catches a window that is full from the start (a call or two, and it is summed up again) and one
//! that the same files fill each time. Exempt: compactions with new edits in between, or with mostly
//! new results. Misses slow thrashing with some new reading each time.

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::scene::{Mark, Scene};
use super::thresholds::Thresholds;

/// So few calls in between are next to nothing, whatever they were.
const NOTHING: u32 = 4;

/// More in between are work.
const WORK: u32 = 24;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Compactions {
    count: u32,
    since: Mark,
    calls: u32,
    edits: u32,
    /// Steps since the one before, and those of them that called what had not been called.
    steps: u32,
    new: u32,
}

impl Compactions {
    pub fn step(&mut self, is_new: bool) {
        self.steps = self.steps.saturating_add(1);
        self.new = self.new.saturating_add(u32::from(is_new));
    }

    pub fn see(&mut self, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        let calls = scene.calls - self.calls;
        let mostly_old = self.new * 2 <= self.steps;
        let thrashes = self.count > 0
            && scene.edits == self.edits
            && (calls <= NOTHING || (calls <= WORK && mostly_old));
        if thrashes {
            self.count = self.count.saturating_add(1);
        } else {
            (self.count, self.since) = (1, Mark::of(scene));
        }
        (self.calls, self.edits) = (scene.calls, scene.edits);
        (self.steps, self.new) = (0, 0);
        (self.count > 1).then(|| Finding {
            detector: Detector::Compaction,
            what: None,
            tool: None,
            kind: None,
            count: self.count,
            limit: limits.compaction,
            since: self.since.at,
            cost: self.since.cost(scene),
        })
    }
}
