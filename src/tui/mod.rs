//! The screen: state in `app`, keys in `action`, drawing in `view`, one picture of the ledger in
//! `snapshot`.
//!
//! It reads the ledger and is told of the collector; it never writes, prices or signals. Nothing
//! here reads the environment, and the time comes from the clock in [`Screen`].

mod action;
mod app;
mod follow;
mod snapshot;
mod terminal;
mod theme;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use jiff::tz::TimeZone;

pub use self::action::{Action, BINDINGS, Binding, Command};
pub use self::app::{App, Collector, Notice};
pub use self::follow::Follower;
pub use self::snapshot::{Day, Session, Snapshot};
pub use self::terminal::run;
pub use self::theme::{Role, Theme};
pub use self::view::draw;
use crate::clock::Clock;
use crate::model::PicoUsd;

/// What the screen shows and what it knows from the outside.
pub struct Screen {
    /// The ledger. It may not exist yet.
    pub db: PathBuf,
    /// What the collector says of itself. A sender that is dropped without saying that it failed
    /// ended unasked, which ends the screen.
    pub collector: Receiver<Notice>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What to show of it.
    pub setting: Setting,
}

/// What is the same for as long as the screen is open.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whose day it is, as the ledger names who pays.
    pub developer: Arc<str>,
    /// What that developer may spend on a day.
    pub daily_cap: Option<PicoUsd>,
    /// Dollars are the worth of what a plan covers, not money spent.
    pub on_plan: bool,
    /// The zone that days begin in.
    pub zone: TimeZone,
    /// The folders that were searched for transcripts, as they are to be shown.
    pub looked_at: Vec<String>,
    /// The file to set a cap in, as it is to be shown.
    pub config_file: String,
    /// Stands after the program's name: `demo`.
    pub label: Option<&'static str>,
    /// Colours are wanted.
    pub color: bool,
}
