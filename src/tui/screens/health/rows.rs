//! How all is, line by line. Every text is safe to show.

use std::fmt::Write as _;

use super::RowId;
use crate::format::{age, counted, printable, thousands};
use crate::health::{self, AgentState, Checkup, CollectorState, Finding, HookState, RootState};
use crate::model::Millis;
use crate::tui::source::Facts;
use crate::tui::when::clock;

/// A part of the screen, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// What is to be mended.
    ToDo,
    /// Who keeps the ledger up to date.
    Collector,
    /// The hook of each agent.
    Hooks,
    /// What is read of each agent.
    Transcripts,
    /// The price book.
    Prices,
    /// Where things are.
    Files,
    /// The config in force.
    Settings,
}

impl Section {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ToDo => "to do",
            Self::Collector => "collector",
            Self::Hooks => "hooks",
            Self::Transcripts => "transcripts",
            Self::Prices => "prices",
            Self::Files => "files",
            Self::Settings => "settings",
        }
    }
}

/// How good or bad a row is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It may make a figure wrong, or keep a cap from holding.
    Bad,
    /// Worth knowing.
    Hint,
    /// As it should be.
    Good,
    /// Neither: it is just so.
    Plain,
}

impl Sign {
    /// The sign before a row.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Bad => "!",
            Self::Hint => "·",
            Self::Good => "●",
            Self::Plain => " ",
        }
    }

    /// The same in a word, for the filter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Hint => "hint",
            Self::Good => "good",
            Self::Plain => "",
        }
    }
}

/// A line of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub id: RowId,
    /// How it is.
    pub sign: Sign,
    /// What it is about.
    pub name: String,
    /// What there is to say.
    pub text: String,
    /// What belongs to that, one by one.
    pub more: Vec<String>,
}

impl Row {
    /// Its part of the screen.
    pub fn section(&self) -> Section {
        self.id.0
    }

    /// Its part and its name.
    pub fn title(&self) -> String {
        let section = self.section().name();
        if self.name.is_empty() { section.to_owned() } else { format!("{section}: {}", self.name) }
    }
}

/// The rows, while they are written.
struct Draft {
    rows: Vec<Row>,
    section: Section,
    number: usize,
}

impl Draft {
    fn begin(&mut self, section: Section) {
        (self.section, self.number) = (section, 0);
    }

    fn add(&mut self, sign: Sign, name: &str, text: &str, more: &[String]) {
        self.rows.push(Row {
            id: (self.section, self.number),
            sign,
            name: printable(name).into_owned(),
            text: printable(text).into_owned(),
            more: more.iter().map(|item| printable(item).into_owned()).collect(),
        });
        self.number += 1;
    }
}

/// Every row.
pub(super) fn of(checkup: &Checkup, facts: &Facts, now: Millis) -> Vec<Row> {
    let mut rows = Draft { rows: Vec::new(), section: Section::ToDo, number: 0 };
    to_do(&mut rows, &checkup.findings);
    rows.begin(Section::Collector);
    collector(&mut rows, &checkup.collector, facts, now);
    rows.begin(Section::Hooks);
    hooks(&mut rows, &checkup.hooks, facts, now);
    rows.begin(Section::Transcripts);
    let (used, unused): (Vec<_>, Vec<_>) = checkup.agents.iter().partition(|agent| is_used(agent));
    for agent in used {
        transcripts(&mut rows, agent, facts);
    }
    if !unused.is_empty() {
        let names: Vec<&str> = unused.iter().map(|agent| agent.row.agent.name()).collect();
        let roots = unused.iter().flat_map(|agent| &agent.roots);
        let missing: Vec<String> = roots.map(|root| not_there(root, facts)).collect();
        rows.add(Sign::Plain, "none", &format!("no folder of {}", names.join(", ")), &missing);
    }
    rows.begin(Section::Prices);
    prices(&mut rows, facts, now);
    rows.begin(Section::Files);
    files(&mut rows, checkup, facts);
    rows.begin(Section::Settings);
    for line in health::settings(&facts.setup) {
        rows.add(Sign::Plain, line.name, &format!("{}  ({})", line.value, line.origin), &[]);
    }
    rows.rows
}

fn to_do(rows: &mut Draft, findings: &[Finding]) {
    for finding in findings {
        let sign = if finding.is_problem { Sign::Bad } else { Sign::Hint };
        let name = finding.kind.replace('_', " ");
        rows.add(sign, &name, &finding.message, &finding.items);
    }
    if findings.is_empty() {
        rows.add(Sign::Good, "", "nothing: all is well", &[]);
    }
}

