//! A process that its agent is asked to stop, by its own means, before it is signalled.

use std::ffi::OsStr;
use std::sync::Arc;

use super::{Context, State, Target};
use crate::agents::{self, LiveKind};
use crate::enforce::demand::Step;
use crate::enforce::stop::{AgentStop, Means};
use crate::enforce::table::Signal;
use crate::model::Millis;

/// How long the agent is waited for before the process is signalled.
const ASKED_MS: i64 = 20_000;
/// What the agent's own command needs of the worker's environment, and no more: the rest holds
/// keys.
const VARIABLES: [&str; 2] = ["HOME", "PATH"];

impl Target {
    /// The agent has stopped it by its own means, or could not.
    pub(in crate::enforce) fn asked(&mut self, result: &Result<(), String>, kill_at: Millis) {
        if matches!(self.state, State::Asked { .. }) {
            match result {
                Ok(()) if self.located.is_hosted() => self.state = State::Interrupted,
                Ok(()) => self.state = State::Told { kill_at },
                Err(_) => self.give_up_asking(),
            }
        }
    }

    /// From here on it is signalled, if it may be.
    pub(super) fn give_up_asking(&mut self) {
        self.located.kind = match self.located.kind {
            LiveKind::Hosted { .. } => LiveKind::Interactive,
            _ => LiveKind::Background { job_id: None },
        };
        self.state = State::Fresh;
    }

    /// Has the agent's own command stop its background worker.
    pub(super) fn ask(&mut self, context: &mut Context<'_>, job: &Arc<str>) {
        if !self.is_still_the_session(context, Signal::Term) {
            return;
        }
        let process = &self.located.process;
        let adapter = agents::adapter(context.demand.session.agent);
        let environment: Vec<_> = VARIABLES
            .iter()
            .chain(adapter.variables())
            .filter_map(|name| {
                Some(((*name).into(), context.table.variable(&process.key, OsStr::new(name))?))
            })
            .collect();
        let (Some(exe), true) = (&process.exe, environment.iter().any(|(name, _)| name == "HOME"))
        else {
            self.give_up_asking();
            return self.step(context);
        };
        context.steps.push(Step::Stop(AgentStop {
            session: context.demand.session.clone(),
            process: process.key.clone(),
            means: Means::Command {
                exe: exe.clone(),
                arguments: adapter.stop_arguments(exe, &process.argv, job),
                environment,
            },
        }));
        self.state = State::Asked { until: context.after(ASKED_MS) };
    }

    /// Has the server interrupt what the session is doing: in every thread that is open in there
    /// now, as subagents may have come since.
    pub(super) fn interrupt(&mut self, context: &mut Context<'_>) {
        let process = self.key().clone();
        let found = (context.relocate)().into_iter().find(|found| found.process.key == process);
        self.located = match found {
            Some(found) if found.is_certain() && found.is_hosted() => found,
            // It was closed in there: a server that has ended, too, does nothing any more.
            _ => return self.was_refused(context),
        };
        let LiveKind::Hosted { socket, threads, .. } = &self.located.kind else { return };
        let adapter = agents::adapter(context.demand.session.agent);
        context.steps.push(Step::Stop(AgentStop {
            session: context.demand.session.clone(),
            process,
            means: Means::Orders { socket: socket.clone(), orders: adapter.interruption(threads) },
        }));
        self.state = State::Asked { until: context.after(ASKED_MS) };
    }
}
