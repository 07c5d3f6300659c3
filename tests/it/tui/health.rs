//! The Health screen: what it finds, on real folders, a real lock and a real ledger.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crossterm::event::KeyCode;
use serde_json::json;
use spendtop::config::Config;
use spendtop::daemon::{Attempt, InstanceLock, Role};
use spendtop::health::Setup;
use spendtop::ingest::Root;
use spendtop::model::AgentId;
use spendtop::paths::{self, Paths};
use spendtop::tui::screens::Screen;
use spendtop::tui::screens::health::{Health, Row, Section, Sign};
use spendtop::tui::{App, Facts, Look};

use super::{
    LINE, Line, a_day, app_on, assert_screens, drawn, facts, ingest, now, press, slot, write,
};
use crate::harness::Lab;

/// Nothing is asked of the desktop that the tests may run on.
const CONFIG: &str = "timezone = \"Europe/Berlin\"\n[developer]\nid = \"maya\"\n[notify]\ndesktop \
                      = false\n";

/// Where the ledger is said to be: beside its lock and its inbox. It is read elsewhere.
fn ledger(lab: &Lab) -> PathBuf {
    lab.folder.path().join("home/.local/share/spendtop/ledger.db")
}

/// What is looked at in a lab: its home, and a second folder of Claude's that is not there.
fn setup(lab: &Lab, config: &str) -> Setup {
    let home = lab.folder.path().join("home");
    let file = home.join(".config/spendtop/config.toml");
    let config = Config::parse(&format!("{config}{CONFIG}"), &file).unwrap();
    let missing = home.join(".config/claude/projects");
    let more = Root { agent: AgentId::Claude, path: missing, developer: "maya".into() };
    Setup {
        paths: Paths::of_home(&home),
        config: Config { origin: Some(file.clone()), ..config },
        config_file: Some(file),
        ledger: ledger(lab),
        roots: lab.roots().into_iter().chain([more]).collect(),
        ..Setup::default()
    }
}

fn opened(lab: &Lab, setup: Setup) -> App {
    let lock = paths::lock_of(&ledger(lab));
    let facts = Facts { setup: Arc::new(setup), lock, ..facts(lab, Some(20)) };
    app_on(lab, Screen::Health, facts, Look::default())
}

fn rows(app: &App) -> &[Row] {
    slot::<Health>(app).data.as_ref().unwrap()
}

fn row<'a>(app: &'a App, section: Section, name: &str) -> &'a Row {
    let found = rows(app).iter().find(|row| row.section() == section && row.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:#?}", rows(app)))
}

/// Holds the lock of the lab's ledger as a daemon does that was heard of this long ago.
fn daemon(lab: &Lab, silent: Duration) -> InstanceLock {
    let path = paths::lock_of(&ledger(lab));
    let Attempt::Held(lock) = InstanceLock::try_take(&path, Role::Daemon).unwrap() else {
        panic!("nobody else has it")
    };
    // As another process would have written it.
    let since = now().0 - 7 * 3_600_000;
    let holder = json!({"role": "daemon", "pid": 4242, "version": "0.1.0", "caught_up": true, "since": since});
    fs::write(&path, holder.to_string()).unwrap();
    beaten(&path, silent);
    lock
}

fn beaten(lock: &Path, silent: Duration) {
    let at = UNIX_EPOCH + Duration::from_millis(now().0.cast_unsigned()) - silent;
    File::options().write(true).open(lock).unwrap().set_modified(at).unwrap();
}

/// The hook in its place, called by a program that is not there.
fn a_wrong_hook(lab: &Lab) {
    let command = "/nowhere/spendtop hook run --agent claude";
    let hook = json!([{"matcher": "*", "hooks": [{"type": "command", "command": command}]}]);
    let settings = json!({"hooks": {"PreToolUse": hook}});
    fs::write(lab.home().join("settings.json"), settings.to_string()).unwrap();
}

#[test]
fn all_is_said_at_every_size() {
    let lab = Lab::new();
    a_day(&lab);
    let _daemon = daemon(&lab, Duration::from_secs(20));
    let app = opened(&lab, setup(&lab, "daily_cap = 20\n"));
    assert_screens("health", &app);
}

