//! The screen: state in `app`, keys in `keys`, one module a screen in `screens`, what is around and
//! over them in `view`.
//!
//! ```text
//!  keyboard ─┐                                           ┌─► draw (view, screens/*/view)
//!  collector ┼─► Action ─► App::update(&mut self) ─► App ┤
//!  follower ─┘   (one channel)                           ├─► Question ─► follower
//!                                                        └─► Request ─► deeds
//! ```
//!
//! The follower reads the ledger and looks for running sessions on a thread of its own, for the
//! screen that is shown; the loop only draws, and only what changed. Nothing here reads the
//! environment, writes the ledger or signals: what is to be done to a session is handed out as a
//! [`Request`].
//!
//! A config that changes reaches the screen by [`Renew`], on the follower's thread.
//!
//! A new screen goes into `screens` (which says how), a new command into `action` and `keys`, a new
//! role into `theme`.

mod act;
mod action;
mod app;
mod board;
mod checkups;
mod commits;
mod deed;
mod deeds;
mod follow;
mod history;
mod keys;
mod lift;
mod look;
mod mode;
mod palette;
mod past;
pub mod screens;
mod sheet;
mod source;
mod span;
mod sums;
mod table;
mod terminal;
mod theme;
mod view;
mod when;

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use jiff::tz::TimeZone;

pub use self::action::{Action, Command};
pub use self::app::{App, Collector, Notice, Shell};
pub use self::board::Board;
pub use self::deed::{About, Answered, Deed, Found, Lift, Reply, Request, Subject};
pub use self::follow::{Follower, Picture, Question};
pub use self::keys::{Here, Keymap};
pub use self::look::Look;
pub use self::mode::Mode;
pub use self::sheet::Sheet;
pub use self::source::{Facts, Source};
pub use self::span::Span;
pub use self::sums::{DAYS, Day, Sums};
pub use self::table::{List, Table};
pub use self::terminal::run;
pub use self::theme::{Role, THEMES, Theme};
pub use self::view::draw;
use crate::clock::Clock;

/// Does what the screen asks for, as the commands do it. May take its time.
pub type Doer = Box<dyn Fn(Request) -> Reply + Send>;

/// Tells what is to be read and shown from now on, where that is another than the last time: the
/// config or the prices may change while a screen is open. An error is why a changed config cannot
/// be used. Asked about once a second, on a thread that may wait for the disk.
pub type Renew = Box<dyn FnMut() -> Option<Result<Given, String>> + Send>;

/// What the screen shows and what it knows from the outside.
pub struct Launch {
    /// What to read and show at first.
    pub given: Given,
    /// What to read and show later; none: the same for good.
    pub renew: Option<Renew>,
    /// What the collector says of itself. A sender that is dropped without saying that it failed
    /// ended unasked, which ends the screen.
    pub collector: Receiver<Notice>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Does what is asked for.
    pub doer: Doer,
}

/// What the config, the prices and the machine decide of the screen.
#[derive(Clone, Debug)]
pub struct Given {
    /// What to read, and with what.
    pub facts: Facts,
    /// What to show of it.
    pub setting: Setting,
    /// How.
    pub look: Look,
    /// What is new about it, in words.
    pub news: &'static str,
}

/// What the screen says of the machine and the person; another only where the config changes.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whose day it is, as the ledger names who pays.
    pub developer: Arc<str>,
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
}
