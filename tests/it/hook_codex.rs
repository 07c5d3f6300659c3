//! Codex's hook: put in, trusted by the person, called, and what it answers.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spendtop::model::{ActionKind, AgentId, Note};

use super::cli_home::{Home, write};
use super::codex_lines::{file, meta, record, turn};
use super::harness::copy_program;
use super::hook_home::{answered, notes};

/// The session of every event.
const ID: &str = "01a2093f-b770-7110-a393-5fe3dd48edd7";

fn home() -> Home {
    let home = Home::new();
    fs::create_dir_all(home.path("home/.codex")).unwrap();
    home
}

fn settings(home: &Home) -> PathBuf {
    home.path("home/.codex/hooks.json")
}

fn json_of(home: &Home) -> Value {
    serde_json::from_str(&fs::read_to_string(settings(home)).unwrap()).unwrap()
}

/// Does what the person does in Codex: trusts every hook that is there.
fn trust(home: &Home, more: &str) {
    let trusted = |(event, moment): (&str, &str)| {
        let hook = &json_of(home)["hooks"][moment][0]["hooks"][0];
        let (command, timeout) = (&hook["command"], &hook["timeout"]);
        let reviewed = format!(
            r#"{{"event_name":"{event}","hooks":[{{"async":false,"command":{command},"timeout":{timeout},"type":"command"}}]}}"#
        );
        let hash = Sha256::digest(reviewed);
        let hash = hash.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let place = settings(home);
        let place = place.display();
        format!("[hooks.state.\"{place}:{event}:0:0\"]\ntrusted_hash = \"sha256:{hash}\"\n{more}\n")
    };
    let hooks = [("session_start", "SessionStart"), ("user_prompt_submit", "UserPromptSubmit")];
    let config = "model = \"gpt-5-codex\"\n".to_owned() + &hooks.map(trusted).concat();
    write(&home.path("home/.codex/config.toml"), &config);
}

/// An event as Codex 0.169 sends it.
fn event(home: &Home, name: &str) -> Vec<u8> {
    let path = home.path("home/.codex/sessions").join(file(ID));
    let mut event = json!({
        "session_id": ID, "turn_id": "t", "transcript_path": path, "cwd": "/home/dev/proj",
        "hook_event_name": name, "model": "gpt-5-codex", "permission_mode": "bypassPermissions",
    });
    match name {
        "SessionStart" => event["source"] = "startup".into(),
        _ => event["prompt"] = "a secret prompt".into(),
    }
    event.to_string().into_bytes()
}

fn ask(home: &Home, name: &str) -> Option<Value> {
    answered(home.command(&["hook", "run", "codex"]), &event(home, name))
}

/// $1.26 of today: a million tokens in, a thousand out.
fn spend(home: &Home) {
    let lines = [
        meta("09:00:00.000", ID, &json!({})),
        turn("09:00:00.100", "t", "gpt-5-codex"),
        record("09:00:02.000", ID, "r1", [1_000_000, 0, 1_000], [1_000_000, 0, 1_000]),
    ];
    // Of the day that it is there.
    let lines = lines.join("\n").replace(super::codex_lines::DAY, "2026-11-23") + "\n";
    write(&home.path("home/.codex/sessions").join(file(ID)), &lines);
}

#[test]
fn what_is_there_stays_byte_for_byte() {
    for before in ["{}", "{\n\t\"hooks\": {\"Stop\": [{\"hooks\": []}]},\r\n \"x\": 1.50 }"] {
        let home = home();
        write(&settings(&home), before);
        home.expect(0, &["hook", "install", "codex"]);
        let hooks = json_of(&home)["hooks"].clone();
        for moment in ["SessionStart", "UserPromptSubmit"] {
            let command = hooks[moment][0]["hooks"][0]["command"].as_str().unwrap();
            assert!(command.ends_with(" hook run codex"), "{command}");
        }
        // At a tool Codex goes on whatever a hook says.
        assert!(hooks.get("PreToolUse").is_none() && hooks.get("PostToolUse").is_none());
        let backup = home.path("home/.codex/hooks.json.before-spendtop");
        assert_eq!(fs::read_to_string(&backup).unwrap(), before);
        home.out(&["hook", "uninstall", "codex"]);
        assert_eq!(fs::read_to_string(settings(&home)).unwrap(), before);
        assert!(!backup.exists());
    }
    let home = home();
    home.expect(0, &["hook", "install", "codex"]);
    home.out(&["hook", "uninstall", "codex"]);
    assert!(!settings(&home).exists());
    write(&settings(&home), "{ // mine\n}");
    let ran = home.expect(1, &["hook", "install", "codex"]);
    assert!(ran.out.contains("~/.codex/hooks.json is left as it is: it is not JSON"), "{ran:?}");
}

