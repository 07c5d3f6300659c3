//! Asking how something stands, without end.
//!
//! To ask again is the use of a tool that polls, and of a command that sleeps and then looks. That
//! the answer changes is progress; that it does not is patience, up to a point. Catches the same
//! answer many times, earlier where the questions come within seconds of each other; and one
//! question asked in quick succession with nothing else in between, whatever the answers: only a
//! counter changes in them. Misses slow polling whose answer has the time in it.

use super::alarm::{Detector, Finding};
use super::calls::Recall;
use super::scene::{Mark, Scene, Step};
use super::thresholds::Thresholds;
use crate::model::ToolKind;

/// Questions in quick succession.
const QUICK: i64 = 8_000;

/// So long in tools, each time, is waiting; a failure is a result sooner than a wait.
const WAIT: i64 = 8_000;
const WAIT_FOR_FAILURE: i64 = 25_000;

/// The time since a mark was mostly spent in tools that wait.
pub(super) fn waits(step: &Step, since: Mark, times: u32, scene: &Scene) -> bool {
    let least = if step.is_done() { WAIT } else { WAIT_FOR_FAILURE };
    let may_wait = matches!(step.kind(), ToolKind::Run | ToolKind::Poll | ToolKind::Other);
    may_wait && since.tool_pace(scene, times) >= least
}

pub(super) fn judge(
    step: &Step,
    recall: &Recall,
    scene: &Scene,
    limits: &Thresholds,
) -> Option<Finding> {
    if step.kind() == ToolKind::Spawn || step.kind() == ToolKind::Edit {
        return None;
    }
    let polls = step.kind() == ToolKind::Poll;
    let finding = |count, limit, since: Mark| Finding {
        count,
        limit,
        since: since.at,
        cost: since.cost(scene),
        ..Finding::about(Detector::Polling, step)
    };
    let row_is_quick = recall.row_since.pace(scene, recall.row) < QUICK;
    if recall.row > recall.same && row_is_quick {
        return Some(finding(recall.row, limits.polling, recall.row_since));
    }
    if !recall.is_stale() || !(polls || waits(step, recall.since, recall.same, scene)) {
        return None;
    }
    let is_quick = recall.since.pace(scene, recall.same) < QUICK;
    let limit = if is_quick { limits.polling } else { limits.waiting };
    Some(finding(recall.same, limit, recall.since))
}
