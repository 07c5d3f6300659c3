//! What a selftest says: a line for each step when it is over, or all of them as JSON.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

/// A step, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    DaemonReady,
    TranscriptNoticed,
    CapBroken,
    HookAnswerGiven,
    ProcessStopped,
    NotificationAccepted,
}

impl Step {
    pub(super) const ALL: [Self; 6] = [
        Self::DaemonReady,
        Self::TranscriptNoticed,
        Self::CapBroken,
        Self::HookAnswerGiven,
        Self::ProcessStopped,
        Self::NotificationAccepted,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::DaemonReady => "daemon ready",
            Self::TranscriptNoticed => "transcript noticed",
            Self::CapBroken => "cap broken",
            Self::HookAnswerGiven => "hook answer given",
            Self::ProcessStopped => "process stopped",
            Self::NotificationAccepted => "notification accepted",
        }
    }

    /// The step without which this one cannot be tried.
    pub(super) const fn needs(self) -> Option<Self> {
        match self {
            Self::DaemonReady | Self::NotificationAccepted => None,
            Self::TranscriptNoticed => Some(Self::DaemonReady),
            Self::CapBroken => Some(Self::TranscriptNoticed),
            Self::HookAnswerGiven | Self::ProcessStopped => Some(Self::CapBroken),
        }
    }
}

/// A step that was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proven {
    /// How long what it proves took.
    pub took: Duration,
    /// What was seen.
    pub detail: String,
}

/// Why a step was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unproven {
    /// The machine lacks what it takes.
    Missing { what: String, todo: &'static str },
    /// It did not work.
    Failed { why: String, todo: &'static str },
    /// The person wants it to end.
    Interrupted,
}

/// Where nobody knows what to do.
const REPORT_IT: &str = "This should not happen. Try it again; if it stays, report it with what \
     `spendtop doctor --selftest --json` prints.";

impl Unproven {
    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), todo: REPORT_IT }
    }

    pub(super) fn missing(what: impl Into<String>) -> Self {
        Self::Missing { what: what.into(), todo: "" }
    }
}

/// An error of the system or the ledger is a failure of the step.
impl<E: Into<anyhow::Error>> From<E> for Unproven {
    fn from(error: E) -> Self {
        Self::failed(format!("{:#}", error.into()))
    }
}

/// What came of a step.
pub(super) type Proof = Result<Proven, Unproven>;

#[derive(Serialize)]
struct SelftestJson {
    schema: &'static str,
    ok: bool,
    took_ms: u64,
    steps: Vec<StepJson>,
}

#[derive(Serialize)]
struct StepJson {
    step: Step,
    /// `ok`, `skipped` or `failed`.
    outcome: &'static str,
    took_ms: Option<u64>,
    detail: String,
    /// What to do, where something can be done.
    hint: Option<&'static str>,
}

/// Says it.
pub(super) struct Report<'a> {
    json: bool,
    out: &'a mut dyn Write,
    steps: Vec<StepJson>,
}

impl<'a> Report<'a> {
    pub(super) fn begin(json: bool, out: &'a mut dyn Write) -> Result<Self> {
        if !json {
            writeln!(
                out,
                "Tries spendtop with an agent, a home, a config and a ledger made for it; yours \
                 are left alone."
            )?;
            out.flush()?;
        }
        Ok(Self { json, out, steps: Vec::new() })
    }

    pub(super) fn is_proven(&self, step: Step) -> bool {
        self.steps.iter().any(|one| one.step == step && one.outcome == "ok")
    }

    pub(super) fn add(&mut self, step: Step, proof: Proof) -> Result<()> {
        let (outcome, took, detail, todo) = match proof {
            Ok(Proven { took, detail }) => ("ok", Some(took), detail, ""),
            Err(Unproven::Missing { what, todo }) => ("skipped", None, what, todo),
            Err(Unproven::Failed { why, todo }) => ("failed", None, why, todo),
            Err(Unproven::Interrupted) => return Ok(()),
        };
        let hint = Some(todo).filter(|todo| !todo.is_empty());
        let json = StepJson { step, outcome, took_ms: took.map(millis), detail, hint };
        if !self.json {
            write_step(self.out, &json)?;
            self.out.flush()?;
        }
        self.steps.push(json);
        Ok(())
    }

