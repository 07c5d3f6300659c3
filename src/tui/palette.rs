//! The command palette: every command that means something here, found by some of its letters.

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::action::Command;
use super::keys::{COMMANDS, Entry, Here};

/// The palette.
#[derive(Clone, Debug)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    /// The one under the mark, among the found.
    pub at: usize,
    here: Here,
}

/// What a key in the palette came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It is still open.
    On,
    /// It was left.
    Left,
    /// This was chosen.
    Chosen(Command),
}

impl Palette {
    /// Offers what means something here.
    pub fn new(here: Here) -> Self {
        Self { input: Input::default(), at: 0, here }
    }

    /// What has the letters that were typed, the nearest first.
    pub fn found(&self) -> Vec<&'static Entry> {
        let typed = self.input.value().trim().to_lowercase();
        let offered = |entry: &&Entry| entry.is_for(self.here) && entry.command != Command::Palette;
        let mut found: Vec<(u32, &Entry)> = COMMANDS
            .iter()
            .filter(offered)
            .filter_map(|entry| Some((rank(entry, &typed)?, entry)))
            .collect();
        // Stable: equals stay in the order of the help.
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Takes in a key.
    pub fn press(&mut self, key: KeyEvent) -> Typed {
        let count = self.found().len();
        match key.code {
            KeyCode::Esc => return Typed::Left,
            KeyCode::Enter => {
                let chosen = self.found().get(self.at).map(|entry| entry.command);
                return chosen.map_or(Typed::On, Typed::Chosen);
            }
            KeyCode::Down | KeyCode::Tab => self.at = (self.at + 1).min(count.saturating_sub(1)),
            KeyCode::Up | KeyCode::BackTab => self.at = self.at.saturating_sub(1),
            KeyCode::Backspace if self.input.value().is_empty() => return Typed::Left,
            _ => {
                let changed = self.input.handle_event(&Event::Key(key));
                if changed.is_some_and(|changed| changed.value) {
                    self.at = 0;
                }
            }
        }
        Typed::On
    }
}

/// How far a command is from what was typed: its beginning, then a part of its name, then letters
/// of it in their order, then words of its meaning; none: it is something else.
fn rank(entry: &Entry, typed: &str) -> Option<u32> {
    if entry.name.starts_with(typed) {
        Some(0)
    } else if entry.name.contains(typed) {
        Some(1)
    } else if has_letters(entry.name, typed) {
        Some(2)
    } else if entry.help.to_lowercase().contains(typed) {
        Some(3)
    } else {
        None
    }
}

fn has_letters(name: &str, typed: &str) -> bool {
    let mut letters = name.chars();
    typed.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(typed: &str) -> Vec<&'static str> {
        let here = Here { has_rows: true, named: &[Command::Act] };
        let palette = Palette { input: Input::new(typed.into()), ..Palette::new(here) };
        palette.found().iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn some_letters_find_a_command_the_nearest_first() {
        assert_eq!(names("fi"), ["filter", "first"]);
        assert_eq!(names("hpd")[0], "half-page-down");
        assert_eq!(names("FREE"), ["freeze"]);
        assert_eq!(names("flag"), ["act"], "by what it does");
        assert!(names("").len() > 10);
        assert!(names("zzz").is_empty());
        assert!(!names("").contains(&"tree"), "not where it means nothing");
    }

    #[test]
    fn a_key_chooses_moves_or_leaves() {
        let mut palette = Palette::new(Here { has_rows: true, named: &[] });
        for letter in "fi".chars() {
            assert_eq!(palette.press(KeyCode::Char(letter).into()), Typed::On);
        }
        palette.press(KeyCode::Down.into());
        palette.press(KeyCode::Down.into());
        assert_eq!(palette.press(KeyCode::Enter.into()), Typed::Chosen(Command::First));
        palette.press(KeyCode::Backspace.into());
        assert_eq!((palette.at, palette.input.value()), (0, "f"));
        palette.press(KeyCode::Backspace.into());
        assert_eq!(palette.press(KeyCode::Backspace.into()), Typed::Left);
        assert_eq!(palette.press(KeyCode::Esc.into()), Typed::Left);
    }
}
