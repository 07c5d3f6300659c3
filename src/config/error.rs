//! What is wrong in a config, with the line and what was probably meant.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::pricing::UserPriceError;

/// A config that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    path: PathBuf,
    line: Option<usize>,
    what: String,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self { path: path.to_owned(), line: None, what: format!("cannot read the config: {error}") }
    }

    /// Something at a place of the text.
    pub fn at(path: &Path, text: &str, span: Range<usize>, what: String) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        Self { path: path.to_owned(), line: Some(line), what }
    }

    /// Every mistake in the user's prices, one a line.
    pub fn of_prices(path: &Path, text: &str, errors: &[UserPriceError]) -> Self {
        let mut all = errors.iter().map(|error| match error.span.clone() {
            Some(span) => Self::at(path, text, span, error.to_string()),
            None => Self { path: path.to_owned(), line: None, what: error.to_string() },
        });
        let Some(mut first) = all.next() else {
            return Self { path: path.to_owned(), line: None, what: "wrong prices".into() };
        };
        for error in all {
            first.what = format!("{}\n{error}", first.what);
        }
        first
    }

    pub(super) fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let what = did_you_mean(error.message());
        match error.span() {
            Some(span) => Self::at(path, text, span, what),
            None => Self { path: path.to_owned(), line: None, what },
        }
    }
}

/// serde names the unknown key and every known one; a person wants the nearest.
fn did_you_mean(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let mut names = rest.split('`').step_by(2);
    let unknown = names.next().unwrap_or_default();
    let nearest = names.max_by(|a, b| {
        strsim::jaro_winkler(unknown, a).total_cmp(&strsim::jaro_winkler(unknown, b))
    });
    match nearest {
        Some(nearest) if strsim::jaro_winkler(unknown, nearest) > 0.7 => {
            format!("unknown key `{unknown}`; did you mean `{nearest}`?")
        }
        _ => format!("unknown key `{unknown}`; {}", message.split_once(", ").map_or("", |m| m.1)),
    }
}
