//! The lines of the corpus as they are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use crate::model::{PicoUsd, ToolKind};
use crate::policy::loops::Detector;

/// The first line of a thread.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub thread: String,
    pub family: String,
    pub label: Label,
    pub kind: Option<Detector>,
    pub start: Option<usize>,
    #[serde(rename = "source")]
    pub _source: String,
    pub tools: BTreeMap<Arc<str>, ToolKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Label {
    Healthy,
    Runaway,
}

/// Any other.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Row {
    pub gap: u32,
    pub took: u32,
    #[serde(deserialize_with = "dollars")]
    pub usd: Option<PicoUsd>,
    #[serde(deserialize_with = "dollars")]
    pub child_usd: Option<PicoUsd>,
    pub again: bool,
    pub turn: Option<Turn>,
    pub compaction: Option<Compaction>,
    pub spawned: bool,
    pub tool: Option<Arc<str>>,
    #[serde(rename = "in")]
    pub input: Option<String>,
    pub on: Option<String>,
    pub edit: Option<(String, String)>,
    pub out: Option<String>,
    pub error: Option<String>,
    pub denied: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Turn {
    Human,
    Automated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Compaction {
    Auto,
    Manual,
}

/// An amount is a decimal text, as in all our JSON.
fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PicoUsd>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = |why| serde::de::Error::custom(format!("{text:?} is {why}"));
    match text.parse() {
        Ok(amount) if amount >= PicoUsd::ZERO => Ok(Some(amount)),
        Ok(_) => Err(wrong("less than nothing".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}
