//! Tests of the config.

use std::time::Duration;

use super::*;
use crate::model::CapAction;
use crate::policy::loops::Thresholds;
use crate::policy::{Measure, Period, Scope};

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("config.toml")).map_err(|error| error.to_string())
}

#[test]
fn the_template_is_the_default() {
    assert_eq!(parse(TEMPLATE), Ok(Config::default()));
    // And so is the template with every commented setting removed.
    assert_eq!(parse(""), Ok(Config::default()));
}

#[test]
fn every_setting_of_the_template_can_be_switched_on() {
    let switched_on: String = TEMPLATE
        .lines()
        .map(|line| line.strip_prefix("#: ").unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = parse(&switched_on).unwrap();
    assert_eq!(config.daily_cap, Some(PicoUsd::from_dollars(20)));
    assert_eq!(config.timezone.as_ref().and_then(TimeZone::iana_name), Some("Europe/Berlin"));
    assert_eq!(config.developer.as_deref(), Some("maya"));
    let roots = [(AgentId::Claude, ".claude"), (AgentId::Codex, ".codex")];
    let roots = roots.map(|(agent, name)| (agent, Path::new("~/office").join(name)));
    assert_eq!(config.agent_roots, roots);
    // The table of loops shows the defaults.
    assert_eq!(config.loops, Thresholds::default());
    for line in TEMPLATE.lines().skip_while(|line| *line != "#: [loops]").take(20) {
        assert!(line.starts_with("#: "), "{line}");
    }
    assert!(!config.prices.row.is_empty() && !config.prices.discount.is_empty());
}

#[test]
fn a_cap_is_exact_money() {
    for (text, pico) in [
        ("20", 20_000_000_000_000),
        ("12.50", 12_500_000_000_000),
        ("0.1", 100_000_000_000),
        ("\"19.99\"", 19_990_000_000_000),
    ] {
        let config = parse(&format!("daily_cap = {text}")).unwrap();
        assert_eq!(config.daily_cap, Some(PicoUsd(pico)), "{text}");
    }
}

#[test]
fn mistakes_are_named_with_their_line() {
    let cases = [
        ("\ndayly_cap = 20", "config.toml:2: unknown key `dayly_cap`; did you mean `daily_cap`?"),
        ("[agents.claude]\nrots = []", "config.toml:2: unknown key `rots`; did you mean `roots`?"),
        ("daily_cap = -1", "config.toml:1: daily_cap must be more than 0"),
        ("daily_cap = 0", "config.toml:1: daily_cap must be more than 0"),
        (
            "timezone = \"Berlin\"",
            "config.toml:1: unknown timezone \"Berlin\": use \"system\" or an IANA name such as \
             \"Europe/Berlin\"",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(parse(text).unwrap_err(), message);
    }
    for text in ["daily_cap = inf", "daily_cap = true", "daily_cap = \"a lot\"", "daily_cap 20"] {
        assert!(parse(text).unwrap_err().starts_with("config.toml:1: "), "{text}");
    }
}

#[test]
fn a_table_of_a_cap_takes_what_it_does_not_say_from_the_top() {
    let config = parse(
        "daily_cap = 20\nwarn_at = [0.9, 0.25, 0.9]\naction = \"kill\"\ngrace = 1.5\n\
         [[cap]]\nname = \"a\"\nlimit = 0.03\n\
         [[cap]]\nname = \"b\"\nscope = \"branch\"\npattern = \"*@main\"\nperiod = \"month\"\n\
         limit = \"12.50\"\nwarn_at = []\naction = \"notify\"\ngrace = 0\n",
    )
    .unwrap();
    let [daily, a, b] = &config.caps[..] else { panic!("{:?}", config.caps) };
    assert_eq!((&*daily.name, daily.limit), ("daily", PicoUsd::from_dollars(20)));
    assert_eq!((&daily.warn_at[..], daily.action), (&[250, 900][..], CapAction::Kill));
    assert_eq!(daily.grace, Duration::from_millis(1500));
    // What ends work is written where it is meant: `action` at the top is `daily_cap`'s.
    assert_eq!((a.action, a.period, a.scope), (CapAction::Flag, Period::Day, Scope::Developer));
    assert_eq!((&a.warn_at[..], a.grace), (&[250, 900][..], Duration::from_millis(1500)));
    assert_eq!((a.limit, &*a.pattern), (PicoUsd(30_000_000_000), "*"));
    assert_eq!((b.action, b.period, b.scope), (CapAction::Notify, Period::Month, Scope::Branch));
    assert_eq!((&b.warn_at[..], b.grace, &*b.pattern), (&[][..], Duration::ZERO, "*@main"));
}

#[test]
fn one_developer_or_several() {
    let one = parse("daily_cap = 5\n[developer]\nid = \"maya\"\n").unwrap();
    assert_eq!((one.developer.as_deref(), one.developers.len()), (Some("maya"), 0));
    let several = parse(
        "daily_cap = 5\n[[developer]]\nid = \"maya\"\nroots = [\"/m\", \"/n\"]\ndaily_cap = 30\n\
         [[developer]]\nid = \"ravi\"\nroots = [\"/r\"]\n[[developer]]\nid = \"me\"\n",
    )
    .unwrap();
    assert_eq!(several.developer.as_deref(), Some("me"));
    let ids: Vec<_> = several.developers.iter().map(|one| (&*one.id, one.roots.len())).collect();
    assert_eq!(ids, [("maya", 2), ("ravi", 1)]);
    let [own, all] = &several.caps[..] else { panic!("{:?}", several.caps) };
    assert_eq!((&*own.name, &*own.pattern), ("daily-maya", "maya"));
    assert_eq!((&*all.name, &*all.except[0], all.except.len()), ("daily", "maya", 1));
}

#[test]
fn mistakes_in_caps_and_developers_are_named_with_their_line() {
    let cap = |rest: &str| format!("[[cap]]\nname = \"a\"\nlimit = 5\n{rest}\n");
    let warn = "warn_at takes parts of the cap between 0 and 1, such as [0.5, 0.8]";
    for (text, line, says) in [
        (cap("perod = \"day\""), 4, "unknown key `perod`; did you mean `period`?"),
        (cap("scope = \"team\""), 4, "team"),
        (cap("action = \"stop\""), 4, "stop"),
        (cap("period = \"session\""), 1, "goes with scope = \"session\""),
        (cap("warn_at = [0.5, 1.0]"), 4, warn),
        (cap("warn_at = [0]"), 4, warn),
        (cap("warn_at = [nan]"), 4, warn),
        (cap("warn_at = [80]"), 4, warn),
        (cap("grace = -1"), 4, "grace takes seconds, from 0 to 600"),
        (cap("grace = 601"), 4, "grace takes seconds, from 0 to 600"),
        (cap("") + &cap(""), 5, "two caps named \"a\""),
        ("[[cap]]\nname = \"a\"".into(), 1, "limit"),
        ("[[cap]]\nlimit = 1".into(), 1, "name"),
        ("[[cap]]\nname = \" \"\nlimit = 1".into(), 1, "a cap needs a name"),
        ("[[cap]]\nname = \"a\"\nlimit = 0".into(), 3, "limit must be more than 0"),
        ("[[cap]]\nname = \"a\"\nlimit = -2".into(), 3, "limit must be more than 0"),
        ("daily_cap = 1\n[[cap]]\nname = \"daily\"\nlimit = 2".into(), 2, "named \"daily\""),
        ("warn_at = [2]".into(), 1, warn),
        ("grace = -0.5".into(), 1, "grace takes seconds"),
        ("action = \"nag\"".into(), 1, "nag"),
        ("account = \"free\"".into(), 1, "free"),
        ("session_alert_usd = 0".into(), 1, "session_alert_usd must be more than 0"),
        ("include_unlogged = 1".into(), 1, "boolean"),
        ("[developer]\nid = \"a\"\ndaily_cap = 0".into(), 3, "daily_cap must be more than 0"),
        ("[[developer]]\nroots = [\"/r\"]".into(), 2, "a developer with roots needs an id"),
        ("daily_cap = 9\n[developer]\ndaily_cap = 5".into(), 3, "needs an id"),
        ("[developer]\nid = \"a*\"".into(), 2, "no * or ?"),
        ("[[developer]]\nid = \"a\"\nroots = [\"/r\"]\nrots = []".into(), 4, "`roots`"),
        (
            "[[developer]]\nid = \"a\"\nroots = [\"/r\"]\n[[developer]]\nid = \"a\"\nroots = \
             [\"/s\"]"
                .into(),
            5,
            "two developers named \"a\"",
        ),
        (
            "[[developer]]\nid = \"a\"\n[[developer]]\nid = \"b\"".into(),
            4,
            "two developers without roots",
        ),
        ("[loops]\nsame_result = 1".into(), 2, "same_result must be 2 or more"),
        ("[loops]\nrounds = 0".into(), 2, "rounds must be 1 or more"),
        ("[loops]\ncycle = -3".into(), 2, "-3"),
        ("[loops]\npolling = 2.5".into(), 2, "2.5"),
        ("[loops]\nsame_results = 4".into(), 2, "did you mean `same_result`?"),
        ("[loops]\nrunaway_usd = 0".into(), 2, "runaway_usd must be more than 0"),
        ("[hook]\non_error = \"die\"".into(), 2, "die"),
        ("[hook]\non_eror = \"allow\"".into(), 2, "did you mean `on_error`?"),
        ("[notify]\ndesktp = true".into(), 2, "did you mean `desktop`?"),
        ("[notify.webhook]\nurl = \"x\"\npreset = \"teams\"".into(), 3, "teams"),
    ] {
        let error = parse(&text).unwrap_err();
        let place = format!("config.toml:{line}: ");
        assert!(error.starts_with(&place) && error.contains(says), "{text}\n{error}");
    }
}

#[test]
fn further_settings() {
    let config = parse(
        "account = \"subscription\"\ninclude_unlogged = true\nsession_alert_usd = 7.5\n\
         [hook]\non_error = \"block\"\n[notify]\ndesktop = false\ncommand = [\"x\"]\n\
         [notify.webhook]\nurl = \"https://example.org\"\npreset = \"slack\"\n",
    )
    .unwrap();
    assert_eq!((config.account, config.include_unlogged), (Account::Subscription, true));
    assert_eq!(config.session_alert, PicoUsd(7_500_000_000_000));
    let limits = parse("[loops]\nsame_result = 9\nrunaway_usd = \"1.5\"\n").unwrap().loops;
    let runaway_usd = PicoUsd(1_500_000_000_000);
    assert_eq!(limits, Thresholds { same_result: 9, runaway_usd, ..Thresholds::default() });
    assert_eq!(config.on_hook_error, OnError::Block);
    assert_eq!(config.notify.webhook.as_ref().unwrap().preset, WebhookPreset::Slack);
    assert_eq!((config.notify.desktop, &config.notify.command[..]), (false, &["x".to_owned()][..]));
}

#[test]
fn the_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/config.schema.json");
    if std::fs::read_to_string(&path).unwrap_or_default() != json_schema() {
        std::fs::write(&path, json_schema()).unwrap();
        panic!("assets/config.schema.json was out of date and is now written anew: commit it");
    }
}

#[test]
fn a_cap_on_loops_has_a_count_or_dollars_and_is_of_a_session() {
    let config =
        parse("[[cap]]\nname = \"a\"\nloop_count = 8\n[[cap]]\nname = \"b\"\nloop_usd = 3")
            .unwrap();
    let [count, dollars] = &config.caps[..] else { panic!("{:?}", config.caps) };
    assert_eq!((count.measure, count.limit), (Measure::LoopCount, Measure::of_count(8)));
    assert_eq!((dollars.measure, dollars.limit), (Measure::LoopUsd, PicoUsd::from_dollars(3)));
    for cap in [count, dollars] {
        assert_eq!((cap.scope, cap.period), (Scope::Session, Period::Session));
        assert!(cap.warn_at.is_empty(), "half of a loop is none");
    }
    for (text, what) in [
        ("loop_count = 1", "loop_count must be 2 or more"),
        ("loop_usd = 0", "loop_usd must be more than 0"),
        ("", "one of limit, loop_usd and loop_count"),
        ("limit = 1\nloop_usd = 1", "one of limit, loop_usd and loop_count"),
        ("loop_usd = 1\nperiod = \"day\"", "a loop is a session's"),
        ("loop_usd = 1\nscope = \"project\"", "a loop is a session's"),
    ] {
        let error = parse(&format!("[[cap]]\nname = \"a\"\n{text}")).unwrap_err();
        assert!(error.contains(what), "{text}: {error}");
    }
}
