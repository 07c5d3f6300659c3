//! What a thread has done lately, for whoever looks for repetition: its newest tool uses and results,
//! in fingerprints, in a few kilobytes whatever the thread's length.
//!
//! It is the newest of a set: which records told it, in which order and how often, makes no
//! difference, so it is the same after any restart.

use std::sync::Arc;

use super::tools::{push_number, take_number};
use crate::model::{
    Deed, Fingerprint, Millis, ThreadDeed, ToolKind, ToolOutcome, ToolResult, ToolUse,
};

/// How many deeds are kept.
pub(super) const KEPT: usize = 128;

/// What is older than this, seen from the newest record of any thread, is not kept.
pub(super) const KEPT_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Names are the only texts, and an agent's tools have short ones.
const LONGEST_NAME: usize = 128;

/// Version of the bytes; others are not read.
const VERSION: u8 = 1;

/// A thread's newest deeds, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent(Vec<(Millis, Done)>);

/// A deed that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Done {
    Use(ToolUse),
    Result(ToolResult),
}

impl Done {
    /// Tells it from others of the same time; a result comes after its use.
    fn name(&self) -> (bool, Fingerprint) {
        match self {
            Self::Use(used) => (false, used.id),
            Self::Result(result) => (true, result.id),
        }
    }
}

impl Recent {
    /// Takes in a deed, if it is of a kind that is kept and among the newest.
    pub(super) fn take_in(&mut self, at: Millis, deed: Deed) {
        let done = match deed {
            Deed::ToolUse(used) if used.name.len() <= LONGEST_NAME => Done::Use(used),
            Deed::ToolResult(result) => Done::Result(result),
            _ => return,
        };
        self.insert(at, done);
    }

    /// Takes in all of another's.
    pub(super) fn extend(&mut self, other: Self) {
        for (at, done) in other.0 {
            self.insert(at, done);
        }
    }

    fn insert(&mut self, at: Millis, done: Done) {
        let place = (at, done.name());
        match self.0.binary_search_by_key(&place, |(at, done)| (*at, done.name())) {
            // Equal names are one deed; should they differ, the order of reading must not decide.
            Ok(known) => {
                let bytes = |done: &Done| encoded(at, done);
                if bytes(&done) < bytes(&self.0[known].1) {
                    self.0[known].1 = done;
                }
            }
            Err(0) if self.0.len() >= KEPT => {}
            Err(new) => {
                self.0.insert(new, (at, done));
                if self.0.len() > KEPT {
                    self.0.remove(0);
                }
            }
        }
    }

    /// Forgets what was done before.
    pub(super) fn forget_before(&mut self, at: Millis) {
        let first = self.0.partition_point(|(done_at, _)| *done_at < at);
        self.0.drain(..first);
    }

    /// As the thread's deeds, oldest first.
    pub(super) fn into_deeds(
        self,
        session_id: &Arc<str>,
        agent_id: Option<&Arc<str>>,
    ) -> Vec<ThreadDeed> {
        let deed = |(timestamp, done)| ThreadDeed {
            session_id: Arc::clone(session_id),
            agent_id: agent_id.cloned(),
            timestamp,
            deed: match done {
                Done::Use(used) => Deed::ToolUse(used),
                Done::Result(result) => Deed::ToolResult(result),
            },
        };
        self.0.into_iter().map(deed).collect()
    }

    /// As the database keeps it; none where there is nothing.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let newest = self.0.last()?.0;
        let mut names: Vec<&Arc<str>> = Vec::new();
        let mut entries = Vec::with_capacity(self.0.len() * 28);
        for (at, done) in &self.0 {
            push_number(&mut entries, newest.0.wrapping_sub(at.0));
            match done {
                Done::Use(used) => {
                    let name = names.iter().position(|name| **name == used.name);
                    let name = name.unwrap_or_else(|| {
                        names.push(&used.name);
                        names.len() - 1
                    });
                    push_use(&mut entries, used, name);
                }
                Done::Result(result) => push_result(&mut entries, result),
            }
        }
        let mut bytes = vec![VERSION];
        push_number(&mut bytes, newest.0);
        push_number(&mut bytes, names.len() as i64);
        for name in names {
            push_number(&mut bytes, name.len() as i64);
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes.extend(entries);
        Some(bytes)
    }

