//! The tools that an answer asked for, as its row keeps them: a set, so that lines may tell it in
//! any order, in copies, and again.

use crate::model::{Fingerprint, Millis, ToolKind, ToolUse};

/// A tool that an answer asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    /// Of the use's id. The lowest bit is cleared.
    pub id: i64,
    /// When; the earliest time that a line tells.
    pub at: Millis,
    /// What makes two uses the same call again, in short: it is compared with its neighbours only.
    pub call: u32,
    /// It starts a subagent.
    pub spawns: bool,
}

/// Tools by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tools(Vec<Tool>);

impl Tool {
    /// A use of a tool.
    pub(super) fn new(used: &ToolUse, at: Millis) -> Self {
        Self {
            id: key(used.id),
            at,
            call: used.call().0 as u32,
            spawns: used.kind == ToolKind::Spawn,
        }
    }
}

/// The number of a tool use in the ledger.
pub(super) fn key(id: Fingerprint) -> i64 {
    id.0.cast_signed() & !1
}

impl Tools {
    /// Adds a tool; tells whether that is new.
    pub(super) fn insert(&mut self, tool: Tool) -> bool {
        match self.0.binary_search_by_key(&tool.id, |known| known.id) {
            Ok(at) => {
                let known = &mut self.0[at];
                // Equal ids are one use; should they differ, the order of reading must not decide.
                let both = (*known, tool);
                known.at = known.at.min(tool.at);
                known.call = known.call.min(tool.call);
                known.spawns |= tool.spawns;
                *known != both.0
            }
            Err(at) => {
                self.0.reserve_exact(1); // mostly the only one
                self.0.insert(at, tool);
                true
            }
        }
    }

    /// Adds all of another answer's.
    pub(super) fn extend(&mut self, other: &Self) {
        for tool in &other.0 {
            self.insert(*tool);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Tool> {
        self.0.iter()
    }

    /// As a row keeps them whose call is of this time; none where there are none.
    pub(super) fn to_bytes(&self, of: Millis) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.0.len() * 16);
        for tool in &self.0 {
            bytes.extend_from_slice(&(tool.id | i64::from(tool.spawns)).to_le_bytes());
            bytes.extend_from_slice(&tool.call.to_le_bytes());
            push_number(&mut bytes, tool.at.0.wrapping_sub(of.0));
        }
        Some(bytes)
    }

    /// The inverse of [`Tools::to_bytes`]; what is damaged is left out.
    pub(super) fn from_bytes(mut bytes: &[u8], of: Millis) -> Self {
        let mut tools = Self::default();
        while let Some((id, rest)) = bytes.split_first_chunk()
            && let Some((call, rest)) = rest.split_first_chunk()
            && let Some((after, rest)) = take_number(rest)
        {
            let id = i64::from_le_bytes(*id);
            tools.insert(Tool {
                id: id & !1,
                at: Millis(of.0.wrapping_add(after)),
                call: u32::from_le_bytes(*call),
                spawns: id & 1 == 1,
            });
            bytes = rest;
        }
        tools
    }
}

/// Appends a number, in as few bytes as a small one needs.
pub(super) fn push_number(bytes: &mut Vec<u8>, number: i64) {
    // The sign goes last, so that small negative numbers are small.
    let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
    while rest > 0x7f {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Takes such a number off the front.
pub(super) fn take_number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let number = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tool() -> impl Strategy<Value = Tool> {
        (any::<u8>(), -5_i64..100_000, any::<u32>(), any::<bool>()).prop_map(
            |(id, at, call, spawns)| Tool {
                id: (i64::from(id) - 128) << 40 & !1,
                at: Millis(at),
                call,
                spawns,
            },
        )
    }

    proptest! {
        #[test]
        fn any_order_is_the_same_set(tools in prop::collection::vec(tool(), 0..12), cut in 0..12_usize) {
            let set = |tools: &mut dyn Iterator<Item = &Tool>| {
                let mut set = Tools::default();
                tools.for_each(|tool| { set.insert(*tool); });
                set
            };
            let forwards = set(&mut tools.iter());
            prop_assert_eq!(&set(&mut tools.iter().rev()), &forwards);
            let cut = cut.min(tools.len());
            let mut joined = set(&mut tools[cut..].iter());
            joined.extend(&set(&mut tools[..cut].iter()));
            joined.extend(&forwards);
            prop_assert_eq!(&joined, &forwards);
        }

        #[test]
        fn bytes_and_back(tools in prop::collection::vec(tool(), 1..6), of in any::<i64>(), cut in any::<prop::sample::Index>()) {
            let mut set = Tools::default();
            for tool in tools {
                set.insert(tool);
            }
            let bytes = set.to_bytes(Millis(of)).unwrap();
            prop_assert_eq!(&Tools::from_bytes(&bytes, Millis(of)), &set);
            // Damage is no panic.
            Tools::from_bytes(&bytes[cut.index(bytes.len())..], Millis(of));
        }

        #[test]
        fn numbers_and_back(number in any::<i64>()) {
            let mut bytes = Vec::new();
            push_number(&mut bytes, number);
            bytes.push(7);
            prop_assert_eq!(take_number(&bytes), Some((number, &[7_u8][..])));
        }
    }

    #[test]
    fn a_number_without_an_end_is_none() {
        assert_eq!(take_number(&[0x80; 20]), None);
        assert_eq!(take_number(&[]), None);
    }
}
