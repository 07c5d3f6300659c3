//! The screen's part of the config, as the user wrote it. What the words mean is known to `tui`,
//! which refuses the wrong ones.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use toml::Spanned;

/// `[screen]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct ScreenTable {
    /// "default", "mono", "light", "high-contrast", "deuteranopia", "tritanopia", or the path of
    /// a file like theirs.
    #[schemars(with = "Option<String>")]
    pub theme: Option<Spanned<String>>,
    /// Take the mouse, which the terminal then has no more for selecting text.
    pub mouse: bool,
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// The columns of the sessions, in their order.
    #[schemars(with = "Option<Vec<String>>")]
    pub columns: Option<Vec<Spanned<String>>>,
}

/// `[keys]`: the keys of each command that has others than by default.
pub type KeysTable = BTreeMap<String, Spanned<KeyNames>>;

/// One key's name, or several.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum KeyNames {
    /// One.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

impl KeyNames {
    /// Every name.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

impl<'de> Deserialize<'de> for KeyNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = KeyNames;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key's name such as \"q\" or \"ctrl-d\", or an array of them")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<KeyNames, E> {
                Ok(KeyNames::One(name.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<KeyNames, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(KeyNames::Many(names))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}
