//! What the records of a file tell of what was done, thread by thread.
//!
//! There are more deeds than calls, so they are kept close together: one list for each thread, and
//! what they have in common once.

use std::sync::Arc;

use super::{CallPlace, Deed, Fingerprint, Millis, ThreadDeed};

/// Deeds by thread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeedLog(Vec<ThreadDeeds>);

/// What was done in a thread, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadDeeds {
    /// The session.
    pub session_id: Arc<str>,
    /// The subagent; none in the main thread.
    pub agent_id: Option<Arc<str>>,
    /// What was done.
    pub deeds: Vec<ToldDeed>,
    /// The latest record that tells whether the agent waits, and that it does. Of two at one time
    /// the one that says so holds.
    pub word: Option<(Millis, bool)>,
}

/// A deed as a record tells it; copies of the record tell it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldDeed {
    /// When.
    pub timestamp: Millis,
    /// What.
    pub deed: Deed,
    /// What tells it from others, or what it belongs to.
    pub of: DeedOf,
}

/// What a deed is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeedOf {
    /// A prompt, or the line itself.
    Line(Fingerprint),
    /// A tool use: the call that asked for it.
    Call(CallPlace),
    /// A tool's result: nothing but the id in it.
    Use,
}

impl DeedLog {
    /// A thread's deeds, to add to.
    pub fn thread(&mut self, session_id: &str, agent_id: Option<&str>) -> &mut ThreadDeeds {
        let is_it = |thread: &ThreadDeeds| {
            *thread.session_id == *session_id && thread.agent_id.as_deref() == agent_id
        };
        // Mostly there is one.
        let known = self.0.iter().rposition(is_it);
        let index = known.unwrap_or_else(|| {
            self.0.push(ThreadDeeds {
                session_id: Arc::from(session_id),
                agent_id: agent_id.map(Arc::from),
                deeds: Vec::new(),
                word: None,
            });
            self.0.len() - 1
        });
        &mut self.0[index]
    }

    /// How much it holds, counted in deeds. A thread weighs as much as several: each deed looks
    /// for its own.
    pub fn weight(&self) -> usize {
        self.0.iter().map(|thread| 16 + thread.deeds.len()).sum()
    }

    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Thread by thread.
    pub fn threads(&self) -> &[ThreadDeeds] {
        &self.0
    }

    /// Every deed, thread by thread.
    pub fn iter(&self) -> impl Iterator<Item = ThreadDeed> {
        self.0.iter().flat_map(|thread| {
            thread.deeds.iter().map(|told| ThreadDeed {
                session_id: Arc::clone(&thread.session_id),
                agent_id: thread.agent_id.clone(),
                timestamp: told.timestamp,
                deed: told.deed.clone(),
            })
        })
    }
}

impl IntoIterator for DeedLog {
    type Item = ThreadDeeds;
    type IntoIter = std::vec::IntoIter<ThreadDeeds>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl ThreadDeeds {
    /// Adds a deed; the agent goes on after it.
    pub fn tell(&mut self, timestamp: Millis, deed: Deed, of: DeedOf) {
        self.hear(timestamp, false);
        self.deeds.push(ToldDeed { timestamp, deed, of });
    }

    /// Adds a deed after which the agent may go on or not.
    pub fn tell_aside(&mut self, timestamp: Millis, deed: Deed, of: DeedOf) {
        self.deeds.push(ToldDeed { timestamp, deed, of });
    }

    /// Notes that the agent waits, or that it does not.
    pub fn hear(&mut self, timestamp: Millis, waits: bool) {
        self.word = self.word.max(Some((timestamp, waits)));
    }
}
