//! What things look like, by what they are for.
//!
//! A theme is a file: the program's own are in `assets/themes`, a user's may lie anywhere. Nothing
//! is told by colour alone: words and signs say the same.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The program's name, titles.
    Title,
    /// What matters most on a line.
    Strong,
    /// What may be overlooked.
    Quiet,
    /// Frames.
    Frame,
    /// The part of a bar that is used, while all is well.
    Good,
    /// Getting close; something to look into.
    Warn,
    /// Beyond a limit; broken.
    Bad,
    /// The part of a bar that is left.
    Track,
    /// The selected row.
    Selected,
    /// A key.
    Key,
    /// Columns and lines of a chart.
    Chart,
    /// The mark of a tagged row.
    Tag,
}

impl Role {
    /// Every role, by the name that it has in a theme.
    pub const ALL: [(&'static str, Self); 12] = [
        ("title", Self::Title),
        ("strong", Self::Strong),
        ("quiet", Self::Quiet),
        ("frame", Self::Frame),
        ("good", Self::Good),
        ("warn", Self::Warn),
        ("bad", Self::Bad),
        ("track", Self::Track),
        ("selected", Self::Selected),
        ("key", Self::Key),
        ("chart", Self::Chart),
        ("tag", Self::Tag),
    ];
}

/// The themes that come with the program.
pub const THEMES: &[(&str, &str)] = &[
    ("default", include_str!("../../assets/themes/default.toml")),
    ("mono", include_str!("../../assets/themes/mono.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
    ("deuteranopia", include_str!("../../assets/themes/deuteranopia.toml")),
    ("tritanopia", include_str!("../../assets/themes/tritanopia.toml")),
];

/// A style for every role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; Role::ALL.len()],
}

impl Default for Theme {
    fn default() -> Self {
        Self::named("default").unwrap_or(Self { styles: [Style::new(); Role::ALL.len()] })
    }
}

impl Theme {
    /// One of the program's own; none by that name.
    pub fn named(name: &str) -> Option<Self> {
        let (_, text) = THEMES.iter().find(|(known, _)| *known == name)?;
        text.parse().ok()
    }

    /// How a role looks.
    pub const fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The same without any colour.
    #[must_use]
    pub fn without_color(self) -> Self {
        Self::named("mono").unwrap_or(self)
    }
}

impl FromStr for Theme {
    type Err = String;

    /// Reads a theme file. A role that it leaves out looks as by default.
    fn from_str(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            error.message().lines().next().unwrap_or_default().to_owned()
        })?;
        let mut styles = [Style::new(); Role::ALL.len()];
        let default = THEMES.first().filter(|(_, default)| *default != text);
        if let Some(Ok(default)) = default.map(|(_, text)| text.parse::<Self>()) {
            styles = default.styles;
        }
        for (name, value) in &table {
            let Some((_, role)) = Role::ALL.iter().find(|(known, _)| known == name) else {
                let roles: Vec<&str> = Role::ALL.iter().map(|(name, _)| *name).collect();
                return Err(format!("{name:?} is no role; there are {}", roles.join(", ")));
            };
            let value = value.as_str().ok_or_else(|| format!("{name} must be a text"))?;
            styles[*role as usize] = style(value).map_err(|what| format!("{name}: {what}"))?;
        }
        Ok(Self { styles })
    }
}

fn style(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let modifier = match word {
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underlined" => Modifier::UNDERLINED,
            "reversed" => Modifier::REVERSED,
            "on" => {
                style = style.bg(color(words.next().unwrap_or_default())?);
                continue;
            }
            _ => {
                style = style.fg(color(word)?);
                continue;
            }
        };
        style = style.add_modifier(modifier);
    }
    Ok(style)
}

fn color(word: &str) -> Result<Color, String> {
    Color::from_str(word).map_err(|_| format!("{word:?} is no colour and no style"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (&'static str, Theme)> {
        THEMES.iter().map(|(name, text)| (*name, text.parse().unwrap()))
    }

    #[test]
    fn every_theme_of_ours_says_how_every_role_looks() {
        for (name, text) in THEMES {
            let table: toml::Table = text.parse().unwrap();
            assert_eq!(table.len(), Role::ALL.len(), "{name}");
            assert!(Theme::named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn without_colour_there_is_none_and_what_is_bad_still_stands_out() {
        let theme = Theme::named("light").unwrap().without_color();
        for (name, role) in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{name}");
        }
    }

    #[test]
    fn well_close_and_broken_never_look_alike() {
        for (name, theme) in all() {
            let [good, warn, bad] = [Role::Good, Role::Warn, Role::Bad].map(|r| theme.style(r));
            assert!(good != warn && warn != bad && bad != good, "{name}");
            // Neither does what is selected and what is not.
            assert_ne!(theme.style(Role::Selected), Style::new(), "{name}");
        }
    }

    #[test]
    fn what_warns_can_be_read_in_the_selected_row() {
        for (name, theme) in all() {
            for role in [Role::Warn, Role::Bad] {
                let style = theme.style(Role::Selected).patch(theme.style(role));
                assert!(style.bg.is_none() || style.fg != style.bg, "{role:?} of {name}");
            }
        }
    }

    #[test]
    fn how_each_role_looks_in_each_theme() {
        let mut lines = Vec::new();
        for (name, theme) in all() {
            for (role, number) in Role::ALL {
                let style = theme.style(number);
                let color = |color: Option<Color>| color.map_or("-".into(), |c| c.to_string());
                let modifier = format!("{:?}", style.add_modifier);
                let (fg, bg) = (color(style.fg), color(style.bg));
                lines.push(format!("{name:<14} {role:<9} {fg:<12} {bg:<9} {modifier}"));
            }
        }
        insta::assert_snapshot!("roles", lines.join("\n"));
    }

    #[test]
    fn a_users_theme_may_say_little_and_a_wrong_one_is_refused_with_the_reason() {
        let theme: Theme = "bad = \"white on #aa0000 bold\"".parse().unwrap();
        assert_eq!(theme.style(Role::Bad).bg, Some(Color::Rgb(0xaa, 0, 0)));
        assert_eq!(theme.style(Role::Good), Theme::named("default").unwrap().style(Role::Good));
        let refused = |text: &str| text.parse::<Theme>().unwrap_err();
        assert!(refused("bda = \"red\"").contains("\"bda\" is no role"));
        assert!(refused("bad = \"crimsonish\"").contains("bad: \"crimsonish\" is no colour"));
        assert!(refused("bad = 5").contains("bad must be a text"));
        assert!(!refused("bad = ").is_empty());
    }
}