    /// The inverse of [`Recent::to_bytes`]; what is damaged, or of another version, is left out.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut recent = Self::default();
        let _ = read(bytes, &mut recent);
        recent
    }
}

/// Bits of the byte that says what an entry holds, beside the number of its kind or outcome.
mod has {
    pub const TARGET: u8 = 0x10;
    pub const EDIT: u8 = 0x20;
    pub const ERROR: u8 = 0x40;
    pub const IS_RESULT: u8 = 0x80;
}

const KINDS: [ToolKind; 6] = [
    ToolKind::Read,
    ToolKind::Edit,
    ToolKind::Run,
    ToolKind::Poll,
    ToolKind::Spawn,
    ToolKind::Other,
];
const OUTCOMES: [ToolOutcome; 3] = [ToolOutcome::Done, ToolOutcome::Failed, ToolOutcome::Denied];

fn push_use(bytes: &mut Vec<u8>, used: &ToolUse, name: usize) {
    let kind = KINDS.iter().position(|kind| *kind == used.kind).unwrap_or_default() as u8;
    let bit = |is_set: bool, bit| if is_set { bit } else { 0 };
    bytes
        .push(kind | bit(used.target.is_some(), has::TARGET) | bit(used.edit.is_some(), has::EDIT));
    push_number(bytes, name as i64);
    let edit = used.edit.map(|(old, new)| [old, new]);
    let prints = [used.id, used.input].into_iter().chain(used.target);
    push_prints(bytes, prints.chain(edit.into_iter().flatten()));
}

fn push_result(bytes: &mut Vec<u8>, result: &ToolResult) {
    let outcome = OUTCOMES.iter().position(|outcome| *outcome == result.outcome);
    let error = if result.error.is_some() { has::ERROR } else { 0 };
    bytes.push(outcome.unwrap_or_default() as u8 | error | has::IS_RESULT);
    push_prints(bytes, [result.id, result.output].into_iter().chain(result.error));
}

fn push_prints(bytes: &mut Vec<u8>, prints: impl Iterator<Item = Fingerprint>) {
    prints.for_each(|print| bytes.extend_from_slice(&print.0.to_le_bytes()));
}

/// An entry by itself, to tell entries apart.
fn encoded(at: Millis, done: &Done) -> Vec<u8> {
    Recent(vec![(at, done.clone())]).to_bytes().unwrap_or_default()
}

fn read(bytes: &[u8], recent: &mut Recent) -> Option<()> {
    let bytes = bytes.strip_prefix(&[VERSION])?;
    let (newest, bytes) = take_number(bytes)?;
    let (count, mut bytes) = take_number(bytes)?;
    let mut names: Vec<Arc<str>> = Vec::new();
    for _ in 0..count.min(KEPT as i64) {
        let (length, rest) = take_number(bytes)?;
        let (name, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        names.push(Arc::from(std::str::from_utf8(name).ok()?));
        bytes = rest;
    }
    while !bytes.is_empty() {
        let (before, rest) = take_number(bytes)?;
        let (what, rest) = rest.split_first()?;
        let (done, rest) = take_entry(*what, rest, &names)?;
        recent.insert(Millis(newest.wrapping_sub(before)), done);
        bytes = rest;
    }
    Some(())
}

fn take_entry<'a>(what: u8, bytes: &'a [u8], names: &[Arc<str>]) -> Option<(Done, &'a [u8])> {
    let mut bytes = bytes;
    let number = usize::from(what & 0x0f);
    if what & has::IS_RESULT != 0 {
        let result = ToolResult {
            outcome: *OUTCOMES.get(number)?,
            id: take_print(&mut bytes)?,
            output: take_print(&mut bytes)?,
            error: if what & has::ERROR == 0 { None } else { Some(take_print(&mut bytes)?) },
        };
        return Some((Done::Result(result), bytes));
    }
    let (name, rest) = take_number(bytes)?;
    bytes = rest;
    let used = ToolUse {
        kind: *KINDS.get(number)?,
        name: Arc::clone(names.get(usize::try_from(name).ok()?)?),
        id: take_print(&mut bytes)?,
        input: take_print(&mut bytes)?,
        target: if what & has::TARGET == 0 { None } else { Some(take_print(&mut bytes)?) },
        edit: if what & has::EDIT == 0 {
            None
        } else {
            Some((take_print(&mut bytes)?, take_print(&mut bytes)?))
        },
    };
    Some((Done::Use(used), bytes))
}