    /// Ends it; tells whether all was proven.
    pub(super) fn end(self, took: Duration) -> Result<bool> {
        let count = |outcome| self.steps.iter().filter(|one| one.outcome == outcome).count();
        let (failed, skipped) = (count("failed"), count("skipped"));
        let ok = failed + skipped == 0;
        if self.json {
            let took_ms = millis(took);
            let json =
                SelftestJson { schema: "spendtop.selftest/1", ok, took_ms, steps: self.steps };
            serde_json::to_writer(&mut *self.out, &json)?;
            writeln!(self.out)?;
        } else if ok {
            let seconds = took.as_secs_f64();
            writeln!(
                self.out,
                "All is proven in {seconds:.1} s: here a broken cap is noticed, told and enforced."
            )?;
        } else {
            let what = match (failed, skipped) {
                (0, skipped) => format!("{skipped} of {} skipped", self.steps.len()),
                (failed, 0) => format!("{failed} of {} failed", self.steps.len()),
                (failed, skipped) => {
                    format!("{failed} of {} failed, {skipped} skipped", self.steps.len())
                }
            };
            writeln!(self.out, "Not all is proven: {what}.")?;
        }
        Ok(ok)
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// `ok    transcript noticed        12 ms   $0.02 in its ledger`
fn write_step(out: &mut dyn Write, step: &StepJson) -> Result<()> {
    let mark = match step.outcome {
        "ok" => "ok",
        "skipped" => "skip",
        _ => "FAIL",
    };
    let took = step.took_ms.map_or_else(String::new, |took| format!("{took} ms"));
    let line = format!("{mark:<4}  {:<22}{took:>8}   {}", step.step.name(), step.detail);
    writeln!(out, "{}", line.trim_end())?;
    if let Some(hint) = step.hint {
        writeln!(out, "      {hint}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: bool, proofs: [Proof; 3]) -> (bool, String) {
        let mut out = Vec::new();
        let mut report = Report::begin(json, &mut out).unwrap();
        for (step, proof) in Step::ALL.into_iter().zip(proofs) {
            report.add(step, proof).unwrap();
        }
        assert!(report.is_proven(Step::DaemonReady) && !report.is_proven(Step::ProcessStopped));
        let ok = report.end(Duration::from_millis(2_640)).unwrap();
        (ok, String::from_utf8(out).unwrap())
    }

    fn proven(detail: &str) -> Proven {
        Proven { took: Duration::from_micros(12_900), detail: detail.into() }
    }

    #[test]
    fn a_line_for_each_step_and_one_for_all() {
        let failed = Unproven::Failed { why: "it did not".into(), todo: "Do this." };
        let (ok, text) =
            said(false, [Ok(proven("")), Err(failed), Err(Unproven::missing("there is none"))]);
        assert!(!ok);
        let (_, lines) = text.split_once('\n').unwrap();
        assert_eq!(
            lines,
            "ok    daemon ready             12 ms\n\
             FAIL  transcript noticed               it did not\n\
             \x20     Do this.\n\
             skip  cap broken                       there is none\n\
             Not all is proven: 1 of 3 failed, 1 skipped.\n"
        );
        let (ok, text) =
            said(false, [Ok(proven("")), Ok(proven("$0.02 in its ledger")), Ok(proven(""))]);
        assert!(ok);
        assert!(text.contains("ok    transcript noticed       12 ms   $0.02 in its ledger\n"));
        assert!(text.ends_with(
            "All is proven in 2.6 s: here a broken cap is noticed, told and enforced.\n"
        ));
    }

    #[test]
    fn the_same_as_json() {
        let (ok, text) =
            said(true, [Ok(proven("")), Ok(proven("x")), Err(Unproven::missing("none"))]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(!ok);
        assert_eq!(
            json,
            serde_json::json!({"schema": "spendtop.selftest/1", "ok": false, "took_ms": 2640, "steps": [
                {"step": "daemon_ready", "outcome": "ok", "took_ms": 12, "detail": "", "hint": null},
                {"step": "transcript_noticed", "outcome": "ok", "took_ms": 12, "detail": "x", "hint": null},
                {"step": "cap_broken", "outcome": "skipped", "took_ms": null, "detail": "none", "hint": null},
            ]})
        );
    }
}
