//! `hook install`, `uninstall` and `status` on real files: what they change, and what they do not.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use serde_json::Value;

use super::cli_home::{Home, write};
use super::hook_home::{event, fed};

/// A home with this in its settings; none: no settings at all.
fn home(settings: Option<&str>) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.projects()).unwrap();
    if let Some(text) = settings {
        write(&settings_of(&home), text);
    }
    home
}

fn settings_of(home: &Home) -> PathBuf {
    home.path("home/.claude/settings.json")
}

fn backup_of(home: &Home) -> PathBuf {
    home.path("home/.claude/settings.json.before-spendtop")
}

fn text(home: &Home) -> String {
    fs::read_to_string(settings_of(home)).unwrap()
}

/// The commands that the agent would run, by event.
fn commands(home: &Home) -> Vec<String> {
    let json: Value = serde_json::from_str(text(home).trim_start_matches('\u{feff}')).unwrap();
    ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse"]
        .iter()
        .filter_map(|event| {
            let groups = json["hooks"][*event].as_array()?;
            let last = groups.last()?["hooks"].as_array()?.last()?;
            last["command"].as_str().map(str::to_owned)
        })
        .collect()
}

#[test]
fn what_is_installed_is_what_the_agent_calls() {
    let home = home(None);
    let said = home.out(&["hook", "install", "claude"]);
    assert!(said.contains("+ PreToolUse: "), "{said}");
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_spendtop")).unwrap();
    let expected = format!("{} hook run claude", program.display());
    assert_eq!(commands(&home).len(), 4);
    // As a shell runs it.
    for command in commands(&home) {
        assert!(command.starts_with(&expected), "{command}");
        let mut shell = std::process::Command::new("/bin/sh");
        shell.env_clear().env("HOME", home.path("home")).env("USER", "dev");
        shell.args(["-c", &command]);
        let ran = fed(shell, event(&home, "PreToolUse").to_string().as_bytes());
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    }
    assert_eq!(fs::metadata(settings_of(&home)).unwrap().mode() & 0o777, 0o600);
    let status = home.out(&["hook", "status"]);
    assert!(status.starts_with("installed  ~/.claude/settings.json"), "{status}");
    // A file that was not there is gone again.
    home.out(&["hook", "uninstall"]);
    assert!(!settings_of(&home).exists() && !backup_of(&home).exists());
}

#[test]
fn twice_is_once_and_taking_out_leaves_every_byte() {
    for before in [
        "{}",
        "{}\n",
        "{ }",
        "\u{feff}{\r\n\t\"model\": \"opus\",\r\n\t\"hooks\": {}\r\n}\r\n",
        "{\"a\":1,\"a\":2, \"hooks\":{\"PreToolUse\":[]}}",
        "{\n    \"permissions\": {\n        \"allow\": [\"Bash(ls:*)\"]\n    },\n    \"n\": 1.50\n}",
        "{\"hooks\": {\"PreToolUse\": [{\"matcher\": \"Bash\", \"hooks\": [{\"type\": \"command\",\n\
         \"command\": \"lint\"}]}], \"Stop\": [ ]}, \"é\": \"\\u00e9\"}   ",
    ] {
        let home = home(Some(before));
        fs::set_permissions(settings_of(&home), Permissions::from_mode(0o640)).unwrap();
        home.out(&["hook", "install"]);
        let with = text(&home);
        assert_eq!(commands(&home).len(), 4);
        assert_eq!(fs::read_to_string(backup_of(&home)).unwrap(), before);
        assert_eq!(fs::metadata(backup_of(&home)).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(settings_of(&home)).unwrap().mode() & 0o777, 0o640);
        let said = home.out(&["hook", "install"]);
        assert!(said.contains("nothing to change"), "{said}");
        assert_eq!(text(&home), with);
        home.out(&["hook", "uninstall"]);
        assert_eq!(text(&home), before);
        assert_eq!(fs::metadata(settings_of(&home)).unwrap().mode() & 0o777, 0o640);
        assert!(!backup_of(&home).exists());
        assert!(home.out(&["hook", "uninstall"]).contains("nothing to change"));
    }
}

