//! The steps of a selftest: each has something done and looks until it is seen.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::agent::{Order, Said};
use super::lines::Look;
use super::patience::Patience;
use super::report::{Proof, Proven, Unproven};
use super::stage::{Actor, Stage};
use crate::clock::{Clock, SystemClock};
use crate::enforce::{Kernel, ProcessTable, Refused};
use crate::format::{money_fixed, printable};
use crate::model::{Action, ActionKind, LIMIT, Millis, SessionKey, UsdTotal};

/// What the daemon says when it follows.
const READY: &str = "spendtop daemon: ready";

/// Rows of the audit trail that are looked at: the scratch ledger has a handful.
const ROWS: usize = 100;

/// The real daemon, started in the scratch home, has read everything there is and follows.
pub(super) fn daemon_ready(stage: &mut Stage, patience: &Patience) -> Proof {
    let begun = Instant::now();
    stage.start_daemon()?;
    let ready = patience.wait(|| {
        if stage.scratch.said("daemon").iter().any(|line| line.contains(READY)) {
            return Ok(Some(()));
        }
        match stage.daemon_end()? {
            Some(status) => Err(daemon_failed(stage, &format!("ended ({status})"))),
            None => Ok(None),
        }
    })?;
    match ready {
        Some(()) => Ok(Proven { took: begun.elapsed(), detail: String::new() }),
        None => Err(daemon_failed(stage, "was not ready in time")),
    }
}

fn daemon_failed(stage: &Stage, how: &str) -> Unproven {
    let said = complaint(stage).map_or_else(String::new, |said| format!("; it said: {said}"));
    Unproven::failed(format!("the daemon {how}{said}"))
}

/// What the daemon said last, beside that it is ready.
fn complaint(stage: &Stage) -> Option<String> {
    stage.scratch.said("daemon").into_iter().rev().find(|line| !line.contains(READY))
}

/// A call that an agent writes into its transcript gets into the ledger.
pub(super) fn transcript_noticed(stage: &mut Stage, patience: &Patience) -> Proof {
    stage.install_hook();
    stage.make_agent().map_err(|error| Unproven::Failed {
        why: format!("cannot copy this program to {}: {error}", stage.scratch.place()),
        todo: "Set TMPDIR to a folder with room for it.",
    })?;
    stage.start_agent().map_err(|error| not_started(stage, &error))?;
    let Said::Ready(session_id) = heard(stage, patience, None)? else {
        return Err(Unproven::failed("the agent of the selftest did not say its session"));
    };
    actor(stage)?.is_in(&session_id);
    if stage.no_hook.is_none() {
        stage.below = Some(heard(stage, patience, Some(Order::AskBeforePrompt))?);
    }
    let begun = Instant::now();
    heard(stage, patience, Some(Order::Call))?;
    let session = session(stage)?;
    let spent = patience.wait(|| {
        let Some(reader) = stage.reader()? else { return Ok(None) };
        if reader.find_sessions(&session.session_id)?.is_empty() {
            return Ok(None);
        }
        let spends = reader.session_spend(&session)?;
        Ok(Some(spends.into_iter().map(|spend| spend.spent).sum::<UsdTotal>()))
    })?;
    let took = begun.elapsed();
    let spent = spent.ok_or_else(|| not_noticed(stage))?;
    // Where changes are not told, say, and have to be looked for.
    let said =
        complaint(stage).map_or_else(String::new, |said| format!("; the daemon said: {said}"));
    Ok(Proven { took, detail: format!("{} in its ledger{said}", money_fixed(spent, 2)) })
}

fn not_noticed(stage: &Stage) -> Unproven {
    let why = "a call in a transcript was not in the ledger in time";
    match complaint(stage) {
        Some(said) => Unproven::failed(format!("{why}; the daemon said: {said}")),
        None => Unproven::Failed {
            why: format!("{why}: this system does not tell the daemon that a file has changed"),
            todo: "The daemon looks at everything once a minute all the same; until then it holds \
                   no cap. The hook does: it reads the transcript itself.",
        },
    }
}

