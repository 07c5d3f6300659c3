//! What things look like, by what they are for.
//!
//! Colours are the terminal's own sixteen, which its user has chosen. Nothing is told by colour
//! alone: words and signs say the same.

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
}

/// A style for every role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    color: bool,
}

impl Theme {
    /// The theme in colours, or the one that does without.
    pub const fn new(color: bool) -> Self {
        Self { color }
    }

    /// How a role looks.
    pub fn style(self, role: Role) -> Style {
        if self.color { colored(role) } else { mono(role) }
    }
}

fn colored(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Title => style.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        Role::Strong | Role::Selected => style.add_modifier(Modifier::BOLD),
        Role::Quiet | Role::Frame | Role::Track => style.fg(Color::DarkGray),
        Role::Good => style.fg(Color::Green),
        Role::Warn => style.fg(Color::Yellow),
        Role::Bad => style.fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Key => style.fg(Color::Cyan),
    }
}

fn mono(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Title | Role::Strong | Role::Warn | Role::Selected | Role::Key => {
            style.add_modifier(Modifier::BOLD)
        }
        Role::Quiet | Role::Frame | Role::Track => style.add_modifier(Modifier::DIM),
        Role::Good => style,
        Role::Bad => style.add_modifier(Modifier::BOLD.union(Modifier::REVERSED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_there_is_none_and_what_is_bad_still_stands_out() {
        let theme = Theme::new(false);
        for role in [
            Role::Title,
            Role::Strong,
            Role::Quiet,
            Role::Frame,
            Role::Good,
            Role::Warn,
            Role::Bad,
            Role::Track,
            Role::Selected,
            Role::Key,
        ] {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert_ne!(theme.style(Role::Bad), theme.style(Role::Good));
        assert_ne!(theme.style(Role::Bad), theme.style(Role::Warn));
    }
}
