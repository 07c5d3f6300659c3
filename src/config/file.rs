//! The config as the user wrote it.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::screen::{KeysTable, ScreenTable};
use crate::model::{AgentId, PicoUsd, list_of_agents};
use crate::pricing::UserPrices;

/// `config.toml`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct ConfigFile {
    /// Dollars per developer and day, all agents and subagents together.
    #[schemars(with = "Option<f64>")]
    pub daily_cap: Option<Spanned<Usd>>,
    /// The zone that days begin in: "system" or an IANA name such as "Europe/Berlin".
    #[schemars(with = "Option<String>")]
    pub timezone: Option<Spanned<String>>,
    /// Levels at which to tell the person, as parts of a cap: `[0.5, 0.8]`. For every cap that
    /// does not say its own.
    #[schemars(with = "Option<Vec<f64>>")]
    pub warn_at: Option<Spanned<Vec<f64>>>,
    /// What happens at `daily_cap`.
    pub action: Option<CapActionWord>,
    /// Seconds between the first signal and the one that cannot be ignored.
    #[schemars(with = "Option<f64>")]
    pub grace: Option<Spanned<f64>>,
    /// Whether dollars are money spent (`api`) or the worth of what a plan covers.
    pub account: AccountWord,
    /// Count what agents say they spent beyond their transcripts towards the daily cap.
    pub include_unlogged: bool,
    /// Tell the person of a session that costs more than this.
    #[schemars(with = "Option<f64>")]
    pub session_alert_usd: Option<Spanned<Usd>>,
    /// Who pays: a table for one developer, an array of tables for several on one machine.
    #[schemars(with = "DeveloperTable")]
    pub developer: Developers,
    /// Further caps.
    #[schemars(with = "Vec<CapTable>")]
    pub cap: Vec<Spanned<CapTable>>,
    /// From which count on what an agent repeats is a loop.
    pub loops: LoopsTable,
    /// The hook in agents.
    pub hook: HookTable,
    /// How the person is told.
    pub notify: NotifyTable,
    /// The screen.
    pub screen: ScreenTable,
    /// Other keys than the usual ones, by command.
    #[schemars(with = "std::collections::BTreeMap<String, super::screen::KeyNames>")]
    pub keys: KeysTable,
    /// Where each agent keeps its files.
    pub agents: AgentTables,
    /// Your own prices.
    pub prices: UserPrices,
}

/// `[developer]`, or one `[[developer]]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct DeveloperTable {
    /// Name in the ledger; the login name if it is left out.
    #[schemars(with = "Option<String>")]
    pub id: Option<Spanned<String>>,
    /// Agents' config folders whose calls this developer pays for.
    #[schemars(with = "Option<Vec<PathBuf>>")]
    pub roots: Option<Spanned<Vec<PathBuf>>>,
    /// Another daily cap than everybody's, in dollars.
    #[schemars(with = "Option<f64>")]
    pub daily_cap: Option<Spanned<Usd>>,
}

impl DeveloperTable {
    /// The name, if there is one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|id| id.get_ref().as_str()).filter(|id| !id.is_empty())
    }

    /// The folders, if there are any.
    pub fn roots(&self) -> &[PathBuf] {
        self.roots.as_ref().map_or(&[], |roots| roots.get_ref())
    }
}

/// One table, or an array of them.
#[derive(Debug, Default)]
pub struct Developers(pub Vec<DeveloperTable>);

impl<'de> Deserialize<'de> for Developers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Developers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, or an array of tables")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Developers, A::Error> {
                let one = DeveloperTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Developers(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Developers, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element()? {
                    all.push(one);
                }
                Ok(Developers(all))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// `[[cap]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct CapTable {
    /// Its name, for `snooze`, `raise` and messages.
    pub name: String,
    /// What is added up.
    pub scope: Option<ScopeWord>,
    /// Which developers, projects, …: a name with `*` and `?`; each has the limit for itself.
    pub pattern: Option<String>,
    /// Over which time.
    pub period: Option<PeriodWord>,
    /// Dollars. A cap has this, or one of the two below.
    #[schemars(with = "Option<f64>")]
    pub limit: Option<Spanned<Usd>>,
    /// Dollars that a session may spend in a loop, from when it began.
    #[schemars(with = "Option<f64>")]
    pub loop_usd: Option<Spanned<Usd>>,
    /// How often a session may do the same in a loop.
    #[schemars(with = "Option<u32>")]
    pub loop_count: Option<Spanned<u32>>,
    /// Levels at which to tell the person.
    #[schemars(with = "Option<Vec<f64>>")]
    pub warn_at: Option<Spanned<Vec<f64>>>,
    /// What happens at the limit.
    pub action: Option<CapActionWord>,
    /// Seconds between the first signal and the one that cannot be ignored.
    #[schemars(with = "Option<f64>")]
    pub grace: Option<Spanned<f64>>,
}

/// What happens at a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CapActionWord {
    /// Tell the person, nothing else.
    Notify,
    /// Mark the session.
    Flag,
    /// Have the hook stop it.
    Block,
    /// Block, and end its process if it goes on.
    Kill,
}

/// What a cap adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScopeWord {
    /// Everything a developer pays for.
    #[default]
    Developer,
    /// A repository.
    Project,
    /// A branch, named `project@branch`.
    Branch,
    /// A model.
    Model,
    /// An agent.
    Agent,
    /// A session.
    Session,
}

/// The time a cap is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeriodWord {
    /// A session's whole life.
    Session,
    /// The clock's hour.
    Hour,
    /// The calendar day.
    #[default]
    Day,
    /// The week from Monday.
    Week,
    /// The calendar month.
    Month,
}