/// The agent did not start: an executable in the scratch folder is what some machines refuse.
fn not_started(stage: &Stage, error: &std::io::Error) -> Unproven {
    let place = stage.scratch.place();
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return Unproven::Missing {
            what: format!("no program can be run from {place}: {error}"),
            todo: "Set TMPDIR to a folder that is not mounted \"noexec\".",
        };
    }
    Unproven::failed(format!("the selftest's agent in {place} cannot be started: {error}"))
}

/// The next call is over the cap: that is latched, and there is a notice of it.
pub(super) fn cap_broken(stage: &mut Stage, patience: &Patience) -> Proof {
    let begun = Instant::now();
    heard(stage, patience, Some(Order::Call))?;
    let latch = patience.wait(|| {
        let Some(reader) = stage.reader()? else { return Ok(None) };
        let latches = reader.latches(SystemClock.now())?;
        let latch = latches.into_iter().find(|latch| latch.level == LIMIT);
        let is_told = !reader.notices(Millis(i64::MIN), 1)?.is_empty();
        Ok(latch.filter(|_| is_told))
    })?;
    let took = begun.elapsed();
    let latch = latch.ok_or_else(|| {
        Unproven::failed("calls of four cents did not break a cap of three cents in time")
    })?;
    let (spent, limit) = (money_fixed(latch.spent, 2), money_fixed(latch.limit, 2));
    Ok(Proven { took, detail: format!("{spent} of {limit} today") })
}

/// The hook let the agent work below the cap, and stops it now: its next tool and its next prompt.
pub(super) fn hook_answer_given(stage: &mut Stage, patience: &Patience) -> Proof {
    if let Some(why) = &stage.no_hook {
        return Err(Unproven::failed(format!("the hook could not be put in place: {why}")));
    }
    match stage.below.take() {
        Some(Said::Answered(answer)) if answer.is_empty() => {}
        Some(Said::Answered(answer)) => {
            let answer = printable(&answer).into_owned();
            return Err(Unproven::failed(format!("the hook stopped it below the cap: {answer}")));
        }
        other => return Err(unanswered(other)),
    }
    let mut slowest = Duration::ZERO;
    for order in [Order::AskBeforeTool, Order::AskBeforePrompt] {
        let begun = Instant::now();
        let said = heard(stage, patience, Some(order))?;
        slowest = slowest.max(begun.elapsed());
        let Said::Answered(answer) = said else { return Err(unanswered(Some(said))) };
        if !is_stop(order, &answer) {
            let answer = if answer.is_empty() { "nothing".into() } else { printable(&answer) };
            return Err(Unproven::failed(format!("over the cap the hook answered {answer}")));
        }
    }
    Ok(Proven { took: slowest, detail: "let it work below the cap, and stops it over it".into() })
}

fn unanswered(said: Option<Said>) -> Unproven {
    match said {
        Some(Said::Unanswered(why)) => {
            Unproven::failed(format!("the hook did not answer: {}", printable(&why)))
        }
        _ => Unproven::failed("the hook was not asked"),
    }
}

/// As it was measured to stop the agent.
fn is_stop(order: Order, answer: &str) -> bool {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    match order {
        Order::AskBeforeTool => answer["continue"] == false && answer["stopReason"].is_string(),
        Order::AskBeforePrompt => answer["decision"] == "block" && answer["reason"].is_string(),
        Order::Call | Order::GoOn => false,
    }
}

