//! A few calls that come round again.
//!
//! Catches two to four calls in the same order with the same results, two to sixteen in any order
//! as long as nothing new comes of them, and, much later, two to four whose results change. Exempt:
//! a new edit in between, and rounds that wait (`sleep`, then look). Misses longer cycles with
//! changing results.

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::calls::Recall;
use super::circle::Circle;
use super::poll;
use super::scene::{self, Mark, Scene, Step};
use super::thresholds::Thresholds;
use crate::model::ToolKind;

/// The longest cycle that is looked for in order.
const LONGEST: usize = 4;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cycle {
    /// The steps before, the latest at the end.
    last: Vec<Past>,
    /// For each length from two on: how many steps in a row were as that many steps before.
    same: [Run; LONGEST - 1],
    /// The same of the calls alone.
    calls: [Run; LONGEST - 1],
    circle: Circle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Past {
    call: u32,
    pair: u32,
    mark: Mark,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    steps: u32,
    since: Mark,
}

impl Run {
    fn step(&mut self, again: bool, since: Mark) {
        if !again {
            self.steps = 0;
            return;
        }
        if self.steps == 0 {
            self.since = since;
        }
        self.steps = self.steps.saturating_add(1);
    }

    /// Times that the whole cycle was gone through.
    fn rounds(&self, length: usize) -> u32 {
        1 + self.steps / length as u32
    }
}

impl Cycle {
    /// How many different calls go round without anything new.
    pub fn circle(&self) -> usize {
        self.circle.calls()
    }

    pub fn see(
        &mut self,
        step: &Step,
        recall: &Recall,
        scene: &Scene,
        limits: &Thresholds,
    ) -> Option<Finding> {
        if step.kind() == ToolKind::Spawn {
            return None;
        }
        let now =
            Past { call: scene::short(step.call.0), pair: step.pair(), mark: Mark::of(scene) };
        let found = self.in_order(step, now, scene, limits);
        self.last.push(now);
        if self.last.len() > LONGEST {
            self.last.remove(0);
        }
        let around = self.around(step, recall, scene, limits);
        found.or(around)
    }

    fn in_order(
        &mut self,
        step: &Step,
        now: Past,
        scene: &Scene,
        limits: &Thresholds,
    ) -> Option<Finding> {
        let mut found = None;
        for length in 2..=LONGEST {
            let place = length - 2;
            let before = self.last.len().checked_sub(length).map(|at| self.last[at]);
            let mark = before.map_or(now.mark, |past| past.mark);
            self.same[place].step(before.is_some_and(|past| past.pair == now.pair), mark);
            self.calls[place].step(before.is_some_and(|past| past.call == now.call), mark);
            // One call alone is not a cycle.
            let since = self.last.len().saturating_sub(length - 1);
            if self.last[since..].iter().all(|past| past.call == now.call) {
                continue;
            }
            let same = self.same[place].rounds(length);
            let calls = self.calls[place].rounds(length);
            let waits = poll::waits(step, self.same[place].since, same, scene);
            let (run, count, limit) = if calls > same && calls >= limits.changing_cycle {
                (self.calls[place], calls, limits.changing_cycle)
            } else {
                (self.same[place], same, if waits { limits.waiting } else { limits.cycle })
            };
            if found.is_none() && count > 1 {
                found = Some(Finding {
                    count,
                    limit,
                    since: run.since.at,
                    cost: run.since.cost(scene),
                    ..Finding::about(Detector::Cycle, step)
                });
            }
        }
        found
    }

    fn around(
        &mut self,
        step: &Step,
        recall: &Recall,
        scene: &Scene,
        limits: &Thresholds,
    ) -> Option<Finding> {
        if step.kind() == ToolKind::Poll {
            return None;
        }
        let round = self.circle.see(step, recall, recall.is_stale(), scene, limits.rounds)?;
        if poll::waits(step, round.since, round.repeats, scene) {
            return None;
        }
        Some(Finding {
            count: round.repeats,
            limit: round.limit,
            since: round.since.at,
            cost: round.since.cost(scene),
            ..Finding::about(Detector::Cycle, step)
        })
    }
}
