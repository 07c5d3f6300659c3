//! Small worlds of sessions for the property tests: answers that grow, forks and background
//! copies, subagents and asides, relays without request ids, searches and stated totals.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::claude_lines::{Line, answer, line, prompt, tool_result};

/// A transcript: its path below `projects` and its content. Prints as it would be read.
#[derive(Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.path, self.text)
    }
}

/// Something that happens in a world. Numbers choose among what there is, modulo its count.
#[derive(Clone, Debug)]
enum Step {
    Answer {
        thread: usize,
        id: Id,
        request: Request,
        input: u64,
        outputs: Vec<u64>,
        late: bool,
    },
    Search {
        thread: usize,
        told: u64,
    },
    Prompt {
        thread: usize,
    },
    /// A new session with all records of another; a background worker's, or with new line uuids.
    Fork {
        thread: usize,
        name: char,
        background: bool,
        rewritten: bool,
    },
    Subagent {
        thread: usize,
        aside: bool,
    },
    Echo {
        thread: usize,
    },
    /// A compaction writes the latest records again.
    Compaction {
        thread: usize,
        kept: usize,
    },
    Total {
        thread: usize,
        dollars: u8,
        dated: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum Id {
    Fresh,
    Again(usize),
    Relay,
    RelayFresh,
    None,
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Fresh,
    /// The one that the id was first seen with.
    Kept,
    Missing,
}

fn step() -> impl Strategy<Value = Step> {
    let thread = 0..64_usize;
    let id = prop_oneof![
        6 => Just(Id::Fresh),
        3 => (0..64_usize).prop_map(Id::Again),
        3 => Just(Id::Relay),
        1 => Just(Id::RelayFresh),
        1 => Just(Id::None),
    ];
    let request = prop_oneof![3 => Just(Request::Fresh), 3 => Just(Request::Kept), 2 => Just(Request::Missing)];
    let outputs = vec(0..5_u64, 1..4);
    let answer = (thread.clone(), id, request, 0..3_u64, outputs, prop::bool::weighted(0.1));
    let fork =
        (thread.clone(), prop::char::range('A', 'Z'), any::<bool>(), prop::bool::weighted(0.2));
    prop_oneof![
        10 => answer.prop_map(|(thread, id, request, input, outputs, late)| {
            Step::Answer { thread, id, request, input, outputs, late }
        }),
        1 => (thread.clone(), 1..4_u64).prop_map(|(thread, told)| Step::Search { thread, told }),
        2 => thread.clone().prop_map(|thread| Step::Prompt { thread }),
        3 => fork.prop_map(|(thread, name, background, rewritten)| {
            Step::Fork { thread, name, background, rewritten }
        }),
        2 => (thread.clone(), any::<bool>())
            .prop_map(|(thread, aside)| Step::Subagent { thread, aside }),
        1 => thread.clone().prop_map(|thread| Step::Echo { thread }),
        1 => (thread.clone(), 1..6_usize)
            .prop_map(|(thread, kept)| Step::Compaction { thread, kept }),
        1 => (thread, any::<u8>(), any::<bool>())
            .prop_map(|(thread, dollars, dated)| Step::Total { thread, dollars, dated }),
    ]
}

/// A world's transcripts.
pub fn world() -> impl Strategy<Value = Vec<File>> {
    (vec(step(), 1..30), any::<bool>()).prop_map(|(steps, begun)| {
        let mut world = World::default();
        for name in ['K', 'M'] {
            world.threads.push(Thread::main(format!("{name}0")));
            if begun {
                let begun = world.dated(line("queue-operation", ""));
                world.write(world.threads.len() - 1, begun);
            }
        }
        for step in steps {
            world.take(step);
        }
        let file = |thread: Thread| File {
            path: thread.file,
            text: thread.lines.iter().map(|line| line.text() + "\n").collect(),
        };
        world.threads.into_iter().map(file).collect()
    })
}

#[derive(Default)]
struct World {
    threads: Vec<Thread>,
    seconds: u64,
    numbers: u64,
    /// Real ids and the request id each was first seen with.
    known: Vec<(String, Option<String>)>,
}

struct Thread {
    file: String,
    session: String,
    subagent: Option<String>,
    background: bool,
    lines: Vec<Line>,
}

impl Thread {
    fn main(session: String) -> Self {
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
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn uuid(&mut self) -> String {
        format!("u{}", self.number())
    }

    fn dated(&mut self, line: Line) -> Line {
        self.seconds += 1;
        let (hours, minutes) = (self.seconds / 3600, self.seconds / 60 % 60);
        line.at(&format!("{hours:02}:{minutes:02}:{:02}", self.seconds % 60))
    }

    fn write(&mut self, thread: usize, line: Line) {
        let line = self.threads[thread].own(line);
        self.threads[thread].lines.push(line);
    }

    fn take(&mut self, step: Step) {
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
            Step::Prompt { thread } => {
                let uuid = self.uuid();
                let line = self.dated(prompt(&uuid, "and now"));
                self.write(thread % count, line);
            }
            Step::Fork { thread, name, background, rewritten } => {
                self.fork(thread % count, name, background, rewritten);
            }
            Step::Subagent { thread, aside } => self.subagent(thread % count, aside),
            Step::Echo { thread } => self.echo(thread % count),
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
                    _ if known.is_none() => None,
                    Request::Missing if which % self.known.len() % 2 == 0 => known,
                    Request::Fresh if which % self.known.len() % 2 == 1 => known,
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
            if line.get("uuid") == "" || self.threads[thread].subagent.is_some() {
                continue;
            }
            let line = if rewritten { line.with("uuid", &json!(self.uuid())) } else { line };
            fork.lines.push(fork.own(line));
        }
        self.threads.push(fork);
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
