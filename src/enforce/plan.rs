//! How one process is ended, step by step: gently, then for good, then its tools.
//!
//! A step looks at the process, does at most one thing to it and says when to look again. Nothing
//! here waits.

mod ask;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::demand::{Demand, Step};
use super::locate::{Located, SHARED, doubt};
use super::table::{ProcessTable, Signal};
use super::tools::{is_agent, tools_below};
use crate::agents::LiveKind;
use crate::model::{Action, ActionKind, Millis, ProcessKey};

/// Tools noted of one agent: more is a fork bomb, which is not ours to end.
const MOST_TOOLS: usize = 1024;
/// Between the gentle signal to a tool and the one that it cannot ignore.
const TOOL_GRACE_MS: i64 = 500;
/// How long a process may take to be gone after SIGKILL. It may be stuck in the kernel.
const DEATH_MS: i64 = 5_000;

/// A process that is being ended.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub located: Located,
    state: State,
    /// What the agent started, noted while that could still be seen.
    tools: BTreeSet<ProcessKey>,
    last_signal: Option<Signal>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was done yet.
    Fresh,
    /// The agent is stopping it by its own means.
    Asked { until: Millis },
    /// It was told to end, and is killed at that time.
    Told { kill_at: Millis },
    /// It was killed.
    Killed { until: Millis },
    /// It has ended; its tools were told to.
    Tools { kill_at: Millis },
    /// It has ended, and its tools.
    Ended,
    /// It is a server, and interrupted what the session was doing.
    Interrupted,
    /// It is not to be touched any more.
    LeftAlone,
}

/// What a step needs to know.
pub(super) struct Context<'a> {
    pub table: &'a dyn ProcessTable,
    pub demand: &'a Demand,
    pub now: Millis,
    /// Where the session is now, asked right before a signal.
    pub relocate: &'a mut dyn FnMut() -> Vec<Located>,
    pub steps: &'a mut Vec<Step>,
}

impl Context<'_> {
    fn row(&self, kind: ActionKind, outcome: impl Into<String>) -> Action {
        self.demand.row(self.now, kind, outcome)
    }

    fn push(&mut self, process: &ProcessKey, action: Action) {
        self.steps.push(Step::Row(Action { process: Some(process.clone()), ..action }));
    }

    fn after(&self, ms: i64) -> Millis {
        self.now.plus(ms)
    }

    fn after_grace(&self) -> Millis {
        self.demand.after_grace(self.now)
    }

    /// Sends a signal and writes down how that went.
    fn signal(&mut self, process: &ProcessKey, signal: Signal, of_tool: bool) -> bool {
        let sent = self.table.signal(process, signal);
        let outcome =
            sent.as_ref().map_or_else(|why| format!("refused: {why}"), |()| "sent".to_owned());
        let mut row = self.row(ActionKind::Signal, outcome);
        row.signal = Some(signal.name().to_owned());
        if of_tool {
            "a tool that the session left behind".clone_into(&mut row.evidence);
        }
        self.push(process, row);
        sent.is_ok()
    }
}

impl Target {
    pub(super) const fn new(located: Located) -> Self {
        Self { located, state: State::Fresh, tools: BTreeSet::new(), last_signal: None }
    }

