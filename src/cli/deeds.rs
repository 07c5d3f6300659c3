//! What the screen asks to be done, done as `flag`, `block`, `unblock`, `stop`, `snooze` and `raise`
//! do it: the same notes in the inbox, the same care for which process it is, the same refusal inside
//! an agent.

use anyhow::Result;

use super::context::Context;
use super::mark::{self, Deed};
use super::stop::{self, Finder};
use super::{args, inside, leave, lift};
use crate::enforce::{Located, ProcessTable as _};
use crate::ledger::Reader;
use crate::model::{Note, SessionKey};
use crate::tui::{About, Answered, Doer, Found, Lift, Reply, Request};

/// Does what a screen asks for, by the config as it is then.
pub(super) fn doer(context: impl Fn() -> Context + Send + 'static) -> Doer {
    Box::new(move |request| {
        let about = match &request {
            Request::Find(session) | Request::Do { session, .. } => About::Session(session.clone()),
            Request::Lift { cap, .. } => About::Cap(cap.clone()),
        };
        let what = match answer(&context(), request) {
            Ok(what) => what,
            Err(error) => Answered::Refused(format!("{error:#}")),
        };
        Reply { about, what }
    })
}

fn answer(context: &Context, request: Request) -> Result<Answered> {
    match request {
        Request::Find(session) => {
            let found = finder(context)?.find(&session);
            Ok(Answered::Found(found.iter().map(seen).collect()))
        }
        Request::Lift { cap, lift, by, reason } => lift_cap(context, &cap, lift, by, reason),
        Request::Do { session, deed, reason } => {
            use crate::tui::Deed as Asked;
            match deed {
                Asked::Flag => mark(context, Deed::Flag, session, &reason),
                Asked::Block => mark(context, Deed::Block, session, &reason),
                Asked::Unblock => mark(context, Deed::Unblock, session, &reason),
                Asked::Stop => stop(context, session, &reason),
            }
        }
    }
}

fn lift_cap(
    context: &Context,
    cap: &str,
    how: Lift,
    by: String,
    reason: String,
) -> Result<Answered> {
    let (cap, mut said) = (cap.to_owned(), Vec::new());
    match how {
        Lift::Snooze => {
            // A time of day or a day has a sign between its numbers, a span has none.
            let is_until = by.contains([':', '-']);
            let (until, span) = if is_until { (Some(by), None) } else { (None, Some(by)) };
            lift::snooze(context, &args::SnoozeArgs { cap, span, until, reason }, &mut said)?;
        }
        Lift::Raise => {
            lift::raise(context, &args::RaiseArgs { cap, dollars: by, reason }, &mut said)?;
        }
    }
    let said = String::from_utf8_lossy(&said);
    Ok(Answered::Done(said.lines().map(str::to_owned).collect()))
}

fn finder(context: &Context) -> Result<Finder> {
    let reader = Reader::open(&context.ledger)?;
    Ok(Finder::new(context, reader.as_ref())?)
}

fn seen(found: &Located) -> Found {
    Found { words: stop::describe(found), is_certain: found.is_certain() }
}

fn mark(context: &Context, deed: Deed, session: SessionKey, reason: &str) -> Result<Answered> {
    mark::refuse_inside(deed)?;
    let id = session.session_id.clone();
    leave::store(context, &mark::notes(context, deed, session, reason))?;
    Ok(Answered::Done(vec![format!("{} {id}: {}", deed.name(), deed.meaning())]))
}

fn stop(context: &Context, session: SessionKey, reason: &str) -> Result<Answered> {
    inside::refuse("stop a session")?;
    let finder = finder(context)?;
    let located = finder.find(&session);
    let id = session.session_id.clone();
    if !located.iter().any(Located::is_certain) {
        let why = if located.is_empty() {
            format!("no process of session {id} was found: there is nothing to stop")
        } else {
            format!("no process is certain to be session {id}: nothing is signalled")
        };
        return Ok(Answered::Refused(why));
    }
    let rows = stop::end(context, &finder, session, reason, &located);
    let mut lines: Vec<String> = rows.iter().map(stop::said).collect();
    let mut certain = located.iter().filter(|found| found.is_certain());
    if certain.any(|found| finder.table.is_alive(&found.process.key)) {
        lines.push(format!("session {id} still runs"));
    }
    let notes: Vec<Note> = rows.into_iter().map(Note::Action).collect();
    leave::store(context, &notes)?;
    Ok(Answered::Done(lines))
}
