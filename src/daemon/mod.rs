//! The one loop that wires sources, prices and ledger together.

mod account;
mod book;
mod catch_up;
mod engine;
mod following;
mod history;
mod lock;
mod notes;
mod outbox;
mod requests;
mod run;
pub mod sd_notify;
mod watch;
mod watchdog;

pub use account::is_on_plan;
pub use book::Book;
pub use catch_up::{CaughtUp, Plan, Progress, catch_up, plan, plan_paths};
pub use lock::{Attempt, Holder, InstanceLock, Role, holder, is_collected};
pub use notes::store_notes;
pub use outbox::Outbox;
pub use requests::{keep_book, serve, waiting_requests};
pub use run::{Collector, News, Order, Reload, run};
