//! `flag`, `block` and `unblock`: what a cap does to a session, done by hand.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::Result;

use super::args::MarkArgs;
use super::context::Context;
use super::standing::find_session;
use super::{Outcome, UsageError, inside, leave};
use crate::format::{money, printable};
use crate::ledger::Reader;
use crate::model::{Action, ActionKind, CapAction, Mark, Note, SessionKey, UsdTotal};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Mark it.
    Flag,
    /// Have its hook stop it.
    Block,
    /// Take its marks back.
    Unblock,
}

impl Deed {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }

    fn kind(self) -> ActionKind {
        match self {
            Self::Flag => ActionKind::Flag,
            Self::Block => ActionKind::Block,
            Self::Unblock => ActionKind::Unblock,
        }
    }

    /// The mark that it sets; none: it takes marks back.
    fn mark(self) -> Option<CapAction> {
        match self {
            Self::Flag => Some(CapAction::Flag),
            Self::Block => Some(CapAction::Block),
            Self::Unblock => None,
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Flag => "it is marked in reports and on the screen, and goes on",
            Self::Block => "its hook stops it at its next step; without a hook it goes on",
            Self::Unblock => "it may go on, unless a cap that it breaks holds it",
        }
    }
}

/// The word for a session with a mark.
pub(super) fn word(action: CapAction) -> &'static str {
    if action.stops() { "blocked" } else { "flagged" }
}

pub(super) fn run(
    context: &Context,
    deed: Deed,
    args: &MarkArgs,
    out: &mut dyn Write,
) -> Result<Outcome> {
    if !args.dry_run {
        refuse_inside(deed)?;
    }
    let reader = context.fresh_reader()?;
    let session = find_session(reader.as_ref(), &args.session)?;
    let marks = match &reader {
        Some(reader) => reader.marks_of(&session)?,
        None => Vec::new(),
    };
    let id = printable(&session.session_id).into_owned();
    if deed == Deed::Unblock && marks.is_empty() {
        writeln!(out, "{id} has no mark.")?;
        return Ok(Outcome::NoData);
    }
    let is_same = |mark: &&Mark| mark.cap.is_none() && Some(mark.action) == deed.mark();
    if let Some(mark) = marks.iter().find(is_same) {
        writeln!(out, "{id} is {} already, by {}.", word(mark.action), printable(&mark.by))?;
        return Ok(Outcome::Done);
    }
    let about = about(reader.as_ref(), &session)?;
    let what = format!("{} session {id}{about}: {}", deed.name(), deed.meaning());
    if args.dry_run {
        writeln!(out, "Would {what}. Nothing was done (--dry-run).")?;
        return Ok(Outcome::Done);
    }
    if !args.yes && !confirmed(&what, out)? {
        writeln!(out, "Nothing was done.")?;
        return Ok(Outcome::Done);
    }
    leave::store(context, &notes(context, deed, session, &args.reason))?;
    writeln!(out, "Done: {what}.")?;
    Ok(Outcome::Done)
}

/// Refuses what only a person may do, inside an agent.
pub(super) fn refuse_inside(deed: Deed) -> Result<()> {
    if deed == Deed::Flag { Ok(()) } else { inside::refuse(&format!("{} a session", deed.name())) }
}

pub(super) fn notes(context: &Context, deed: Deed, session: SessionKey, reason: &str) -> [Note; 2] {
    let (at, by) = (context.now(), context.paths.user().to_owned());
    let action = Note::Action(Action {
        session: Some(session.clone()),
        evidence: reason.to_owned(),
        outcome: "done".to_owned(),
        ..Action::new(at, deed.kind(), &by)
    });
    let reason = reason.to_owned();
    let note = match deed.mark() {
        Some(action) => Note::Mark(Mark { session, action, cap: None, reason, by, at }),
        None => Note::Unmark(session),
    };
    [note, action]
}

/// ` ($12.30 in shop)`.
fn about(reader: Option<&Reader>, session: &SessionKey) -> Result<String> {
    let Some(reader) = reader else { return Ok(String::new()) };
    let spends = reader.session_spend(session)?;
    let spent = spends.iter().fold(UsdTotal::ZERO, |sum, spend| sum + spend.spent);
    let place = spends.last().map(|spend| reader.charged_to(spend.attribution)).transpose()?;
    let project = place.as_ref().map_or("", |to| &*to.project);
    let project = project.rsplit('/').next().unwrap_or_default();
    let place =
        if project.is_empty() { String::new() } else { format!(" in {}", printable(project)) };
    Ok(format!(" ({}{place})", money(spent)))
}

/// Asks on the terminal; where there is none, nobody can answer.
pub(super) fn confirmed(what: &str, out: &mut dyn Write) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(UsageError("not on a terminal: say --yes, or --dry-run to see".into()).into());
    }
    write!(out, "About to {what}. Type y to go on: ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
