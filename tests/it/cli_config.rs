//! `config`, and the user's own prices: they win, and a mistake in them is named with its line.

use std::os::unix::fs::PermissionsExt;

use super::cli_home::{Home, call};
use super::cli_two::OWN_ROW;

#[test]
fn init_writes_a_private_commented_file_once() {
    let home = Home::new();
    let path = home.config();
    assert_eq!(home.out(&["config", "path"]).trim_end(), path.to_str().unwrap());
    assert!(home.out(&["config", "check"]).contains("everything is as by default"));
    assert!(home.out(&["config", "init"]).contains(path.to_str().unwrap()));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let template = std::fs::read_to_string(&path).unwrap();
    assert!(template.contains("#: daily_cap = 20"));
    assert!(home.out(&["config", "check"]).ends_with("config.toml is fine\n"));

    home.write_config("daily_cap = 7\n");
    let ran = home.expect(2, &["config", "init"]);
    assert!(ran.err.contains("--force"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "daily_cap = 7\n");
    home.out(&["config", "init", "--force"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), template);
}

#[test]
fn show_tells_what_is_in_force_and_where_it_comes_from() {
    let home = Home::new();
    let shown = home.json(&["config", "show", "--json"]);
    assert_eq!(shown["schema"], "spendtop.config/1");
    assert_eq!(shown["config_file"], serde_json::Value::Null);
    assert_eq!(shown["developer"], Home::login());
    assert_eq!(shown["ledger"], home.db().to_str().unwrap());
    home.write_config(
        "daily_cap = 12.50\ntimezone = \"Asia/Tokyo\"\n[developer]\nid = \"maya\"\n[agents.claude]\nroots \
         = [\"~/work/.claude\"]\n",
    );
    let shown = home.json(&["config", "show", "--json"]);
    assert_eq!(shown["config_file"], home.config().to_str().unwrap());
    assert_eq!(shown["daily_cap_usd"], "12.500000000000");
    assert_eq!((&shown["timezone"], &shown["developer"]), (&"Asia/Tokyo".into(), &"maya".into()));
    let root = home.path("home/work/.claude/projects");
    assert!(shown["roots"].as_array().unwrap().contains(&root.to_str().unwrap().into()));
    let text = home.out(&["config", "show"]);
    for line in [
        "config      ~/.config/spendtop/config.toml",
        "daily_cap   $12.50  (config)",
        "timezone    Asia/Tokyo  (config)",
        "developer   maya  (config)",
        "root        ~/work/.claude/projects  (not there)",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line:?} in {text}");
    }
}

#[test]
fn the_config_decides_roots_zone_and_developer_of_reports() {
    let home = Home::small();
    home.write_config(
        "timezone = \"Asia/Tokyo\"\n[developer]\nid = \"maya\"\n[agents.claude]\nroots = [\"~/work\"]\n",
    );
    let other = call("w1", "W", "claude-opus-5-5").at("2026-11-20T01:00:00.000Z");
    home.append("../../work/projects/w/W.jsonl", &[other]);
    let report = home.json(&["report", "--json", "--by", "developer"]);
    assert_eq!(report["timezone"], "Asia/Tokyo");
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["key"], &rows[0]["calls"]), (&"2026-11-20".into(), &4.into()));
    assert_eq!(rows[0]["breakdown"][0]["key"], "maya");
}

#[test]
fn your_own_price_wins_and_is_not_discounted() {
    let home = Home::small();
    home.write_config(
        "[[prices.row]]\nprovider = \"anthropic\"\nmodel = \"claude-opus-5-5\"\ninput = \"1\"\n\
         output = \"2\"\ncache_write_5m = \"1\"\ncache_write_1h = \"1\"\n\
         cache_read = \"1\"\n[[prices.discount]]\nprovider = \"anthropic\"\npercent = \"10\"\n",
    );
    // 2 x (1 + 0.002) of our own; 0.5025 less ten percent.
    assert_eq!(home.total(), (3, "2.456250000000".into()));
    let report = home.json(&["report", "model", "--json"]);
    assert_eq!(report["rows"][0]["cost_usd"], "2.004000000000");
    assert_eq!(report["rows"][1]["cost_usd"], "0.452250000000");
    assert!(home.out(&["prices", "check"]).contains("2 rows and discounts of your own"));
    let shown = home.json(&["prices", "show", "claude-opus-5-5", "--json"]);
    let own = |row: &serde_json::Value| row["input"] == "1" && row["output"] == "2";
    assert!(shown["rows"].as_array().unwrap().iter().any(own), "{shown}");
    for args in [&["explain", "msg_01a1"][..], &["prices", "show", "claude-opus-5-5"]] {
        let said = home.out(args);
        assert!(said.contains("your own price, from the config"), "{said}");
        assert!(!said.contains("checked )"), "{said}");
    }
}

