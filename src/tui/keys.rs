//! The one map from keys to commands: the usual keys, the config's word on them, and which command
//! is for which screen.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::Command;
use super::screens::{self, Screen};
use crate::config::KeysTable;

/// Where a command means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On every screen.
    Everywhere,
    /// On screens with rows.
    Rows,
    /// On screens that name it.
    Named,
}

/// What there is to know of a command.
#[derive(Debug)]
pub struct Entry {
    /// The command.
    pub command: Command,
    /// Its name in the palette and the config.
    pub name: &'static str,
    /// Its usual keys, between blanks.
    keys: &'static str,
    /// What it does, in words.
    pub help: &'static str,
    /// Word in the last line of the screen, for the keys to know first.
    pub hint: Option<&'static str>,
    place: Place,
}

const fn entry(
    command: Command,
    name: &'static str,
    keys: &'static str,
    help: &'static str,
    hint: Option<&'static str>,
    place: Place,
) -> Entry {
    Entry { command, name, keys, help, hint, place }
}

/// Every command, in the order of the help and of the hints.
pub const COMMANDS: &[Entry] = &{
    use Command as C;
    use Place::{Everywhere, Named, Rows};
    [
        entry(C::Detail, "detail", "enter", "more about the row", Some("detail"), Named),
        entry(C::Act, "act", "x f9", "act on the session: flag, block, stop", Some("act"), Named),
        entry(C::Explain, "explain", "e", "explain the call to its line", Some("explain"), Named),
        entry(C::View, "view", "v", "another part of it", Some("view"), Named),
        entry(
            C::Snooze,
            "snooze",
            "z",
            "have the cap stop nothing for a while",
            Some("snooze"),
            Named,
        ),
        entry(C::Raise, "raise", "R +", "raise the cap for this period", Some("raise"), Named),
        entry(C::Copy, "copy", "y", "copy the resume command", Some("copy"), Named),
        entry(C::Filter, "filter", "/", "show only rows with these words", Some("filter"), Rows),
        entry(C::Help, "help", "? f1", "this help", Some("help"), Everywhere),
        entry(C::Quit, "quit", "q", "quit", Some("quit"), Everywhere),
        entry(C::Sort, "sort", "s f6", "choose what to sort by", Some("sort"), Rows),
        entry(C::Reverse, "reverse", "r I", "turn the order around", None, Rows),
        entry(C::Tree, "tree", "t f5", "show subagents below sessions", Some("tree"), Named),
        entry(C::Tag, "tag", "space", "mark the row, to act on several", None, Named),
        entry(C::Freeze, "freeze", "f Z", "hold the picture still", Some("freeze"), Everywhere),
        entry(C::Group, "group", "b", "by project, branch or developer", Some("by"), Named),
        entry(C::PreviousSpan, "previous-period", "[", "a shorter time", Some("shorter"), Named),
        entry(C::NextSpan, "next-period", "]", "a longer time", Some("longer"), Named),
        entry(C::Palette, "command", ":", "type a command", Some("command"), Everywhere),
        entry(C::Down, "down", "j down", "next row", None, Rows),
        entry(C::Up, "up", "k up", "previous row", None, Rows),
        entry(C::HalfPageDown, "half-page-down", "ctrl-d pgdn", "half a screen down", None, Rows),
        entry(C::HalfPageUp, "half-page-up", "ctrl-u pgup", "half a screen up", None, Rows),
        entry(C::First, "first", "g home", "first row", None, Rows),
        entry(C::Last, "last", "G end", "last row", None, Rows),
        entry(C::Back, "back", "esc", "close this, or go back", None, Everywhere),
        entry(C::NextScreen, "next-screen", "tab", "next screen", None, Everywhere),
        entry(C::PreviousScreen, "previous-screen", "backtab", "screen before", None, Everywhere),
        entry(C::Go(Screen::Live), "live", "1", "Live", None, Everywhere),
        entry(C::Go(Screen::Session), "session", "2", "Session", None, Everywhere),
        entry(C::Go(Screen::Caps), "caps", "3", "Caps", None, Everywhere),
        entry(C::Go(Screen::Activity), "activity", "4", "Activity", None, Everywhere),
        entry(C::Go(Screen::Days), "days", "5", "Days", None, Everywhere),
        entry(C::Go(Screen::Models), "models", "6", "Models", None, Everywhere),
        entry(C::Go(Screen::Projects), "projects", "7", "Projects", None, Everywhere),
        entry(C::Go(Screen::Health), "health", "8", "Health", None, Everywhere),
    ]
};

/// Where the screen is, as far as it decides what a key means.
#[derive(Clone, Copy, Debug)]
pub struct Here {
    /// It has rows to move over.
    pub has_rows: bool,
    /// What it does beyond that.
    pub named: &'static [Command],
}

impl Entry {
    /// The command means something here.
    pub fn is_for(&self, here: Here) -> bool {
        match (self.command, self.place) {
            (Command::Go(screen), _) => screens::exists(screen) && screens::count() > 1,
            (Command::NextScreen | Command::PreviousScreen, _) => screens::count() > 1,
            (_, Place::Everywhere) => true,
            (_, Place::Rows) => here.has_rows,
            (command, Place::Named) => here.named.contains(&command),
        }
    }
}

