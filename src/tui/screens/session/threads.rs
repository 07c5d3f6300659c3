//! The threads of a session: the main one and its subagents, with what each cost.

use std::collections::{BTreeMap, BTreeSet};

use crate::format::printable;
use crate::ledger::{SessionCall, Totals};
use crate::model::Millis;
use crate::tui::screens::live::short_model;
use crate::tui::source::Source;

/// A thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// The subagent's id, safe to show; empty: the main thread.
    pub id: String,
    /// Its models.
    pub models: Vec<String>,
    /// Its calls.
    pub totals: Totals,
    /// The tokens sent with its newest call: how full its context is.
    pub context: u64,
    /// Its newest call.
    pub last: Millis,
}

/// Sums up calls, which are sorted newest first.
pub(super) fn sum_up(source: &Source<'_>, calls: &[SessionCall]) -> Vec<Thread> {
    let mut threads: BTreeMap<&str, (Thread, BTreeSet<&str>)> = BTreeMap::new();
    for call in calls {
        let Some(who) = source.sums.charged.get(&call.charged) else { continue };
        let (thread, models) = threads.entry(&who.subagent).or_insert_with(|| {
            let thread = Thread {
                id: printable(&who.subagent).into_owned(),
                models: Vec::new(),
                totals: Totals::default(),
                context: call.usage.prompt_tokens(),
                last: call.at,
            };
            (thread, BTreeSet::new())
        });
        thread.totals += Totals::of_call(call.usage, call.cost, call.is_final);
        if models.insert(&who.model) {
            thread.models.push(short_model(&who.model));
        }
    }
    let mut threads: Vec<Thread> = threads.into_values().map(|(thread, _)| thread).collect();
    // Stable: equals stay in the order of their ids.
    threads.sort_by_key(|thread| (!thread.id.is_empty(), std::cmp::Reverse(thread.totals.cost)));
    threads
}
