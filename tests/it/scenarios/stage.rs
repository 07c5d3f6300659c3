//! Plays a story: a ledger, a config, and what the daemon would keep after each step.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use spendtop::config::Config;
use spendtop::guard::{self, Terms};
use spendtop::ledger::{Loop, LoopLevel, Pricing, Reader, Writer};
use spendtop::model::{
    AgentId, Batch, Call, CallId, CallKind, Charge, Cost, CostStatus, Cursor, Deed, DeedLog,
    DeedOf, Event, FileStat, Fingerprint, Lift, LiftBy, Millis, Note, Permille, PicoUsd,
    Qualifiers, SessionKey, TokenUsage, TurnSource, UnpricedReason, UsdTotal,
};
use spendtop::policy::{self, Decision, Measure, Who, verdict};
use spendtop::pricing::PriceBook;
use tempfile::TempDir;

use super::story::{CallStep, Expect, LoopStep, Step, Story, VerdictExpect};
use crate::harness::Lab;

/// What an output token costs in stories: `$1` is 100,000 tokens.
const PICO_PER_TOKEN: i64 = 10_000_000;

/// Models that have no price.
const UNPRICED: &str = "homebrew";

pub struct Stage {
    _folder: TempDir,
    db: std::path::PathBuf,
    writer: Writer,
    config: Config,
    now: Millis,
    calls: u64,
    sessions: BTreeSet<String>,
    decisions: Vec<Decision>,
    /// Levels that were latched in this step.
    told: Vec<(String, String, Permille)>,
}

impl Stage {
    pub fn new(story: &Story) -> Self {
        let folder = Lab::new().folder;
        let db = folder.path().join("ledger.db");
        Self {
            writer: Writer::open(&db).unwrap(),
            config: parse(&story.config),
            _folder: folder,
            db,
            now: Millis(0),
            calls: 0,
            sessions: BTreeSet::new(),
            decisions: Vec::new(),
            told: Vec::new(),
        }
    }

    pub fn play(&mut self, step: &Step) {
        self.now = instant(&step.at);
        if let Some(config) = &step.config {
            self.config = parse(config);
        }
        if step.restart {
            self.writer = Writer::open(&self.db).unwrap();
        }
        for call in &step.call {
            let event = Event::Call(Box::new(self.call(call)));
            self.store(&call.developer, event);
        }
        if let Some(total) = &step.total {
            let event = Event::ReportedCost {
                session_id: Arc::from(total.session.as_str()),
                timestamp: self.now,
                total: total.usd.parse().unwrap(),
            };
            self.store("dev", event);
        }
        if let Some(session) = &step.prompt {
            self.prompt(session);
        }
        for looping in &step.looping {
            self.keep_loop(looping);
        }
        if let Some(snooze) = &step.snooze {
            let until = Millis(self.now.0 + snooze.minutes * 60_000);
            self.lift(&snooze.cap, LiftBy::Snooze { until });
        }
        if let Some(raise) = &step.raise {
            let cap = self.config.caps.iter().find(|cap| *cap.name == *raise.cap).unwrap();
            let until = policy::window(cap.period, &self.config.zone(), self.now).end;
            self.lift(&raise.cap, LiftBy::Raise { amount: raise.usd.parse().unwrap(), until });
        }
        self.look();
    }

    /// Decides, keeps every level that is reached, and decides again.
    fn look(&mut self) {
        self.told.clear();
        let found = self.decide();
        let (now, told) = (self.now, &mut self.told);
        self.writer
            .together(|writer| {
                for decision in &found {
                    for level in decision.levels() {
                        if writer.latch(&decision.latch(level, now, None))? {
                            let name =
                                (decision.cap.name.to_string(), decision.subject.to_string());
                            told.push((name.0, name.1, level));
                        }
                    }
                }
                Ok(())
            })
            .unwrap();
        self.decisions = self.decide();
    }

    fn decide(&self) -> Vec<Decision> {
        let reader = Reader::open(&self.db).unwrap().unwrap();
        let zone = self.config.zone();
        let terms = Terms {
            caps: &self.config.caps,
            zone: &zone,
            book: PriceBook::embedded(),
            include_unlogged: self.config.include_unlogged,
        };
        let key =
            |id: &String| SessionKey { agent: AgentId::Claude, session_id: Arc::from(id.as_str()) };
        let sessions: Vec<SessionKey> = self.sessions.iter().map(key).collect();
        guard::stand(&reader, &terms, &[Arc::from("dev")], &sessions, self.now).unwrap()
    }

