//! Small worlds of threads, forks and subagents as clients of different ages write them: whatever
//! the order, each request is counted once.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::json;
use spendtop::model::AgentId;

use super::codex_lines::{count, event, file, line, meta, record, turn};
use super::harness::Lab;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A thread asks its model for something.
    Request { thread: usize, input: u64, output: u64, told: Told },
    /// A thread's event comes again.
    Again { thread: usize },
    /// A new turn.
    Turn { thread: usize },
    /// A thread goes on in another one, with or without a copy of its events.
    Fork { thread: usize, copied: bool },
    /// The same with a subagent.
    Spawn { thread: usize, copied: bool },
}

/// What a request leaves.
#[derive(Clone, Copy, Debug)]
enum Told {
    Count,
    Record,
    Both,
}

fn step() -> impl Strategy<Value = Step> {
    let told = prop_oneof![Just(Told::Count), Just(Told::Record), Just(Told::Both)];
    let request = (any::<usize>(), 1..9000_u64, 1..900_u64, told)
        .prop_map(|(thread, input, output, told)| Step::Request { thread, input, output, told });
    let copy = (any::<usize>(), any::<bool>());
    prop_oneof![
        6 => request,
        2 => any::<usize>().prop_map(|thread| Step::Again { thread }),
        2 => any::<usize>().prop_map(|thread| Step::Turn { thread }),
        1 => copy.prop_map(|(thread, copied)| Step::Fork { thread, copied }),
        1 => copy.prop_map(|(thread, copied)| Step::Spawn { thread, copied }),
    ]
}

#[derive(Clone)]
struct Thread {
    id: String,
    session: String,
    lines: Vec<String>,
    total: [u64; 3],
    last: [u64; 3],
    turn: String,
}

#[derive(Default)]
struct World {
    threads: Vec<Thread>,
    seconds: u64,
    numbers: u64,
    tokens: u64,
    requests: u64,
}

impl World {
    fn of(steps: &[Step]) -> Self {
        let mut world = Self::default();
        let (id, at) = (world.id("thread"), world.now());
        world.threads.push(Thread {
            lines: vec![meta(&at, &id, &json!({"session_id": id}))],
            session: id.clone(),
            id,
            total: [0; 3],
            last: [0; 3],
            turn: String::new(),
        });
        world.take(Step::Turn { thread: 0 });
        for step in steps {
            world.take(*step);
        }
        world
    }

    /// As long as an id of Codex is.
    fn id(&mut self, what: &str) -> String {
        self.numbers += 1;
        format!("{what:0<8}-0000-7000-8000-{:012}", self.numbers)
    }

    fn now(&mut self) -> String {
        self.seconds += 1;
        let (hours, minutes) = (self.seconds / 3600, self.seconds / 60 % 60);
        format!("{hours:02}:{minutes:02}:{:02}.000", self.seconds % 60)
    }

    fn take(&mut self, step: Step) {
        let at = self.now();
        let count_of = self.threads.len();
        match step {
            Step::Request { thread, input, output, told } => {
                let response = self.id("response");
                let thread = &mut self.threads[thread % count_of];
                let last = [input, input / 3, output];
                for (total, more) in thread.total.iter_mut().zip(last) {
                    *total += more;
                }
                thread.last = last;
                let answer = json!({"type": "message", "role": "assistant", "content": []});
                thread.lines.push(line(&at, "response_item", &answer));
                if matches!(told, Told::Record | Told::Both) {
                    thread.lines.push(record(&at, &thread.id, &response, last, thread.total));
                }
                if matches!(told, Told::Count | Told::Both) {
                    thread.lines.push(count(&at, thread.total, last));
                }
                self.tokens += input + output;
                self.requests += 1;
            }
            Step::Again { thread } => {
                let thread = &mut self.threads[thread % count_of];
                // A client that has asked for nothing yet has nothing to say again.
                if thread.last != [0; 3] {
                    thread.lines.push(count(&at, thread.total, thread.last));
                }
            }
            Step::Turn { thread } => {
                let id = self.id("turn");
                let thread = &mut self.threads[thread % count_of];
                thread.lines.push(event(&at, "task_started", &json!({"turn_id": id})));
                thread.lines.push(turn(&at, &id, "gpt-5-codex"));
                thread.turn = id;
            }
            Step::Fork { thread, copied } => self.child(thread % count_of, &at, copied, false),
            Step::Spawn { thread, copied } => self.child(thread % count_of, &at, copied, true),
        }
    }

    fn child(&mut self, parent: usize, at: &str, copied: bool, is_subagent: bool) {
        let id = self.id("thread");
        let parent = self.threads[parent].clone();
        let session = if is_subagent { parent.session.clone() } else { id.clone() };
        let mut more = json!({"session_id": session, "forked_from_id": parent.id});
        if is_subagent {
            more["parent_thread_id"] = json!(parent.id);
        }
        if !copied {
            more["history_base"] = json!({"thread_id": parent.id});
        }
        let mut lines = vec![meta(at, &id, &more)];
        if copied {
            // Stamped anew, all at once.
            for text in &parent.lines {
                let mut copy: serde_json::Value = serde_json::from_str(text).unwrap();
                copy["timestamp"] = json!(format!("{}T{at}Z", super::codex_lines::DAY));
                lines.push(copy.to_string());
            }
            lines.push(line(at, "response_item", &json!({"type": "message", "role": "user"})));
        }
        let thread = Thread { id, session, lines, ..parent };
        self.threads.push(thread);
        let own = self.threads.len() - 1;
        self.take(Step::Turn { thread: own });
    }
}

fn path(thread: &Thread) -> String {
    file(&thread.id)
}

fn bytes(thread: &Thread) -> Vec<u8> {
    (thread.lines.join("\n") + "\n").into_bytes()
}

/// The ledger of rollouts that were there before the first look.
fn at_once(world: &World) -> Lab {
    let lab = Lab::of(AgentId::Codex);
    for thread in &world.threads {
        lab.append_bytes(&path(thread), &bytes(thread));
    }
    lab.ingest();
    lab.counted();
    lab
}

fn config() -> Config {
    Config { cases: 64, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn each_request_is_counted_once(steps in prop::collection::vec(step(), 1..40)) {
        let world = World::of(&steps);
        let lab = at_once(&world);
        let total = lab.total();
        prop_assert_eq!(total.calls, world.requests);
        let usage = total.usage;
        let tokens = usage.input_tokens + usage.output_tokens + usage.cache_read_input_tokens;
        prop_assert_eq!(tokens, world.tokens);
    }

    #[test]
    fn whatever_the_order_of_files_and_appends(
        steps in prop::collection::vec(step(), 1..30),
        parts in prop::collection::vec((any::<usize>(), any::<u8>(), any::<bool>()), 0..30),
    ) {
        let world = World::of(&steps);
        let lab = Lab::of(AgentId::Codex);
        let mut written = vec![0; world.threads.len()];
        for (which, part, looks) in parts {
            let which = which % world.threads.len();
            let all = bytes(&world.threads[which]);
            let left = &all[written[which]..];
            let chunk = &left[..left.len() * usize::from(part) / 255];
            lab.append_bytes(&path(&world.threads[which]), chunk);
            written[which] += chunk.len();
            if looks {
                lab.ingest();
            }
        }
        for (thread, written) in world.threads.iter().zip(written).rev() {
            lab.append_bytes(&path(thread), &bytes(thread)[written..]);
            lab.ingest();
        }
        prop_assert_eq!(lab.dump(), at_once(&world).dump());
    }
}