fn take_print(bytes: &mut &[u8]) -> Option<Fingerprint> {
    let (print, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(Fingerprint(u64::from_le_bytes(*print)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn deed() -> impl Strategy<Value = (Millis, Deed)> {
        let print = || any::<u64>().prop_map(Fingerprint);
        let option = || prop::option::of(any::<u64>().prop_map(Fingerprint));
        let id = || (0..40_u64).prop_map(Fingerprint);
        let used = (id(), 0..KINDS.len(), "[a-c]", print(), option(), option()).prop_map(
            |(id, kind, name, input, target, edit)| {
                Deed::ToolUse(ToolUse {
                    id,
                    name: Arc::from(name),
                    kind: KINDS[kind],
                    input,
                    target,
                    edit: edit.map(|edit| (edit, input)),
                })
            },
        );
        let result = (id(), 0..OUTCOMES.len(), print(), option()).prop_map(
            |(id, outcome, output, error)| {
                Deed::ToolResult(ToolResult { id, outcome: OUTCOMES[outcome], output, error })
            },
        );
        (0..400_i64, prop_oneof![used, result]).prop_map(|(at, deed)| (Millis(at), deed))
    }

    fn of<'a>(deeds: impl IntoIterator<Item = &'a (Millis, Deed)>) -> Recent {
        let mut recent = Recent::default();
        deeds.into_iter().for_each(|(at, deed)| recent.take_in(*at, deed.clone()));
        recent
    }

    proptest! {
        #[test]
        fn any_order_in_any_parts_is_the_same(
            deeds in prop::collection::vec(deed(), 0..300),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = of(&deeds);
            prop_assert!(whole.0.len() <= KEPT);
            prop_assert_eq!(&of(deeds.iter().rev()), &whole);
            let (first, second) = deeds.split_at(cut.index(deeds.len() + 1));
            // Through the database in between, and some of it again.
            let mut parts = Recent::from_bytes(&of(second).to_bytes().unwrap_or_default());
            parts.extend(of(first));
            parts.extend(of(second));
            prop_assert_eq!(&parts, &whole);
        }

        #[test]
        fn damaged_bytes_are_no_panic(
            deeds in prop::collection::vec(deed(), 1..9),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = of(&deeds).to_bytes().unwrap();
            let at = at.index(bytes.len());
            Recent::from_bytes(&bytes[..at]);
            bytes[at] = byte;
            Recent::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_few_kilobytes_at_most() {
        let prints = Some(Fingerprint(u64::MAX));
        let mut recent = Recent::default();
        for number in 0..10 * KEPT as u64 {
            let used = ToolUse {
                id: Fingerprint(number),
                name: Arc::from("mcp__some_server__some_tool"),
                kind: ToolKind::Edit,
                input: Fingerprint(number << 32),
                target: prints,
                edit: prints.zip(prints),
            };
            recent.take_in(Millis(number as i64 * 3_600_000), Deed::ToolUse(used));
        }
        let bytes = recent.to_bytes().unwrap().len();
        assert!(bytes < 7 << 10, "{bytes} bytes");
    }
}
