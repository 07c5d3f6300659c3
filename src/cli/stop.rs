//! `stop`: ends a session's process by hand, with the guard's own care for which process that is.

use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::args::MarkArgs;
use super::context::Context;
use super::mark::confirmed;
use super::standing::find_session;
use super::{Outcome, leave};
use crate::agents::{self, LiveKind};
use crate::enforce::{
    Demand, Guard, How, INTERRUPTED, Kernel, Located, ProcessTable, Search, Step, locate,
    run_agent_stop,
};
use crate::format::printable;
use crate::ingest::Root;
use crate::ledger::{LedgerError, Reader};
use crate::model::{Action, Note, SessionKey, Sighting};
use crate::policy::DEFAULT_GRACE;

/// How often the processes are looked at.
const STEP: Duration = Duration::from_millis(50);

/// How long ending may take in all; an agent that ignores everything is dead by then.
const WITHIN: Duration = Duration::from_secs(25);

/// How long an agent's own command may take to stop a background worker.
const AGENT_STOP_WITHIN: Duration = Duration::from_secs(10);

/// Finds the processes of a session.
pub(super) struct Finder {
    pub(super) table: Kernel,
    roots: Vec<Root>,
    sightings: Vec<Sighting>,
}

impl Finder {
    pub(super) fn new(context: &Context, reader: Option<&Reader>) -> Result<Self, LedgerError> {
        let table = Kernel::new();
        let sightings = match reader {
            Some(reader) => reader.sightings_of_boot(&table.own().boot_id)?,
            None => Vec::new(),
        };
        Ok(Self { table, roots: context.roots(), sightings })
    }

    pub(super) fn find(&self, session: &SessionKey) -> Vec<Located> {
        let of_agent = self.roots.iter().filter(|root| root.agent == session.agent);
        let roots: Vec<PathBuf> = of_agent.map(|root| root.path.clone()).collect();
        let sightings = &self.sightings;
        locate(&self.table, &Search { session, sightings, known: &[], roots: &roots })
    }
}

pub(super) fn run(context: &Context, args: &MarkArgs, out: &mut dyn Write) -> Result<Outcome> {
    let reader = context.fresh_reader()?;
    let session = find_session(reader.as_ref(), &args.session)?;
    let id = printable(&session.session_id).into_owned();
    let finder = Finder::new(context, reader.as_ref())?;
    let located = finder.find(&session);
    if located.is_empty() {
        writeln!(out, "No process of session {id} was found: there is nothing to stop.")?;
        return Ok(Outcome::NoData);
    }
    for found in &located {
        writeln!(out, "{}", describe(found))?;
    }
    if !located.iter().any(Located::is_certain) {
        writeln!(out, "None of them is certain to be session {id}: nothing is signalled.")?;
        return Ok(Outcome::Failed);
    }
    let is_hosted = located.iter().filter(|found| found.is_certain()).all(Located::is_hosted);
    let how = if is_hosted {
        "what it does is interrupted"
    } else {
        "its process is ended, and the tools it leaves behind"
    };
    let what = format!("stop session {id}: {how}");
    if args.dry_run {
        writeln!(out, "Would {what}. Nothing was done (--dry-run).")?;
        return Ok(Outcome::Done);
    }
    if !args.yes && !confirmed(&what, out)? {
        writeln!(out, "Nothing was done.")?;
        return Ok(Outcome::Done);
    }
    let rows = end(context, &finder, session, &args.reason, &located);
    for row in &rows {
        writeln!(out, "{}", said(row))?;
    }
    let is_interrupted = |found: &Located| {
        rows.iter().any(|row| {
            row.process.as_ref() == Some(&found.process.key) && row.outcome == INTERRUPTED
        })
    };
    let gone = located
        .iter()
        .filter(|found| found.is_certain())
        .all(|found| is_interrupted(found) || !finder.table.is_alive(&found.process.key));
    let notes: Vec<Note> = rows.into_iter().map(Note::Action).collect();
    leave::store(context, &notes)?;
    Ok(if gone { Outcome::Done } else { Outcome::Failed })
}

/// `process 41822, /home/dev/.local/bin/claude: certain, by its hook`.
pub(super) fn describe(found: &Located) -> String {
    let exe = found.process.exe.as_ref();
    let exe = exe.map_or_else(|| "unknown program".to_owned(), |exe| exe.display().to_string());
    let kill = format!("after {} s by SIGKILL", grace_seconds());
    let stop = match &found.kind {
        LiveKind::Headless => format!("ended by SIGINT, {kill}"),
        LiveKind::Interactive => format!("ended by SIGTERM, {kill}"),
        LiveKind::Background { .. } => format!("ended by the agent's own stop, {kill}"),
        LiveKind::Hosted { .. } => {
            "a server, which is told to interrupt the session, and goes on".to_owned()
        }
    };
    let how = match found.how {
        How::Hook => "by its hook",
        How::Registry => "by the agent's own file",
        How::OpenTranscript => "by the transcript that it writes",
        How::Arguments => "by the session that it was started for",
    };
    let sure = match &found.why_not {
        None => format!("certain, {how}; {stop}"),
        Some(why) => format!("not certain ({why}), {how}; not signalled"),
    };
    format!("process {}, {}: {sure}", found.process.key.pid, printable(&exe))
}

fn grace_seconds() -> u64 {
    DEFAULT_GRACE.as_secs()
}

pub(super) fn said(row: &Action) -> String {
    let pid = row.process.as_ref().map_or_else(String::new, |process| format!(" {}", process.pid));
    let by = row.signal.as_ref().map_or_else(String::new, |signal| format!(" {signal}:"));
    format!("process{pid}:{by} {}", row.outcome)
}

/// Has the guard end the session, and waits for that.
pub(super) fn end(
    context: &Context,
    finder: &Finder,
    session: SessionKey,
    reason: &str,
    located: &[Located],
) -> Vec<Action> {
    let mut guard = Guard::new();
    let now = context.now();
    let resume = agents::resume_command(session.agent, &session.session_id, None);
    guard.demand(
        Demand {
            session,
            cap: None,
            person: Some(context.paths.user().to_owned()),
            grace: DEFAULT_GRACE,
            with_hook: false,
            hook_stops_turn: false,
            in_turn: true,
            evidence: reason.to_owned(),
            overshoot: None,
            breached_at: now,
            resume,
            located: located.to_vec(),
        },
        now,
    );
    let deadline = Instant::now() + WITHIN;
    let mut rows = Vec::new();
    loop {
        let steps =
            guard.tick(context.now(), &finder.table, &mut |session, _| finder.find(session));
        for step in steps {
            match step {
                Step::Row(row) => rows.push(row),
                Step::Stop(stop) => {
                    let outcome = run_agent_stop(&stop, AGENT_STOP_WITHIN);
                    guard.agent_stop_done(&stop, &outcome, context.now());
                }
            }
        }
        // A stopped session is known for a while, for its last lines: those are nobody's here.
        if !guard.is_at_work() || Instant::now() > deadline {
            return rows;
        }
        thread::sleep(STEP);
    }
}