#[test]
fn a_mistake_in_your_prices_is_named_with_its_line() {
    let home = Home::small();
    let row = |fields: &str| {
        format!("daily_cap = 5\n\n[[prices.row]]\nprovider = \"anthropic\"\n{fields}\n")
    };
    let priced = |input: &str| row(&format!("model = \"m\"\ninput = \"{input}\"\noutput = \"4\""));
    let twice = format!("{OWN_ROW}{OWN_ROW}");
    let discount = |percent: &str| {
        format!("\n[[prices.discount]]\nprovider = \"anthropic\"\npercent = \"{percent}\"\n")
    };
    for (text, line, says) in [
        (priced("2.1234567"), 3, "has more than 6 decimals"),
        (priced("-2"), 3, "is negative"),
        (priced("lots"), 3, "is not a decimal number"),
        (priced("2001"), 3, "is too large"),
        (priced("0"), 3, "is zero"),
        (priced("1\"\nfrom = \"2026-11-40"), 3, "is not a date"),
        (row("model = \"\"\ninput = \"1\"\noutput = \"1\""), 3, "has no name"),
        (row("model = \"m\"\ninptu = \"1\"\noutput = \"1\""), 6, "did you mean `input`?"),
        (row("model = \"m\"\ninput = 2.5\noutput = \"1\""), 6, "string"),
        (twice, 8, "overlaps an earlier entry"),
        (discount("100"), 2, "is too large"),
        (discount("-5"), 2, "is negative"),
        (discount("15").replace("anthropic", "antropic"), 3, "anthropic"),
    ] {
        home.write_config(&text);
        for args in [&["config", "check"][..], &["report"], &["prices", "check"]] {
            let ran = home.expect(2, args);
            let place = format!("config.toml:{line}: ");
            assert!(ran.err.contains(&place) && ran.err.contains(says), "{args:?}: {}", ran.err);
            assert_eq!(ran.out, "", "{args:?}");
        }
    }
    // Also where nothing is left to be priced.
    std::fs::remove_file(home.config()).unwrap();
    home.out(&["ingest"]);
    home.write_config(&priced("-2"));
    for args in [&["report"][..], &["sessions"], &["ingest"], &["config", "show"]] {
        assert!(home.expect(2, args).err.contains("config.toml:3: "), "{args:?}");
    }
}

#[test]
fn an_unknown_model_makes_totals_floors_until_it_gets_a_price() {
    let home = Home::small();
    home.append(
        "atlas/A.jsonl",
        &[call("a3", "A", "claude-homebrew-1"), call("a4", "A", "claude-homebrew-1")],
    );
    let table = home.out(&["report", "model"]);
    assert!(table.contains("≥$8.5425"), "{table}");
    assert!(table.contains("≥ a floor: 2 calls have no price"), "{table}");
    assert!(home.out(&["sessions"]).contains("≥$4.5225"));
    assert!(home.out(&["explain", "A"]).contains("≥"));
    let missing = home.json(&["prices", "missing", "--json"]);
    let row = &missing["rows"][0];
    assert_eq!((&row["model"], &row["calls"]), (&"claude-homebrew-1".into(), &2.into()));
    assert!(home.out(&["prices", "missing"]).contains("claude-homebrew-1"));
    let doctor = home.expect(5, &["doctor"]).out;
    assert!(doctor.contains("no price for 2 calls"), "{doctor}");

    home.write_config(OWN_ROW);
    assert_eq!(home.total(), (5, "8.542500000000".into()), "a price alone charges nothing anew");
    let preview = home.json(&["reprice", "--dry-run", "--json"]);
    assert_eq!(preview["rows"][0]["newly_priced_calls"], 2);
    let done = home.out(&["reprice"]);
    assert!(done.contains("claude-homebrew-1") && done.contains("$4.0080"), "{done}");
    assert_eq!(home.total(), (5, "12.550500000000".into()));
    assert!(!home.out(&["report", "model"]).contains('≥'));
    home.expect(10, &["prices", "missing"]);
    home.out(&["doctor"]);
    let explained = home.json(&["explain", "msg_01a3", "--json"]);
    assert_eq!(explained["calls"][0]["superseded"][0]["cost_usd"], serde_json::Value::Null);
}

#[test]
fn without_home_all_paths_are_of_the_home_that_the_system_knows() {
    let home = Home::small();
    home.write_config("");
    // Nothing there is read or written.
    let (config, db) = (home.config(), home.path("elsewhere/ledger.db"));
    let (config, db) = (config.to_str().unwrap(), db.to_str().unwrap());
    let roots = |without: &[&str]| {
        let mut command =
            home.command(&["config", "show", "--json", "--config", config, "--db", db]);
        for name in without {
            command.env_remove(name);
        }
        let ran = super::cli_home::ran(command);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        json["roots"].as_array().unwrap().len()
    };
    let all = spendtop::model::AgentId::ALL.len();
    assert!(roots(&[]) >= all, "each agent has one at least");
    assert_eq!(roots(&[]), roots(&["HOME"]));
}

#[test]
fn a_wrong_key_column_or_theme_of_the_screen_is_refused_with_its_line() {
    let home = Home::new();
    let check = |config: &str, words: &[&str]| {
        home.write_config(config);
        let ran = home.expect(2, &["config", "check"]);
        for word in words {
            assert!(ran.err.contains(word), "{word:?} in {}", ran.err);
        }
    };
    check("[keys]\nquit = \"hyper-q\"\n", &["config.toml:2", "\"hyper-q\" is no key"]);
    check("[keys]\nquti = \"q\"\n", &["did you mean \"quit\"?"]);
    check(
        "[screen]\ncolumns = [\"state\", \"costs\"]\n",
        &["config.toml:2", "\"costs\" is no column"],
    );
    check("[screen]\ntheme = \"drak\"\n", &["config.toml:2", "\"drak\" is no theme"]);
    check("[screen]\ntheme = \"~/none.toml\"\n", &["cannot read the theme"]);
    check("[screen]\nmouse = 3\n", &["config.toml:2"]);
    std::fs::write(home.path("home/mine.toml"), "bad = \"magenta bold\"\n").unwrap();
    home.write_config("[screen]\ntheme = \"~/mine.toml\"\n[keys]\nquit = [\"q\", \"ctrl-q\"]\n");
    assert!(home.out(&["config", "check"]).contains("is fine"));
}
