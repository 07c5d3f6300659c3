//! Sent on again and again with no person there.
//!
//! A round is what the agent does from one automated prompt to the next, or from a call that asks
//! for no tool to the call after it: something (a hook, a schedule, another agent) sent it on.
//! Catches rounds in a row that bring nothing new, sooner the quicker they come, and, whatever
//! comes of them, very many rounds or dollars since a person was there. Exempt: rounds with new
//! edits or mostly new results, a round for each subagent that reports, a look once an hour; where
//! there never was a person, a program talks with the agent, and the patience is longer. Misses an
//! agent that finds itself something new to do.

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::scene::{Scene, WideMark};
use super::thresholds::Thresholds;

/// Rounds within a minute of each other are sent on by a program.
const AT_ONCE: i64 = 60_000;

/// Rounds further apart than half an hour are a watch that somebody wants.
const WATCH: i64 = 1_800_000;

/// So many times the patience with those, and with turns where there never was a person.
const MORE_PATIENCE: u32 = 4;

/// Fewer turns than these are no unattended work, however dear.
const FEW_TURNS: u32 = 5;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unattended {
    /// A person was there once: without one it is a program that uses the agent.
    had_person: bool,
    /// Automated turns since a person was there.
    turns: u32,
    since: WideMark,
    /// Rounds in a row that brought nothing new.
    idle: u32,
    idle_since: WideMark,
    /// Reports of subagents that may still come.
    reports: u32,
    /// There was a call since a person was there.
    called: bool,
    /// The call before asked for a tool.
    used_tool: bool,
    /// A prompt came since that call.
    prompted: bool,
    /// The present round began with a subagent's report.
    is_report: bool,
    /// Of the present round: results of tools, those that were new, and whether a new edit was
    /// made.
    steps: u32,
    new: u32,
    edited: bool,
}

impl Unattended {
    /// A person is there.
    pub fn attended() -> Self {
        Self { had_person: true, ..Self::default() }
    }

    pub fn turn(&mut self, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        if self.called && !self.prompted {
            self.end_round(scene);
        }
        self.prompted = true;
        self.is_report = self.reports > 0;
        if self.is_report {
            self.reports -= 1;
        } else {
            if self.turns == 0 {
                self.since = WideMark::of(scene);
            }
            self.turns = self.turns.saturating_add(1);
        }
        self.finding(scene, limits)
    }

    pub fn call(&mut self, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        let sent_on = self.called && !self.used_tool && !self.prompted;
        if sent_on {
            self.end_round(scene);
        }
        (self.called, self.used_tool, self.prompted) = (true, false, false);
        self.finding(scene, limits).filter(|_| sent_on)
    }

    pub fn asked(&mut self, is_spawn: bool) {
        self.used_tool = true;
        self.reports = self.reports.saturating_add(u32::from(is_spawn));
    }

    /// A subagent has reported without a prompt.
    pub fn reported(&mut self) {
        self.reports = self.reports.saturating_sub(1);
    }

    pub fn step(&mut self, is_new_edit: bool, is_new_result: bool) {
        self.steps = self.steps.saturating_add(1);
        self.new = self.new.saturating_add(u32::from(is_new_result));
        self.edited |= is_new_edit;
    }

    fn end_round(&mut self, scene: &Scene) {
        let mostly_new = self.new * 2 > self.steps;
        let is_work = self.edited || mostly_new;
        let is_report = self.is_report;
        (self.steps, self.new, self.edited, self.is_report) = (0, 0, false, false);
        if is_work {
            self.idle = 0;
        } else if !is_report {
            if self.idle == 0 {
                self.idle_since = WideMark::of(scene);
            }
            self.idle = self.idle.saturating_add(1);
        }
    }

    fn finding(&self, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        let finding = |count, limit, since: WideMark| Finding {
            detector: Detector::Unattended,
            what: None,
            tool: None,
            kind: None,
            count,
            limit,
            since: since.at,
            cost: since.cost(scene),
        };
        // Where a program talks with the agent, most of what is said is not seen.
        let is_program = !self.had_person && self.turns > 1;
        let patience = if is_program { MORE_PATIENCE } else { 1 };
        let limit = match self.idle_since.pace(scene, self.idle) {
            pace if pace < AT_ONCE => limits.sent_on,
            pace if pace < WATCH => limits.woken,
            _ => limits.woken.saturating_mul(MORE_PATIENCE),
        };
        let limit = limit.saturating_mul(patience);
        let idle = (self.idle > 0).then(|| finding(self.idle, limit, self.idle_since));
        let is_dear = self.turns >= FEW_TURNS && self.since.cost(scene) >= limits.unattended_usd;
        let limit = limits.unattended_turns.saturating_mul(patience);
        let limit = if is_dear { self.turns } else { limit };
        let long = (self.turns > 1).then(|| finding(self.turns, limit, self.since));
        [long, idle].into_iter().flatten().max_by_key(Finding::share)
    }
}
