//! Settings of all shapes: what is put in comes out again, and nothing else moves.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const COMMAND: &str = "/opt/spendtop hook run claude";
const WANTED: Wanted<'_> = Wanted { command: COMMAND, moments: &Moment::ALL, words: Words::CLAUDE };

#[test]
fn an_agent_has_words_of_its_own() {
    let moments = ["Start", "Ask", "Before", "After"];
    let wanted = Wanted { words: Words { moments, second: 1000 }, ..WANTED };
    let (with, changes) = install("{}", &wanted).unwrap();
    let settings: Value = serde_json::from_str(&with).unwrap();
    assert_eq!(changes.len(), 4);
    for name in moments {
        assert_eq!(settings["hooks"][name][0]["hooks"][0]["timeout"], 10_000, "{name}");
    }
    let gemini = crate::agents::adapter(AgentId::Gemini).hook().unwrap();
    let wanted = Wanted { words: gemini.words, ..WANTED };
    let before = "{\n  \"ui\": {}\n}\n";
    let (with, _) = install(before, &wanted).unwrap();
    assert!(with.contains("BeforeAgent") && !with.contains("UserPromptSubmit"), "{with}");
    assert_eq!(installed(&with, COMMAND).unwrap().placed.len(), 4);
    assert_eq!(install(&with, &wanted).unwrap().1, []);
    assert_eq!(uninstall(&with, COMMAND).unwrap().0, before);
}

fn put_in(text: &str) -> String {
    let (with, changes) = install(text, &WANTED).unwrap();
    assert_eq!(changes.len(), 4, "{text}");
    let (again, none) = install(&with, &WANTED).unwrap();
    assert_eq!((&again, none.len()), (&with, 0), "twice is once");
    with
}

fn value(text: &str) -> Value {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

#[test]
fn the_agent_reads_four_hooks() {
    let with = value(&put_in("{}"));
    for moment in Moment::ALL {
        let groups = with["hooks"][Words::CLAUDE.name(moment)].as_array().unwrap();
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0]["hooks"][0]["command"], COMMAND);
        assert_eq!(groups[0]["hooks"][0]["type"], "command");
        let matcher = groups[0].get("matcher").and_then(Value::as_str);
        let for_tools = matches!(moment, Moment::PreToolUse | Moment::PostToolUse);
        assert_eq!(matcher, for_tools.then_some("*"));
    }
}

#[test]
fn hooks_of_others_stay_and_come_first() {
    let before = r#"{"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [
        {"type": "command", "command": "other hook run claude"}]}], "Stop": []}, "model": "opus"}"#;
    let with = put_in(before);
    let groups = value(&with)["hooks"]["PreToolUse"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 2);
    assert_eq!(groups[0]["hooks"][0]["command"], "other hook run claude");
    assert_eq!(uninstall(&with, COMMAND).unwrap().0, before);
}

#[test]
fn a_moved_binary_is_updated_in_place() {
    let with = put_in("{\"hooks\": {}}");
    let (moved, changes) =
        install(&with, &Wanted { command: "'/my bin/spendtop' hook run claude", ..WANTED })
            .unwrap();
    assert_eq!(changes.len(), 4);
    assert!(
        changes.iter().all(|change| matches!(change, Change::Updated(_, old) if old == COMMAND))
    );
    assert_eq!(moved.replace("'/my bin/spendtop' hook run claude", COMMAND), with);
    assert_eq!(uninstall(&moved, COMMAND).unwrap().1.len(), 4);
}

#[test]
fn a_hook_for_some_tools_is_not_one_for_all() {
    let before = format!(
        r#"{{"hooks": {{"PreToolUse": [{{"matcher": "Bash", "hooks": [{{"command": "{COMMAND}"}}]}}]}}}}"#
    );
    assert!(installed(&before, COMMAND).unwrap().placed.is_empty());
    assert_eq!(install(&before, &WANTED).unwrap().1.len(), 4);
}

#[test]
fn what_is_no_settings_is_refused() {
    for text in [
        "",
        "[]",
        "7",
        "{",
        "{\"a\":1,}",
        "// a\n{}",
        "{\"hooks\": []}",
        "{\"hooks\": null}",
        "{\"hooks\": {\"PreToolUse\": {}}}",
    ] {
        assert!(install(text, &WANTED).is_err(), "{text}");
        assert!(uninstall(text, COMMAND).is_err(), "{text}");
    }
}

