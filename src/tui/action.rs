//! Everything that can happen to the screen, and the one map from keys to it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::Notice;
use super::snapshot::Snapshot;
use crate::model::Millis;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Action {
    /// The user wants something.
    Command(Command),
    /// Time went on.
    Tick(Millis),
    /// The screen has so many rows now.
    Resized {
        /// All of them.
        rows: u16,
    },
    /// The ledger changed.
    Picture(Box<Snapshot>),
    /// The ledger cannot be read.
    Unreadable(String),
    /// The collector said something.
    Collector(Notice),
}

/// Something the user can ask for by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Leave.
    Quit,
    /// Select the session below.
    Down,
    /// Select the session above.
    Up,
    /// Go down half a screen.
    HalfPageDown,
    /// Go up half a screen.
    HalfPageUp,
    /// Go to the session with the newest activity, and stay with whichever that is.
    First,
    /// Go to the last session.
    Last,
    /// Show or hide the help.
    Help,
    /// Close what lies over the screen.
    Back,
}

/// Keys that mean the same, and what they mean.
#[derive(Debug)]
pub struct Binding {
    /// Any of these.
    pub keys: &'static [(KeyModifiers, KeyCode)],
    /// What they do.
    pub command: Command,
    /// The keys as the help writes them.
    pub label: &'static str,
    /// What they do, in words.
    pub help: &'static str,
    /// Label and word in the last line of the screen, for the keys to know first.
    pub hint: Option<(&'static str, &'static str)>,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

/// Every key that works.
pub const BINDINGS: &[Binding] = &[
    Binding {
        keys: &[(NONE, KeyCode::Char('q')), (CONTROL, KeyCode::Char('c'))],
        command: Command::Quit,
        label: "q  ^C",
        help: "quit",
        hint: Some(("q", "quit")),
    },
    Binding {
        keys: &[(NONE, KeyCode::Char('?')), (NONE, KeyCode::F(1))],
        command: Command::Help,
        label: "?  F1",
        help: "this help",
        hint: Some(("?", "help")),
    },
    Binding {
        keys: &[(NONE, KeyCode::Char('j')), (NONE, KeyCode::Down)],
        command: Command::Down,
        label: "j  ↓",
        help: "next session",
        hint: Some(("j/k", "move")),
    },
    Binding {
        keys: &[(NONE, KeyCode::Char('k')), (NONE, KeyCode::Up)],
        command: Command::Up,
        label: "k  ↑",
        help: "previous session",
        hint: None,
    },
    Binding {
        keys: &[(CONTROL, KeyCode::Char('d')), (NONE, KeyCode::PageDown)],
        command: Command::HalfPageDown,
        label: "^d PgDn",
        help: "half a screen down",
        hint: None,
    },
    Binding {
        keys: &[(CONTROL, KeyCode::Char('u')), (NONE, KeyCode::PageUp)],
        command: Command::HalfPageUp,
        label: "^u PgUp",
        help: "half a screen up",
        hint: None,
    },
    Binding {
        keys: &[(NONE, KeyCode::Char('g')), (NONE, KeyCode::Home)],
        command: Command::First,
        label: "g  Home",
        help: "newest activity",
        hint: Some(("g/G", "first/last")),
    },
    Binding {
        keys: &[(NONE, KeyCode::Char('G')), (NONE, KeyCode::End)],
        command: Command::Last,
        label: "G  End",
        help: "oldest activity",
        hint: None,
    },
    Binding {
        keys: &[(NONE, KeyCode::Esc)],
        command: Command::Back,
        label: "Esc",
        help: "close this help",
        hint: None,
    },
];

impl Command {
    /// What a key means, if anything.
    pub fn of_key(key: KeyEvent) -> Option<Self> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        // Shift is in the character already, and terminals differ in whether they tell it as well.
        let modifiers = key.modifiers - KeyModifiers::SHIFT;
        BINDINGS
            .iter()
            .find(|binding| binding.keys.contains(&(modifiers, key.code)))
            .map(|binding| binding.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(modifiers: KeyModifiers, code: KeyCode) -> Option<Command> {
        Command::of_key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn keys_become_commands() {
        assert_eq!(command(NONE, KeyCode::Char('q')), Some(Command::Quit));
        assert_eq!(command(CONTROL, KeyCode::Char('c')), Some(Command::Quit));
        assert_eq!(command(NONE, KeyCode::Char('c')), None);
        assert_eq!(command(KeyModifiers::SHIFT, KeyCode::Char('G')), Some(Command::Last));
        assert_eq!(command(NONE, KeyCode::Char('G')), Some(Command::Last));
        assert_eq!(command(KeyModifiers::SHIFT, KeyCode::Char('?')), Some(Command::Help));
        assert_eq!(command(KeyModifiers::ALT, KeyCode::Char('q')), None);
    }

    #[test]
    fn a_key_let_go_does_nothing() {
        let key = KeyEvent { kind: KeyEventKind::Release, ..KeyCode::Char('q').into() };
        assert_eq!(Command::of_key(key), None);
    }

    #[test]
    fn no_key_means_two_things() {
        let keys: Vec<_> = BINDINGS.iter().flat_map(|binding| binding.keys).collect();
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{key:?}");
        }
    }
}
