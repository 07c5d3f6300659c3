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
    alerts.extend(deeds.iter().filter_map(|action| deed(action, &label)));
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
        ActionKind::Snooze => "snoozed",
        ActionKind::Raise => "raised",
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
    let mut parts = vec![format!("{subject} {what}{signal}").trim_start().to_owned()];
    let outcome = printable(&action.outcome);
    if !outcome.is_empty() && outcome != "done" {
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
