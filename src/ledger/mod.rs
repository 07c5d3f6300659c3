//! The ledger: every call once, what it cost and why, in SQLite.
//!
//! One process writes (the holder of the instance lock), any number read. A batch of events and
//! the cursor behind it are one transaction. Rows outlive the transcripts they came from. A command
//! that finds no ledger makes one beside its place, and moves it there when it is whole.

mod agents;
mod ahead;
mod aside;
mod days;
mod detail;
mod error;
mod guard;
mod holding;
mod identity;
mod inbox;
mod lookup;
mod names;
mod peek;
mod pending;
mod prices;
mod reader;
mod recent;
mod recent_calls;
mod reprice;
mod rollup;
mod rows;
mod schema;
mod sessions;
mod split;
mod store;
mod terms;
mod threads;
mod tools;
mod totals;
mod turns;
mod unpublished;
mod watch;
mod writer;

pub use agents::AgentRow;
pub use ahead::{Ahead, Known, Shift};
pub use detail::{SessionCall, Stated};
pub use error::LedgerError;
pub use guard::{ChargedTo, Delivery, Outgoing, Spend};
pub use holding::Standing;
pub use inbox::{Inbox, Request};
pub use lookup::{CallRow, ChargeRow, FoundSession, UnpricedModel, the_one};
pub use peek::Pending;
pub use prices::{KeptBook, Pricing};
pub use reader::{Cell, Charged, Reader, Unlogged};
pub use recent_calls::{Grown, RecentCall};
pub use reprice::Repriced;
pub use rollup::Change;
pub use split::ChargedBy;
pub use totals::Totals;
pub use turns::{Deeds, LoopLevel, Thread, Turn, TurnNow};
pub use watch::{Fact, FactKind, Loop, LoopOf, LoopsNow, Watchable};
pub use writer::Writer;