#[test]
fn what_is_to_be_mended_comes_first() {
    let lab = Lab::new();
    write(&lab, &[LINE, Line { model: "in-house-7b", ..LINE }]);
    lab.append_bytes("-w/s1.jsonl", b"{\"type\":\"assistant\",\"message\":{\"usage\": oops\n");
    ingest(&lab);
    a_wrong_hook(&lab);
    let _daemon = daemon(&lab, Duration::from_secs(600));
    let app = opened(&lab, setup(&lab, "daily_cap = 20\naction = \"block\"\n"));
    let bad: Vec<&str> = rows(&app)
        .iter()
        .filter(|row| row.section() == Section::ToDo && row.sign == Sign::Bad)
        .map(|row| row.name.as_str())
        .collect();
    assert_eq!(bad, ["unparsed lines", "unpriced model", "hook"]);
    let hook = row(&app, Section::Hooks, "claude");
    assert_eq!(hook.sign, Sign::Bad);
    assert!(hook.text.starts_with("not at every step"), "{}", hook.text);
    let program = "it calls /nowhere/spendtop, which is not there";
    assert!(hook.more.iter().any(|problem| problem.starts_with(program)), "{hook:?}");
    let heartbeat = row(&app, Section::Collector, "heartbeat");
    assert_eq!(heartbeat.sign, Sign::Bad);
    assert!(heartbeat.text.starts_with("10m ago: it hangs"), "{}", heartbeat.text);
    let claude = row(&app, Section::Transcripts, "claude");
    assert!(claude.text.contains("1 line not read"), "{}", claude.text);
    let screen = drawn(&app, 120, 40).to_string();
    assert!(screen.contains("to mend"), "{screen}");
}

#[test]
fn who_collects_is_said_whoever_it_is() {
    let lab = Lab::new();
    a_day(&lab);
    let app = opened(&lab, setup(&lab, ""));
    let nobody = row(&app, Section::Collector, "none");
    assert_eq!(nobody.sign, Sign::Bad);
    let path = paths::lock_of(&ledger(&lab));
    let Attempt::Held(mut lock) = InstanceLock::try_take(&path, Role::Collector).unwrap() else {
        panic!("nobody else has it")
    };
    lock.set_since(now()).unwrap();
    let app = opened(&lab, setup(&lab, ""));
    let us = row(&app, Section::Collector, "this screen");
    assert!(us.text.starts_with("watches by itself since 15:41"), "{}", us.text);
    assert_eq!(row(&app, Section::Collector, "behind").sign, Sign::Good);
    drop(lock);
    let _daemon = daemon(&lab, Duration::ZERO);
    write(&lab, &[Line { session: "new", ..LINE }]);
    let app = opened(&lab, setup(&lab, ""));
    let daemon = row(&app, Section::Collector, "daemon");
    assert_eq!(daemon.text, "pid 4242, version 0.1.0, runs since 08:41");
    let behind = row(&app, Section::Collector, "behind");
    assert!(behind.text.ends_with(" bytes in 1 transcript"), "{}", behind.text);
}

#[test]
fn what_the_system_does_not_let_us_read_is_named() {
    let lab = Lab::new();
    a_day(&lab);
    let closed = lab.projects().join("-closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads everything.
    let is_readable = fs::read_dir(&closed).is_ok();
    let app = opened(&lab, setup(&lab, ""));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let found = rows(&app).iter().find(|row| row.name == "unreadable");
    assert_eq!(found.is_none(), is_readable);
    if let Some(row) = found {
        assert!(row.more[0].contains("-closed"), "{row:?}");
    }
}

#[test]
fn the_settings_in_force_say_where_they_come_from() {
    let lab = Lab::new();
    ingest(&lab);
    let app = opened(&lab, setup(&lab, "daily_cap = 12.50\n"));
    for (name, text) in [
        ("daily_cap", "$12.50  (config)"),
        ("developer", "maya  (config)"),
        ("timezone", "Europe/Berlin  (config)"),
        ("account", "api  (as the agents say)"),
        ("theme", "default  (default)"),
        ("notify", "nobody is told  (config)"),
    ] {
        assert_eq!(row(&app, Section::Settings, name).text, text);
    }
    assert_eq!(row(&app, Section::Files, "config").text, "~/.config/spendtop/config.toml");
    assert!(rows(&app).iter().any(|row| row.name == "no transcripts"));
}

#[test]
fn a_row_is_read_in_full_and_rows_are_found_by_words() {
    let lab = Lab::new();
    a_day(&lab);
    let mut app = opened(&lab, setup(&lab, "daily_cap = 20\naction = \"kill\"\n"));
    assert!(press(&mut app, KeyCode::Enter));
    let screen = drawn(&app, 80, 24).to_string();
    assert!(screen.contains("to do: hook (Esc closes)"), "{screen}");
    assert!(screen.contains("`spendtop hook install claude`"), "{screen}");
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('/'));
    for letter in "ledger".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    press(&mut app, KeyCode::Enter);
    let shown = slot::<Health>(&app).page.table().rows();
    assert!(shown.iter().any(|((section, _), _)| *section == Section::Files));
    assert!(shown.len() < rows(&app).len());
}
