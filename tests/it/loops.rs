//! `loops eval`: its shapes, the README's table, other corpora, and the corpus that comes along.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::cli_home::{Home, write};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn json_has_exactly_the_documented_keys() {
    let home = Home::new();
    let json = home.json(&["loops", "eval", "--json"]);
    assert_eq!(json, home.json(&["loops", "eval", "-j"]));
    assert_eq!(keys(&json), BTreeSet::from(["schema", "tune", "report"]));
    assert_eq!(json["schema"], "spendtop.loops-eval/1");
    assert_eq!(keys(&json["tune"]), BTreeSet::from(["precision", "recall"]));
    let report = &json["report"];
    let figures = ["precision", "recall", "repeats_p50", "usd_to_alarm", "detectors"];
    assert_eq!(keys(report), BTreeSet::from(figures));
    let mut named = BTreeSet::new();
    let (mut runaways, mut caught, mut alarms) = (0, 0, 0);
    for detector in report["detectors"].as_array().unwrap() {
        let mut own = BTreeSet::from(figures);
        own.remove("detectors");
        own.extend(["detector", "runaways", "caught", "true_alarms", "false_alarms"]);
        assert_eq!(keys(detector), own);
        named.insert(detector["detector"].as_str().unwrap());
        let count = |key: &str| detector[key].as_u64().unwrap();
        runaways += count("runaways");
        caught += count("caught");
        alarms += count("true_alarms");
        assert!(count("caught") <= count("runaways"));
    }
    assert_eq!(named.len(), 9, "{named:?}");
    // Every loop that is caught is caught by one.
    assert_eq!(caught, alarms);
    let recall = (2000 * caught + runaways) / (2 * runaways);
    assert_eq!(report["recall"], recall as f64 / 1000.0);
    for figure in ["precision", "recall"] {
        let value = report[figure].as_f64().unwrap();
        assert!((0.9..=1.0).contains(&value), "{figure}: {value}");
    }
    let usd = report["usd_to_alarm"].as_str().unwrap();
    assert_eq!(usd.split_once('.').unwrap().1.len(), 12, "{usd}");
}

#[test]
fn the_readme_shows_the_table_as_it_comes_out() {
    let table = Home::new().out(&["loops", "eval", "--md"]);
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&table), "the README needs this table:\n{table}");
}

#[test]
fn a_person_reads_what_came_out_wrong_too() {
    let home = Home::new();
    let text = home.out(&["loops", "eval"]);
    let json = home.json(&["loops", "eval", "--json"]);
    for half in ["tune", "report"] {
        let recall = json[half]["recall"].as_f64().unwrap();
        assert!(text.contains(&format!("{recall:.3}")), "{text}");
        assert_eq!(recall < 1.0, text.contains(&format!("missed ({half}): ")), "{text}");
    }
}

/// A thread of a call that is made again and again.
fn thread(name: &str, label: &str, steps: usize) -> String {
    let loops = label == "runaway";
    let more = if loops { r#""kind":"same_result","start":4,"# } else { "" };
    let again = if loops { r#","again":true"# } else { "" };
    let step =
        format!(r#"{{"gap":4000,"usd":"0.25","tool":"Bash","in":"ls","out":"files"{again}}}"#);
    format!(
        "{{\"thread\":\"{name}\",\"family\":\"made\",\"label\":\"{label}\",{more}\"source\":\
         \"made\",\"tools\":{{\"Bash\":\"run\"}}}}\n{}",
        format!("{step}\n").repeat(steps)
    )
}

#[test]
fn another_corpus_is_read_from_a_folder() {
    let home = Home::new();
    let folder = home.path("corpus");
    write(&folder.join("one.jsonl"), &thread("loop", "runaway", 9));
    write(
        &folder.join("two.jsonl"),
        &(thread("calm", "healthy", 3) + &thread("odd", "healthy", 9)),
    );
    write(&folder.join("notes.txt"), "not read");
    let asked = ["loops", "eval", "--corpus", "corpus", "--json"];
    let report = |json: &Value| {
        let both = [&json["tune"], &json["report"]];
        both.map(|half| (half["precision"].clone(), half["recall"].clone()))
    };
    let halves = report(&home.json(&asked));
    // Of three threads of one family the two halves have two and one, by their names.
    assert!(
        halves.contains(&(Value::Null, Value::Null)) || halves.iter().any(|half| half.0 == 0.5)
    );
    // What the config says of loops is what is measured.
    home.write_config("[loops]\nsame_result = 20\n");
    for (precision, recall) in report(&home.json(&asked)) {
        assert!(precision.is_null() && (recall.is_null() || recall == 0.0));
    }
}

#[test]
fn a_corpus_that_cannot_be_read_exits_2_and_says_where() {
    let home = Home::new();
    let expect = |says: &str| {
        let ran = home.expect(2, &["loops", "eval", "--corpus", "corpus"]);
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{}", ran.err);
    };
    expect("cannot read corpus: ");
    std::fs::create_dir(home.path("corpus")).unwrap();
    expect("corpus has no threads");
    let file = home.path("corpus/mine.jsonl");
    write(&file, &(thread("a", "runaway", 9) + "\n{\"tool\":\"Bash\",\"inn\":\"ls\"}\n"));
    expect("corpus/mine.jsonl:12: unknown key `inn`");
    write(&file, &thread("a", "runaway", 3));
    expect("corpus/mine.jsonl:1: \"a\" ends before its start");
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    expect("cannot read corpus/mine.jsonl: ");
    for wrong in [&["loops"][..], &["loops", "eval", "--json", "--md"]] {
        home.expect(2, wrong);
    }
}

#[test]
fn the_made_threads_are_what_the_script_makes() {
    let script = root().join("assets/loops/make.py");
    let mut command = Command::new("python3");
    let ran = command.arg("-B").arg(script).arg("--check").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
