//! Watches one thread: feeds every detector, and says what is new of what they find.

use serde::{Deserialize, Serialize};

use super::alarm::{Alarm, Detector, Finding, Level};
use super::answers::Answers;
use super::calls::Calls;
use super::compactions::Compactions;
use super::cycle::Cycle;
use super::errors::Errors;
use super::reread::Reread;
use super::revert::Reverts;
use super::scene::{self, Scene, Step};
use super::subagents::Subagents;
use super::thresholds::Thresholds;
use super::unattended::Unattended;
use super::{poll, repeat};
use crate::model::{Deed, Millis, PicoUsd, ToolKind, ToolResult, ToolUse, TurnSource};

/// So many uses may wait for their results.
const WAITING: usize = 16;

/// So many results are remembered, to tell what is new.
const RESULTS: usize = 48;

/// A loop is over after so many steps of which no detector has anything to say.
const OVER_AFTER: u32 = 16;

/// A loop that has come this many times as often as makes it one is a runaway.
const RUNAWAY_TIMES: u32 = 4;

/// What a subagent gives back sooner is no report: it says that it was started.
const REPORT: i64 = 10_000;

/// Names of tools are kept up to here, in bytes.
const LONGEST_NAME: usize = 64;

/// What is seen of a thread, in the order in which it is written.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// Something done in it.
    Deed(&'a Deed),
    /// A model call, and what it cost; comes before the tools that it asks for.
    Call(PicoUsd),
    /// What a call was told to cost too little.
    More(PicoUsd),
    /// What a call of one of its subagents cost.
    ChildCall(PicoUsd),
    /// One of its subagents started a subagent.
    ChildSpawn,
}

/// All that is known of a thread's loops: a few KB, however long it gets. Written down and read
/// again it goes on as if nothing had been.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watcher {
    scene: Scene,
    waiting: Vec<(Millis, ToolUse)>,
    results: Vec<u32>,
    calls: Calls,
    answers: Answers,
    errors: Errors,
    cycle: Cycle,
    reread: Reread,
    reverts: Reverts,
    subagents: Subagents,
    compactions: Compactions,
    unattended: Unattended,
    /// For each subject: the loop that goes on, and steps since it was seen.
    loops: [Option<(Alarm, u32)>; 4],
}

impl Watcher {
    /// Takes in what is seen next, and gives the alarms that are new: one for each level that a
    /// loop reaches.
    pub fn see(&mut self, at: Millis, seen: Seen<'_>, limits: &Thresholds) -> Vec<Alarm> {
        // A clock that steps back stands still for us.
        self.scene.at = self.scene.at.max(at);
        match seen {
            Seen::Call(cost) => {
                self.add_own(cost);
                self.scene.calls = self.scene.calls.saturating_add(1);
                // Between two rounds there is nothing to hear, however many calls they have.
                match self.unattended.call(&self.scene, limits) {
                    None => Vec::new(),
                    found => self.hear(Detector::Unattended, [found], limits),
                }
            }
            Seen::More(cost) => {
                self.add_own(cost);
                Vec::new()
            }
            Seen::ChildCall(cost) => {
                self.scene.children += cost;
                Vec::new()
            }
            Seen::ChildSpawn => {
                let found = self.subagents.nested(&self.scene, limits);
                self.hear(Detector::Subagents, [found], limits)
            }
            Seen::Deed(Deed::Turn(TurnSource::Human)) => {
                let unattended = Unattended::attended();
                *self = Self { scene: self.scene, unattended, ..Self::default() };
                Vec::new()
            }
            Seen::Deed(Deed::Turn(TurnSource::Automated)) => {
                // What each prompt has done once is no loop but of the prompts.
                self.calls.begin_turn();
                (self.cycle, self.reread) = (Cycle::default(), Reread::default());
                self.answers = Answers::default();
                let found = self.unattended.turn(&self.scene, limits);
                self.hear(Detector::Unattended, [found], limits)
            }
            Seen::Deed(Deed::ToolUse(asked)) => self.asked(asked, limits),
            Seen::Deed(Deed::ToolResult(result)) => match self.pair(result) {
                Some(step) => self.step(&step, limits),
                None => Vec::new(),
            },
            Seen::Deed(Deed::Compaction { is_auto }) => {
                self.calls.forgive_reads();
                // What a person asks for is no loop.
                let found = is_auto.then(|| self.compactions.see(&self.scene, limits)).flatten();
                self.hear(Detector::Compaction, [found], limits)
            }
        }
    }

    /// The worst of the loops that go on.
    pub fn level(&self) -> Level {
        self.standing().map(|alarm| alarm.level).max().unwrap_or_default()
    }

    /// The loops that go on, as they stand.
    pub fn standing(&self) -> impl Iterator<Item = &Alarm> {
        self.loops.iter().flatten().map(|(alarm, _)| alarm)
    }

    fn add_own(&mut self, cost: PicoUsd) {
        self.scene.own += cost;
    }

