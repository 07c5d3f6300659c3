//! Identities: which agent wrote a record, and which provider response a record belongs to.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// A coding agent whose transcripts spendtop reads. The number is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentId {
    /// Anthropic's Claude Code.
    Claude = 1,
}

impl AgentId {
    /// Every agent, in the order of its number.
    pub const ALL: [Self; 1] = [Self::Claude];

    /// The name used in reports, JSON and config.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
        }
    }

    /// The agent that a stored number stands for; the ledger holds no others.
    pub const fn from_number(_number: i64) -> Self {
        Self::Claude
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The identity of one provider response: what makes two records the same call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallId {
    /// The provider's response id (`message.id`), with `:advisor:0` and the like for a part of a
    /// response that is billed on its own; or the line's uuid where there is none.
    pub id: Arc<str>,
    /// The provider's HTTP request id.
    pub request_id: Option<Arc<str>>,
    /// For relays whose response ids are not unique: the uuid of the first line of the run of
    /// lines that belong to this response.
    pub run: Option<Arc<str>>,
}

impl CallId {
    /// Groups every record that could belong to the same response.
    ///
    /// Whatever its request id, for ids of Anthropic's form: asides repeat an answer under another
    /// request. Relays give any number of responses one id; there only the request tells them
    /// apart, and one group of all would grow without bound.
    pub fn group_key(&self) -> i64 {
        let request = self.request_id.as_ref().filter(|_| !self.id.starts_with("msg_"));
        match self.run.as_ref().or(request) {
            None => xxh3_64(self.id.as_bytes()).cast_signed(),
            Some(narrower) => hash_parts(&self.id, narrower),
        }
    }

    /// Tells requests within a group apart; zero where the record names none.
    pub fn request_key(&self) -> i64 {
        self.request_id.as_deref().map_or(0, |request| xxh3_64(request.as_bytes()).cast_signed())
    }

    /// The id is one that Anthropic itself gives out, so it is unique wherever it turns up.
    ///
    /// A bare `msg_` is not enough: relays hard-code ids such as `msg_proxy_stream`.
    pub fn is_anthropic(id: &str) -> bool {
        ["msg_01", "msg_bdrk_", "msg_vrtx_"].iter().any(|prefix| {
            id.strip_prefix(prefix).is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric())
            })
        })
    }
}

/// A place that holds a call, by hashes: what a record names it by that tells more of the call.
/// Session and subagent are named beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallPlace {
    /// [`CallId::group_key`].
    pub group: i64,
    /// [`CallId::request_key`].
    pub request: i64,
    /// The record is in a side thread.
    pub is_sidechain: bool,
    /// The session is a background copy of another one.
    pub is_background: bool,
}

fn hash_parts(a: &str, b: &str) -> i64 {
    let mut bytes = Vec::with_capacity(a.len() + b.len() + 1);
    bytes.extend_from_slice(a.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(b.as_bytes());
    xxh3_64(&bytes).cast_signed()
}