/// How calls are paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountWord {
    /// As the agent's own files say.
    #[default]
    Auto,
    /// By the token.
    Api,
    /// By a plan.
    Subscription,
}

/// `[loops]`: how often something must come to be a loop.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct LoopsTable {
    /// The same call with the same result.
    #[schemars(with = "Option<u32>")]
    pub same_result: Count,
    /// The same result of one tool whatever it is asked.
    #[schemars(with = "Option<u32>")]
    pub same_answer: Count,
    /// The same answer to the same question, within seconds of each other.
    #[schemars(with = "Option<u32>")]
    pub polling: Count,
    /// The same where the agent waits in between.
    #[schemars(with = "Option<u32>")]
    pub waiting: Count,
    /// The same error of the same tool, denials among them.
    #[schemars(with = "Option<u32>")]
    pub same_error: Count,
    /// The same failure after as many new edits.
    #[schemars(with = "Option<u32>")]
    pub failed_fixes: Count,
    /// Rounds of two to four calls with the same results.
    #[schemars(with = "Option<u32>")]
    pub cycle: Count,
    /// The same where the results change.
    #[schemars(with = "Option<u32>")]
    pub changing_cycle: Count,
    /// An edit, undone or made again.
    #[schemars(with = "Option<u32>")]
    pub edit_revert: Count,
    /// Rounds of a larger circle, or of files read again, that bring nothing new.
    #[schemars(with = "Option<u32>")]
    pub rounds: Count,
    /// Subagents in ten minutes whose reports are not waited for.
    #[schemars(with = "Option<u32>")]
    pub subagents: Count,
    /// Subagents in ten minutes that subagents started.
    #[schemars(with = "Option<u32>")]
    pub nested_subagents: Count,
    /// The same brief, given to one subagent after the other.
    #[schemars(with = "Option<u32>")]
    pub same_brief: Count,
    /// Compactions with next to nothing in between.
    #[schemars(with = "Option<u32>")]
    pub compaction: Count,
    /// Times that the agent is sent on within a minute, and does nothing new.
    #[schemars(with = "Option<u32>")]
    pub sent_on: Count,
    /// The same within half an hour.
    #[schemars(with = "Option<u32>")]
    pub woken: Count,
    /// Turns without a person, whatever is done in them.
    #[schemars(with = "Option<u32>")]
    pub unattended_turns: Count,
    /// Dollars in such turns.
    #[schemars(with = "Option<f64>")]
    pub unattended_usd: Option<Spanned<Usd>>,
    /// Dollars since it began that make a loop a runaway.
    #[schemars(with = "Option<f64>")]
    pub runaway_usd: Option<Spanned<Usd>>,
}

/// How often.
pub type Count = Option<Spanned<u32>>;

/// `[hook]`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct HookTable {
    /// What a hook that fails answers.
    pub on_error: OnError,
}

/// What a hook that fails answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Nothing: the agent goes on.
    #[default]
    Allow,
    /// The agent stops.
    Block,
}

/// `[notify]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct NotifyTable {
    /// Desktop notifications.
    pub desktop: bool,
    /// Where to post notices as JSON.
    pub webhook: Option<WebhookTable>,
    /// A program and its arguments, given each notice as JSON on stdin.
    pub command: Vec<String>,
}

impl Default for NotifyTable {
    fn default() -> Self {
        Self { desktop: true, webhook: None, command: Vec::new() }
    }
}

/// `[notify.webhook]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct WebhookTable {
    /// Where to: http or https.
    pub url: String,
    /// In whose form.
    #[serde(default)]
    pub preset: WebhookPreset,
}

/// The form of a webhook's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookPreset {
    /// spendtop's own JSON.
    #[default]
    Json,
    /// A Slack incoming webhook.
    Slack,
    /// An ntfy topic.
    Ntfy,
}

/// `[agents.<name>]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct AgentTable {
    /// Config folders to read beside the usual ones.
    pub roots: Vec<PathBuf>,
}

macro_rules! agent_tables {
    ($($(#[$doc:meta])* $agent:ident = $number:literal, $name:ident, $($fact:literal),*;)*) => {
        /// `[agents]`: a table for each agent.
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default, expecting = "a table")]
        pub struct AgentTables {
            $($(#[$doc])* pub $name: AgentTable,)*
        }

        impl AgentTables {
            /// The folders named for each agent.
            pub fn into_roots(self) -> Vec<(AgentId, PathBuf)> {
                let mut roots = Vec::new();
                $(roots.extend(self.$name.roots.into_iter().map(|root| (AgentId::$agent, root)));)*
                roots
            }
        }
    };
}
list_of_agents!(agent_tables);

/// Dollars: a number, or a decimal string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usd(pub PicoUsd);

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UsdVisitor;
        impl Visitor<'_> for UsdVisitor {
            type Value = Usd;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount in dollars, such as 20 or 12.50")
            }
            fn visit_i64<E: Error>(self, dollars: i64) -> Result<Usd, E> {
                self.visit_str(&dollars.to_string())
            }
            fn visit_f64<E: Error>(self, dollars: f64) -> Result<Usd, E> {
                // The shortest text that reads back as this number is what the user wrote.
                self.visit_str(&dollars.to_string())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Usd, E> {
                text.parse().map(Usd).map_err(|error| E::custom(format!("{text:?} is {error}")))
            }
        }
        deserializer.deserialize_any(UsdVisitor)
    }
}
