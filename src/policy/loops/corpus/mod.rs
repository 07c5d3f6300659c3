//! The labelled threads that the detectors are measured on. The format is told in
//! `assets/loops/README.md`.

mod line;
mod read;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

pub use self::read::{CorpusError, read};
use super::{Detector, Seen};
use crate::model::{Deed, Millis, PicoUsd};

/// The corpus that comes with the program: files and their texts.
pub const EMBEDDED: [(&str, &str); 4] = [
    ("healthy.jsonl", include_str!("../../../../assets/loops/healthy.jsonl")),
    ("later.jsonl", include_str!("../../../../assets/loops/later.jsonl")),
    ("recorded.jsonl", include_str!("../../../../assets/loops/recorded.jsonl")),
    ("runaway.jsonl", include_str!("../../../../assets/loops/runaway.jsonl")),
];

/// A labelled thread.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its name, unique in the corpus.
    pub name: String,
    /// The shape that it shares with others.
    pub family: String,
    /// Of a runaway: what repeats, and the line at which a person would say so.
    pub runaway: Option<(Detector, usize)>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What happens in it, in the order of time.
    pub events: Vec<Event>,
}

/// A line of a thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// A repetition that makes no sense any more.
    pub again: bool,
    /// What it cost, subagents included.
    pub cost: PicoUsd,
}

/// Something that happens in a thread.
#[derive(Clone, Debug)]
pub struct Event {
    /// The line that tells it.
    pub line: usize,
    /// When.
    pub at: Millis,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum What {
    /// See [`Seen::Deed`].
    Deed(Deed),
    /// See [`Seen::Call`].
    Call(PicoUsd),
    /// See [`Seen::ChildCall`].
    ChildCall(PicoUsd),
    /// See [`Seen::ChildSpawn`].
    ChildSpawn,
}

impl What {
    /// As a watcher sees it.
    pub fn seen(&self) -> Seen<'_> {
        match self {
            Self::Deed(deed) => Seen::Deed(deed),
            Self::Call(cost) => Seen::Call(*cost),
            Self::ChildCall(cost) => Seen::ChildCall(*cost),
            Self::ChildSpawn => Seen::ChildSpawn,
        }
    }
}

/// The two halves: thresholds are tuned on one, and judged on the other.
#[derive(Clone, Debug, Default)]
pub struct Halves<'t> {
    /// What thresholds were tuned on.
    pub tune: Vec<&'t Thread>,
    /// What is reported.
    pub report: Vec<&'t Thread>,
}

impl<'t> Halves<'t> {
    /// Those of a family go to the halves in turn, in the order of the hashes of their names.
    pub fn of(threads: &'t [Thread]) -> Self {
        let mut families: BTreeMap<&str, Vec<([u8; 32], &Thread)>> = BTreeMap::new();
        for thread in threads {
            let hash = Sha256::digest(thread.name.as_bytes()).into();
            families.entry(&thread.family).or_default().push((hash, thread));
        }
        let mut halves = Self::default();
        for mut family in families.into_values() {
            family.sort_unstable_by_key(|(hash, _)| *hash);
            let first_is_odd = family.first().is_some_and(|(hash, _)| hash[31] % 2 == 1);
            for (place, (_, thread)) in family.into_iter().enumerate() {
                let goes_to_report = (place % 2 == 1) != first_is_odd;
                if goes_to_report { &mut halves.report } else { &mut halves.tune }.push(thread);
            }
        }
        halves
    }
}
