//! Identities: which agent wrote a record, and which provider response a record belongs to.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The list of agents, the only one. Hands it to a macro, so that whatever has to be there for each
/// of them is made from here: the variant, its stored number (never reuse one), the name in reports,
/// config and `agents::<name>`, what people call it, and who bills for a model that is not known.
macro_rules! list_of_agents {
    ($then:ident) => {
        $then! {
            /// Anthropic's Claude Code.
            Claude = 1, claude, "Claude Code", "anthropic";
            /// OpenAI's Codex.
            Codex = 2, codex, "Codex", "openai";
            /// `OpenCode`, which talks to any provider.
            OpenCode = 3, opencode, "OpenCode", "anthropic";
            /// Google's Gemini CLI.
            Gemini = 4, gemini, "Gemini CLI", "google";
            /// GitHub's Copilot CLI.
            Copilot = 5, copilot, "Copilot CLI", "openai";
            /// Alibaba's Qwen Code.
            Qwen = 6, qwen, "Qwen Code", "alibaba";
        }
    };
}
pub(crate) use list_of_agents;

macro_rules! agent_id {
    ($($(#[$doc:meta])* $agent:ident = $number:literal, $name:ident, $title:literal, $vendor:literal;)*) => {
        /// A coding agent whose transcripts spendtop reads. The number is stored: never reuse one.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "lowercase")]
        pub enum AgentId {
            $($(#[$doc])* $agent = $number,)*
        }

        impl AgentId {
            /// Every agent, in the order of its number.
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$agent),*];

            /// The name used in reports, JSON and config.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$agent => stringify!($name),)*
                }
            }

            /// What people call it.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$agent => $title,)*
                }
            }

            /// Who bills for its calls, where the model does not tell: a provider's name.
            pub const fn vendor(self) -> &'static str {
                match self {
                    $(Self::$agent => $vendor,)*
                }
            }
        }
    };
}
list_of_agents!(agent_id);

impl AgentId {
    /// The agent that a stored number stands for; the ledger holds no others.
    pub fn from_number(number: i64) -> Self {
        let is_it = |agent: &Self| *agent as i64 == number;
        Self::ALL.into_iter().find(is_it).unwrap_or(Self::Claude)
    }

    /// The agent of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.name() == name)
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
    /// Of an id that is unique wherever it turns up.
    pub fn of(id: impl Into<Arc<str>>) -> Self {
        Self { id: id.into(), request_id: None, run: None }
    }

    /// A place that holds the call: a side thread, or not.
    pub fn place(&self, is_sidechain: bool) -> CallPlace {
        let (group, request) = (self.group_key(), self.request_key());
        CallPlace { group, request, is_sidechain, is_background: false }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_and_words_are_told_apart() {
        for (index, agent) in AgentId::ALL.into_iter().enumerate() {
            assert_eq!(AgentId::from_number(agent as i64), agent);
            assert_eq!(AgentId::from_name(agent.name()), Some(agent));
            assert_eq!(serde_json::to_value(agent).unwrap(), agent.name());
            assert!(AgentId::ALL[..index].iter().all(|other| (*other as i64) < agent as i64));
        }
        assert_eq!(AgentId::from_name("nobody"), None);
    }
}
