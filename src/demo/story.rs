//! Who works on what: nine sessions, one of them under way with three subagents, one of which has
//! run away.

use super::record::{Thread, Tokens, number};
use super::{DemoLine, Tool};
use crate::model::Millis;

/// A session.
pub(super) struct Plot {
    folder: &'static str,
    branch: &'static str,
    prompt: &'static str,
    main: Role,
    subagents: &'static [Role],
}

/// How one thread works.
struct Role {
    model: &'static str,
    /// Minutes before now, or after it where negative, between which it calls its model.
    minutes_ago: (i64, i64),
    /// Seconds between two calls, more or less.
    every: u64,
    /// Tokens sent with the first call: instructions, tools, the task.
    first: u64,
    /// Tokens that each further call adds, and that each call answers, more or less.
    fresh: u64,
    output: u64,
    /// It does the same again and again.
    runs_away: bool,
}

const OPUS: &str = "claude-opus-5-5";
const SONNET: &str = "claude-sonnet-5-5";
const HAIKU: &str = "claude-haiku-5-5";

const DAY: i64 = 24 * 60;

/// Past the end of the demo.
const ON: i64 = -DAY;

const fn role(model: &'static str, minutes_ago: (i64, i64), every: u64, output: u64) -> Role {
    Role { model, minutes_ago, every, first: 18_000, fresh: 1_400, output, runs_away: false }
}

const fn plot(
    folder: &'static str,
    branch: &'static str,
    prompt: &'static str,
    main: Role,
) -> Plot {
    Plot { folder, branch, prompt, main, subagents: &[] }
}

pub(super) const PLOTS: &[Plot] = &[
    Plot {
        subagents: &[
            role(HAIKU, (34, 21), 6, 350),
            role(SONNET, (19, ON), 14, 700),
            // Runs the same failing command again and again.
            Role { first: 60_000, fresh: 2_400, runs_away: true, ..role(OPUS, (4, ON), 5, 450) },
        ],
        ..plot(
            "/home/demo/code/shop",
            "feat/checkout",
            "Split the checkout into steps and keep the old tests green",
            role(OPUS, (52, ON), 22, 1_100),
        )
    },
    plot(
        "/home/demo/code/docs",
        "main",
        "Bring the install guide up to date",
        role(HAIKU, (26, 9), 15, 800),
    ),
    plot(
        "/home/demo/code/infra",
        "main",
        "Why does the staging deploy time out?",
        role(SONNET, (161, 118), 24, 900),
    ),
    plot(
        "/home/demo/code/billing",
        "fix/rounding",
        "Invoices differ by a cent: find out why",
        role(OPUS, (DAY + 95, DAY), 30, 1_300),
    ),
    plot(
        "/home/demo/code/mobile",
        "release/4.2",
        "Translate the new screens",
        role(SONNET, (2 * DAY + 70, 2 * DAY), 18, 1_500),
    ),
    plot(
        "/home/demo/code/shop",
        "main",
        "Update the dependencies",
        role(SONNET, (3 * DAY + 40, 3 * DAY), 20, 600),
    ),
    plot(
        "/home/demo/code/search",
        "perf/index",
        "Make the index build twice as fast",
        role(OPUS, (3 * DAY + 210, 3 * DAY + 80), 34, 1_200),
    ),
    plot(
        "/home/demo/code/website",
        "main",
        "Write the changelog",
        role(HAIKU, (5 * DAY + 25, 5 * DAY), 20, 900),
    ),
    plot(
        "/home/demo/code/search",
        "spike/vectors",
        "Try vectors beside the words",
        role(SONNET, (6 * DAY + 150, 6 * DAY), 26, 1_100),
    ),
];

impl Plot {
    /// Writes down what happens up to `end`.
    pub(super) fn tell(&self, now: Millis, end: Millis, lines: &mut Vec<DemoLine>) {
        let name = format!("{} {}", self.folder, self.branch);
        let mut main = Thread::new(self.folder, self.branch, self.main.model, &name);
        for (count, role) in self.subagents.iter().enumerate() {
            let name = format!("{name} {count}");
            let mut thread = main.subagent(role.model, &name);
            thread.prompt(role.begin(now), "Do your part and report", lines);
            role.act(thread, &name, (now, end), lines);
        }
        main.prompt(self.main.begin(now), self.prompt, lines);
        self.main.act(main, &name, (now, end), lines);
    }
}

impl Role {
    fn begin(&self, now: Millis) -> Millis {
        now.minus(self.minutes_ago.0 * 60_000)
    }

    fn act(
        &self,
        mut thread: Thread,
        name: &str,
        (now, end): (Millis, Millis),
        lines: &mut Vec<DemoLine>,
    ) {
        let last = Millis(now.0 - self.minutes_ago.1 * 60_000).0.min(end.0);
        let mut at = self.begin(now).0;
        let mut calls = Vec::new();
        for count in 0_u64.. {
            // Between half of it and half more.
            let vary = |value: u64, salt| value / 2 + number(name, count * 4 + salt) % value.max(1);
            at += vary(self.every * 1000, 0).cast_signed();
            if at + 2 > last {
                break;
            }
            let fresh = if count == 0 { self.first } else { vary(self.fresh, 1) };
            calls.push((Millis(at), Tokens { fresh, output: vary(self.output, 2) }));
        }
        let is_done = last < end.0;
        let count = calls.len();
        for (step, (at, tokens)) in calls.into_iter().enumerate() {
            if is_done && step + 1 == count {
                thread.conclude(at, tokens, lines);
                return;
            }
            let tool =
                if self.runs_away { Tool::again() } else { Tool::of_step(name, step as u64) };
            thread.call(at, tokens, &tool, lines);
        }
    }
}