    fn lift(&mut self, cap: &str, what: LiftBy) {
        let (reason, by) = ("a story".to_owned(), "dev".to_owned());
        let note = Note::Lift(Lift { cap: Arc::from(cap), what, at: self.now, reason, by });
        self.writer.together(|writer| writer.store_note(&note, &[])).unwrap();
    }

    fn call(&mut self, step: &CallStep) -> Call {
        self.calls += 1;
        self.sessions.insert(step.session.clone());
        let id = step.id.clone().unwrap_or_else(|| format!("n{}", self.calls));
        let output_tokens = match (&step.usd, step.tokens) {
            (Some(usd), None) => usd.parse::<PicoUsd>().unwrap().0 / PICO_PER_TOKEN,
            (None, Some(tokens)) => i64::try_from(tokens).unwrap(),
            _ => panic!("a call has usd or tokens"),
        };
        let text = |text: &str| Some(Arc::from(text)).filter(|text: &Arc<str>| !text.is_empty());
        Call {
            call_id: CallId {
                id: format!("msg_01{id}").into(),
                request_id: Some(format!("req_{id}").into()),
                run: None,
            },
            kind: CallKind::Message,
            agent: AgentId::Claude,
            session_id: Arc::from(step.session.as_str()),
            agent_id: step.subagent.as_deref().map(Arc::from),
            model: text(&step.model),
            timestamp: step.at.as_deref().map_or(self.now, instant),
            usage: TokenUsage { output_tokens: output_tokens as u64, ..TokenUsage::default() },
            qualifiers: Qualifiers::default(),
            cwd: text(&step.project),
            project: text(&step.project),
            git_branch: text(&step.branch),
            is_final: true,
            is_sidechain: step.subagent.is_some(),
            is_echo: false,
            is_background: false,
            reported_cost: None,
            offset: self.calls,
        }
    }

    fn prompt(&mut self, session: &str) {
        self.calls += 1;
        let key = DeedOf::Line(Fingerprint(self.calls));
        let mut deeds = DeedLog::default();
        deeds.thread(session, None).tell(self.now, Deed::Turn(TurnSource::Human), key);
        self.store_all("dev", Vec::new(), deeds);
    }

    fn keep_loop(&mut self, step: &LoopStep) {
        let threads = self.writer.threads_since(Millis(i64::MIN)).unwrap();
        let of_session = |thread: &i64| {
            let found = self.writer.watchable(*thread, Millis(i64::MIN)).unwrap();
            found.is_some_and(|found| *found.thread.session_id == *step.session)
        };
        let thread = threads.into_iter().find(of_session).unwrap();
        let found = Loop {
            detector: "same_result".into(),
            since: self.now,
            turn: self.now,
            level: LoopLevel::Loop,
            tool: Some("Bash".into()),
            count: step.count,
            at: self.now,
            cost: step.usd.parse().unwrap(),
        };
        self.writer.together(|writer| writer.keep_loop(thread, &found)).unwrap();
    }

    fn store(&mut self, developer: &str, event: Event) {
        self.store_all(developer, vec![event], DeedLog::default());
    }

    fn store_all(&mut self, developer: &str, events: Vec<Event>, deeds: DeedLog) {
        let batch = Batch {
            deeds,
            path: "/story.jsonl".into(),
            agent: AgentId::Claude,
            developer: Arc::from(developer),
            stat: FileStat::default(),
            cursor: Cursor::default(),
            new_bytes: 1,
            events,
        };
        let mut pricing = Pricing {
            sha256: "story".into(),
            source: "story".into(),
            price: Box::new(price),
            row: Box::new(|_| String::new()),
            now: self.now,
        };
        self.writer.apply(batch, &mut pricing).unwrap();
        self.writer.commit(&mut pricing).unwrap();
    }

