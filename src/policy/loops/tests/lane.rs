//! A thread that a test makes, step by step, and the alarms that came.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::super::{Alarm, Detector, Level, Seen, Thresholds, Watcher};
use crate::model::{
    Deed, Fingerprint, Millis, PicoUsd, ToolKind, ToolOutcome, ToolResult, ToolUse, TurnSource,
};

/// What every call costs here.
pub const CENT: PicoUsd = PicoUsd(10_000_000_000);

pub fn print(text: &str) -> Fingerprint {
    Fingerprint(xxh3_64(text.as_bytes()))
}

/// A thread in the making.
#[derive(Default)]
pub struct Lane {
    pub watcher: Watcher,
    pub alarms: Vec<Alarm>,
    pub limits: Thresholds,
    pub now: i64,
    uses: u64,
}

/// A use of a tool, to be filled in.
#[derive(Clone, Copy)]
pub struct Use<'a> {
    pub kind: ToolKind,
    pub asked: &'a str,
    pub out: &'a str,
    pub on: Option<&'a str>,
    pub edit: Option<(&'a str, &'a str)>,
    pub error: Option<&'a str>,
    pub denied: bool,
    /// The model's time before it, and the tool's.
    pub gap: i64,
    pub took: i64,
}

impl<'a> Use<'a> {
    pub fn new(kind: ToolKind, asked: &'a str, out: &'a str) -> Self {
        Self {
            kind,
            asked,
            out,
            on: None,
            edit: None,
            error: None,
            denied: false,
            gap: 5_000,
            took: 100,
        }
    }

    pub fn run(asked: &'a str, out: &'a str) -> Self {
        Self::new(ToolKind::Run, asked, out)
    }

    pub fn read(file: &'a str, out: &'a str) -> Self {
        Self { on: Some(file), ..Self::new(ToolKind::Read, file, out) }
    }

    pub fn edit(file: &'a str, from: &'a str, to: &'a str) -> Self {
        Self { on: Some(file), edit: Some((from, to)), ..Self::new(ToolKind::Edit, to, "changed") }
    }

    pub fn failing(self, error: &'a str) -> Self {
        Self { error: Some(error), ..self }
    }

    pub fn taking(self, took: i64) -> Self {
        Self { took, ..self }
    }

    pub fn after(self, gap: i64) -> Self {
        Self { gap, ..self }
    }
}

impl Lane {
    pub fn see(&mut self, seen: Seen<'_>) {
        let alarms = self.watcher.see(Millis(self.now), seen, &self.limits);
        self.alarms.extend(alarms);
    }

    pub fn deed(&mut self, deed: &Deed) {
        self.see(Seen::Deed(deed));
    }

    pub fn human(&mut self) {
        self.now += 30_000;
        self.deed(&Deed::Turn(TurnSource::Human));
    }

    pub fn automated(&mut self, gap: i64) {
        self.now += gap;
        self.deed(&Deed::Turn(TurnSource::Automated));
    }

    pub fn compact(&mut self) {
        self.now += 60_000;
        self.deed(&Deed::Compaction { is_auto: true });
    }

    /// A call that asks for no tool.
    pub fn say(&mut self) {
        self.now += 3_000;
        self.see(Seen::Call(CENT));
    }

    /// A call that asks for one tool, and its result.
    pub fn take(&mut self, what: Use<'_>) {
        self.now += what.gap;
        self.see(Seen::Call(CENT));
        self.uses += 1;
        let id = Fingerprint(self.uses);
        self.deed(&Deed::ToolUse(ToolUse {
            id,
            name: Arc::from(format!("{:?}", what.kind)),
            kind: what.kind,
            input: print(what.asked),
            target: what.on.map(print),
            edit: what.edit.map(|(from, to)| (print(from), print(to))),
        }));
        self.now += what.took;
        let outcome = match (what.denied, what.error) {
            (true, _) => ToolOutcome::Denied,
            (false, Some(_)) => ToolOutcome::Failed,
            (false, None) => ToolOutcome::Done,
        };
        let (output, error) = (print(what.out), what.error.map(print));
        self.deed(&Deed::ToolResult(ToolResult { id, outcome, output, error }));
    }

    /// The first alarm that says loop: who, and of how many.
    pub fn first(&self) -> Option<(Detector, u32)> {
        let alarm = self.alarms.iter().find(|alarm| alarm.level >= Level::Loop)?;
        Some((alarm.detector, alarm.count))
    }

    #[track_caller]
    pub fn assert_quiet(&self) {
        assert_eq!(self.first(), None, "{:?}", self.alarms);
    }
}
