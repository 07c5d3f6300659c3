//! What the Activity screen has read: the audit trail, and notices of what it has no row for.

use std::collections::{HashMap, HashSet};

use super::event::{Event, From};
use crate::format::{printable, short_id, short_paths};
use crate::ledger::LedgerError;
use crate::model::{Action, Millis, Notice, SessionKey};
use crate::tui::screens::Query;
use crate::tui::source::Source;

/// As many rows are read, the newest: some weeks of a busy machine.
pub const MOST: usize = 2000;

/// How the keys of notices begin that come with a row of the audit trail.
const WITH_A_ROW: [&str; 4] = ["cap/", "stopped/", "loosened/", "loop/"];

/// Everything, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail;

impl Query for Trail {
    type Data = Vec<Event>;

    fn read(&self, source: &mut Source<'_>) -> Result<Vec<Event>, LedgerError> {
        let always = Millis(i64::MIN);
        let actions = source.reader.actions(always, MOST)?;
        let mut notices = source.reader.notices(always, MOST)?;
        notices.retain(|notice| !WITH_A_ROW.iter().any(|start| notice.key.starts_with(start)));
        let labels = labels(&actions, source);
        let mut events: Vec<Event> = Vec::with_capacity(actions.len() + notices.len());
        events.extend(actions.into_iter().map(|action| of_action(action, &labels)));
        events.extend(notices.into_iter().map(of_notice));
        // Stable: of one moment they stay in the order of the ledger.
        events.sort_by_key(|event| std::cmp::Reverse(event.at()));
        events.truncate(MOST);
        number(&mut events);
        Ok(events)
    }
}

/// Numbers those of one moment and kind from the oldest on, so that the numbers stay while newer
/// ones come.
fn number(events: &mut [Event]) {
    let mut seen: HashMap<(Millis, &'static str), u32> = HashMap::new();
    for event in events.iter_mut().rev() {
        let (at, kind, _) = event.id;
        let count = seen.entry((at, kind)).or_default();
        event.id.2 = *count;
        *count += 1;
    }
}

fn of_action(action: Action, labels: &HashMap<SessionKey, String>) -> Event {
    let session = action.session.as_ref().and_then(|session| labels.get(session));
    let cap = action.cap.as_ref().map(|cap| format!("cap {}", printable(cap)));
    let about = session.cloned().or(cap).unwrap_or_default();
    Event { id: (action.at, action.kind.name(), 0), about, from: From::Action(Box::new(action)) }
}

fn of_notice(notice: Notice) -> Event {
    let id = (notice.at, "notice", 0);
    Event { id, about: String::new(), from: From::Notice(Box::new(notice)) }
}

/// Every session that is told of: its project, and the head of its id.
fn labels(actions: &[Action], source: &Source<'_>) -> HashMap<SessionKey, String> {
    let wanted: HashSet<&SessionKey> =
        actions.iter().filter_map(|action| action.session.as_ref()).collect();
    let mut projects: HashMap<&SessionKey, &str> = HashMap::new();
    for who in source.sums.charged.values() {
        let key = SessionKey { agent: who.agent, session_id: who.session_id.clone() };
        if let Some(key) = wanted.get(&key)
            && !who.project.is_empty()
        {
            // Of several the same one at every look.
            let project = projects.entry(key).or_insert(&who.project);
            *project = (*project).min(&who.project);
        }
    }
    let short = short_paths(projects.values().copied());
    let label = |key: &SessionKey| {
        let id = short_id(&key.session_id);
        match projects.get(key).and_then(|project| short.get(project)) {
            Some(project) => format!("{} {id}", printable(project)),
            None => id,
        }
    };
    wanted.iter().map(|key| ((*key).clone(), label(key))).collect()
}
