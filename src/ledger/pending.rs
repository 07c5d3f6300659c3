//! What was applied and is not stored yet.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::holding::Holding;
use super::rollup::Deltas;
use super::threads::PendingThreads;
use super::tools::Tool;
use crate::model::{AgentId, Call, CallPlace, Cursor, FileStat};

/// From this many rows on a group is searched by request: relays that give every response one id
/// would have each line compared with all before it.
pub(super) const LONG_GROUP: usize = 64;

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
    /// Rows of long groups, by request.
    pub long: KeyMap<KeyMap<Vec<usize>>>,
    /// Groups in the order they came.
    pub order: Vec<i64>,
    pub cursors: HashMap<i64, (AgentId, FileStat, Cursor)>,
    pub touched: BTreeSet<i64>,
    pub threads: PendingThreads,
    /// How the calls that are stored move the sums.
    pub deltas: Deltas,
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

    /// The same as for any other group, which has been loaded.
    pub(super) fn apply_to_long(
        &mut self,
        key: i64,
        call: Box<Call>,
        session: i64,
        source: i64,
        developer: &Arc<str>,
    ) {
        let (group, by_request) = self.long_group(key);
        let of_request = by_request.entry(call.call_id.request_key()).or_default();
        if let Some(&index) = of_request.iter().find(|&&index| group[index].is_place_of(&call)) {
            group[index].absorb(&call, source);
        } else {
            of_request.push(group.len());
            group.push(Holding::new(call, session, Arc::clone(developer), source));
        }
    }

    /// Notes a tool that an answer asked for; of a group that has been loaded.
    pub(super) fn note_tool(
        &mut self,
        place: &CallPlace,
        session_id: &Arc<str>,
        agent_id: Option<&Arc<str>>,
        tool: Tool,
    ) {
        let is_it = |row: &Holding| row.is_at(place, session_id, agent_id);
        let is_long = self.groups.get(&place.group).is_some_and(|group| group.len() >= LONG_GROUP);
        let row = if is_long {
            let (group, by_request) = self.long_group(place.group);
            let of_request = by_request.get(&place.request).map_or(&[][..], Vec::as_slice);
            let index = of_request.iter().find(|&&index| is_it(&group[index])).copied();
            index.map(|index| &mut group[index])
        } else {
            let group = self.groups.get_mut(&place.group);
            group.and_then(|group| group.iter_mut().find(|row| is_it(row)))
        };
        if let Some(row) = row {
            row.note_tool(tool);
        }
    }

    /// A group and its rows by request.
    fn long_group(&mut self, key: i64) -> (&mut Vec<Holding>, &mut KeyMap<Vec<usize>>) {
        let group = self.groups.entry(key).or_default();
        let by_request = self.long.entry(key).or_insert_with(|| {
            let mut by_request: KeyMap<Vec<usize>> = KeyMap::default();
            for (index, row) in group.iter().enumerate() {
                by_request.entry(row.call.call_id.request_key()).or_default().push(index);
            }
            by_request
        });
        (group, by_request)
    }
}