/// A key with what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Names of keys that are no character: in the config, and as they are shown.
const NAMES: &[(&str, KeyCode, &str)] = &[
    ("enter", KeyCode::Enter, "Enter"),
    ("esc", KeyCode::Esc, "Esc"),
    ("tab", KeyCode::Tab, "Tab"),
    ("backtab", KeyCode::BackTab, "S-Tab"),
    ("space", KeyCode::Char(' '), "Space"),
    ("backspace", KeyCode::Backspace, "Bksp"),
    ("delete", KeyCode::Delete, "Del"),
    ("insert", KeyCode::Insert, "Ins"),
    ("up", KeyCode::Up, "↑"),
    ("down", KeyCode::Down, "↓"),
    ("left", KeyCode::Left, "←"),
    ("right", KeyCode::Right, "→"),
    ("home", KeyCode::Home, "Home"),
    ("end", KeyCode::End, "End"),
    ("pgup", KeyCode::PageUp, "PgUp"),
    ("pgdn", KeyCode::PageDown, "PgDn"),
];

impl Key {
    /// The key of an event; none where it was let go.
    pub fn of_event(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        // Shift is in the character already, and terminals differ in whether they tell it as well.
        Some(Self { code: event.code, modifiers: event.modifiers - KeyModifiers::SHIFT })
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        loop {
            let (held, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
                (KeyModifiers::CONTROL, after)
            } else if let Some(after) = rest.strip_prefix("alt-") {
                (KeyModifiers::ALT, after)
            } else {
                break;
            };
            modifiers |= held;
            rest = after;
        }
        let named = NAMES.iter().find(|(name, _, _)| *name == rest).map(|(_, code, _)| *code);
        let function = rest.strip_prefix('f').and_then(|number| number.parse().ok());
        let function = function.filter(|number| (1..=12).contains(number)).map(KeyCode::F);
        let mut letters = rest.chars();
        let letter = match (letters.next(), letters.next()) {
            (Some(letter), None) if !letter.is_control() && letter != ' ' => {
                Some(KeyCode::Char(letter))
            }
            _ => None,
        };
        let code = named.or(letter).or(function).ok_or_else(|| {
            format!(
                "{text:?} is no key: write a character, ctrl-d, alt-x, f1 to f12, or one of {}",
                NAMES.iter().map(|(name, _, _)| *name).collect::<Vec<_>>().join(", ")
            )
        })?;
        Ok(Self { code, modifiers })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("^")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("M-")?;
        }
        if let Some((_, _, shown)) = NAMES.iter().find(|(_, code, _)| *code == self.code) {
            return f.write_str(shown);
        }
        match self.code {
            KeyCode::Char(letter) => write!(f, "{letter}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            _ => f.write_str("?"),
        }
    }
}

/// Which key asks for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// By the number of the command in [`COMMANDS`].
    keys: Vec<Vec<Key>>,
}

/// A mistake in the config's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMistake {
    /// The command it is about, as the config names it.
    pub command: String,
    /// What is wrong.
    pub what: String,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = COMMANDS.iter().map(|entry| {
            entry.keys.split_whitespace().filter_map(|key| key.parse().ok()).collect()
        });
        Self { keys: keys.collect() }
    }
}

impl Keymap {
    /// The usual keys, and the user's over them: what the user gives a command, no other keeps.
    pub fn new(config: &KeysTable) -> Result<Self, KeyMistake> {
        let mut map = Self::default();
        let mut given: Vec<(Key, usize)> = Vec::new();
        for (name, keys) in config {
            let mistake = |what| KeyMistake { command: name.clone(), what };
            let Some(number) = COMMANDS.iter().position(|entry| entry.name == name) else {
                return Err(mistake(no_command(name)));
            };
            map.keys[number].clear();
            for text in keys.get_ref().names() {
                let key: Key = text.parse().map_err(&mistake)?;
                let other = given.iter().find(|(known, other)| *known == key && *other != number);
                if let Some((_, other)) = other {
                    let other = COMMANDS[*other].name;
                    return Err(mistake(format!("{text:?} is given to {other:?} as well")));
                }
                given.push((key, number));
            }
        }
        for (key, number) in given {
            for keys in &mut map.keys {
                keys.retain(|known| *known != key);
            }
            map.keys[number].push(key);
        }
        Ok(map)
    }

    /// What a key asks for here, if anything.
    pub fn command(&self, key: Key, here: Here) -> Option<Command> {
        // Always, so that nobody is locked in by a config.
        if key == (Key { code: KeyCode::Char('c'), modifiers: KeyModifiers::CONTROL }) {
            return Some(Command::Quit);
        }
        self.entries(here).find(|(_, keys)| keys.contains(&key)).map(|(entry, _)| entry.command)
    }

    /// The commands that mean something here, with their keys.
    pub fn entries(&self, here: Here) -> impl Iterator<Item = (&'static Entry, &[Key])> {
        let all = COMMANDS.iter().zip(&self.keys);
        all.filter(move |(entry, _)| entry.is_for(here)).map(|(entry, keys)| (entry, &keys[..]))
    }
}

fn no_command(name: &str) -> String {
    let nearest = COMMANDS
        .iter()
        .map(|entry| entry.name)
        .max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    match nearest {
        Some(nearest) if strsim::jaro_winkler(name, nearest) > 0.7 => {
            format!("{name:?} is no command; did you mean {nearest:?}?")
        }
        _ => format!(
            "{name:?} is no command; there are {}",
            COMMANDS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
        ),
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
