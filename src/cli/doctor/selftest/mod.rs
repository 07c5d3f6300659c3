//! `doctor --selftest`: proves on this machine that a broken cap is noticed, told and enforced.
//!
//! The real daemon, the real hook and an agent of its own in a scratch home. The user's own home,
//! config, ledger, hooks and processes are neither read nor touched.

mod agent;
mod desktop;
mod lines;
mod patience;
mod proofs;
mod report;
mod scratch;
mod stage;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

pub(in crate::cli) use self::agent::play as agent;
use self::patience::Patience;
use self::report::{Report, Step, Unproven};
use self::stage::Stage;
use crate::agents;
use crate::cli::args::{DoctorArgs, Global};
use crate::cli::{Outcome, UsageError};
use crate::clock::{Clock, SystemClock};
use crate::paths::{self, Paths};

/// What the steps on processes may take together. With the notification's few seconds and the
/// end of everything it stays below 15 s.
const STEPS_WITHIN: Duration = Duration::from_millis(9_500);

pub(in crate::cli) fn run(
    global: &Global,
    args: DoctorArgs,
    out: &mut dyn Write,
) -> Result<Outcome> {
    if global.config.is_some() || global.db.is_some() || global.now.is_some() {
        let why = "--selftest has a config, a ledger and a clock of its own: leave out --config, \
                   --db and --now";
        return Err(UsageError(why.into()).into());
    }
    let paths = Paths::from_env(&agents::variables());
    let program = paths::program().context("cannot tell where this program is")?;
    let interrupted = listen()?;
    let begun = Instant::now();
    let mut stage = Stage::new(program, SystemClock.now())?;
    let mut report = Report::begin(args.json, out)?;
    let patience = Patience { until: begun + STEPS_WITHIN, interrupted };
    for step in Step::ALL {
        let proof = match step.needs().filter(|needed| !report.is_proven(*needed)) {
            Some(needed) => Err(Unproven::missing(format!("needs \"{}\"", needed.name()))),
            None => match step {
                Step::DaemonReady => proofs::daemon_ready(&mut stage, &patience),
                Step::TranscriptNoticed => proofs::transcript_noticed(&mut stage, &patience),
                Step::CapBroken => proofs::cap_broken(&mut stage, &patience),
                Step::HookAnswerGiven => proofs::hook_answer_given(&mut stage, &patience),
                Step::ProcessStopped => proofs::process_stopped(&mut stage, &patience),
                Step::NotificationAccepted => desktop::notification_accepted(&paths),
            },
        };
        report.add(step, proof)?;
        if patience.interrupted.load(Ordering::Relaxed) {
            stage.close()?;
            bail!("interrupted; nothing of the selftest is left");
        }
    }
    let closed = stage.close();
    let ok = report.end(begun.elapsed())?;
    closed?;
    Ok(if ok { Outcome::Done } else { Outcome::Problems })
}

/// From now on the person's wish to end it is noted, so that it can clean up first.
fn listen() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))
            .context("cannot listen for signals")?;
    }
    Ok(interrupted)
}
