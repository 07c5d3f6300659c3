//! Small worlds of sessions for the property tests: answers that grow, forks and background
//! copies, subagents and asides, relays without request ids, searches and stated totals.

mod build;
mod deeds;

use std::fmt;

use self::build::{Thread, World};
use super::claude_lines::line;
use proptest::collection::vec;
use proptest::prelude::*;

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
    /// An answer in a few lines that uses tools, and their results, some of them before its last
    /// line.
    Tools {
        thread: usize,
        uses: Vec<Use>,
        ends: bool,
    },
    Prompt {
        thread: usize,
        by: usize,
    },
    /// The client's own records: commands, schedules, compactions, errors, the end of a turn.
    Client {
        thread: usize,
        what: usize,
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
    /// The session goes on in another folder, with or without a copy of its file.
    Move {
        thread: usize,
        copied: bool,
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

/// A tool asked for: which, to do what, how it goes.
#[derive(Clone, Copy, Debug)]
struct Use {
    tool: usize,
    input: usize,
    outcome: usize,
    /// Its line comes after the results of those before it.
    late: bool,
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
        5 => (thread.clone(), vec(tool(), 1..4), prop::bool::weighted(0.1))
            .prop_map(|(thread, uses, ends)| Step::Tools { thread, uses, ends }),
        2 => (thread.clone(), 0..4_usize).prop_map(|(thread, by)| Step::Prompt { thread, by }),
        2 => (thread.clone(), 0..6_usize).prop_map(|(thread, what)| Step::Client { thread, what }),
        3 => fork.prop_map(|(thread, name, background, rewritten)| {
            Step::Fork { thread, name, background, rewritten }
        }),
        2 => (thread.clone(), any::<bool>())
            .prop_map(|(thread, aside)| Step::Subagent { thread, aside }),
        1 => thread.clone().prop_map(|thread| Step::Echo { thread }),
        1 => (thread.clone(), any::<bool>())
            .prop_map(|(thread, copied)| Step::Move { thread, copied }),
        1 => (thread.clone(), 1..6_usize)
            .prop_map(|(thread, kept)| Step::Compaction { thread, kept }),
        1 => (thread, any::<u8>(), any::<bool>())
            .prop_map(|(thread, dollars, dated)| Step::Total { thread, dollars, dated }),
    ]
}

fn tool() -> impl Strategy<Value = Use> {
    (0..4_usize, 0..3_usize, 0..6_usize, any::<bool>())
        .prop_map(|(tool, input, outcome, late)| Use { tool, input, outcome, late })
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
