//! More subagents than anybody asked for.
//!
//! Catches subagents that come by the dozen within minutes, those that subagents start, and one
//! brief that is handed out again and again. Exempt: batches whose reports are waited for, subagents
//! in a row over hours, a few helpers of subagents. Misses a slow tree whose every node starts a few.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::scene::{self, Scene, WideMark};
use super::thresholds::Thresholds;
use crate::model::{Fingerprint, Millis, ToolKind, ToolUse};

/// The window is this one and the one before.
const HALF_WINDOW: i64 = 300_000;

/// So many briefs are remembered.
const REMEMBERED: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subagents {
    all: Window,
    nested: Window,
    briefs: Vec<Brief>,
    tool: Option<Arc<str>>,
}

/// How many in the last five to ten minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    half: i64,
    now: u32,
    before: u32,
    since: WideMark,
    since_before: WideMark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Brief {
    call: Fingerprint,
    count: u32,
    since: WideMark,
}

impl Window {
    fn add(&mut self, scene: &Scene) {
        let half = scene.at.0.div_euclid(HALF_WINDOW);
        if half != self.half {
            let follows = half == self.half + 1;
            self.before = if follows { self.now } else { 0 };
            self.since_before = self.since;
            (self.half, self.now) = (half, 0);
            self.since = WideMark::of(scene);
        }
        if self.now == 0 {
            self.since = WideMark::of(scene);
        }
        self.now = self.now.saturating_add(1);
    }

    fn take(&mut self) {
        if self.now > 0 {
            self.now -= 1;
        } else {
            self.before = self.before.saturating_sub(1);
        }
    }

    fn count(&self) -> u32 {
        self.now.saturating_add(self.before)
    }

    fn begun(&self) -> WideMark {
        if self.before > 0 { self.since_before } else { self.since }
    }
}

impl Subagents {
    /// The thread starts one.
    pub fn see(&mut self, asked: &ToolUse, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        self.tool = Some(Arc::clone(&asked.name));
        self.all.add(scene);
        let brief = self.brief(scene::call(asked), scene);
        let again = (brief.count > 1).then(|| Finding {
            what: Some(brief.call),
            count: brief.count,
            limit: limits.same_brief,
            since: brief.since.at,
            cost: brief.since.cost(scene),
            ..self.finding(self.all, limits.subagents, scene)
        });
        let storm = self.finding(self.all, limits.subagents, scene);
        [again, Some(storm)].into_iter().flatten().max_by_key(Finding::share)
    }

    /// One that was waited for has reported: that is work, not a storm.
    pub fn reported(&mut self) {
        self.all.take();
    }

    /// One of its subagents starts one.
    pub fn nested(&mut self, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        self.all.add(scene);
        self.nested.add(scene);
        let all = self.finding(self.all, limits.subagents, scene);
        let nested = self.finding(self.nested, limits.nested_subagents, scene);
        [all, nested].into_iter().max_by_key(Finding::share)
    }

    fn brief(&mut self, call: Fingerprint, scene: &Scene) -> Brief {
        let place = self.briefs.iter().position(|brief| brief.call == call);
        let brief = match place.map(|place| self.briefs.remove(place)) {
            Some(old) => Brief { count: old.count.saturating_add(1), ..old },
            None => Brief { call, count: 1, since: WideMark::of(scene) },
        };
        self.briefs.push(brief);
        if self.briefs.len() > REMEMBERED {
            self.briefs.remove(0);
        }
        brief
    }

    fn finding(&self, window: Window, limit: u32, scene: &Scene) -> Finding {
        let Millis(since) = window.begun().at;
        Finding {
            detector: Detector::Subagents,
            what: None,
            tool: self.tool.clone(),
            kind: Some(ToolKind::Spawn),
            count: window.count(),
            limit,
            since: Millis(since),
            cost: window.begun().cost(scene),
        }
    }
}
