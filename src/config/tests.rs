//! Tests of the config.

use super::*;

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
    assert_eq!(config.timezone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(config.developer.as_deref(), Some("maya"));
    assert_eq!(config.claude_roots, [PathBuf::from("~/work/.claude")]);
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
        ("[claude]\nrots = []", "config.toml:2: unknown key `rots`; did you mean `roots`?"),
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
fn the_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/config.schema.json");
    if std::fs::read_to_string(&path).unwrap_or_default() != json_schema() {
        std::fs::write(&path, json_schema()).unwrap();
        panic!("assets/config.schema.json was out of date and is now written anew: commit it");
    }
}
