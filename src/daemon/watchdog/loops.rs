//! Threads that go round and round: what they did just now is shown to the detectors, the level is
//! written to their turns, and the person is told once of each loop and once more of a runaway.
//!
//! Threads are watched while they are at work. Of one that was at work when the watching began, the
//! ledger's facts of the present turn are taken in first; of history nothing is. What the detectors
//! know is kept in the ledger with what it led to, and is the same after a restart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::levels::BY;
use super::sessions::Touched;
use super::watched::{Heard, Standing, Watched};
use super::{Look, Watchdog};
use crate::ledger::{LedgerError, Loop, LoopLevel, Thread, Watchable};
use crate::model::{Action, ActionKind, Millis, Notice, SessionKey, UsdTotal};
use crate::notice::words;
use crate::policy::loops::{Alarm, Level};

/// A thread is at work if its latest record is of the last hour.
const AT_WORK_MS: i64 = 3_600_000;

/// What comes later than this after it happened is no news of something that goes on.
const LIVE_MS: i64 = 600_000;

/// What is known of a thread is kept this long after its latest record.
const KEPT_MS: i64 = 24 * AT_WORK_MS;

/// Threads whose state is held in memory; the others' is read when they do something.
const IN_MEMORY: usize = 64;

/// What is known of threads, by number, as the ledger has it too.
#[derive(Debug, Default)]
pub(super) struct Loops {
    threads: HashMap<i64, Watched>,
    /// When old states were forgotten last.
    tidied: Option<Millis>,
}

/// A thread in this look.
struct Turn {
    place: Watchable,
    watched: Watched,
    heard: Heard,
}

/// What is to be written down.
#[derive(Default)]
struct Outcome {
    notices: Vec<Notice>,
    actions: Vec<Action>,
    loops: Vec<(i64, Loop)>,
}

impl Watchdog {
    /// Watches the threads that did something. `tells` is false at the first look: what was written
    /// before it is history. Gives the sessions that go round and round.
    pub(super) fn watch_loops(
        &mut self,
        look: &mut Look<'_>,
        touched: &Touched,
        tells: bool,
    ) -> Result<BTreeSet<SessionKey>, LedgerError> {
        let watched = self.watch(look, touched, tells);
        if watched.is_err() {
            // What is in memory may be ahead of the ledger.
            self.loops = Loops::default();
        }
        watched
    }

    fn watch(
        &mut self,
        look: &mut Look<'_>,
        touched: &Touched,
        tells: bool,
    ) -> Result<BTreeSet<SessionKey>, LedgerError> {
        let since = look.now.minus(AT_WORK_MS);
        let stirred: Vec<i64> = stirred(look, touched, since)?.into_iter().collect();
        let mut looping = BTreeSet::new();
        // At the first look they may be thousands.
        for some in stirred.chunks(IN_MEMORY) {
            looping.extend(self.watch_some(look, tells, some, since)?);
        }
        Ok(looping)
    }

    /// The same for some of these threads: all that is known of them is in memory meanwhile.
    fn watch_some(
        &mut self,
        look: &mut Look<'_>,
        tells: bool,
        stirred: &[i64],
        since: Millis,
    ) -> Result<BTreeSet<SessionKey>, LedgerError> {
        let mut turns = BTreeMap::new();
        let mut mains: BTreeMap<i64, Vec<Millis>> = BTreeMap::new();
        for number in stirred {
            let Some(turn) = self.hear(look, *number, since)? else { continue };
            let thread = &turn.place.thread;
            let spawned = mains.entry(thread.session).or_default();
            if !thread.subagent.is_empty() {
                spawned.extend(&turn.heard.spawns);
            }
            turns.insert(*number, turn);
        }
        for (session, spawns) in mains {
            self.hear_children(look, session, &spawns, since, &mut turns)?;
        }
        turns.retain(|_, turn| turn.heard.is_new);
        if turns.is_empty() {
            return Ok(BTreeSet::new());
        }
        let outcome = self.outcome(look, tells, &mut turns)?;
        self.keep(look, &outcome, &turns)?;
        let is_looping = |number: &&i64| outcome.loops.iter().any(|(of, _)| of == *number);
        let looping = turns.keys().filter(is_looping).filter_map(|number| turns.get(number));
        let looping = looping.map(|turn| session_of(&turn.place.thread)).collect();
        if self.loops.threads.len() + turns.len() > IN_MEMORY {
            self.loops.threads.clear();
        }
        let kept = turns.into_iter().take(IN_MEMORY);
        self.loops.threads.extend(kept.map(|(number, turn)| (number, turn.watched)));
        Ok(looping)
    }

    /// What a thread did that is new; none of one that is not at work.
    fn hear(
        &mut self,
        look: &Look<'_>,
        number: i64,
        since: Millis,
    ) -> Result<Option<Turn>, LedgerError> {
        let Some(place) = look.writer.watchable(number, since)? else { return Ok(None) };
        let mut watched = self.watched(look, &place)?;
        let facts = look.writer.facts(&place.thread, watched.floor())?;
        let heard = watched.hear(&facts, &self.config.loops);
        Ok(Some(Turn { place, watched, heard }))
    }

    fn watched(&mut self, look: &Look<'_>, place: &Watchable) -> Result<Watched, LedgerError> {
        let number = place.thread.number;
        if let Some(known) = self.loops.threads.remove(&number) {
            return Ok(known);
        }
        let stored = look.writer.watch_state(number)?;
        // Of another version of this program: it begins anew.
        let stored = stored.and_then(|state| serde_json::from_str(&state).ok());
        let since = look.now.minus(KEPT_MS);
        Ok(stored.unwrap_or_else(|| Watched::begin(place, since)))
    }