    /// What is not as the step expects it.
    pub fn differences(&self, step: &Step) -> Vec<String> {
        let mut wrong = Vec::new();
        if step.nothing {
            let reached = self.decisions.iter().filter(|decision| decision.level.is_some());
            wrong.extend(reached.map(|decision| format!("unexpected: {}", shown(decision))));
        }
        for expect in &step.expect {
            wrong.extend(self.differs(expect));
        }
        for expect in &step.verdict {
            let is = self.verdict(expect);
            if is != expect.is {
                wrong.push(format!("{} is {is:?}, not {:?}", expect.session, expect.is));
            }
        }
        wrong
    }

    fn verdict(&self, expect: &VerdictExpect) -> String {
        let who = Who {
            developer: &expect.developer,
            project: &expect.project,
            branch: &expect.branch,
            model: &expect.model,
            agent: Some(AgentId::Claude),
            session_id: &expect.session,
        };
        verdict(&self.decisions, &who).map_or_else(
            || "nothing".to_owned(),
            |decision| format!("{} by {}", decision.action().unwrap(), decision.cap.name),
        )
    }

    fn differs(&self, expect: &Expect) -> Vec<String> {
        let subject = expect.subject.as_deref().unwrap_or("dev");
        let found = self
            .decisions
            .iter()
            .find(|decision| *decision.cap.name == *expect.cap && *decision.subject == *subject);
        let Some(decision) = found else {
            let name = format!("{} of {subject}", expect.cap);
            return if expect.absent { vec![] } else { vec![format!("no decision on {name}")] };
        };
        if expect.absent {
            return vec![format!("unexpected: {}", shown(decision))];
        }
        let mut wrong = Vec::new();
        let mut check = |what: &str, is: String, wanted: Option<String>| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
                let cap = &expect.cap;
                wrong.push(format!("{cap} of {subject}: {what} is {is}, not {wanted}"));
            }
        };
        let usd = |text: &String| UsdTotal::from(text.parse::<PicoUsd>().unwrap()).to_decimal();
        let count = Measure::count(decision.counted()).to_string();
        check("count", count, expect.count.map(|count| count.to_string()));
        check("spent", decision.used.spent.to_decimal(), expect.spent.as_ref().map(usd));
        check("reserve", decision.used.reserve.to_decimal(), expect.reserve.as_ref().map(usd));
        check("limit", UsdTotal::from(decision.limit).to_decimal(), expect.limit.as_ref().map(usd));
        let level = decision.level.map_or_else(|| "none".to_owned(), Decision::level_name);
        check("level", level, expect.level.clone());
        let action = decision.action().map_or("none", spendtop::model::CapAction::name);
        check("action", action.to_owned(), expect.action.clone());
        let word = |is: bool| is.to_string();
        check("latched", word(decision.latched), expect.latched.map(word));
        check("snoozed", word(decision.snoozed_until.is_some()), expect.snoozed.map(word));
        let is_about = |told: &&(String, String, Permille)| {
            told.0 == expect.cap && told.1 == *decision.subject
        };
        let told = self.told.iter().filter(is_about);
        let told: Vec<String> = told.map(|told| Decision::level_name(told.2)).collect();
        check("told", format!("{told:?}"), expect.told.as_ref().map(|told| format!("{told:?}")));
        let resets = decision.window.end.timestamp().to_string();
        let wanted = expect.resets.as_deref().map(|at| instant(at).timestamp().to_string());
        check("resets", resets, wanted);
        wrong
    }
}

fn shown(decision: &Decision) -> String {
    format!("{} of {}: {}", decision.cap.name, decision.subject, decision.amounts())
}

fn parse(text: &str) -> Config {
    Config::parse(text, Path::new("config.toml")).unwrap()
}

fn instant(text: &str) -> Millis {
    Millis::parse(text).unwrap_or_else(|| panic!("{text:?} is no time"))
}

fn price(call: &Call) -> Cost {
    if call.model.as_deref().is_none_or(|model| model.contains(UNPRICED)) {
        return Cost::Unpriced(UnpricedReason::UnknownModel);
    }
    let amount = i64::try_from(call.usage.output_tokens)
        .ok()
        .and_then(|tokens| tokens.checked_mul(PICO_PER_TOKEN));
    match amount {
        None => Cost::Unpriced(UnpricedReason::OutOfRange),
        Some(amount) => Cost::Priced(Charge {
            amount: PicoUsd(amount),
            status: CostStatus::Exact,
            row: None,
            multiplier_ppm: 1_000_000,
        }),
    }
}
