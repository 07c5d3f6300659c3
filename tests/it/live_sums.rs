//! What the daemon keeps in memory is what the hook, the screen and the commands read from the
//! ledger: for any calls in any order, at any time, under caps of every scope and period.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use spendtop::guard::{self, LiveSums, Terms};
use spendtop::ledger::{Pricing, Reader, Writer};
use spendtop::model::{
    AgentId, Batch, Call, CallId, CallKind, CapAction, Charge, Cost, CostStatus, Cursor, Event,
    FileStat, Millis, PicoUsd, Qualifiers, SessionKey, TokenUsage, UnpricedReason,
};
use spendtop::policy::{self, Cap, DEFAULT_GRACE, Decision, Measure, Period, Scope, Used};
use spendtop::pricing::PriceBook;

use super::harness::Lab;

const MINUTE: i64 = 60_000;
/// The last is in no price book; for it an amount is set aside.
const MODELS: [&str; 3] = ["claude-opus-5-5", "claude-haiku-5-5", "claude-homebrew-1"];
/// Days begin on the hour before UTC's and after it, on a quarter, and change their length.
const ZONES: [&str; 5] =
    ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati"];
/// A Sunday on which clocks go back, in a month that ends a week later; and a month's last hour.
const STARTS: [&str; 3] = ["2026-10-25T00:10:00Z", "2026-11-30T22:50:00Z", "2027-03-14T09:20:00Z"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Call(Numbers),
    /// A fuller snapshot of a call, or the same call in another session: a fork.
    Again {
        which: usize,
        output: u64,
        session: Option<usize>,
    },
    /// An agent states what a session came to.
    Total {
        session: usize,
        cents: i64,
    },
    /// Time goes on, or the clock is set back.
    Pass {
        minutes: i64,
    },
    /// A daemon begins anew, and knows nothing.
    Restart,
    /// Everything so far is held against the ledger.
    Look,
}

/// Numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    session: usize,
    developer: usize,
    project: usize,
    branch: usize,
    model: usize,
    subagent: usize,
    output: u64,
    minutes_ago: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let output = || prop_oneof![20 => 1..2_000_000_u64, 1 => Just(30_000_000)];
    let ago = prop_oneof![6 => Just(0), 2 => 0..120_i64, 1 => 0..40 * 24 * 60_i64];
    let names = (0..4_usize, 0..2_usize, 0..3_usize, 0..2_usize, 0..3_usize, 0..2_usize);
    let call = (names, output(), ago).prop_map(|(names, output, minutes_ago)| {
        let (session, developer, project, branch, model, subagent) = names;
        let numbers =
            Numbers { session, developer, project, branch, model, subagent, output, minutes_ago };
        Step::Call(numbers)
    });
    let pass = prop_oneof![4 => 1..90_i64, 3 => 90..3000_i64, 1 => -90..0_i64];
    let again = (any::<usize>(), output(), prop::option::weighted(0.3, 0..4_usize));
    prop_oneof![
        10 => call,
        3 => again.prop_map(|(which, output, session)| Step::Again { which, output, session }),
        1 => (0..4_usize, 0..100_000_i64)
            .prop_map(|(session, cents)| Step::Total { session, cents }),
        3 => pass.prop_map(|minutes| Step::Pass { minutes }),
        1 => Just(Step::Restart),
        6 => Just(Step::Look),
    ]
}

/// A cap of every scope and period, on all and on some.
fn caps() -> Vec<Arc<Cap>> {
    let mut caps = Vec::new();
    for scope in Scope::ALL {
        for period in Period::ALL {
            // A session's whole life is for caps on sessions alone, and the config says so.
            if period == Period::Session && scope != Scope::Session {
                continue;
            }
            caps.push(Arc::new(Cap {
                name: Arc::from(format!("{}/{}", scope.name(), period.name())),
                scope,
                pattern: if period == Period::Week { "*1*".into() } else { "*".into() },
                except: vec!["developer-0".into()],
                period,
                measure: Measure::Spend,
                limit: "3".parse().unwrap(),
                warn_at: vec![500],
                action: CapAction::Kill,
                grace: DEFAULT_GRACE,
            }));
        }
    }
    caps
}

