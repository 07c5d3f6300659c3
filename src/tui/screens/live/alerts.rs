//! What was told and done lately: the guard's notices, and what was done to sessions.

use std::sync::Arc;

use super::session::Session;
use crate::format::{printable, short_id};
use crate::ledger::LedgerError;
use crate::model::{Action, ActionKind, Millis, SessionKey};
use crate::tui::source::Source;

/// As many as a high terminal shows.
const MOST: usize = 12;

/// How far back.
const SINCE_MS: i64 = 24 * 3_600_000;

/// A signal and the end that comes of it are this near to each other.
const ENDS_MS: i64 = 60_000;

/// Something that was told or done. Its text is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// When.
    pub at: Millis,
    /// Work is stopped, or about to be.
    pub urgent: bool,
    /// What.
    pub text: String,
}

/// Reads them, newest first.
pub(super) fn read(
    source: &Source<'_>,
    sessions: &[Arc<Session>],
) -> Result<Vec<Alert>, LedgerError> {
    let since = source.now.minus(SINCE_MS);
    let mut alerts: Vec<Alert> = Vec::new();
    for notice in source.reader.notices(since, MOST)? {
        // On a desktop it has to be said who speaks.
        let title = notice.title.strip_prefix("spendtop: ").unwrap_or(&notice.title);
        let lines = std::iter::once(title).chain(notice.body.lines());
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).map(printable).collect();
        alerts.push(Alert { at: notice.at, urgent: notice.urgent, text: lines.join(" · ") });
    }
    // What the daemon did it has also told of.
    let deeds = source.reader.actions(since, 4 * MOST)?;
    let label = |session: &SessionKey| label(session, sessions);
    // How it ended names the signal.
    let is_over = |action: &Action| {
        let ends = deeds.iter().filter(|other| other.kind == ActionKind::Ended);
        let mut ends = ends.filter(|end| end.session == action.session);
        action.kind == ActionKind::Signal
            && ends.any(|end| (0..=ENDS_MS).contains(&end.at.since(action.at)))
    };
    let told = deeds.iter().filter(|action| !is_over(action));
    alerts.extend(told.filter_map(|action| deed(action, &label)));
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.at));
    alerts.truncate(MOST);
    Ok(alerts)
}

fn deed(action: &Action, label: &dyn Fn(&SessionKey) -> String) -> Option<Alert> {
    let what = match action.kind {
        ActionKind::HookStop => "stopped by its hook",
        ActionKind::Signal => "signalled",
        ActionKind::AgentStop => "stopped by its agent's own means",
        ActionKind::Ended => "ended",
        ActionKind::Flag if action.cap.is_none() => "flagged",
        ActionKind::Block if action.cap.is_none() => "blocked",
        ActionKind::Unblock => "marks taken back",
        // How long and how much is in the outcome.
        ActionKind::Snooze | ActionKind::Raise => "",
        // These come with a notice.
        ActionKind::Warn
        | ActionKind::Breach
        | ActionKind::Flag
        | ActionKind::Block
        | ActionKind::Unlocated
        | ActionKind::Loosened
        | ActionKind::Loop => return None,
    };
    let subject = match (&action.session, &action.cap) {
        (Some(session), _) => label(session),
        (None, Some(cap)) => format!("cap {}", printable(cap)),
        (None, None) => String::new(),
    };
    let signal = action.signal.as_ref();
    let signal = signal.map_or_else(String::new, |signal| format!(" ({})", printable(signal)));
    let outcome = printable(&action.outcome);
    let mut parts = vec![format!("{subject} {what}{signal}").trim().to_owned()];
    if what.is_empty() {
        parts = vec![format!("{subject} {outcome}").trim().to_owned()];
    } else if !outcome.is_empty() && outcome != "done" {
        parts.push(outcome.into_owned());
    }
    parts.push(format!("by {}", printable(&action.by)));
    if !action.evidence.is_empty() {
        parts.push(printable(&action.evidence).into_owned());
    }
    let urgent = matches!(action.kind, ActionKind::HookStop | ActionKind::Signal);
    Some(Alert { at: action.at, urgent, text: parts.join(" · ") })
}

/// The session's project and the head of its id.
fn label(session: &SessionKey, sessions: &[Arc<Session>]) -> String {
    let known = sessions.iter().find(|known| known.key == *session);
    let id = short_id(&session.session_id);
    match known.map(|known| known.project.as_str()).filter(|project| !project.is_empty()) {
        Some(project) => format!("{project} ({id})"),
        None => format!("session {id}"),
    }
}
