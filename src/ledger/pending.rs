//! What was applied and is not stored yet.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::holding::Holding;
use crate::model::{AgentId, Cursor, FileStat};

/// By group key.
pub(super) type KeyMap<T> = HashMap<i64, T, BuildHasherDefault<KeyHasher>>;

/// Group keys.
pub(super) type KeySet = HashSet<i64, BuildHasherDefault<KeyHasher>>;

/// Group keys are hashes already: hashing each again took longer than finding it.
#[derive(Debug, Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_i64(&mut self, key: i64) {
        self.0 = key.cast_unsigned();
    }
}

/// What was applied since the last commit.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub open: bool,
    /// Groups that are stored already, in this transaction.
    pub stored: usize,
    pub groups: KeyMap<Vec<Holding>>,
    /// Groups in the order they came.
    pub order: Vec<i64>,
    pub cursors: HashMap<i64, (AgentId, FileStat, Cursor)>,
    pub touched: BTreeSet<i64>,
    last_touched: Option<i64>,
}

impl Pending {
    /// Notes that something of a session changed.
    pub(super) fn touch(&mut self, session: i64) {
        if self.last_touched != Some(session) {
            self.touched.insert(session);
            self.last_touched = Some(session);
        }
    }

    /// Every session that was touched, and forgets them.
    pub(super) fn take_touched(&mut self) -> BTreeSet<i64> {
        self.last_touched = None;
        std::mem::take(&mut self.touched)
    }
}
