//! Hooks: how they are in every agent's folder, which failed, and caps that need one which is not
//! there.

use super::{Finding, Setup};
use crate::agents;
use crate::config::OnError;
use crate::format::counted;
use crate::hook::homes;
use crate::ledger::{Inbox, LedgerError, Reader};
use crate::model::{AgentId, Millis};
use crate::paths;

/// Failures older than this are nobody's concern any more.
const RECENT_MS: i64 = 7 * 86_400_000;

/// The hook in an agent's config folder of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookState {
    /// Whose.
    pub agent: AgentId,
    /// The file that it is set in, as it is to be shown.
    pub settings: String,
    /// It is set in there, right or wrong.
    pub is_installed: bool,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
    /// When a session last called it.
    pub last_seen: Option<Millis>,
}

/// The hook in every folder that is there.
pub fn hooks(setup: &Setup, reader: Option<&Reader>) -> Result<Vec<HookState>, LedgerError> {
    let mut states = Vec::new();
    for adapter in agents::all() {
        let Some(hook) = adapter.hook() else { continue };
        let (agent, asked) = (adapter.id(), &setup.asked);
        let command = homes::command(agent, asked.config.as_deref(), asked.ledger.as_deref());
        // The system does not say where this program is: nothing can be said of hooks.
        let Ok(command) = command else { continue };
        let homes = homes::homes(&setup.roots, &setup.usual, agent, &hook);
        if homes.is_empty() {
            continue;
        }
        let seen = homes::seen(reader, &setup.ledger, agent)?;
        let with_state = homes::states(homes, &hook, &command, &seen).into_iter();
        states.extend(with_state.map(|(home, state)| HookState {
            agent,
            settings: setup.shown(&home.settings),
            is_installed: !state.placed.is_empty(),
            problems: state.problems,
            last_seen: state.last_seen,
        }));
    }
    Ok(states)
}

/// A cap that is to stop sessions, and a home without the hook.
pub fn missing_hooks(setup: &Setup, hooks: &[HookState]) -> Option<Finding> {
    let wrong = |hook: &HookState| {
        let settings = hook.settings.clone();
        hook.problems
            .iter()
            .map(move |problem| format!("{settings}: {problem}"))
            .collect::<Vec<_>>()
    };
    let items: Vec<String> = hooks.iter().flat_map(wrong).collect();
    let message = "a cap is to stop sessions, and the hook that does so is not in place";
    let is_needed = setup.has_cap_that_stops() && !items.is_empty();
    is_needed.then(|| Finding::problem("hook", message, items))
}

/// Hooks that failed in the last days, stored or not.
pub fn hook_failures(
    setup: &Setup,
    reader: Option<&Reader>,
    now: Millis,
) -> Result<Option<Finding>, LedgerError> {
    let since = now.minus(RECENT_MS);
    let (mut count, mut last) = match reader {
        Some(reader) => reader.hook_failures(since)?,
        None => (0, None),
    };
    if let Some(inbox) = Inbox::open_quickly(&paths::inbox_of(&setup.ledger))? {
        let (more, latest) = inbox.failures(since)?;
        count += more;
        last = latest.or(last);
    }
    if count == 0 {
        return Ok(None);
    }
    let message = format!(
        "the hook failed {} in the last 7 days and {}; last:",
        counted(count, "time", "times"),
        if setup.config.on_hook_error == OnError::Block {
            "stopped the agent"
        } else {
            "let the agent go on"
        }
    );
    let items = last.into_iter().collect();
    Ok(Some(Finding::problem("hook_failure", message, items).counting(count)))
}
