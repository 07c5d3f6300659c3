//! The calls made last, and what came of each: what all detectors of repeated steps go by.

use serde::{Deserialize, Serialize};

use super::scene::{Mark, Scene, Step};
use crate::model::ToolKind;

/// So many different calls are remembered.
const REMEMBERED: usize = 32;

/// The calls made last, the latest at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Calls {
    known: Vec<Known>,
    /// The call before, how often it was made with nothing in between, and since when.
    row: Row,
    /// What a second look at two different files gave: a sentence in place of both.
    stub: Option<u64>,
    /// What the second look before gave, and at which call.
    suspect: Option<(u64, u64)>,
    /// How often a call gave something else than before: something moves.
    changes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Plain", into = "Plain")]
struct Known {
    call: u64,
    pair: u32,
    is_read: bool,
    same: u32,
    /// How many of those came after something else had moved.
    moved: u32,
    since: Mark,
    edits: u32,
    acts: u32,
    changes: u32,
}

/// A known call, written down without names.
type Plain = (u64, u32, bool, u32, u32, Mark, u32, u32, u32);

impl From<Plain> for Known {
    fn from((call, pair, is_read, same, moved, since, edits, acts, changes): Plain) -> Self {
        Self { call, pair, is_read, same, moved, since, edits, acts, changes }
    }
}

impl From<Known> for Plain {
    fn from(known: Known) -> Self {
        let Known { call, pair, is_read, same, moved, since, edits, acts, changes } = known;
        (call, pair, is_read, same, moved, since, edits, acts, changes)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    call: u64,
    count: u32,
    since: Mark,
}

/// How a step looks beside those before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recall {
    /// It was made before.
    pub is_known: bool,
    /// It gave this result before, and no new edit was made since.
    pub is_again: bool,
    /// How often the call has given this result: 1 after a new edit, and where a new command was
    /// run in between it does not count.
    pub same: u32,
    /// How many of these came after another call had given something else than before.
    pub moved: u32,
    /// Since when it has.
    pub since: Mark,
    /// How often the call was made with nothing in between, whatever it gave.
    pub row: u32,
    /// Since when it was.
    pub row_since: Mark,
}

impl Recall {
    /// It brought nothing new.
    pub fn is_stale(&self) -> bool {
        self.same > 1
    }
}

impl Calls {
    /// Whether the call was made lately.
    pub fn knows(&self, step: &Step) -> bool {
        self.known.iter().any(|known| known.call == step.call.0)
    }

    pub fn see(&mut self, step: &Step, scene: &Scene) -> Recall {
        let now = Mark::of(scene);
        if self.row.call == step.call.0 && self.row.count > 0 {
            self.row.count = self.row.count.saturating_add(1);
        } else {
            self.row = Row { call: step.call.0, count: 1, since: now };
        }
        let is_read = step.kind() == ToolKind::Read;
        let fresh = Known {
            call: step.call.0,
            pair: step.pair(),
            is_read,
            same: 1,
            moved: 0,
            since: now,
            edits: scene.edits,
            acts: scene.acts,
            changes: self.changes,
        };
        let place = self.known.iter().position(|known| known.call == step.call.0);
        let mut is_again = false;
        let known = match place.map(|place| self.known.remove(place)) {
            None => fresh,
            Some(old) if old.edits != scene.edits => fresh,
            Some(old) if old.pair == fresh.pair || (is_read && self.is_stub(step)) => {
                // What a compaction forgave is not again.
                is_again = old.same > 0;
                Known {
                    same: old.same.saturating_add(u32::from(old.acts == fresh.acts)),
                    moved: old.moved.saturating_add(u32::from(old.changes != fresh.changes)),
                    since: old.since,
                    ..fresh
                }
            }
            Some(_) => {
                self.changes = self.changes.wrapping_add(1);
                Known { changes: self.changes, ..fresh }
            }
        };
        self.known.push(known);
        if self.known.len() > REMEMBERED {
            self.known.remove(0);
        }
        Recall {
            is_known: place.is_some(),
            is_again,
            same: known.same,
            moved: known.moved,
            since: known.since,
            row: self.row.count,
            row_since: self.row.since,
        }
    }

    /// A second look at a file may be answered by one sentence for all files; two files show it.
    fn is_stub(&mut self, step: &Step) -> bool {
        let (call, output) = (step.call.0, step.output.0);
        if self.suspect.is_some_and(|(other, given)| other != call && given == output) {
            self.stub = Some(output);
        }
        self.suspect = Some((call, output));
        self.stub == Some(output)
    }

    /// A prompt came: what is done again is done for that.
    pub fn begin_turn(&mut self) {
        *self = Self { stub: self.stub, suspect: self.suspect, ..Self::default() };
    }

    /// What was read is gone from the conversation: to read it once more makes sense.
    pub fn forgive_reads(&mut self) {
        for known in self.known.iter_mut().filter(|known| known.is_read) {
            known.same = 0;
        }
    }
}