#[test]
fn what_was_changed_since_stays_changed() {
    let home = home(Some("{\n  \"model\": \"opus\"\n}\n"));
    home.out(&["hook", "install"]);
    let changed = text(&home).replace("opus", "haiku");
    fs::write(settings_of(&home), &changed).unwrap();
    home.out(&["hook", "uninstall"]);
    assert_eq!(text(&home), "{\n  \"model\": \"haiku\"\n}\n");
    assert!(backup_of(&home).exists());
}

#[test]
fn a_binary_that_moved_is_updated() {
    let old = "/gone/spendtop hook run claude";
    let home = home(Some("{}"));
    home.out(&["hook", "install"]);
    let now = commands(&home)[0].clone();
    fs::write(settings_of(&home), text(&home).replace(&now, old)).unwrap();
    let status = home.expect(5, &["hook", "status"]);
    assert!(status.out.contains("/gone/spendtop, which is not there"), "{}", status.out);
    let said = home.out(&["hook", "install"]);
    assert!(said.contains(&format!("- PreToolUse: {old}")), "{said}");
    assert_eq!(commands(&home), vec![now; 4]);
    home.out(&["hook", "status"]);
    home.out(&["hook", "uninstall"]);
    assert_eq!(text(&home), "{}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let home = home(Some("{}"));
    let said = home.out(&["hook", "install", "--dry-run"]);
    assert!(said.contains("not changed") && said.contains("+ SessionStart"), "{said}");
    assert_eq!(text(&home), "{}");
    home.out(&["hook", "install"]);
    let with = text(&home);
    let said = home.out(&["hook", "uninstall", "--dry-run"]);
    assert!(said.contains("- SessionStart"), "{said}");
    assert_eq!(text(&home), with);
}

#[test]
fn settings_that_are_none_are_refused_and_named() {
    for (before, why) in [
        ("{ // mine\n}", "not JSON"),
        ("{\"a\": 1,}", "not JSON"),
        ("", "not JSON"),
        ("[]", "whole file"),
        ("{\"hooks\": []}", "\"hooks\""),
        ("{\"hooks\": {\"PreToolUse\": {}}}", "PreToolUse"),
    ] {
        let home = home(Some(before));
        for command in ["install", "uninstall"] {
            let ran = home.expect(1, &["hook", command]);
            assert!(ran.out.contains("~/.claude/settings.json is left as it is"), "{}", ran.out);
            assert!(ran.out.contains(why), "{}", ran.out);
        }
        assert_eq!(text(&home), before);
        assert!(!backup_of(&home).exists());
        assert!(home.expect(5, &["hook", "status"]).out.contains(why));
    }
    let home = home(Some("{}"));
    fs::write(settings_of(&home), b"{\"a\": \"\xff\"}").unwrap();
    assert!(home.expect(1, &["hook", "install"]).out.contains("UTF-8"));
}

#[test]
fn a_read_only_file_stays_read_only() {
    let home = home(Some("{}"));
    fs::set_permissions(settings_of(&home), Permissions::from_mode(0o444)).unwrap();
    let ran = home.expect(1, &["hook", "install"]);
    assert!(ran.out.contains("read-only"), "{}", ran.out);
    assert_eq!(text(&home), "{}");
    assert_eq!(fs::read_dir(home.path("home/.claude")).unwrap().count(), 2);
}

#[test]
fn a_link_is_followed_and_stays_a_link() {
    let home = home(None);
    let real = home.path("dotfiles/claude.json");
    write(&real, "{\"model\": \"opus\"}\n");
    std::os::unix::fs::symlink(&real, settings_of(&home)).unwrap();
    home.out(&["hook", "install"]);
    assert!(fs::symlink_metadata(settings_of(&home)).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("hook run claude"));
    home.out(&["hook", "uninstall"]);
    assert_eq!(fs::read_to_string(&real).unwrap(), "{\"model\": \"opus\"}\n");
    // One without an end is an error, not a new file.
    fs::remove_file(&real).unwrap();
    home.expect(1, &["hook", "install"]);
    assert!(!real.exists());
}

#[test]
fn every_home_that_is_configured_has_it() {
    let home = home(None);
    for folder in ["work/.claude", "maya/.claude", "env"] {
        fs::create_dir_all(home.path(folder)).unwrap();
    }
    home.write_config(&format!(
        "[agents.claude]\nroots = [{:?}]\n[[developer]]\nid = \"maya\"\nroots = [{:?}]\n",
        home.path("work/.claude"),
        home.path("maya/.claude")
    ));
    let mut command = home.command(&["hook", "install"]);
    command.env("CLAUDE_CONFIG_DIR", home.path("env"));
    assert_eq!(super::cli_home::ran(command).code, 0);
    for folder in ["home/.claude", "work/.claude", "maya/.claude", "env"] {
        let text = fs::read_to_string(home.path(folder).join("settings.json")).unwrap();
        assert!(text.contains("hook run claude"), "{folder}");
    }
    assert!(!home.path("home/.config/claude").exists());
    // Without the variable that home is not looked at.
    let status = home.json(&["hook", "status", "--json"]);
    assert_eq!(status["homes"].as_array().unwrap().len(), 3);
    let none = Home::new();
    assert!(none.expect(1, &["hook", "install"]).err.contains("no config folder"));
}

#[test]
fn status_and_doctor_say_what_is_missing() {
    let home = home(Some("{}"));
    assert!(home.expect(5, &["hook", "status"]).out.contains("not installed"));
    let doctor = |home: &Home| {
        let ran = home.run(&["doctor", "--json"]);
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        let findings = json["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|finding| finding["kind"] == "hook")
    };
    assert_eq!(doctor(&home), None, "no cap needs it");
    home.write_config("daily_cap = 20\naction = \"kill\"\n[notify]\ndesktop = false\n");
    assert!(doctor(&home).unwrap()["items"][0].as_str().unwrap().contains("not installed"));
    home.out(&["hook", "install"]);
    assert_eq!(doctor(&home), None);
    let off = text(&home).replacen('{', "{\"disableAllHooks\": true,", 1);
    fs::write(settings_of(&home), off).unwrap();
    assert!(doctor(&home).unwrap()["items"][0].as_str().unwrap().contains("disableAllHooks"));
    let status: Value =
        serde_json::from_str(&home.expect(5, &["hook", "status", "--json"]).out).unwrap();
    assert_eq!(status["schema"], "spendtop.hook/1");
    assert_eq!(status["homes"][0]["disable_all_hooks"], true);
    assert_eq!(status["homes"][0]["events"].as_array().unwrap().len(), 4);
    // An event of its own is missing.
    let text =
        text(&home).replace("\"disableAllHooks\": true,", "").replace("PostToolUse", "Other");
    fs::write(settings_of(&home), text).unwrap();
    assert!(home.expect(5, &["hook", "status"]).out.contains("not at every step (PostToolUse)"));
}

#[test]
fn options_of_the_installation_are_those_of_the_hook() {
    let home = home(None);
    let db = home.path("my data/ledger.db");
    let mut command = home.command(&["hook", "install"]);
    command.arg("--db").arg(&db);
    assert_eq!(super::cli_home::ran(command).code, 0);
    assert!(commands(&home)[0].ends_with(&format!("--db '{}'", db.display())));
}

#[test]
fn an_agent_cannot_take_its_hook_out() {
    let home = home(Some("{}"));
    home.out(&["hook", "install"]);
    let agent = home.path("bin/claude");
    fs::create_dir_all(home.path("bin")).unwrap();
    fs::copy("/bin/sh", &agent).unwrap();
    let mut command = std::process::Command::new(&agent);
    command.env_clear().env("HOME", home.path("home")).env("USER", "dev");
    command.args(["-c", &format!("{} hook uninstall; true", env!("CARGO_BIN_EXE_spendtop"))]);
    let ran = super::cli_home::ran(command);
    assert!(ran.err.contains("an agent may not take the hook out"), "{ran:?}");
    assert_eq!(commands(&home).len(), 4);
}
