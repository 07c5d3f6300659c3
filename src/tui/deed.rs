//! What can be done from the screen, to a session or about a cap, and what comes back. Doing it is
//! not the screen's business: it goes the way of the commands `flag`, `block`, `unblock`, `stop`,
//! `snooze` and `raise`.

use std::sync::Arc;

use crate::model::SessionKey;

/// A session to act on, named for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The session: never a row's number.
    pub session: SessionKey,
    /// Its project, branch and the head of its id; safe to show.
    pub label: String,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Mark it.
    Flag,
    /// Have its hook stop it.
    Block,
    /// Take its marks back.
    Unblock,
    /// End its process.
    Stop,
}

impl Deed {
    /// Every deed, the mildest first.
    pub const ALL: [Self; 4] = [Self::Flag, Self::Block, Self::Unblock, Self::Stop];

    /// The word, also the one to type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Stop => "stop",
        }
    }

    /// The key in the dialog.
    pub const fn key(self) -> char {
        match self {
            Self::Flag => 'f',
            Self::Block => 'b',
            Self::Unblock => 'u',
            Self::Stop => 's',
        }
    }

    /// What comes of it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Flag => "marks it, and it goes on",
            Self::Block => "its hook stops it at its next step",
            Self::Unblock => "takes its marks back",
            Self::Stop => "ends its process, and the tools it leaves behind",
        }
    }
}

/// What the screen asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Find the session's processes.
    Find(SessionKey),
    /// Do it.
    Do {
        /// To which session.
        session: SessionKey,
        /// What.
        deed: Deed,
        /// Why, in the person's words.
        reason: String,
    },
    /// Lift a cap for a while.
    Lift {
        /// Which, by its name.
        cap: Arc<str>,
        /// How.
        lift: Lift,
        /// For how long, until when or by how much: as it was typed.
        by: String,
        /// Why, in the person's words.
        reason: String,
    },
}

/// How a cap is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lift {
    /// It stops nothing for a while.
    Snooze,
    /// Its limit is more, until its present period ends.
    Raise,
}

/// What was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A session.
    Session(SessionKey),
    /// A cap, by its name.
    Cap(Arc<str>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What was asked about.
    pub about: About,
    /// The answer.
    pub what: Answered,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The session's processes, each with how it was found and how sure that is, in words.
    Found(Vec<Found>),
    /// It is done: what happened, one a line.
    Done(Vec<String>),
    /// It is not done: why.
    Refused(String),
}

/// A process of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In words.
    pub words: String,
    /// It may be signalled.
    pub is_certain: bool,
}
