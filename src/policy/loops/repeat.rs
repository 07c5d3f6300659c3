//! The same call with the same result again and again.
//!
//! Catches a call that has taught nothing for the fifth time, whatever else is done in between,
//! and over compactions. Where another call gives something else each time (a click, and the page
//! it leads to) that takes far longer. Exempt: a new edit in between (a check that says "ok" after each change is
//! usual work; one that fails the same way is for `errors`), a command never run before in between
//! (many agents change files by those), edits themselves (`revert`), tools
//! that are there to be asked again, and commands that wait (`poll`). Misses a call whose input
//! differs each time, and one whose result has a time or a counter in it.

use super::alarm::{Detector, Finding};
use super::calls::Recall;
use super::poll;
use super::scene::{Scene, Step};
use super::thresholds::Thresholds;
use crate::model::ToolKind;

/// So many different calls are a circle.
const CIRCLE: usize = 3;

pub(super) fn judge(
    step: &Step,
    recall: &Recall,
    circle: usize,
    scene: &Scene,
    limits: &Thresholds,
) -> Option<Finding> {
    let is_exempt = matches!(step.kind(), ToolKind::Poll | ToolKind::Spawn | ToolKind::Edit);
    if is_exempt || !recall.is_stale() || poll::waits(step, recall.since, recall.same, scene) {
        return None;
    }
    let acts = matches!(step.kind(), ToolKind::Run | ToolKind::Other);
    let limit = if acts && recall.moved * 2 > recall.same {
        limits.changing_cycle
    } else if circle >= CIRCLE {
        // One of several that come again: the circle is the better word for it.
        limits.same_result.saturating_mul(2)
    } else {
        limits.same_result
    };
    Some(Finding {
        count: recall.same,
        limit,
        since: recall.since.at,
        cost: recall.since.cost(scene),
        ..Finding::about(Detector::SameResult, step)
    })
}