#[test]
fn status_says_that_a_hook_is_not_trusted() {
    let home = home();
    let status = |home: &Home, code| home.expect(code, &["hook", "status", "codex"]).out;
    assert!(status(&home, 5).contains("not installed: `spendtop hook install codex`"));
    let said = home.expect(0, &["hook", "install", "codex"]).out;
    assert!(said.contains("Until then nothing blocks Codex's prompts"), "{said}");
    let both = "passes over it without a word (SessionStart, UserPromptSubmit)";
    assert!(said.contains(both), "{said}");
    assert!(status(&home, 5).contains(both));
    trust(&home, "");
    let again = home.out(&["hook", "install", "codex"]);
    assert!(again.ends_with("nothing to change\n"), "{again}");
    let trusted = status(&home, 0);
    assert!(trusted.starts_with("installed  ~/.codex/hooks.json"), "{trusted}");
    trust(&home, "enabled = false");
    assert!(status(&home, 5).contains("turned off in Codex"));
    // The program moved: what was trusted was another command.
    trust(&home, "");
    let text = fs::read_to_string(settings(&home)).unwrap();
    fs::write(settings(&home), text.replace("\"timeout\": 10", "\"timeout\": 11")).unwrap();
    assert!(status(&home, 5).contains("not trusted"));
    fs::write(settings(&home), text).unwrap();
    let config = home.path("home/.codex/config.toml");
    let trusted = fs::read_to_string(&config).unwrap();
    for (more, why) in [
        ("[features]\nhooks = false\n", "hooks are turned off in config.toml"),
        ("[features]\ncodex_hooks = false\n", "hooks are turned off in config.toml"),
        ("= 7\n", "not TOML"),
    ] {
        fs::write(&config, format!("{trusted}{more}")).unwrap();
        assert!(status(&home, 5).contains(why), "{more}");
    }
}

#[test]
fn doctor_says_of_every_agent_how_its_hook_is() {
    let home = home();
    let doctor = |home: &Home| {
        let ran = home.run(&["doctor", "--json"]);
        serde_json::from_str::<Value>(&ran.out).unwrap()
    };
    let hook_of = |json: &Value, agent: &str| {
        let agents = json["agents"].as_array().unwrap();
        agents.iter().find(|row| row["agent"] == agent).unwrap()["hook"].clone()
    };
    assert_eq!(doctor(&home)["agents"].as_array().unwrap().len(), AgentId::ALL.len());
    assert_eq!(hook_of(&doctor(&home), "codex"), "not_in_place");
    assert_eq!(hook_of(&doctor(&home), "claude"), "no_home");
    home.expect(0, &["hook", "install"]);
    assert_eq!(hook_of(&doctor(&home), "codex"), "not_in_place", "nobody trusts it");
    trust(&home, "");
    assert_eq!(hook_of(&doctor(&home), "codex"), "in_place");
    assert!(home.run(&["doctor"]).out.contains("hook in place"));
    home.write_config("daily_cap = 20\naction = \"kill\"\n[notify]\ndesktop = false\n");
    let is_hook = |json: &Value| {
        json["findings"].as_array().unwrap().iter().any(|finding| finding["kind"] == "hook")
    };
    assert!(!is_hook(&doctor(&home)));
    fs::remove_file(home.path("home/.codex/config.toml")).unwrap();
    assert!(is_hook(&doctor(&home)));
}

