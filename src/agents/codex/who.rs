//! Who a rollout is of: a session, a fork of one, or a subagent.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::record::Payload;
use crate::model::Millis;

/// Who a file is of: what its first `session_meta` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Who {
    pub thread: Arc<str>,
    /// The root of the tree of threads.
    pub session: Arc<str>,
    /// The thread is a subagent's.
    pub is_subagent: bool,
    /// It may begin with another one's lines.
    pub is_child: bool,
    /// It goes on from another one's total, with or without its lines.
    pub goes_on: bool,
    /// The thread that the history comes from, and so on: whose file the copies were made of.
    pub root: Arc<str>,
    /// When it began.
    pub began: Option<Millis>,
    pub branch: Option<Arc<str>>,
}

impl Who {
    /// By a `session_meta` that was written then.
    pub(super) fn of(meta: &Payload<'_>, at: Option<Millis>) -> Option<Self> {
        let id = meta.id.non_empty()?;
        let (parent, forked_from) = (parent_of(meta), meta.forked_from_id.non_empty());
        let session = session_of(meta).unwrap_or(id);
        let goes_on = parent.or(forked_from).is_some();
        let is_child = goes_on && meta.history_base.0.is_none();
        let branch = meta.git.0.as_ref().and_then(|git| git.branch.non_empty());
        Some(Self {
            thread: Arc::from(id),
            session: Arc::from(session),
            is_subagent: parent.is_some() || *session != *id,
            is_child,
            goes_on,
            root: Arc::from(forked_from.or(parent).filter(|_| is_child).unwrap_or(id)),
            began: meta.timestamp.as_deref().and_then(Millis::parse).or(at),
            branch: branch.map(Arc::from),
        })
    }
}

/// The root of the tree of threads.
pub(super) fn session_of<'a>(meta: &'a Payload<'_>) -> Option<&'a str> {
    meta.session_id.non_empty().or(parent_of(meta)).or(meta.id.non_empty())
}

/// The thread that started a subagent's.
fn parent_of<'a>(meta: &'a Payload<'_>) -> Option<&'a str> {
    let spawned = meta.source.0.as_ref().and_then(|origin| origin.subagent.0.as_ref());
    let spawned = spawned.and_then(|subagent| subagent.thread_spawn.0.as_ref());
    let parent = spawned.and_then(|spawn| spawn.parent_thread_id.non_empty());
    meta.parent_thread_id.non_empty().or(parent)
}
