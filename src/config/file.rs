//! The config as the user wrote it.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use toml::Spanned;

use crate::model::PicoUsd;
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
    /// Who pays.
    pub developer: DeveloperTable,
    /// Claude Code.
    pub claude: AgentTable,
    /// Your own prices.
    pub prices: UserPrices,
}

/// `[developer]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct DeveloperTable {
    /// Name in the ledger; the login name if it is left out.
    pub id: Option<String>,
}

/// `[claude]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct AgentTable {
    /// Config folders to read beside the usual ones.
    pub roots: Vec<PathBuf>,
}

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
