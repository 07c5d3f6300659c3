//! `loops eval`: how good the loop detectors are, on the corpus that comes along or on another.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::cli::args::EvalArgs;
use crate::cli::context::{Context, show};
use crate::cli::table::{Align, Table};
use crate::cli::{Outcome, UsageError};
use crate::format::{column_decimals, counted, money_fixed, printable};
use crate::model::UsdTotal;
use crate::policy::loops::corpus::{self, CorpusError, Thread};
use crate::policy::loops::eval::{Evaluation, Half, Ratio, Score, Verdict, evaluate};

pub(super) fn run(context: &Context, args: &EvalArgs, out: &mut dyn Write) -> Result<Outcome> {
    let threads = match &args.corpus {
        None => corpus::read(corpus::EMBEDDED)?,
        Some(folder) => read(context, folder)?,
    };
    let evaluation = evaluate(&threads, &context.config.loops);
    if args.json {
        serde_json::to_writer(&mut *out, &EvalJson::of(&evaluation))?;
        writeln!(out)?;
    } else if args.md {
        write!(out, "{}", table(&evaluation.report).markdown())?;
    } else {
        let mut table = table(&evaluation.report);
        table.set_color(context.color());
        write!(out, "{table}")?;
        write_rest(&evaluation, out)?;
    }
    Ok(Outcome::Done)
}

/// Every `.jsonl` of a folder, by name.
fn read(context: &Context, folder: &Path) -> Result<Vec<Thread>> {
    let shown = show(&context.paths, folder);
    let unreadable = |what: &str, error| UsageError(format!("cannot read {what}: {error}"));
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(&shown, error))? {
        let path = entry.map_err(|error| unreadable(&shown, error))?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    let mut files = Vec::new();
    for path in paths {
        let name = show(&context.paths, &path);
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&name, error))?;
        files.push((name, text));
    }
    let texts = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let threads =
        corpus::read(texts).map_err(|error: CorpusError| UsageError(error.to_string()))?;
    if threads.is_empty() {
        return Err(UsageError(format!("{shown} has no threads: *.jsonl in it hold them")).into());
    }
    Ok(threads)
}

#[derive(Serialize)]
struct EvalJson {
    schema: &'static str,
    tune: TuneJson,
    report: ReportJson,
}

#[derive(Serialize)]
struct TuneJson {
    precision: Option<f64>,
    recall: Option<f64>,
}

#[derive(Serialize)]
struct ReportJson {
    precision: Option<f64>,
    recall: Option<f64>,
    repeats_p50: Option<usize>,
    usd_to_alarm: Option<String>,
    detectors: Vec<DetectorJson>,
}

#[derive(Serialize)]
struct DetectorJson {
    detector: &'static str,
    runaways: usize,
    caught: usize,
    recall: Option<f64>,
    true_alarms: usize,
    false_alarms: usize,
    precision: Option<f64>,
    repeats_p50: Option<usize>,
    usd_to_alarm: Option<String>,
}

impl EvalJson {
    fn of(evaluation: &Evaluation) -> Self {
        let (tune, report) = (&evaluation.tune.all, &evaluation.report.all);
        let detectors = &evaluation.report.detectors;
        Self {
            schema: "spendtop.loops-eval/1",
            tune: TuneJson { precision: part(tune.precision()), recall: part(tune.recall()) },
            report: ReportJson {
                precision: part(report.precision()),
                recall: part(report.recall()),
                repeats_p50: report.repeats_p50(),
                usd_to_alarm: report.usd_to_alarm().map(UsdTotal::to_decimal),
                detectors: detectors
                    .iter()
                    .map(|(detector, score)| DetectorJson {
                        detector: detector.name(),
                        runaways: score.runaways,
                        caught: score.caught,
                        recall: part(score.recall()),
                        true_alarms: score.true_alarms,
                        false_alarms: score.false_alarms,
                        precision: part(score.precision()),
                        repeats_p50: score.repeats_p50(),
                        usd_to_alarm: score.usd_to_alarm().map(UsdTotal::to_decimal),
                    })
                    .collect(),
            },
        }
    }
}

fn part(ratio: Ratio) -> Option<f64> {
    ratio.per_mille().map(|share| share as f64 / 1000.0)
}

/// The reported half: a row for each detector, and one for all.
fn table(half: &Half) -> Table {
    let headers = vec![
        "what repeats",
        "loops",
        "seen",
        "recall",
        "alarms",
        "false",
        "precision",
        "repeats",
        "cost",
    ];
    let mut aligns = vec![Align::Left];
    aligns.resize(headers.len(), Align::Right);
    let mut table = Table::new(headers, aligns);
    let costs = half.detectors.iter().filter_map(|(_, score)| score.usd_to_alarm());
    let decimals = column_decimals(costs);
    for (detector, score) in &half.detectors {
        table.row(row(detector.name(), score, decimals));
    }
    table.total(row("all", &half.all, decimals));
    table
}

fn row(name: &str, score: &Score, decimals: u32) -> Vec<String> {
    let none = || "–".to_owned();
    vec![
        name.to_owned(),
        score.runaways.to_string(),
        score.caught.to_string(),
        share(score.recall()).unwrap_or_else(none),
        (score.true_alarms + score.false_alarms).to_string(),
        score.false_alarms.to_string(),
        share(score.precision()).unwrap_or_else(none),
        score.repeats_p50().map_or_else(none, |repeats| repeats.to_string()),
        score.usd_to_alarm().map_or_else(none, |usd| money_fixed(usd, decimals)),
    ]
}

fn share(ratio: Ratio) -> Option<String> {
    ratio.per_mille().map(|share| format!("{}.{:03}", share / 1000, share % 1000))
}

/// What the columns mean, the half that was tuned on, and each thread that came out wrong.
fn write_rest(evaluation: &Evaluation, out: &mut dyn Write) -> Result<()> {
    let threads = |score: &Score| counted(score.threads() as u64, "thread", "threads");
    let (tune, report) = (&evaluation.tune, &evaluation.report);
    let said = |ratio| share(ratio).unwrap_or_else(|| "–".to_owned());
    writeln!(
        out,
        "\nOf {}; healthy: {}. From where a person would say that it is a loop to the alarm: \
         repeats, the middle of all, and cost, on average.",
        threads(&report.all),
        report.all.healthy,
    )?;
    writeln!(
        out,
        "The other half, on which thresholds are tuned: {}, precision {}, recall {}.",
        threads(&tune.all),
        said(tune.all.precision()),
        said(tune.all.recall()),
    )?;
    for (name, half) in [("tune", tune), ("report", report)] {
        for (thread, verdict) in &half.wrong {
            let thread = printable(thread);
            match verdict {
                Verdict::False { by, line } => {
                    writeln!(out, "false alarm ({name}): {thread}, line {line}, {by}")?;
                }
                _ => writeln!(out, "missed ({name}): {thread}")?,
            }
        }
    }
    Ok(())
}
