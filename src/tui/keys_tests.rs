use toml::Spanned;

use super::*;
use crate::config::KeyNames;

const ROWS: Here =
    Here { has_rows: true, named: &[Command::Act, Command::Detail, Command::Tree, Command::Tag] };

fn press(map: &Keymap, modifiers: KeyModifiers, code: KeyCode) -> Option<Command> {
    map.command(Key::of_event(KeyEvent::new(code, modifiers))?, ROWS)
}

fn config(keys: &[(&str, &[&str])]) -> KeysTable {
    let names = |keys: &[&str]| KeyNames::Many(keys.iter().map(|key| (*key).to_owned()).collect());
    keys.iter().map(|(name, keys)| ((*name).to_owned(), Spanned::new(0..0, names(keys)))).collect()
}

#[test]
fn keys_become_commands() {
    let map = Keymap::default();
    let (none, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
    assert_eq!(press(&map, none, KeyCode::Char('q')), Some(Command::Quit));
    assert_eq!(press(&map, control, KeyCode::Char('c')), Some(Command::Quit));
    assert_eq!(press(&map, none, KeyCode::Char('c')), None);
    assert_eq!(press(&map, KeyModifiers::SHIFT, KeyCode::Char('G')), Some(Command::Last));
    assert_eq!(press(&map, none, KeyCode::Char('G')), Some(Command::Last));
    assert_eq!(press(&map, KeyModifiers::SHIFT, KeyCode::Char('?')), Some(Command::Help));
    assert_eq!(press(&map, KeyModifiers::ALT, KeyCode::Char('q')), None);
    assert_eq!(press(&map, none, KeyCode::F(9)), Some(Command::Act));
    assert_eq!(press(&map, none, KeyCode::Char(' ')), Some(Command::Tag));
}

#[test]
fn a_key_let_go_does_nothing() {
    let event = KeyEvent { kind: KeyEventKind::Release, ..KeyCode::Char('q').into() };
    assert_eq!(Key::of_event(event), None);
}

#[test]
fn every_usual_key_is_one_and_means_one_thing() {
    let map = Keymap::default();
    for (entry, keys) in COMMANDS.iter().zip(&map.keys) {
        assert_eq!(keys.len(), entry.keys.split_whitespace().count(), "{}", entry.name);
    }
    let keys: Vec<Key> = map.keys.into_iter().flatten().collect();
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{key}");
    }
}

#[test]
fn a_command_is_only_where_it_means_something() {
    let map = Keymap::default();
    let bare = Here { has_rows: false, named: &[] };
    let key: Key = "/".parse().unwrap();
    assert_eq!(map.command(key, ROWS), Some(Command::Filter));
    assert_eq!(map.command(key, bare), None);
    assert!(map.entries(bare).all(|(entry, _)| entry.place == Place::Everywhere));
}

#[test]
fn the_users_keys_win_over_the_usual_ones() {
    let map = Keymap::new(&config(&[("quit", &["x", "ctrl-q"]), ("tree", &[])])).unwrap();
    assert_eq!(press(&map, KeyModifiers::NONE, KeyCode::Char('x')), Some(Command::Quit));
    assert_eq!(press(&map, KeyModifiers::CONTROL, KeyCode::Char('q')), Some(Command::Quit));
    assert_eq!(press(&map, KeyModifiers::NONE, KeyCode::Char('q')), None);
    assert_eq!(press(&map, KeyModifiers::NONE, KeyCode::Char('t')), None);
    assert_eq!(press(&map, KeyModifiers::NONE, KeyCode::F(9)), Some(Command::Act));
}

#[test]
fn a_wrong_key_or_command_is_refused_with_the_reason() {
    let refused = |keys| Keymap::new(&config(keys)).unwrap_err().what;
    assert!(refused(&[("quit", &["ctrl-"])]).contains("\"ctrl-\" is no key"));
    assert!(refused(&[("quit", &["f13"])]).contains("f1 to f12"));
    assert!(refused(&[("quit", &[" "])]).contains("space"));
    assert!(refused(&[("filtre", &["/"])]).contains("did you mean \"filter\"?"));
    assert!(refused(&[("zzzz", &["/"])]).contains("there are "));
    let twice = refused(&[("filter", &["y"]), ("quit", &["y"])]);
    assert!(twice.contains("\"filter\" as well"), "{twice}");
}

#[test]
fn a_key_is_shown_as_short_as_people_write_it() {
    for (name, shown) in
        [("ctrl-d", "^d"), ("alt-x", "M-x"), ("down", "↓"), ("f5", "F5"), ("f", "f")]
    {
        assert_eq!(name.parse::<Key>().unwrap().to_string(), shown);
    }
}