    pub(super) const fn key(&self) -> &ProcessKey {
        &self.located.process.key
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Ended | State::Interrupted | State::LeftAlone)
    }

    /// It is gone for good, so its key cannot come back.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    pub(super) const fn is_background(&self) -> bool {
        matches!(self.located.kind, LiveKind::Background { .. })
    }

    /// The clock has stepped back by so many milliseconds.
    pub(super) fn put_back(&mut self, ms: i64) {
        if let State::Asked { until: at }
        | State::Told { kill_at: at }
        | State::Killed { until: at }
        | State::Tools { kill_at: at } = &mut self.state
        {
            *at = at.minus(ms);
        }
    }

    /// Looks, and does the next thing.
    pub(super) fn step(&mut self, context: &mut Context<'_>) {
        if self.is_over() {
            return;
        }
        if let State::Tools { kill_at } = self.state {
            return self.end_tools(context, kill_at);
        }
        if !context.table.is_alive(self.key()) {
            return self.has_exited(context);
        }
        self.note_tools(context);
        match self.state {
            State::Fresh => match &self.located.kind {
                LiveKind::Background { job_id: Some(job) } => {
                    let job = Arc::clone(job);
                    self.ask(context, &job);
                }
                LiveKind::Hosted { .. } => self.interrupt(context),
                LiveKind::Headless => self.tell(context, Signal::Int),
                _ => self.tell(context, Signal::Term),
            },
            State::Asked { until } if context.now >= until => {
                let process = self.key().clone();
                let row = context.row(ActionKind::AgentStop, "no answer in time");
                context.push(&process, row);
                self.give_up_asking();
                self.step(context);
            }
            // A worker whose agent said that it stopped it has not had a signal yet.
            State::Told { kill_at } if context.now >= kill_at => match self.last_signal {
                None => self.tell(context, Signal::Term),
                Some(_) => self.kill(context),
            },
            State::Killed { until } if context.now >= until => {
                let process = self.key().clone();
                let row = context.row(ActionKind::Ended, "still there after SIGKILL");
                context.push(&process, row);
                self.state = State::LeftAlone;
            }
            _ => {}
        }
    }

    fn tell(&mut self, context: &mut Context<'_>, signal: Signal) {
        if self.is_still_the_session(context, signal) {
            if context.signal(&self.located.process.key, signal, false) {
                self.last_signal = Some(signal);
                self.state = State::Told { kill_at: context.after_grace() };
            } else {
                self.was_refused(context);
            }
        }
    }

    fn kill(&mut self, context: &mut Context<'_>) {
        if self.is_still_the_session(context, Signal::Kill) {
            if context.signal(&self.located.process.key, Signal::Kill, false) {
                self.last_signal = Some(Signal::Kill);
                self.state = State::Killed { until: context.after(DEATH_MS) };
            } else {
                self.was_refused(context);
            }
        }
    }

    /// It ended in between, or must be left alone.
    fn was_refused(&mut self, context: &mut Context<'_>) {
        if context.table.is_alive(self.key()) {
            self.state = State::LeftAlone;
        } else {
            self.has_exited(context);
        }
    }

    /// Judged anew at each signal: it may run another program or be in another session by now.
    fn is_still_the_session(&mut self, context: &mut Context<'_>, signal: Signal) -> bool {
        let process = self.key().clone();
        let located = (context.relocate)().into_iter().find(|found| found.process.key == process);
        let agent = context.demand.session.agent;
        let why = match located {
            Some(Located { kind: LiveKind::Hosted { is_alone: false, .. }, .. }) => {
                Some(SHARED.to_owned())
            }
            Some(found) => found.why_not,
            None => {
                doubt(context.table, agent, &process, context.table.process(process.pid).as_ref())
            }
        };
        let Some(why) = why else { return true };
        if context.table.is_alive(&process) {
            let mut row = context.row(ActionKind::Signal, format!("refused: {why}"));
            row.signal = Some(signal.name().to_owned());
            context.push(&process, row);
        }
        self.was_refused(context);
        false
    }

    /// A server's tools may be another session's.
    fn note_tools(&mut self, context: &Context<'_>) {
        if self.located.is_hosted() {
            return;
        }
        for tool in tools_below(context.table, self.key()) {
            if self.tools.len() >= MOST_TOOLS {
                break;
            }
            self.tools.insert(tool);
        }
    }

    fn has_exited(&mut self, context: &mut Context<'_>) {
        let process = self.key().clone();
        let mut row = context.row(ActionKind::Ended, "exited");
        row.signal = self.last_signal.map(|signal| signal.name().to_owned());
        context.push(&process, row);
        // What the tools themselves have started since.
        let started: Vec<ProcessKey> =
            self.tools.iter().flat_map(|tool| tools_below(context.table, tool)).collect();
        self.tools.extend(started);
        self.signal_tools(context, Signal::Term);
        self.state = if self.tools.is_empty() {
            State::Ended
        } else {
            State::Tools { kill_at: context.after(TOOL_GRACE_MS) }
        };
    }

    fn end_tools(&mut self, context: &mut Context<'_>, kill_at: Millis) {
        let started: Vec<ProcessKey> =
            self.tools.iter().flat_map(|tool| tools_below(context.table, tool)).collect();
        self.tools.extend(started);
        self.tools.retain(|tool| context.table.is_alive(tool));
        if context.now >= kill_at {
            self.signal_tools(context, Signal::Kill);
            self.tools.clear();
        }
        if self.tools.is_empty() {
            self.state = State::Ended;
        }
    }

    fn signal_tools(&mut self, context: &mut Context<'_>, signal: Signal) {
        self.tools.retain(|tool| context.table.is_alive(tool) && !is_agent(context.table, tool));
        for tool in &self.tools {
            context.signal(tool, signal, true);
        }
    }
}
