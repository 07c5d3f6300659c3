//! How good the detectors are: their alarms on labelled threads, held against the labels.

use std::cmp::Ordering;

use super::corpus::{Halves, Thread};
use super::{Alarm, Detector, Level, Thresholds, Watcher};
use crate::model::UsdTotal;
use crate::model::money::div_half_even;

/// How the two halves of a corpus came out.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The half that thresholds were tuned on.
    pub tune: Half,
    /// The other.
    pub report: Half,
}

/// How one half came out.
#[derive(Clone, Debug)]
pub struct Half {
    /// All of it.
    pub all: Score,
    /// By what repeats; those of which there is neither a thread nor an alarm are left out.
    pub detectors: Vec<(Detector, Score)>,
    /// The threads that came out wrong, and how.
    pub wrong: Vec<(String, Verdict)>,
}

/// Threads counted by what came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Threads without a loop.
    pub healthy: usize,
    /// Threads with one: of this kind, for a detector.
    pub runaways: usize,
    /// Those of them with a true alarm, whoever gave it.
    pub caught: usize,
    /// Threads with a true alarm: given by it, for a detector.
    pub true_alarms: usize,
    /// Threads with a false one.
    pub false_alarms: usize,
    /// Of those caught: repetitions and dollars from the start to the alarm.
    delays: Vec<(usize, UsdTotal)>,
}

/// What came of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A healthy thread, and no alarm.
    Quiet,
    /// A loop that was seen.
    Caught {
        /// The alarm.
        by: Detector,
        /// Senseless repetitions from the start to it.
        repeats: usize,
        /// Dollars from the start to it.
        usd: UsdTotal,
    },
    /// A loop that was not.
    Missed,
    /// An alarm where there was no loop, or not yet.
    False {
        /// The alarm.
        by: Detector,
        /// The line at which it came.
        line: usize,
    },
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// So many
    pub part: usize,
    /// of so many.
    pub whole: usize,
}

impl Ratio {
    /// In thousandths, to nearest; none of nothing.
    pub fn per_mille(self) -> Option<usize> {
        (self.whole > 0).then(|| (self.part * 2000 + self.whole) / (2 * self.whole))
    }
}

impl Score {
    /// Threads of either label.
    pub fn threads(&self) -> usize {
        self.healthy + self.runaways
    }

    /// Threads with a true alarm among those with any.
    pub fn precision(&self) -> Ratio {
        Ratio { part: self.true_alarms, whole: self.true_alarms + self.false_alarms }
    }

    /// Loops seen.
    pub fn recall(&self) -> Ratio {
        Ratio { part: self.caught, whole: self.runaways }
    }

    /// Half of the loops seen took no more repetitions than this from their start to the alarm.
    pub fn repeats_p50(&self) -> Option<usize> {
        middle(self.delays.iter().map(|(repeats, _)| *repeats))
    }

    /// What a loop that was seen cost from its start to the alarm, on average.
    pub fn usd_to_alarm(&self) -> Option<UsdTotal> {
        let loops = i128::try_from(self.delays.len()).ok().filter(|loops| *loops > 0)?;
        let usd: UsdTotal = self.delays.iter().map(|(_, usd)| *usd).sum();
        Some(UsdTotal(div_half_even(usd.0, loops)))
    }

    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Caught { repeats, usd, .. } => {
                self.caught += 1;
                self.delays.push((*repeats, *usd));
            }
            Verdict::Quiet | Verdict::Missed | Verdict::False { .. } => {}
        }
    }
}

fn middle<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let place = values.len().checked_sub(1)? / 2;
    values.into_iter().nth(place)
}

/// Holds what the detectors say of threads against their labels.
pub fn evaluate(threads: &[Thread], limits: &Thresholds) -> Evaluation {
    let halves = Halves::of(threads);
    Evaluation { tune: half(&halves.tune, limits), report: half(&halves.report, limits) }
}

fn half(threads: &[&Thread], limits: &Thresholds) -> Half {
    let mut all = Score::default();
    let mut detectors = Detector::ALL.map(|detector| (detector, Score::default()));
    let mut wrong = Vec::new();
    let place = |detector| Detector::ALL.iter().position(|other| *other == detector).unwrap_or(0);
    for thread in threads {
        let verdict = judge(thread, limits);
        match thread.runaway {
            None => all.healthy += 1,
            Some((kind, _)) => {
                let of_kind = &mut detectors[place(kind)].1;
                for score in [&mut all, of_kind] {
                    score.runaways += 1;
                    score.add(&verdict);
                }
            }
        }
        match &verdict {
            Verdict::Caught { by, .. } => {
                for score in [&mut all, &mut detectors[place(*by)].1] {
                    score.true_alarms += 1;
                }
            }
            Verdict::False { by, .. } => {
                for score in [&mut all, &mut detectors[place(*by)].1] {
                    score.false_alarms += 1;
                }
            }
            Verdict::Quiet | Verdict::Missed => {}
        }
        if matches!(verdict, Verdict::Missed | Verdict::False { .. }) {
            wrong.push((thread.name.clone(), verdict));
        }
    }
    let mut detectors = detectors.to_vec();
    detectors.retain(|(_, score)| *score != Score::default());
    Half { all, detectors, wrong }
}

/// What came of one thread: its first alarm decides.
pub fn judge(thread: &Thread, limits: &Thresholds) -> Verdict {
    let Some((line, alarm)) = first_alarm(thread, limits) else {
        return if thread.runaway.is_some() { Verdict::Missed } else { Verdict::Quiet };
    };
    let by = alarm.detector;
    let Some((_, start)) = thread.runaway else { return Verdict::False { by, line } };
    // Two careful people differ by a repetition.
    let earliest = thread.lines[..start].iter().rposition(|line| line.again).unwrap_or(start);
    if line < earliest {
        return Verdict::False { by, line };
    }
    let after = match line.cmp(&start) {
        Ordering::Greater => &thread.lines[start + 1..=line],
        Ordering::Less | Ordering::Equal => &[],
    };
    Verdict::Caught {
        by,
        repeats: after.iter().filter(|line| line.again).count(),
        usd: after.iter().map(|line| UsdTotal::from(line.cost)).sum(),
    }
}

fn first_alarm(thread: &Thread, limits: &Thresholds) -> Option<(usize, Alarm)> {
    let mut watcher = Watcher::default();
    thread.events.iter().find_map(|event| {
        let alarms = watcher.see(event.at, event.what.seen(), limits);
        let alarm = alarms.into_iter().find(|alarm| alarm.level >= Level::Loop)?;
        Some((event.line, alarm))
    })
}
