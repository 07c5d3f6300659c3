//! The same error, and the failure that no fix changes.
//!
//! Catches one tool that fails in the same words whatever it is asked, denials among them; edits of
//! one file that fail whatever the words; and a call that fails the very same way, or one of two
//! ways in turn, after each of many new edits or commands. Exempt: what has succeeded since (a retry that worked, an edit of
//! that file that was made), errors that only begin alike with new edits in between, waiting for
//! something to come up. Misses errors whose first words differ each time.

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::poll;
use super::scene::{self, Mark, Scene, Step};
use super::thresholds::Thresholds;
use crate::model::{Fingerprint, ToolKind, ToolOutcome};

/// So many errors, and so many failing calls, are remembered.
const REMEMBERED: usize = 8;

/// So many ways in which a call fails are remembered.
const OUTCOMES: usize = 2;

/// An error that has not come for so many steps is another one when it comes.
const FORGOTTEN_AFTER: u32 = 32;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Errors {
    seen: Vec<Seen>,
    tried: Vec<Tried>,
}

/// An error of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    tool: u64,
    error: Fingerprint,
    /// The call that failed last, and the file it was about.
    call: Fingerprint,
    target: Option<Fingerprint>,
    count: u32,
    since: Mark,
    step: u32,
    edits: u32,
    acts: u32,
}

/// A call that fails, and is tried again after new edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tried {
    call: Fingerprint,
    /// What it gave last, the latest first: two failures that take turns are no progress either.
    gave: [u32; OUTCOMES],
    count: u32,
    since: Mark,
    edits: u32,
    acts: u32,
}

impl Errors {
    pub fn see(&mut self, step: &Step, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        let fixes = self.fixes(step, scene, limits);
        let error = self.error(step, scene, limits);
        [fixes, error].into_iter().flatten().max_by_key(Finding::share)
    }

    fn error(&mut self, step: &Step, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        let tool = scene::tool(&step.asked.name);
        if step.is_done() {
            self.seen.retain(|seen| {
                let same_file = seen.target.is_some() && seen.target == step.asked.target;
                seen.call != step.call && !(seen.tool == tool && same_file)
            });
            return None;
        }
        // Whoever says no: that it is said again is what counts.
        let error = match (step.outcome, step.kind(), step.asked.target) {
            (ToolOutcome::Denied, ..) => Fingerprint(0),
            // The words of an edit that does not fit hold the text that was not found.
            (ToolOutcome::Failed, ToolKind::Edit, Some(target)) => target,
            _ => step.error?,
        };
        let fresh = Seen {
            tool,
            error,
            call: step.call,
            target: step.asked.target,
            count: 1,
            since: Mark::of(scene),
            step: scene.steps,
            edits: scene.edits,
            acts: scene.acts,
        };
        let place = self.seen.iter().position(|seen| seen.tool == tool && seen.error == error);
        let seen = match place.map(|place| self.seen.remove(place)) {
            Some(old) if old.edits == scene.edits && scene.steps - old.step <= FORGOTTEN_AFTER => {
                let again = u32::from(old.acts == scene.acts);
                Seen { count: old.count.saturating_add(again), since: old.since, ..fresh }
            }
            _ => fresh,
        };
        self.seen.push(seen);
        if self.seen.len() > REMEMBERED {
            self.seen.remove(0);
        }
        let waits = poll::waits(step, seen.since, seen.count, scene);
        (seen.count > 1).then(|| Finding {
            what: step.error.or(Some(step.call)),
            count: seen.count,
            limit: if waits { limits.waiting } else { limits.same_error },
            since: seen.since.at,
            cost: seen.since.cost(scene),
            ..Finding::about(Detector::SameError, step)
        })
    }

    fn fixes(&mut self, step: &Step, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        let place = self.tried.iter().position(|tried| tried.call == step.call);
        let old = place.map(|place| self.tried.remove(place));
        if step.outcome != ToolOutcome::Failed {
            return None;
        }
        let fresh = Tried {
            call: step.call,
            gave: [step.pair(), 0],
            count: 1,
            since: Mark::of(scene),
            edits: scene.edits,
            acts: scene.acts,
        };
        let tried = match old {
            Some(old) if old.gave.contains(&step.pair()) => Tried {
                gave: old.gave,
                count: old
                    .count
                    .saturating_add(u32::from(old.edits != scene.edits || old.acts != scene.acts)),
                since: old.since,
                ..fresh
            },
            Some(old) => Tried { gave: [step.pair(), old.gave[0]], ..fresh },
            None => fresh,
        };
        self.tried.push(tried);
        if self.tried.len() > REMEMBERED {
            self.tried.remove(0);
        }
        (tried.count > 1).then(|| Finding {
            count: tried.count,
            limit: limits.failed_fixes,
            since: tried.since.at,
            cost: tried.since.cost(scene),
            ..Finding::about(Detector::SameError, step)
        })
    }
}
