//! The same result whatever is asked.
//!
//! Catches one tool that is asked something else each time, with nothing else in between, and has
//! one answer to it all: a page number that is not heeded, one look in ever other words. Exempt:
//! edits, failures (`errors`). Misses the same with other work in between: that is how tools are
//! used that are told something, and have nothing to say.

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::calls::Recall;
use super::scene::{self, Mark, Scene, Step};
use super::thresholds::Thresholds;
use crate::model::ToolKind;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answers {
    answer: u32,
    count: u32,
    since: Mark,
}

impl Answers {
    pub fn see(
        &mut self,
        step: &Step,
        recall: &Recall,
        scene: &Scene,
        limits: &Thresholds,
    ) -> Option<Finding> {
        let answer = scene::short(scene::tool(&step.asked.name) ^ step.output.0);
        if self.answer != answer || !step.is_done() {
            *self = Self { answer, count: 1, since: Mark::of(scene) };
            return None;
        }
        // The same question again is for `repeat`.
        self.count = self.count.saturating_add(u32::from(!recall.is_known));
        let limit = match step.kind() {
            ToolKind::Run | ToolKind::Read => limits.same_answer.saturating_mul(2),
            ToolKind::Other => limits.same_answer,
            ToolKind::Poll | ToolKind::Spawn | ToolKind::Edit => return None,
        };
        (self.count > 1).then(|| Finding {
            what: Some(step.output),
            count: self.count,
            limit,
            since: self.since.at,
            cost: self.since.cost(scene),
            ..Finding::about(Detector::SameResult, step)
        })
    }
}
