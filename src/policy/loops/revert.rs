//! An edit, undone and made again.
//!
//! Catches the same change of the same file put in and taken out, whole versions of a file written
//! in turn, and an edit that is made again after something else (git, a formatter) took it back.
//! Exempt: going from one text to another and on to a third, one experiment and its end, the same
//! replacement in many files or at many places. Misses a change that is undone in other words.
//!
//! It also tells which edits are new, by which all detectors know progress.

use serde::{Deserialize, Serialize};

use super::alarm::{Detector, Finding};
use super::scene::{self, Mark, Scene, Step};
use super::thresholds::Thresholds;
use crate::model::{Fingerprint, ToolKind};

/// So many edits, and so many files that went back and forth, are remembered.
const REMEMBERED: usize = 20;
const FILES: usize = 6;

/// So many new edits later, what went back and forth is done with.
const DONE_AFTER: u32 = 3;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reverts {
    edits: Vec<Edit>,
    files: Vec<File>,
    /// Commands run so far.
    runs: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Plain", into = "Plain")]
struct Edit {
    target: Fingerprint,
    from: u32,
    to: u32,
    runs: u32,
    mark: Mark,
}

/// An edit, written down without names.
type Plain = (Fingerprint, u32, u32, u32, Mark);

impl From<Plain> for Edit {
    fn from((target, from, to, runs, mark): Plain) -> Self {
        Self { target, from, to, runs, mark }
    }
}

impl From<Edit> for Plain {
    fn from(edit: Edit) -> Self {
        (edit.target, edit.from, edit.to, edit.runs, edit.mark)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    target: Fingerprint,
    times: u32,
    since: Mark,
    edits: u32,
}

impl Reverts {
    /// Whether it is an edit that was never made before.
    pub fn is_new(&self, step: &Step) -> bool {
        let Some(edit) = self.edit(step, &Scene::default()) else { return false };
        !self.edits.iter().any(|old| same_place(old, &edit) && old.from == edit.from)
    }

    pub fn see(&mut self, step: &Step, scene: &Scene, limits: &Thresholds) -> Option<Finding> {
        if step.kind() == ToolKind::Run {
            self.runs = self.runs.saturating_add(1);
        }
        let edit = self.edit(step, scene)?;
        let before = self.edits.iter().rev().filter(|old| old.target == edit.target);
        let is_whole = edit.from == 0;
        // Of whole files the first version is not seen, so its second coming stands for two.
        let (back, weight) = if is_whole {
            let latest = before.clone().next().is_some_and(|old| old.to != edit.to);
            (before.clone().find(|old| latest && old.to == edit.to), 2)
        } else {
            let undone = before.clone().find(|old| old.from == edit.to && old.to == edit.from);
            let again =
                |old: &&Edit| old.from == edit.from && old.to == edit.to && old.runs != edit.runs;
            (undone.or_else(|| before.clone().find(again)), 1)
        };
        let back = back.copied();
        self.edits.push(edit);
        if self.edits.len() > REMEMBERED {
            self.edits.remove(0);
        }
        let back = back?;
        let place = self.files.iter().position(|file| file.target == edit.target);
        let file = match place.map(|place| self.files.remove(place)) {
            Some(old) if scene.edits - old.edits <= DONE_AFTER => {
                File { times: old.times.saturating_add(1), edits: scene.edits, ..old }
            }
            _ => File { target: edit.target, times: weight, since: back.mark, edits: scene.edits },
        };
        self.files.push(file);
        if self.files.len() > FILES {
            self.files.remove(0);
        }
        Some(Finding {
            what: Some(edit.target),
            count: file.times,
            limit: limits.edit_revert,
            since: file.since.at,
            cost: file.since.cost(scene),
            ..Finding::about(Detector::EditRevert, step)
        })
    }

    /// The edit that a step made. Without a text that goes, the file is written whole.
    fn edit(&self, step: &Step, scene: &Scene) -> Option<Edit> {
        if !step.is_edit() {
            return None;
        }
        let (from, to) = step.asked.edit.map_or((0, scene::short(step.asked.input.0)), |edit| {
            // Never the zero that stands for none.
            (scene::short(edit.0.0).max(1), scene::short(edit.1.0))
        });
        let target = step.asked.target.unwrap_or(step.call);
        Some(Edit { target, from, to, runs: self.runs, mark: Mark::of(scene) })
    }
}

fn same_place(old: &Edit, edit: &Edit) -> bool {
    old.target == edit.target && old.to == edit.to
}