    /// What a session's subagents did concerns its main thread.
    fn hear_children(
        &mut self,
        look: &Look<'_>,
        session: i64,
        spawns: &[Millis],
        since: Millis,
        turns: &mut BTreeMap<i64, Turn>,
    ) -> Result<(), LedgerError> {
        let Some(place) = look.writer.place_of(session)? else { return Ok(()) };
        let main = crate::ledger::Charged { subagent: "".into(), ..place.clone() };
        let Some(number) = look.writer.thread_of(&main)? else { return Ok(()) };
        let turn = match turns.entry(number) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => {
                // The main thread waits for its subagents, for as long as they take.
                let since = since.minus(KEPT_MS);
                let Some(turn) = self.hear(look, number, since)? else { return Ok(()) };
                vacant.insert(turn)
            }
        };
        let mut children = UsdTotal::ZERO;
        for spend in look.writer.session_spend(&place.session_key())? {
            let to = self.sums.charged(look.writer, spend.attribution)?;
            if !to.subagent.is_empty() {
                children += spend.spent;
            }
        }
        let limits = &self.config.loops;
        turn.heard.is_new |= turn.watched.hear_children(look.now, children, limits);
        for at in spawns {
            let heard = turn.watched.hear_child_spawn(*at, limits);
            turn.heard.is_new = true;
            turn.heard.levels.extend(heard.levels);
        }
        Ok(())
    }

    /// What is to be said of the loops that go on.
    fn outcome(
        &self,
        look: &Look<'_>,
        tells: bool,
        turns: &mut BTreeMap<i64, Turn>,
    ) -> Result<Outcome, LedgerError> {
        let mut outcome = Outcome::default();
        let is_live = |alarm: &Alarm| look.now.since(alarm.at) < LIVE_MS;
        for (number, turn) in turns {
            let thread = &turn.place.thread;
            for standing in turn.watched.standing(|alarm| tells && is_live(alarm)) {
                if standing.is_news {
                    let session = session_of(thread);
                    let place = look.writer.place_of(thread.session)?;
                    let project = place.map_or_else(Arc::default, |place| place.project);
                    let notice = words::of_loop(
                        &session,
                        &thread.subagent,
                        &project,
                        standing.since,
                        &standing.alarm,
                        &self.zone,
                        look.now,
                    );
                    outcome.actions.push(self.action(look, session, &standing));
                    outcome.notices.push(notice);
                }
                outcome.loops.push((*number, as_row(&standing)));
            }
        }
        Ok(outcome)
    }

    fn action(&self, look: &Look<'_>, session: SessionKey, standing: &Standing) -> Action {
        Action {
            session: Some(session),
            evidence: words::loop_evidence(standing.since, &standing.alarm, &self.zone),
            outcome: "told".into(),
            latency_ms: Some(look.now.since(look.arrived)),
            ..Action::new(look.now, ActionKind::Loop, BY)
        }
    }

    fn keep(
        &mut self,
        look: &mut Look<'_>,
        outcome: &Outcome,
        turns: &BTreeMap<i64, Turn>,
    ) -> Result<(), LedgerError> {
        let mut states = Vec::with_capacity(turns.len());
        for (number, turn) in turns {
            match serde_json::to_string(&turn.watched) {
                Ok(state) => states.push((*number, state)),
                Err(error) => tracing::warn!("cannot write down what a thread does: {error}"),
            }
        }
        let channels = self.channels();
        let is_old = |at: Millis| look.now.since(at) >= AT_WORK_MS;
        let tidies = self.loops.tidied.is_none_or(is_old);
        let (now, before) = (look.now, look.now.minus(KEPT_MS));
        look.writer.together(|writer| {
            for (number, turn) in turns {
                for (began, level) in &turn.heard.levels {
                    if *level > Level::None {
                        writer.raise_level(*number, *began, loop_level(*level))?;
                    }
                }
            }
            for (number, found) in &outcome.loops {
                writer.keep_loop(*number, found)?;
            }
            for (notice, action) in outcome.notices.iter().zip(&outcome.actions) {
                // Told in an earlier life, of which the state was lost.
                if writer.store_notice(notice, &channels)? {
                    writer.record(action)?;
                }
            }
            for (number, state) in &states {
                writer.keep_watch_state(*number, state)?;
            }
            if tidies {
                writer.forget_watch_states(before)?;
            }
            Ok(())
        })?;
        if tidies {
            self.loops.tidied = Some(now);
        }
        Ok(())
    }
}

/// The threads that the last commits told something of.
fn stirred(
    look: &mut Look<'_>,
    touched: &Touched,
    since: Millis,
) -> Result<BTreeSet<i64>, LedgerError> {
    // The first look, or one after an error: whoever is at work.
    let Some(mut stirred) = look.writer.take_stirred() else {
        return look.writer.threads_since(since);
    };
    for to in touched.all_charged() {
        stirred.extend(look.writer.thread_of(to)?);
    }
    Ok(stirred)
}

fn session_of(thread: &Thread) -> SessionKey {
    SessionKey { agent: thread.agent, session_id: thread.session_id.clone() }
}

fn as_row(standing: &Standing) -> Loop {
    let alarm = &standing.alarm;
    Loop {
        detector: alarm.detector.name().into(),
        since: standing.since,
        turn: standing.turn,
        level: loop_level(alarm.level),
        tool: alarm.tool.clone(),
        count: u64::from(alarm.count),
        at: alarm.at,
        cost: alarm.cost,
    }
}

fn loop_level(level: Level) -> LoopLevel {
    match level {
        Level::None => LoopLevel::None,
        Level::Watch => LoopLevel::Watch,
        Level::Loop => LoopLevel::Loop,
        Level::Runaway => LoopLevel::Runaway,
    }
}
