//! Which of the records with one response id are the same call, and whose it is.
//!
//! Pure: the answer depends on the set of records alone, never on the order they came in. That
//! holds because records of one place are merged by a maximum, and everything here is computed
//! from the merged records.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::holding::{Holding, Standing};
use super::terms::Terms;
use crate::model::Millis;

/// What decides between two sessions that hold the same call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SessionFacts {
    /// When the session began to have records of its own; where every record is shared with
    /// another session, when the first of them was made.
    pub start: Millis,
    /// Its latest call: of two sessions that are wholly shared, the one that ended first was
    /// copied by the other.
    pub end: Millis,
}

/// Settles a group: marks the row of each call that counts and says why the others do not, and
/// gives all rows of a call the call's fullest usage and earliest time.
pub(super) fn settle(group: &mut [Holding], facts: &dyn Fn(i64) -> SessionFacts) {
    let calls = split_into_calls(group);
    for rows in calls.values() {
        let replayed: Vec<bool> = rows.iter().map(|&row| is_replay(group, row)).collect();
        join(group, rows);
        let owner = rows
            .iter()
            .zip(&replayed)
            .filter(|(_, replayed)| !**replayed)
            .map(|(&row, _)| row)
            .min_by_key(|&row| owner_key(&group[row], facts));
        for (&row, replayed) in rows.iter().zip(replayed) {
            let standing = match owner {
                _ if replayed => Standing::Replay,
                Some(owner) if owner == row => Standing::Counted,
                Some(owner) if group[owner].session == group[row].session => Standing::OtherThread,
                _ => Standing::Copy,
            };
            group[row].set_standing(standing);
        }
    }
    // Call by call, not row by row: under a relay's constant id a group is long.
    for rows in calls.values() {
        let shared = rows.iter().any(|&row| group[row].session != group[rows[0]].session);
        for &row in rows {
            group[row].set_shared(shared);
        }
    }
}

/// Rows by call: the request id tells requests apart, and a row without one joins a request of
/// its own session, or else of any.
fn split_into_calls(group: &[Holding]) -> BTreeMap<Option<Arc<str>>, Vec<usize>> {
    let named = group.iter().enumerate().filter(|(index, other)| {
        other.call.call_id.request_id.is_some() && !is_replay(group, *index)
    });
    let named: Vec<_> = named.map(|(_, other)| (other, other.own_terms().at)).collect();
    let mut calls: BTreeMap<Option<Arc<str>>, Vec<usize>> = BTreeMap::new();
    for (index, row) in group.iter().enumerate() {
        let request = row.call.call_id.request_id.clone().or_else(|| {
            let joined = named.iter().min_by_key(|(other, at)| {
                (
                    other.session != row.session,
                    other.call.is_sidechain,
                    at,
                    &other.call.call_id.request_id,
                )
            });
            joined.and_then(|(other, _)| other.call.call_id.request_id.clone())
        });
        calls.entry(request).or_default().push(index);
    }
    calls
}

/// An aside (`/btw`) replays its parent's answer under a new request id, in a side thread of the
/// same session: the main thread has the answer, but not under this request.
fn is_replay(group: &[Holding], row: usize) -> bool {
    let row = &group[row];
    let mut main = group
        .iter()
        .filter(|other| !other.call.is_sidechain && other.session == row.session)
        .map(|other| &other.call.call_id.request_id)
        .peekable();
    row.call.is_sidechain
        && row.call.call_id.request_id.is_some()
        && main.peek().is_some()
        && main.all(|request| *request != row.call.call_id.request_id)
}

/// Every row of a call takes the winner's usage and the earliest time. A side thread's copy of
/// the main thread's answer shows its own cache reads: it must not win.
fn join(group: &mut [Holding], rows: &[usize]) {
    let mut terms: Vec<(bool, Terms)> =
        rows.iter().map(|&row| (group[row].call.is_sidechain, group[row].own_terms())).collect();
    terms.sort_by(|(a_aside, a), (b_aside, b)| {
        a_aside.cmp(b_aside).then_with(|| b.fullness().cmp(&a.fullness()))
    });
    let mut told = terms.into_iter().map(|(_, terms)| terms);
    let Some(mut joined) = told.next() else { return };
    for other in told {
        joined.take_in_the_rest(&other);
    }
    for &row in rows {
        group[row].take(&joined);
    }
}

fn owner_key<'a>(row: &'a Holding, facts: &dyn Fn(i64) -> SessionFacts) -> impl Ord + use<'a> {
    (
        row.call.is_background,
        facts(row.session),
        Arc::clone(&row.call.session_id),
        // Within a session: a record in the thread's own file before an echo elsewhere.
        row.call.is_echo,
        row.call.is_sidechain,
        row.call.agent_id.as_deref(),
        row.call.call_id.request_id.is_none(),
    )
}
