//! How the screen looks and which keys it has: what the config says of it, understood.

use std::path::{Path, PathBuf};

use super::keys::Keymap;
use super::screens::live::Column;
use super::theme::{THEMES, Theme};
use crate::config::{Config, ConfigError};

/// How the screen looks and which keys it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The styles.
    pub theme: Theme,
    /// The keys.
    pub keys: Keymap,
    /// The columns of the sessions; none: whichever have room.
    pub columns: Option<Vec<Column>>,
    /// Nothing but ASCII is drawn.
    pub ascii: bool,
    /// The mouse is taken.
    pub mouse: bool,
}

impl Look {
    /// Understands the config; an error names the line. `resolve` finds a user's theme file.
    pub fn of(config: &Config, resolve: &dyn Fn(&Path) -> PathBuf) -> Result<Self, ConfigError> {
        let path = config.origin.as_deref().unwrap_or(Path::new("config"));
        let at = |span, what| ConfigError::at(path, &config.text, span, what);
        let screen = &config.screen;
        let theme = match &screen.theme {
            None => Theme::default(),
            Some(name) => theme(name.get_ref(), resolve).map_err(|what| at(name.span(), what))?,
        };
        let keys = Keymap::new(&config.keys).map_err(|mistake| {
            let span = config.keys.get(&mistake.command).map_or(0..0, toml::Spanned::span);
            at(span, format!("[keys] {}: {}", mistake.command, mistake.what))
        })?;
        let columns = match &screen.columns {
            None => None,
            Some(names) => {
                let mut columns = Vec::new();
                for name in names {
                    let column =
                        Column::named(name.get_ref()).map_err(|what| at(name.span(), what))?;
                    if !columns.contains(&column) {
                        columns.push(column);
                    }
                }
                Some(columns)
            }
        };
        Ok(Self { theme, keys, columns, ascii: screen.ascii, mouse: screen.mouse })
    }
}

fn theme(name: &str, resolve: &dyn Fn(&Path) -> PathBuf) -> Result<Theme, String> {
    if let Some(theme) = Theme::named(name) {
        return Ok(theme);
    }
    if !name.contains(['/', '.']) {
        let names: Vec<&str> = THEMES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "{name:?} is no theme: use {}, or the path of a file",
            names.join(", ")
        ));
    }
    let path = resolve(Path::new(name));
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read the theme {}: {error}", path.display()))?;
    text.parse().map_err(|what| format!("the theme {}: {what}", path.display()))
}