struct Stage {
    _lab: Lab,
    db: PathBuf,
    writer: Writer,
    live: LiveSums,
    caps: Vec<Arc<Cap>>,
    zone: TimeZone,
    include_unlogged: bool,
    now: Millis,
    calls: Vec<(Call, String)>,
}

impl Stage {
    fn new(caps: Vec<Arc<Cap>>, zone: &str, start: &str, include_unlogged: bool) -> Self {
        let lab = Lab::new();
        let db = lab.db();
        let mut writer = Writer::open(&db).unwrap();
        // As of now changes are kept.
        assert!(writer.take_changes().is_none());
        Self {
            _lab: lab,
            db,
            writer,
            live: LiveSums::default(),
            caps,
            zone: TimeZone::get(zone).unwrap(),
            include_unlogged,
            now: Millis::parse(start).unwrap(),
            calls: Vec::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Call(numbers) => {
                let call = self.call(numbers);
                let developer = format!("developer-{}", numbers.developer);
                self.calls.push((call.clone(), developer.clone()));
                self.store(&developer, Event::Call(Box::new(call)));
            }
            Step::Again { which, output, session } if !self.calls.is_empty() => {
                let (mut call, developer) = self.calls[which % self.calls.len()].clone();
                call.usage.output_tokens = output;
                if let Some(session) = session {
                    call.session_id = session_id(session);
                }
                self.store(&developer, Event::Call(Box::new(call)));
            }
            Step::Again { .. } => {}
            Step::Total { session, cents } => {
                let total = PicoUsd(cents * 10_000_000_000);
                let (session_id, timestamp) = (session_id(session), self.now);
                self.store("developer-0", Event::ReportedCost { session_id, timestamp, total });
            }
            Step::Pass { minutes } => self.now.0 += minutes * MINUTE,
            Step::Restart => {
                self.writer = Writer::open(&self.db).unwrap();
                assert!(self.writer.take_changes().is_none());
                self.live = LiveSums::default();
            }
            Step::Look => self.look(),
        }
    }

    fn call(&self, numbers: Numbers) -> Call {
        let number = self.calls.len();
        let text = |text: String| Some(Arc::from(text));
        Call {
            call_id: CallId {
                id: format!("msg_01{number}").into(),
                request_id: text(format!("req_{number}")),
                run: None,
            },
            kind: CallKind::Message,
            agent: AgentId::Claude,
            session_id: session_id(numbers.session),
            agent_id: if numbers.subagent == 0 { None } else { text("a1".to_owned()) },
            model: text(MODELS[numbers.model].to_owned()),
            timestamp: Millis(self.now.0 - numbers.minutes_ago * MINUTE),
            usage: TokenUsage { output_tokens: numbers.output, ..TokenUsage::default() },
            qualifiers: Qualifiers::default(),
            cwd: None,
            // One is in no project.
            project: text(format!("/p{}", numbers.project)).filter(|_| numbers.project > 0),
            git_branch: text(format!("b{}", numbers.branch)).filter(|_| numbers.branch > 0),
            is_final: true,
            is_sidechain: numbers.subagent > 0,
            is_echo: false,
            is_background: false,
            reported_cost: None,
            offset: number as u64,
        }
    }

    fn store(&mut self, developer: &str, event: Event) {
        let batch = Batch {
            path: "/any.jsonl".into(),
            agent: AgentId::Claude,
            developer: Arc::from(developer),
            stat: FileStat::default(),
            cursor: Cursor::default(),
            new_bytes: 1,
            events: vec![event],
            deeds: spendtop::model::DeedLog::default(),
        };
        let mut pricing = Pricing {
            sha256: "any".into(),
            source: "any".into(),
            price: Box::new(price),
            row: Box::new(|_| String::new()),
            now: self.now,
        };
        self.writer.apply(batch, &mut pricing).unwrap();
        self.writer.commit(&mut pricing).unwrap();
    }

