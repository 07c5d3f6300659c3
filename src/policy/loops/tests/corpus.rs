//! The corpus: large enough, split as it is said, and read with care.

use std::collections::{BTreeMap, BTreeSet};

use super::super::corpus::{EMBEDDED, Halves, Thread, read};
use super::super::eval::{Ratio, Verdict, evaluate, judge};
use super::super::{Detector, Thresholds};

fn families<'t>(threads: &[&'t Thread]) -> BTreeSet<&'t str> {
    threads.iter().map(|thread| thread.family.as_str()).collect()
}

#[test]
fn it_is_large_and_every_family_is_in_both_halves() {
    let threads = read(EMBEDDED).unwrap();
    let halves = Halves::of(&threads);
    assert_eq!(families(&halves.tune), families(&halves.report));
    assert_eq!(halves.tune.len() + halves.report.len(), threads.len());
    let mut kinds: BTreeMap<Detector, usize> = BTreeMap::new();
    for (kind, _) in threads.iter().filter_map(|thread| thread.runaway) {
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(kinds.len(), Detector::ALL.len(), "a kind without a thread: {kinds:?}");
    let runaways: usize = kinds.values().sum();
    assert!(threads.len() >= 120 && runaways * 5 > threads.len() * 2);
    assert!((threads.len() - runaways) * 5 > threads.len() * 2);
}

/// Fixed before there was a detector: a change here is a change of the rules.
#[test]
fn the_halves_are_as_the_readme_says() {
    let threads = read(EMBEDDED).unwrap();
    let halves = Halves::of(&threads);
    let of = |threads: &[&Thread], family: &str| -> Vec<String> {
        let mut names: Vec<String> = threads
            .iter()
            .filter(|thread| thread.family == family)
            .map(|thread| thread.name.clone())
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(of(&halves.tune, "same-call"), ["same-call-3", "same-call-4"]);
    assert_eq!(of(&halves.report, "same-call"), ["same-call-1", "same-call-2"]);
    assert_eq!(of(&halves.report, "stuck-fix"), ["stuck-fix-1", "stuck-fix-3"]);
}

#[test]
fn the_detectors_are_as_good_as_is_claimed() {
    let evaluation = evaluate(&read(EMBEDDED).unwrap(), &Thresholds::default());
    let report = &evaluation.report.all;
    assert!(report.precision().per_mille().unwrap() >= 970, "{:?}", evaluation.report.wrong);
    assert!(report.recall().per_mille().unwrap() >= 950, "{:?}", evaluation.report.wrong);
    assert!(report.repeats_p50().unwrap() <= 3);
}

const HEAD: &str = r#"{"thread":"a","family":"f","label":"runaway","kind":"same_result","start":3,"source":"made","tools":{"Bash":"run"}}"#;
const STEP: &str =
    r#"{"gap":4000,"usd":"0.01","tool":"Bash","in":"ls","out":"files","again":true}"#;

fn made(start: usize, steps: usize) -> Thread {
    let head = HEAD.replace("\"start\":3", &format!("\"start\":{start}"));
    let text = format!("{head}\n{}", format!("{STEP}\n").repeat(steps));
    read([("made.jsonl", text.as_str())]).unwrap().remove(0)
}

#[test]
fn an_alarm_is_true_from_one_repetition_before_the_start_on() {
    let limits = Thresholds::default();
    // The alarm comes at the fifth, which is line 4.
    let caught = |repeats, usd: &str| Verdict::Caught {
        by: Detector::SameResult,
        repeats,
        usd: usd.parse::<crate::model::PicoUsd>().unwrap().into(),
    };
    assert_eq!(judge(&made(5, 9), &limits), caught(0, "0"));
    assert_eq!(judge(&made(4, 9), &limits), caught(0, "0"));
    assert_eq!(judge(&made(1, 9), &limits), caught(3, "0.03"));
    let false_alarm = Verdict::False { by: Detector::SameResult, line: 4 };
    assert_eq!(judge(&made(6, 9), &limits), false_alarm);
    assert_eq!(judge(&made(1, 4), &limits), Verdict::Missed);
    let healthy = Thread { runaway: None, ..made(5, 9) };
    assert_eq!(judge(&healthy, &limits), false_alarm);
    let short = Thread { runaway: None, ..made(1, 4) };
    assert_eq!(judge(&short, &limits), Verdict::Quiet);
}

#[test]
fn shares_are_rounded_to_nearest_and_there_is_none_of_nothing() {
    let of = |part, whole| Ratio { part, whole }.per_mille();
    assert_eq!((of(2, 3), of(1, 3), of(3, 3)), (Some(667), Some(333), Some(1000)));
    assert_eq!((of(0, 5), of(0, 0)), (Some(0), None));
}

#[test]
fn results_of_one_call_come_in_the_order_of_time() {
    let text = format!(
        "{}\n{}\n{}\n{}",
        HEAD.replace("\"start\":3", "\"start\":0"),
        r#"{"usd":"0.01","tool":"Bash","in":"slow","took":9000,"out":"a","again":true}"#,
        r#"{"tool":"Bash","in":"quick","took":50,"out":"b"}"#,
        r#"{"gap":1000,"turn":"human"}"#,
    );
    let thread = read([("made.jsonl", text.as_str())]).unwrap().remove(0);
    let order: Vec<(usize, i64)> =
        thread.events.iter().map(|event| (event.line, event.at.0)).collect();
    assert_eq!(order, [(0, 0), (0, 0), (1, 0), (1, 50), (0, 9000), (2, 10_000)]);
}

#[test]
fn mistakes_are_named_with_file_and_line() {
    let with = |line: &str| format!("{HEAD}\n\n{STEP}\n{line}\n");
    for (text, line, says) in [
        (STEP.to_owned(), 1, "a line before the first that has `thread`"),
        (with("oops"), 4, "not a JSON object"),
        (with("[1]"), 4, "not a JSON object"),
        (with(r#"{"gpa":1}"#), 4, "unknown key `gpa`"),
        (with("{}"), 4, "a line has one of `turn`, `compaction`, `spawned` and `tool`"),
        (with(r#"{"turn":"human","usd":"1"}"#), 4, "a line has one of"),
        (with(r#"{"turn":"robot"}"#), 4, "robot"),
        (with(r#"{"usd":"a lot"}"#), 4, "\"a lot\" is not a decimal number"),
        (with(r#"{"usd":"-1"}"#), 4, "less than nothing"),
        (with(r#"{"usd":"1","tool":"Bash"}"#), 4, "`in` is missing"),
        (with(r#"{"usd":"1","tool":"Sed","in":"x"}"#), 4, "\"Sed\" is not among"),
        (with(r#"{"turn":"human","out":"x"}"#), 4, "only a line with `tool`"),
        (with(r#"{"gap":-5,"turn":"human"}"#), 4, "-5"),
        (with(HEAD), 1, "\"a\" ends before its start"),
        (HEAD.to_owned(), 1, "\"a\" has no lines"),
        (HEAD.replace(r#""start":3,"#, ""), 1, "a runaway needs a kind and a start"),
        (HEAD.replace("runaway", "healthy"), 1, "a healthy thread has no kind and no start"),
        (HEAD.replace("same_result", "boredom"), 1, "boredom"),
        (HEAD.replace(r#""source":"made","#, ""), 1, "missing key `source`"),
    ] {
        let error = read([("made.jsonl", text.as_str())]).unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with(&format!("made.jsonl:{line}: ")), "{text}\n{told}");
        assert!(told.contains(says), "{text}\n{told}");
    }
    let whole = format!("{HEAD}\n{}", format!("{STEP}\n").repeat(4));
    let twice = read([("a.jsonl", whole.as_str()), ("b.jsonl", whole.as_str())]).unwrap_err();
    assert_eq!(twice.to_string(), "b.jsonl:1: there are two threads named \"a\"");
    let unmarked = whole.replace(r#","again":true"#, "");
    let error = read([("a.jsonl", unmarked.as_str())]).unwrap_err();
    assert_eq!(error.to_string(), "a.jsonl:1: \"a\" starts at no `again`");
}