#[test]
fn of_two_members_with_one_key_the_last_counts() {
    let before = r#"{"hooks": {"Stop": []}, "hooks": {"PreToolUse": []}}"#;
    let with = put_in(before);
    assert!(with.starts_with(r#"{"hooks": {"Stop": []}, "hooks""#));
    assert_eq!(installed(&with, COMMAND).unwrap().placed.len(), 4);
}

#[test]
fn a_shell_reads_the_program_back() {
    for path in ["/usr/bin/spendtop", "/my bin/spendtop", "/it's/spendtop-2"] {
        let line = command(Path::new(path), AgentId::Claude, &[("--db", Path::new("/a b"))]);
        assert_eq!(program(&line).as_deref(), Some(path));
        assert!(line.ends_with(" --db '/a b'"), "{line}");
    }
    assert_eq!(program("other hook run claude"), None);
    assert_eq!(program("spendtop report"), None);
}

fn json(depth: u32) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\{}\\[\\],: é\n]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-c\"{]{0,3}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

/// Settings: some members, perhaps hooks of others, perhaps in arrays that are there but empty.
fn settings() -> impl Strategy<Value = Value> {
    let group = json(2).prop_map(|matcher| {
        serde_json::json!({"matcher": matcher, "hooks": [
        {"type": "command", "command": "lint"}]})
    });
    let moments = vec(
        (
            prop::sample::select(vec!["PreToolUse", "PostToolUse", "Stop", "SessionStart"]),
            vec(group, 0..3),
        ),
        0..4,
    );
    let hooks = moments.prop_map(|moments| {
        Value::Object(moments.into_iter().map(|(k, v)| (k.to_owned(), Value::from(v))).collect())
    });
    (vec(("[a-z]{1,5}", json(3)), 0..4), prop::option::of(hooks)).prop_map(|(members, hooks)| {
        let mut all: serde_json::Map<String, Value> = members.into_iter().collect();
        all.remove("hooks");
        if let Some(hooks) = hooks {
            all.insert("hooks".to_owned(), hooks);
        }
        Value::Object(all)
    })
}

/// A text of a value, with white space of all kinds between its parts.
fn written(value: &Value, spaces: &mut dyn FnMut() -> String) -> String {
    let s = spaces();
    let open = |a: char, parts: Vec<String>, b: char, end: String| {
        format!("{s}{a}{}{b}{end}", parts.join(","))
    };
    match value {
        Value::Array(elements) if elements.is_empty() => format!("{s}[{}]", spaces()),
        Value::Object(members) if members.is_empty() => format!("{s}{{{}}}", spaces()),
        Value::Array(elements) => {
            let parts = elements.iter().map(|v| written(v, spaces) + &spaces()).collect();
            open('[', parts, ']', String::new())
        }
        Value::Object(members) => {
            let part = |(key, v): (&String, &Value)| {
                let key = format!("{}{}{}", spaces(), Value::from(key.as_str()), spaces());
                format!("{key}:{}{}", written(v, spaces), spaces())
            };
            open('{', members.iter().map(part).collect(), '}', String::new())
        }
        other => format!("{s}{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_the_settings_the_file_is_what_it_was(
        value in settings(),
        spaces in vec(prop::sample::select(vec!["", " ", "  ", "\n", "\n  ", "\r\n\t", "\t"]), 1..12),
        bom in any::<bool>(),
        end in prop::sample::select(vec!["", "\n", "\r\n", " \n\n"]),
    ) {
        let mut next = 0;
        let mut space = || { next += 1; spaces[next % spaces.len()].to_owned() };
        let bom = if bom { "\u{feff}" } else { "" };
        let text = format!("{bom}{}{end}", written(&value, &mut space));
        prop_assert_eq!(&super::tests::value(&text), &value);
        let with = put_in(&text);
        // The agent sees what was there, and ours.
        let mut without = super::tests::value(&uninstall(&with, COMMAND).unwrap().0);
        let mut before = value.clone();
        for value in [&mut without, &mut before] {
            // What was empty may be gone.
            if let Some(hooks) = value.get_mut("hooks").and_then(Value::as_object_mut) {
                hooks.retain(|_, groups| groups.as_array().is_none_or(|groups| !groups.is_empty()));
                if hooks.is_empty() {
                    value.as_object_mut().unwrap().remove("hooks");
                }
            }
        }
        prop_assert_eq!(without, before);
        // And on disk everything is as it was to the byte.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, &text).unwrap();
        SettingsFile::read(&path).unwrap().install(&WANTED, false).unwrap();
        prop_assert_eq!(&std::fs::read_to_string(&path).unwrap(), &with);
        SettingsFile::read(&path).unwrap().uninstall(&WANTED, false).unwrap();
        prop_assert_eq!(std::fs::read(&path).unwrap(), text.as_bytes());
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
