//! Reading what was read and has not changed.
//!
//! Catches a few files, or parts of one, that are read over and over in any order. Exempt: a new
//! edit in between, the first look after a compaction. Misses files that are read through the
//! shell, unless `cycle` sees them, and waste of less than two rounds.

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::calls::Recall;
use super::circle::Circle;
use super::scene::{Scene, Step};
use super::thresholds::Thresholds;
use crate::model::ToolKind;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Reread {
    circle: Circle,
}

impl Reread {
    pub fn see(
        &mut self,
        step: &Step,
        recall: &Recall,
        scene: &Scene,
        limits: &Thresholds,
    ) -> Option<Finding> {
        if step.kind() != ToolKind::Read {
            return None;
        }
        let round = self.circle.see(step, recall, recall.is_again, scene, limits.rounds)?;
        Some(Finding {
            what: step.asked.target.or(Some(step.call)),
            count: round.repeats,
            limit: round.limit,
            since: round.since.at,
            cost: round.since.cost(scene),
            ..Finding::about(Detector::Reread, step)
        })
    }
}