    fn asked(&mut self, asked: &ToolUse, limits: &Thresholds) -> Vec<Alarm> {
        let mut asked = asked.clone();
        if asked.name.len() > LONGEST_NAME {
            let fits = |(at, letter): &(usize, char)| at + letter.len_utf8() <= LONGEST_NAME;
            let name = asked.name.char_indices().take_while(fits);
            asked.name = name.map(|(_, letter)| letter).collect::<String>().into();
        }
        let is_spawn = asked.kind == ToolKind::Spawn;
        self.unattended.asked(is_spawn);
        let found = is_spawn.then(|| self.subagents.see(&asked, &self.scene, limits)).flatten();
        // The same id again is a copy of the record.
        self.waiting.retain(|(_, other)| other.id != asked.id);
        self.waiting.push((self.scene.at, asked));
        if self.waiting.len() > WAITING {
            self.waiting.remove(0);
        }
        if is_spawn { self.hear(Detector::Subagents, [found], limits) } else { Vec::new() }
    }

    /// The use that a result answers, and the time that it took.
    fn pair(&mut self, result: &ToolResult) -> Option<Step> {
        let place = self.waiting.iter().position(|(_, asked)| asked.id == result.id)?;
        let (at, asked) = self.waiting.remove(place);
        let took = self.scene.at.since(at);
        self.scene.tool_millis = self.scene.tool_millis.saturating_add(took);
        self.scene.steps = self.scene.steps.saturating_add(1);
        if asked.kind == ToolKind::Spawn && took >= REPORT {
            self.subagents.reported();
            self.unattended.reported();
        }
        Some(Step::new(asked, result))
    }

    fn step(&mut self, step: &Step, limits: &Thresholds) -> Vec<Alarm> {
        let is_new_edit = self.reverts.is_new(step);
        self.scene.edits = self.scene.edits.saturating_add(u32::from(is_new_edit));
        let may_act = matches!(step.kind(), ToolKind::Run | ToolKind::Other | ToolKind::Spawn);
        let is_act = may_act && step.is_done() && !self.calls.knows(step);
        self.scene.acts = self.scene.acts.saturating_add(u32::from(is_act));
        let is_new_result = self.is_new_result(step);
        let scene = self.scene;
        let recall = self.calls.see(step, &scene);
        self.compactions.step(!recall.is_known);
        self.unattended.step(is_new_edit, is_new_result && !step.is_edit());
        let cycle = self.cycle.see(step, &recall, &scene, limits);
        let circle = self.cycle.circle();
        let found = [
            self.reverts.see(step, &scene, limits),
            repeat::judge(step, &recall, circle, &scene, limits),
            self.answers.see(step, &recall, &scene, limits),
            self.errors.see(step, &scene, limits),
            poll::judge(step, &recall, &scene, limits),
            self.reread.see(step, &recall, &scene, limits),
            cycle,
        ];
        self.hear(Detector::SameResult, found, limits)
    }

    /// The tool has not said this lately.
    fn is_new_result(&mut self, step: &Step) -> bool {
        let result = scene::short(scene::tool(&step.asked.name) ^ step.output.0);
        let place = self.results.iter().position(|other| *other == result);
        if let Some(place) = place {
            self.results.remove(place);
        } else if self.results.len() >= RESULTS {
            self.results.remove(0);
        }
        self.results.push(result);
        place.is_none()
    }

    /// Takes the worst finding about a subject, and says so if that is news.
    fn hear<const N: usize>(
        &mut self,
        detector: Detector,
        found: [Option<Finding>; N],
        limits: &Thresholds,
    ) -> Vec<Alarm> {
        let standing = &mut self.loops[detector.subject()];
        let mut worst: Option<(Level, Finding)> = None;
        for finding in found.into_iter().flatten() {
            let level = level(&finding, limits);
            // Of equals the first: it describes the loop best.
            if level > worst.as_ref().map_or(Level::None, |(level, _)| *level) {
                worst = Some((level, finding));
            }
        }
        let Some((level, finding)) = worst else {
            if let Some((_, quiet)) = standing {
                *quiet += 1;
                if *quiet >= OVER_AFTER {
                    *standing = None;
                }
            }
            return Vec::new();
        };
        let before = standing.as_ref().map(|(alarm, _)| (alarm.detector, alarm.level));
        let is_news = before.is_none_or(|(_, before)| level > before);
        let alarm = alarm(finding, level, self.scene.at);
        match standing {
            Some((old, quiet)) if !is_news => {
                *quiet = 0;
                if old.detector == alarm.detector {
                    // It does not get better by going on.
                    *old = Alarm { level: old.level, ..alarm };
                }
                Vec::new()
            }
            _ => {
                *standing = Some((alarm.clone(), 0));
                vec![alarm]
            }
        }
    }
}

fn level(finding: &Finding, limits: &Thresholds) -> Level {
    let (count, limit) = (finding.count, finding.limit.max(1));
    if count < limit {
        let is_half = u64::from(count) * 2 > u64::from(limit);
        return if is_half { Level::Watch } else { Level::None };
    }
    let is_long = count >= limit.saturating_mul(RUNAWAY_TIMES);
    if is_long || finding.cost >= limits.runaway_usd { Level::Runaway } else { Level::Loop }
}

fn alarm(finding: Finding, level: Level, at: Millis) -> Alarm {
    Alarm {
        detector: finding.detector,
        level,
        what: finding.what,
        tool: finding.tool,
        kind: finding.kind,
        count: finding.count,
        since: finding.since,
        at,
        cost: finding.cost,
    }
}
