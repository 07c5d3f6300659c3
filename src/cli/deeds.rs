//! What the screen asks to be done to a session, done as `flag`, `block`, `unblock` and `stop` do
//! it: the same notes in the inbox, the same care for which process it is, the same refusal inside
//! an agent.

use anyhow::Result;

use super::context::Context;
use super::mark::{self, Deed};
use super::stop::{self, Finder};
use super::{inside, leave};
use crate::enforce::{Located, ProcessTable as _};
use crate::ledger::Reader;
use crate::model::{Note, SessionKey};
use crate::tui::{Answered, Doer, Found, Reply, Request};

/// Does what a screen asks for.
pub(super) fn doer(context: Context) -> Doer {
    Box::new(move |request| {
        let session = match &request {
            Request::Find(session) | Request::Do { session, .. } => session.clone(),
        };
        let what = match answer(&context, request) {
            Ok(what) => what,
            Err(error) => Answered::Refused(format!("{error:#}")),
        };
        Reply { session, what }
    })
}

fn answer(context: &Context, request: Request) -> Result<Answered> {
    match request {
        Request::Find(session) => {
            let found = finder(context)?.find(&session);
            Ok(Answered::Found(found.iter().map(seen).collect()))
        }
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