fn collector(rows: &mut Draft, state: &CollectorState, facts: &Facts, now: Millis) {
    if !state.running {
        let text = "nobody reads what agents write: figures stand still, and caps are held by \
                    hooks alone";
        rows.add(Sign::Bad, "none", text, &[]);
        return;
    }
    let since = state.since_at.map(|at| format!(" since {}", clock(at, now, &facts.zone)));
    let since = since.unwrap_or_default();
    let is_us = state.pid == Some(std::process::id());
    let (name, text) = if is_us {
        let why = "and caps are held for as long as it is open: `spendtop service install` has a \
                   daemon hold them always";
        ("this screen", format!("watches by itself{since}, {why}"))
    } else {
        let who = state.pid.map_or_else(|| "another process".into(), |pid| format!("pid {pid}"));
        let version = state.version.as_ref();
        let version = version.map_or_else(String::new, |version| format!(", version {version}"));
        let name = if state.is_daemon() { "daemon" } else { "another" };
        (name, format!("{who}{version}, runs{since}"))
    };
    rows.add(Sign::Good, name, &text, &[]);
    if let Some(silent) = state.silence().filter(|_| !is_us) {
        let text = format!(
            "{} ago: it hangs, and figures stand still. End it, and this screen takes over",
            age(silent)
        );
        rows.add(Sign::Bad, "heartbeat", &text, &[]);
    } else if state.silent_ms.is_some() {
        // Half a minute apart: that it beats is no news.
        rows.add(Sign::Good, "heartbeat", "within the last minute", &[]);
    }
    let text = match (state.behind_files, state.caught_up) {
        (0, _) => "nothing: everything that was written is read".to_owned(),
        (files, caught_up) => {
            let files = counted(files as u64, "transcript", "transcripts");
            let still = if caught_up { "" } else { ", of what was written before its start" };
            format!("{} bytes in {files}{still}", thousands(state.behind_bytes))
        }
    };
    let sign = if state.behind_files == 0 { Sign::Good } else { Sign::Hint };
    rows.add(sign, "behind", &text, &[]);
}

fn hooks(rows: &mut Draft, hooks: &[HookState], facts: &Facts, now: Millis) {
    for hook in hooks {
        let seen = match hook.last_seen {
            Some(at) => format!("last called {}", clock(at, now, &facts.zone)),
            None => "not called yet".to_owned(),
        };
        let (sign, text) = match hook.problems.first() {
            None => (Sign::Good, format!("in place, {seen} · {}", hook.settings)),
            Some(problem) => {
                let is_needed = facts.setup.has_cap_that_stops() || hook.is_installed;
                let sign = if is_needed { Sign::Bad } else { Sign::Plain };
                (sign, format!("{problem} · {}", hook.settings))
            }
        };
        rows.add(sign, hook.agent.name(), &text, hook.problems.get(1..).unwrap_or_default());
    }
    if hooks.is_empty() {
        let text = "no agent that has one was ever started here";
        rows.add(Sign::Plain, "none", text, &[]);
    }
}

/// There is a folder of it, or something was read of it.
fn is_used(state: &AgentState) -> bool {
    state.row.files > 0 || state.found().next().is_some()
}

fn not_there(root: &RootState, facts: &Facts) -> String {
    format!("not there: {}", facts.setup.shown(&root.path))
}

fn transcripts(rows: &mut Draft, state: &AgentState, facts: &Facts) {
    let row = &state.row;
    let shown = |root: &RootState| facts.setup.shown(&root.path);
    let found: Vec<&RootState> = state.found().collect();
    let mut words = Vec::new();
    if found.is_empty() {
        words.push("no folder".to_owned());
    }
    let calls = counted(row.calls, "call", "calls");
    words.push(format!("{calls} in {}", counted(row.files, "transcript", "transcripts")));
    let not_read = row.unparsed + row.oversized;
    words.extend(lines_not_read(not_read));
    if let [only] = found.as_slice() {
        words.push(shown(only));
    }
    let sign = match (not_read, found.is_empty()) {
        (1.., _) => Sign::Bad,
        (0, true) => Sign::Plain,
        (0, false) => Sign::Good,
    };
    let missing = state.roots.iter().filter(|root| !root.exists);
    let more: Vec<String> = missing.map(|root| not_there(root, facts)).collect();
    rows.add(sign, row.agent.name(), &words.join(" · "), &more);
    if found.len() > 1 {
        for root in found {
            let files = counted(root.files, "transcript", "transcripts");
            let mut words = vec![shown(root), files];
            words.extend(lines_not_read(root.not_read));
            rows.add(Sign::Plain, "", &words.join(" · "), &[]);
        }
    }
}

fn lines_not_read(count: u64) -> Option<String> {
    (count > 0).then(|| format!("{} not read", counted(count, "line", "lines")))
}

fn prices(rows: &mut Draft, facts: &Facts, now: Millis) {
    let book = &facts.book;
    let days = health::age_in_days(book, now);
    let checked = match days {
        None => "nobody says when they were checked".to_owned(),
        Some(..=0) => "checked today".to_owned(),
        Some(1) => "checked yesterday".to_owned(),
        Some(days) => format!("checked {days} days ago"),
    };
    let is_old = days.is_some_and(|days| days > health::BOOK_IS_OLD_AFTER_DAYS);
    let sign = if is_old { Sign::Hint } else { Sign::Good };
    rows.add(sign, "book", &format!("{checked} · {}", book.origin()), &[]);
}

fn files(rows: &mut Draft, checkup: &Checkup, facts: &Facts) {
    let setup = &facts.setup;
    if let Some(file) = &setup.config_file {
        let there = if setup.config.origin.is_some() { "" } else { "  (not there: all as usual)" };
        rows.add(Sign::Plain, "config", &format!("{}{there}", setup.shown(file)), &[]);
    }
    let mut ledger = setup.shown(&setup.ledger);
    if checkup.ledger_bytes > 0 {
        let megabytes = checkup.ledger_bytes.div_ceil(1_000_000);
        let _ = write!(ledger, "  ({} MB)", thousands(megabytes));
    }
    rows.add(Sign::Plain, "ledger", &ledger, &[]);
}
