//! One thread under watch: which of its facts the detectors have seen, and which loops they found.
//! Pure: facts in, levels and loops out; written down and read again it goes on as before.

use serde::{Deserialize, Serialize};

use crate::ledger::{Fact, FactKind, Watchable};
use crate::model::{Deed, Millis, PicoUsd, ToolKind, TurnSource, UsdTotal};
use crate::policy::loops::{Alarm, Detector, Level, Seen, Thresholds, Watcher};

/// Facts come in order but for a few, and calls of long answers are told bit by bit: what is this much
/// older than the newest is not waited for.
const LATE_MS: i64 = 600_000;

/// So many facts are remembered as seen.
const REMEMBERED: usize = 160;

/// So many calls are remembered with their cost, which is told bit by bit.
const CALLS: usize = 8;

/// What is known of a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watched {
    watcher: Watcher,
    /// Facts before this were seen, or never will be.
    floor: Millis,
    /// Those from then on that were seen: when, by distance from the floor, and name.
    seen: Vec<(i64, u32)>,
    /// What the newest calls were told to have cost.
    costs: Vec<(u32, PicoUsd)>,
    /// What the session's other threads were told to have cost in all; none: it is not known yet.
    children: Option<PicoUsd>,
    /// When the present turn began, where a prompt tells.
    turn: Option<Millis>,
    found: Vec<Known>,
}

/// A loop that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    detector: Detector,
    /// As it looked when it was found, which is its name.
    since: Millis,
    turn: Millis,
    /// What a person was told.
    told: Level,
}

/// A loop that goes on, as it stands.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// When it began, as it looked when it was found.
    pub since: Millis,
    /// When the turn began that it was found in.
    pub turn: Millis,
    /// A person has not been told of its level.
    pub is_news: bool,
    pub alarm: Alarm,
}

/// What its facts came to.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Of each turn that something was heard of, its worst level in these.
    pub levels: Vec<(Millis, Level)>,
    /// When it started subagents.
    pub spawns: Vec<Millis>,
    /// Something was new.
    pub is_new: bool,
}

impl Watched {
    /// A thread that was not watched before: what is before its present turn is not looked at, but
    /// that a person has been there.
    pub(super) fn begin(thread: &Watchable, since: Millis) -> Self {
        let mut watcher = Watcher::default();
        if let Some(person) = thread.person {
            let asked = Deed::Turn(TurnSource::Human);
            watcher.see(person, Seen::Deed(&asked), &Thresholds::default());
        }
        Self {
            watcher,
            floor: thread.began.unwrap_or(since).max(since),
            seen: Vec::new(),
            costs: Vec::new(),
            children: None,
            turn: thread.began,
            found: Vec::new(),
        }
    }

    /// Facts from then on are wanted.
    pub(super) fn floor(&self) -> Millis {
        self.floor
    }

    /// Takes in what is new of the thread's facts, which come in the order of their times.
    pub(super) fn hear(&mut self, facts: &[Fact], limits: &Thresholds) -> Heard {
        let mut heard = Heard::default();
        for fact in facts {
            let is_seen = self.seen.iter().any(|(_, name)| *name == fact.name);
            match &fact.what {
                FactKind::Call(cost) | FactKind::Aside(cost) if is_seen => {
                    self.raise_call(fact, *cost, &mut heard, limits);
                    continue;
                }
                _ if is_seen => continue,
                FactKind::Deed(deed) => {
                    if let Deed::Turn(_) = deed {
                        self.turn = Some(fact.at);
                    }
                    if let Deed::ToolUse(used) = deed
                        && used.kind == ToolKind::Spawn
                    {
                        heard.spawns.push(fact.at);
                    }
                    self.watcher.see(fact.at, Seen::Deed(deed), limits);
                }
                FactKind::Call(cost) => {
                    self.watcher.see(fact.at, Seen::Call(*cost), limits);
                    self.note_cost(fact.name, *cost);
                }
                FactKind::Aside(cost) => {
                    self.watcher.see(fact.at, Seen::More(*cost), limits);
                    self.note_cost(fact.name, *cost);
                }
            }
            heard.is_new = true;
            self.seen.push((fact.at.since(self.floor), fact.name));
            self.note_level(&mut heard);
        }
        self.forget();
        heard
    }

    /// Takes in what the session's other threads have cost in all; tells whether that is new.
    pub(super) fn hear_children(
        &mut self,
        at: Millis,
        total: UsdTotal,
        limits: &Thresholds,
    ) -> bool {
        let total = total.to_pico();
        let is_first = self.children.is_none();
        let before = self.children.replace(total).unwrap_or(total);
        if total > before {
            let more = total - before;
            self.watcher.see(at, Seen::ChildCall(more), limits);
        }
        is_first || total != before
    }

    /// Takes in that one of its subagents started a subagent.
    pub(super) fn hear_child_spawn(&mut self, at: Millis, limits: &Thresholds) -> Heard {
        let mut heard = Heard { is_new: true, ..Heard::default() };
        self.watcher.see(at, Seen::ChildSpawn, limits);
        self.note_level(&mut heard);
        heard
    }

    /// The loops that go on. With `tells`, a person is told of those that are news.
    pub(super) fn standing(&mut self, tells: impl Fn(&Alarm) -> bool) -> Vec<Standing> {
        let mut kept = Vec::new();
        let mut standing = Vec::new();
        for alarm in self.watcher.standing().filter(|alarm| alarm.level >= Level::Loop) {
            let known = self.found.iter().find(|known| known.detector == alarm.detector).cloned();
            let mut known = known.unwrap_or_else(|| Known {
                detector: alarm.detector,
                since: alarm.since,
                turn: self.turn.unwrap_or(alarm.since),
                told: Level::None,
            });
            let is_news = alarm.level > known.told && tells(alarm);
            if is_news {
                known.told = alarm.level;
            }
            let (since, turn) = (known.since, known.turn);
            standing.push(Standing { since, turn, is_news, alarm: alarm.clone() });
            kept.push(known);
        }
        self.found = kept;
        standing
    }

    fn raise_call(&mut self, fact: &Fact, cost: PicoUsd, heard: &mut Heard, limits: &Thresholds) {
        let Some((_, told)) = self.costs.iter_mut().find(|(name, _)| *name == fact.name) else {
            return;
        };
        if cost > *told {
            let more = cost - *told;
            *told = cost;
            self.watcher.see(fact.at, Seen::More(more), limits);
            heard.is_new = true;
        }
    }

    fn note_cost(&mut self, name: u32, cost: PicoUsd) {
        self.costs.push((name, cost));
        if self.costs.len() > CALLS {
            self.costs.remove(0);
        }
    }

    fn note_level(&self, heard: &mut Heard) {
        let (Some(turn), level) = (self.turn, self.watcher.level()) else { return };
        match heard.levels.last_mut() {
            Some((last, worst)) if *last == turn => *worst = level.max(*worst),
            _ => heard.levels.push((turn, level)),
        }
    }

    /// Forgets the names of what is too old to be met again.
    fn forget(&mut self) {
        self.seen.sort_unstable();
        let Some((newest, _)) = self.seen.last().copied() else { return };
        let mut from = newest.saturating_sub(LATE_MS).max(0);
        if let Some(first) = self.seen.len().checked_sub(REMEMBERED) {
            // All of one time are kept, or none: the floor cannot tell them apart.
            from = from.max(self.seen[first].0);
        }
        self.seen.retain(|(at, _)| *at >= from);
        self.seen.iter_mut().for_each(|(at, _)| *at -= from);
        self.floor = self.floor.plus(from);
    }
}