/// It goes on all the same, and the daemon ends its process.
pub(super) fn process_stopped(stage: &mut Stage, patience: &Patience) -> Proof {
    let table = Kernel::new();
    if table.own().boot_id.is_empty() {
        return Err(Unproven::missing(
            "this system does not tell processes apart with certainty, so none is ever signalled",
        ));
    }
    let actor = actor(stage)?;
    let pid = actor.child.id();
    // It may have ended by now: without a hook the first signal comes at once.
    let _ = actor.order(Order::GoOn);
    let ended = patience.wait(|| {
        note_calls(actor);
        Ok(actor.child.try_wait()?)
    })?;
    let gone_at = SystemClock.now();
    note_calls(actor);
    let calls = actor.calls.clone();
    let rows = patience.wait(|| {
        let rows = rows_of(stage, pid)?;
        let is_over = rows.iter().any(|row| row.kind == ActionKind::Ended) || ended.is_none();
        Ok(is_over.then_some(rows))
    })?;
    let rows = rows.unwrap_or_default();
    let sent = rows.iter().find(|row| row.kind == ActionKind::Signal && row.outcome == "sent");
    let (Some(status), Some(sent)) = (ended, sent) else { return Err(not_stopped(&rows, ended)) };
    let signal = sent.signal.as_deref().unwrap_or_default();
    if status.signal().is_none() {
        return Err(Unproven::failed(format!(
            "it was sent {signal} and ended by itself: {status}"
        )));
    }
    let call = calls.into_iter().filter(|at| *at <= sent.at).max().unwrap_or(sent.at);
    let after = |at: Millis| u64::try_from(at.since(call)).unwrap_or(0);
    let latency = match after(sent.at) {
        0 => "less than 1 ms".to_owned(),
        some => format!("{some} ms"),
    };
    Ok(Proven {
        took: Duration::from_millis(after(gone_at)),
        detail: format!(
            "it goes on all the same: {signal} {latency} after its call, process {pid} is gone"
        ),
    })
}

/// The steps that were taken on a process, the first first.
fn rows_of(stage: &mut Stage, pid: u32) -> Result<Vec<Action>, Unproven> {
    let Some(reader) = stage.reader()? else { return Ok(Vec::new()) };
    let mut rows = reader.actions(Millis(i64::MIN), ROWS)?;
    rows.retain(|row| row.process.as_ref().is_some_and(|process| process.pid == pid));
    rows.reverse();
    Ok(rows)
}

fn not_stopped(rows: &[Action], ended: Option<ExitStatus>) -> Unproven {
    let unsupported = Refused::Unsupported.to_string();
    let last = rows.iter().rev().find(|row| row.kind != ActionKind::HookStop);
    match (last, ended) {
        (Some(row), _) if row.outcome.contains(&unsupported) => Unproven::missing(unsupported),
        (Some(row), _) => {
            let signal = row.signal.as_deref().unwrap_or("no signal");
            Unproven::failed(format!("it was not stopped in time: {signal}: {}", row.outcome))
        }
        (None, Some(status)) => {
            Unproven::failed(format!("the agent of the selftest ended by itself: {status}"))
        }
        (None, None) => Unproven::failed("it went on over the cap, and was not signalled in time"),
    }
}

fn note_calls(actor: &mut Actor) {
    while let Look::Line(said) = actor.said.look() {
        if let Said::Called(at) = said {
            actor.calls.push(at);
        }
    }
}

fn actor(stage: &mut Stage) -> Result<&mut Actor, Unproven> {
    stage.actor.as_mut().ok_or_else(|| Unproven::failed("there is no agent"))
}

fn session(stage: &mut Stage) -> Result<SessionKey, Unproven> {
    let session = actor(stage)?.session.clone();
    session.ok_or_else(|| Unproven::failed("the agent has no session"))
}

/// What the agent says next, to an order if there is one.
fn heard(stage: &mut Stage, patience: &Patience, order: Option<Order>) -> Result<Said, Unproven> {
    let actor = actor(stage)?;
    if let Some(order) = order {
        actor.order(order)?;
    }
    let said = patience.wait(|| match actor.said.look() {
        Look::Line(said) => Ok(Some(Some(said))),
        Look::Nothing => Ok(None),
        Look::End => Ok(Some(None)),
    })?;
    if let Some(Some(Said::Called(at))) = &said {
        actor.calls.push(*at);
    }
    match said {
        Some(Some(said)) => Ok(said),
        Some(None) => {
            let said = stage.scratch.said("agent").pop().unwrap_or_default();
            Err(Unproven::failed(format!("the agent of the selftest ended: {said}")))
        }
        None => Err(Unproven::failed("the agent of the selftest did not answer in time")),
    }
}