#[test]
fn without_a_name_every_agent_that_is_here_has_it() {
    let home = home();
    fs::create_dir_all(home.projects()).unwrap();
    let claude = home.path("home/.claude/settings.json");
    let other = home.path("other");
    fs::create_dir_all(&other).unwrap();
    let with = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("CODEX_HOME", &other);
        super::cli_home::ran(command)
    };
    assert_eq!(with(&["hook", "install"]).code, 0);
    for settings in [&settings(&home), &other.join("hooks.json")] {
        assert!(fs::read_to_string(settings).unwrap().contains("hook run codex"));
    }
    assert!(fs::read_to_string(&claude).unwrap().contains("hook run claude"));
    let ran = with(&["hook", "status", "--json"]);
    assert_eq!(ran.code, 5, "Codex's are not trusted");
    let status: Value = serde_json::from_str(&ran.out).unwrap();
    let homes = status["homes"].as_array().unwrap();
    let agents: Vec<_> = homes.iter().map(|home| (&home["agent"], &home["ok"])).collect();
    let (claude_is, codex_is) =
        ((&json!("claude"), &json!(true)), (&json!("codex"), &json!(false)));
    assert_eq!(agents, [claude_is, codex_is, codex_is]);
    // What cannot be done for one keeps no other from it.
    fs::write(&claude, "[]").unwrap();
    assert_eq!(with(&["hook", "uninstall"]).code, 1);
    assert!(!settings(&home).exists() && !other.join("hooks.json").exists());
    assert_eq!(fs::read_to_string(&claude).unwrap(), "[]");
    // One that is not here is not made.
    fs::remove_dir_all(home.path("home/.codex")).unwrap();
    home.expect(1, &["hook", "install"]);
    assert!(!home.path("home/.codex").exists());
}

#[test]
fn over_a_cap_a_prompt_is_blocked_and_the_start_told() {
    let home = home();
    spend(&home);
    home.write_config("daily_cap = 1\naction = \"kill\"\n[notify]\ndesktop = false\n");
    let blocked = ask(&home, "UserPromptSubmit").unwrap();
    assert_eq!(blocked["decision"], "block");
    let reason = blocked["reason"].as_str().unwrap();
    assert!(reason.contains("is reached: $1.26 of $1.00 today; it resets at 00:00."), "{reason}");
    let start = ask(&home, "SessionStart").unwrap();
    assert_eq!(start["hookSpecificOutput"]["hookEventName"], "SessionStart");
    let stops = notes(&home).into_iter().filter_map(|note| match note {
        Note::Action(action) if action.kind == ActionKind::HookStop => Some(action),
        _ => None,
    });
    let stops: Vec<_> = stops.collect();
    assert_eq!(stops.len(), 1);
    assert_eq!(stops[0].session.as_ref().unwrap().agent, AgentId::Codex);
    assert_eq!(
        stops[0].resume.as_deref(),
        Some(&*format!("cd /home/dev/proj && codex resume {ID}"))
    );
    home.write_config("daily_cap = 20\naction = \"kill\"\n[notify]\ndesktop = false\n");
    assert_eq!(ask(&home, "UserPromptSubmit"), None);
}

#[test]
fn what_it_lives_in_is_noted_again_when_a_session_is_taken_up() {
    let home = home();
    spend(&home);
    let agent = home.path("bin/codex");
    copy_program(Path::new("/bin/sh"), &agent);
    for name in ["SessionStart", "UserPromptSubmit"] {
        write(&home.path(name), &String::from_utf8(event(&home, name)).unwrap());
    }
    // One screen, in which the session is begun, asked something, left and taken up again.
    let mut command = std::process::Command::new(&agent);
    command.env_clear().env("HOME", home.path("home")).env("TZ", "UTC");
    let script = "for e in SessionStart UserPromptSubmit SessionStart; do \
                  \"$1\" hook run codex <$e >/dev/null; echo; done";
    command.args(["-c", script, "codex", env!("CARGO_BIN_EXE_spendtop")]);
    let ran = super::cli_home::ran({
        command.current_dir(home.folder.path());
        command
    });
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let sightings: Vec<_> = notes(&home)
        .into_iter()
        .filter_map(|note| match note {
            Note::Sighting(sighting) => Some(sighting),
            _ => None,
        })
        .collect();
    assert_eq!(sightings.len(), 2, "its prompts are of a process that is known");
    assert!(sightings.iter().all(|seen| seen.process == sightings[0].process));
    assert_eq!(sightings[0].exe, fs::canonicalize(&agent).unwrap());
    assert_eq!(sightings[0].session.agent, AgentId::Codex);
}
