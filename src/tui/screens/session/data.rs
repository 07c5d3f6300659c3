//! What the Session screen has read: one session, of one moment.

use std::path::PathBuf;

use super::costs::{self, ModelCost};
use super::latest::{self, ThreadNow};
use super::threads::{self, Thread};
use crate::agents;
use crate::enforce::{Kernel, Search, locate};
use crate::explain::{self, Found as Meant, SUBSCRIPTION};
use crate::format::printable;
use crate::ledger::{LedgerError, SessionCall, Stated};
use crate::model::{Millis, SessionKey};
use crate::tui::screens::Query;
use crate::tui::screens::live::{self, Session, short_model};
use crate::tui::source::Source;

/// Which session, and which of its calls to explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct One {
    /// The session; none: whichever called last.
    pub session: Option<SessionKey>,
    /// The number of a call to explain.
    pub explain: Option<i64>,
    /// Dollars are the worth of what a plan covers.
    pub on_plan: bool,
}

/// Everything that is known of a session. Its texts are safe to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// It, as the Live screen has it.
    pub session: Session,
    /// The whole path of its project.
    pub folder: String,
    /// Who pays.
    pub developer: String,
    /// Its processes, and how sure that is.
    pub processes: Vec<Process>,
    /// What the agent itself says that it cost.
    pub stated: Option<Stated>,
    /// The command that takes it up again.
    pub resume: String,
    /// Its first call.
    pub first: Millis,
    /// What it cost, by model and class of tokens, the dearest first.
    pub models: Vec<ModelCost>,
    /// Its threads: the main one, then its subagents, the dearest first.
    pub threads: Vec<Thread>,
    /// What its threads are at, by the ends of their transcripts; what repeats most first.
    pub latest: Vec<ThreadNow>,
    /// Its calls, newest first.
    pub calls: Vec<Call>,
    /// The call that was asked for, explained.
    pub explained: Option<(i64, String)>,
}

/// A process of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// In words: its number and how it was found.
    pub words: String,
    /// Why it is not certain to be the session's; none: it is.
    pub why_not: Option<String>,
}

/// A call of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What the ledger has of it.
    pub row: SessionCall,
    /// The model, short.
    pub model: String,
    /// The subagent that made it, or empty.
    pub subagent: String,
}

impl Query for One {
    type Data = Option<Box<Data>>;

    fn read(&self, source: &mut Source<'_>) -> Result<Self::Data, LedgerError> {
        let number = match &self.session {
            Some(key) => source.reader.session_number(key)?,
            None => newest(source),
        };
        let Some(number) = number else { return Ok(None) };
        let Some(session) = live::one(source, number)? else { return Ok(None) };
        let rows = source.calls.calls(source.reader, source.sums, number)?;
        let models = costs::read(source, &rows)?;
        let threads = threads::sum_up(source, &rows);
        let latest = latest::read(source, number, &session, &rows)?;
        let who = rows.iter().find_map(|row| source.sums.charged.get(&row.charged));
        // The main thread's says where the session was begun.
        let main = rows.iter().filter_map(|row| source.sums.charged.get(&row.charged));
        let folder = main.filter(|who| who.subagent.is_empty()).map(|who| &*who.project).next();
        let folder = folder.filter(|folder| !folder.is_empty());
        let key = &session.key;
        let resume = agents::resume_command(key.agent, &key.session_id, folder).unwrap_or_default();
        Ok(Some(Box::new(Data {
            folder: printable(folder.unwrap_or_default()).into_owned(),
            developer: who.map_or_else(String::new, |who| printable(&who.developer).into_owned()),
            processes: processes(source, &session.key),
            stated: source.reader.stated(number)?,
            resume: printable(&resume).into_owned(),
            first: rows.last().map_or(session.last, |row| row.at),
            explained: self.explain(source)?,
            calls: rows.iter().cloned().map(|row| call(row, source)).collect(),
            session,
            models,
            threads,
            latest,
        })))
    }
}

impl One {
    /// What `spendtop explain` says of the call.
    fn explain(&self, source: &Source<'_>) -> Result<Option<(i64, String)>, LedgerError> {
        let Some(number) = self.explain else { return Ok(None) };
        let rows = source.reader.rows_of_call(number)?;
        let account = if self.on_plan { SUBSCRIPTION } else { "api" };
        let charged = &source.sums.charged;
        let explained = explain::explain(source.reader, &Meant::Calls, &rows, charged, account)?;
        let mut text = Vec::new();
        // Into memory: it cannot fail.
        let _ = explain::write(&mut text, &explained, &source.facts.zone);
        Ok(Some((number, String::from_utf8_lossy(&text).into_owned())))
    }
}

/// The session that called last.
fn newest(source: &Source<'_>) -> Option<i64> {
    let sums = source.sums.by_charged.iter();
    let (number, _) = sums.max_by_key(|(number, sum)| (sum.last, **number))?;
    source.sums.charged.get(number).map(|who| who.session)
}

fn call(row: SessionCall, source: &Source<'_>) -> Call {
    let who = source.sums.charged.get(&row.charged);
    Call {
        model: who.map_or_else(String::new, |who| short_model(&who.model)),
        subagent: who.map_or_else(String::new, |who| printable(&who.subagent).into_owned()),
        row,
    }
}

/// The processes it may live in, judged as the guard judges them.
fn processes(source: &Source<'_>, session: &SessionKey) -> Vec<Process> {
    let roots: Vec<PathBuf> = source.facts.roots.iter().map(|(_, root)| root.clone()).collect();
    let search = Search { session, sightings: source.sightings, known: &[], roots: &roots };
    let located = locate(&Kernel::new(), &search);
    let process = |found: crate::enforce::Located| {
        let exe = found.process.exe.as_ref();
        let name = exe.and_then(|exe| exe.file_name()).map(|name| name.to_string_lossy());
        let name = name.map_or_else(String::new, |name| format!(" ({})", printable(&name)));
        Process {
            words: format!("process {}{name}, {}", found.process.key.pid, live::how(found.how)),
            why_not: found.why_not.map(|why| printable(&why).into_owned()),
        }
    };
    located.into_iter().map(process).collect()
}