    fn look(&mut self) {
        let terms = Terms {
            caps: &self.caps,
            zone: &self.zone,
            book: &**PriceBook::embedded(),
            include_unlogged: self.include_unlogged,
        };
        let sessions: Vec<SessionKey> = (0..4)
            .map(|number| SessionKey { agent: AgentId::Claude, session_id: session_id(number) })
            .collect();
        let changes = self.writer.take_changes().unwrap();
        let tally = self.live.tally(&self.writer, &terms, &changes, &sessions, self.now);
        let kept = policy::decide(&tally.unwrap(), &[], &[], self.now);
        let reader = Reader::open(&self.db).unwrap().unwrap();
        let read = guard::stand(&reader, &terms, &[], &sessions, self.now).unwrap();
        assert_eq!(spent(&kept), spent(&read), "at {}", self.now.timestamp());
        self.check_sessions(&read);
    }

    /// Whoever spent what a decision is about is found, by the projects and models of its calls.
    fn check_sessions(&mut self, decisions: &[Decision]) {
        for decision in decisions
            .iter()
            .filter(|decision| decision.cap.period != Period::Session && decision.used.spent.0 > 0)
        {
            let found = self.live.sessions_of(&self.writer, decision).unwrap();
            let meant: BTreeSet<Arc<str>> =
                self.reader_sessions(decision).into_iter().map(|to| to.session_id).collect();
            let found: BTreeSet<Arc<str>> =
                found.into_keys().map(|session| session.session_id).collect();
            assert!(meant.is_subset(&found), "{}: {meant:?} {found:?}", decision.cap.name);
        }
    }

    fn reader_sessions(&self, decision: &Decision) -> Vec<spendtop::ledger::Charged> {
        let reader = Reader::open(&self.db).unwrap().unwrap();
        let spends = reader.spend(&decision.window).unwrap();
        let charged = spends.iter().map(|spend| reader.charged_to(spend.attribution).unwrap());
        charged
            .filter(|to| {
                let name = guard::who(to).in_scope(decision.cap.scope);
                name.is_some_and(|name| *name == *decision.subject)
            })
            .collect()
    }
}

/// What was used of each cap; who has used nothing of one need not be named.
fn spent(decisions: &[Decision]) -> Vec<String> {
    decisions
        .iter()
        .filter(|decision| decision.used != Used::default())
        .map(|decision| {
            let Decision { cap, subject, used, level, .. } = decision;
            let (spent, reserve) = (used.spent.to_decimal(), used.reserve.to_decimal());
            format!("{} of {subject}: {spent} and {reserve}, level {level:?}", cap.name)
        })
        .collect()
}

fn session_id(number: usize) -> Arc<str> {
    format!("session-{number}").into()
}

/// $1 is a million tokens; the last model has no price.
fn price(call: &Call) -> Cost {
    if call.model.as_deref() == Some(MODELS[2]) {
        return Cost::Unpriced(UnpricedReason::UnknownModel);
    }
    Cost::Priced(Charge {
        amount: PicoUsd(call.usage.output_tokens.cast_signed() * 1_000_000),
        status: CostStatus::Exact,
        row: None,
        multiplier_ppm: 1_000_000,
    })
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_is_kept_in_memory_is_what_the_ledger_says(
        steps in vec(step(), 1..40),
        // Sums for caps on sessions are read another way than those for the others alone.
        caps in prop::sample::subsequence(caps(), 1..caps().len()),
        zone in prop::sample::select(&ZONES[..]),
        start in prop::sample::select(&STARTS[..]),
        include_unlogged in any::<bool>(),
    ) {
        let mut stage = Stage::new(caps, zone, start, include_unlogged);
        for step in steps {
            stage.take(step);
        }
        stage.look();
    }
}
