//! What each step of a small world writes into which transcript.

use serde_json::{Value, json};

use super::{Id, Request, Step};
use crate::claude_lines::{Line, answer, line, tool_result};

#[derive(Default)]
pub(super) struct World {
    pub threads: Vec<Thread>,
    seconds: u64,
    numbers: u64,
    /// Real ids and the request id each was first seen with.
    known: Vec<(String, Option<String>)>,
}

pub(super) struct Thread {
    pub file: String,
    session: String,
    subagent: Option<String>,
    background: bool,
    pub lines: Vec<Line>,
}

impl Thread {
    pub fn main(session: String) -> Self {
        let file = format!("proj/{session}.jsonl");
        Self { file, session, subagent: None, background: false, lines: Vec::new() }
    }

    /// The line as this thread would write it.
    fn own(&self, line: Line) -> Line {
        let line = match &self.subagent {
            Some(id) => line.sidechain(id),
            None => line,
        };
        if self.background { line.background(&self.session) } else { line.session(&self.session) }
    }
}

impl World {
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn uuid(&mut self) -> String {
        format!("u{}", self.number())
    }

    pub fn dated(&mut self, line: Line) -> Line {
        self.seconds += 1;
        let (hours, minutes) = (self.seconds / 3600, self.seconds / 60 % 60);
        line.at(&format!("{hours:02}:{minutes:02}:{:02}", self.seconds % 60))
    }

    pub fn write(&mut self, thread: usize, line: Line) {
        let line = self.threads[thread].own(line);
        self.threads[thread].lines.push(line);
    }

    pub fn take(&mut self, step: Step) {
        let count = self.threads.len();
        match step {
            Step::Answer { thread, id, request, input, outputs, late } => {
                self.seconds += if late { 900 } else { 1 };
                let (id, request) = self.identity(id, request);
                for output in outputs {
                    let line = answer(&self.uuid(), &id).input(input).output(output);
                    let line = self.dated(line);
                    let line = match &request {
                        Some(request) => line.request(request),
                        None => line,
                    };
                    let line = if output == 4 { line.stop("end_turn") } else { line };
                    self.write(thread % count, line);
                }
            }
            Step::Search { thread, told } => self.search(thread % count, told),
            Step::Tools { thread, uses, ends } => self.tools(thread % count, &uses, ends),
            Step::Prompt { thread, by } => self.prompt(thread % count, by),
            Step::Client { thread, what } => self.client(thread % count, what),
            Step::Fork { thread, name, background, rewritten } => {
                self.fork(thread % count, name, background, rewritten);
            }
            Step::Subagent { thread, aside } => self.subagent(thread % count, aside),
            Step::Echo { thread } => self.echo(thread % count),
            Step::Move { thread, copied } => self.relocate(thread % count, copied),
            Step::Compaction { thread, kept } => {
                let lines = &mut self.threads[thread % count].lines;
                lines.extend_from_within(lines.len().saturating_sub(kept)..);
            }
            Step::Total { thread, dollars, dated } => {
                // In cents: about what a few calls cost.
                let total = f64::from(dollars) / 100_000.0;
                let line = line("cost-state", "").with("totalCostUSD", &json!(total));
                let line =
                    if dated { self.dated(line) } else { line.with("timestamp", &Value::Null) };
                self.write(thread % count, line);
            }
        }
    }

    fn identity(&mut self, id: Id, request: Request) -> (String, Option<String>) {
        let number = self.number();
        let fresh = || Some(format!("req_{number}"));
        match id {
            Id::Again(which) if !self.known.is_empty() => {
                let (id, known) = self.known[which % self.known.len()].clone();
                let request = match request {
                    Request::Fresh => fresh(),
                    Request::Kept => known,
                    Request::Missing => None,
                };
                (id, request)
            }
            Id::Fresh | Id::Again(_) => {
                let id = format!("msg_01{number}");
                let request = if matches!(request, Request::Missing) { None } else { fresh() };
                self.known.push((id.clone(), request.clone()));
                (id, request)
            }
            Id::Relay => ("ocgo".to_owned(), None),
            Id::RelayFresh => (format!("chatcmpl-{number}"), None),
            Id::None => (String::new(), None),
        }
    }

    fn search(&mut self, thread: usize, told: u64) {
        let number = self.number();
        let block = json!({"type": "tool_use", "id": number.to_string(), "name": "WebSearch"});
        let text = answer(&self.uuid(), &format!("msg_01{number}"))
            .request(&format!("req_{number}"))
            .output(3);
        let text = self.dated(text);
        let tool = text.clone().with("uuid", &json!(self.uuid()));
        let tool = tool.with("message.content", &json!([block]));
        let notes = json!({"searchCount": told});
        let result = tool_result(&self.uuid(), &number.to_string(), &notes);
        let result = self.dated(result);
        for line in [text, tool, result] {
            self.write(thread, line);
        }
    }

    fn fork(&mut self, thread: usize, name: char, background: bool, rewritten: bool) {
        let mut fork = Thread::main(format!("{name}{}", self.number()));
        fork.background = background;
        for line in self.threads[thread].lines.clone() {
            // Only records with a uuid are copied, and only the main thread's.
            if line.get("uuid").is_empty() || self.threads[thread].subagent.is_some() {
                continue;
            }
            let line = if rewritten { line.with("uuid", &json!(self.uuid())) } else { line };
            fork.lines.push(fork.own(line));
        }
        self.threads.push(fork);
    }

    fn relocate(&mut self, thread: usize, copied: bool) {
        let number = self.number();
        let Thread { session, subagent, background, lines, .. } = &self.threads[thread];
        let moved = Thread {
            file: format!("moved{number}/{session}.jsonl"),
            session: session.clone(),
            subagent: subagent.clone(),
            background: *background,
            lines: if copied { lines.clone() } else { Vec::new() },
        };
        self.threads.push(moved);
    }

    fn subagent(&mut self, thread: usize, aside: bool) {
        let number = self.number();
        let session = self.threads[thread].session.clone();
        let file = format!("proj/{session}/subagents/agent-a{number}.jsonl");
        let subagent = Some(format!("a{number}"));
        let background = self.threads[thread].background;
        let mut lines = Vec::new();
        if aside && let Some(last) = self.threads[thread].lines.last() {
            // An aside replays the parent's latest answer with its own cache reads.
            let replay = last.clone().with("uuid", &json!(format!("replay{number}")));
            let replay = replay.request(&format!("req_{number}"));
            if replay.get("type") == "assistant" {
                lines.push(replay.with("message.usage.cache_read_input_tokens", &json!(50_000)));
            }
        }
        let mut thread = Thread { file, session, subagent, background, lines: Vec::new() };
        thread.lines = lines.into_iter().map(|line| thread.own(line)).collect();
        self.threads.push(thread);
    }

    /// The session's main file repeats a subagent's latest answer in a `progress` record.
    fn echo(&mut self, thread: usize) {
        let Thread { session, subagent, lines, .. } = &self.threads[thread];
        let (Some(_), Some(latest)) = (subagent, lines.last()) else { return };
        let Some(main) = self
            .threads
            .iter()
            .position(|other| other.subagent.is_none() && other.session == *session)
        else {
            return;
        };
        let data = json!({"type": "agent_progress", "message": latest.value()});
        let uuid = self.uuid();
        let echo = self.dated(line("progress", &uuid)).with("data", &data);
        self.write(main, echo);
    }
}
