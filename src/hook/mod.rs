//! The hook: an agent's call on stdin becomes an answer, before the money is spent.
//!
//! It counts what the ledger has and the unread end of the session's transcripts, so it is right
//! when the daemon lags or is dead. It writes nothing but notes in the inbox, and waits for nobody's
//! transaction. Whatever happens in here, the agent gets valid JSON or nothing.

mod answer;
mod desk;
mod event;
pub mod homes;
mod react;
mod run;
mod setting;
pub mod settings;
mod standing;
mod tail;
mod wait;
mod whose;
mod words;

pub use answer::Answer;
pub use event::Event;
pub use run::{Outcome, run};
pub use setting::{FindBook, Setting};
pub use words::UNCHECKED;
