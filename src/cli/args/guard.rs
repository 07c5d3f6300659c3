//! What the user can type about caps and about what was done for them.

use clap::{Args, Subcommand};

use super::JsonArg;

/// `status`.
#[derive(Clone, Copy, Debug, Args)]
pub struct StatusArgs {
    /// One line for a prompt or a status bar: $14.20/$20 71%
    #[arg(long, conflicts_with = "json")]
    pub short: bool,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// `cap`.
#[derive(Clone, Debug, Subcommand)]
pub enum CapCommand {
    /// Every cap: what is used of it, by whom, and when it resets
    List(JsonArg),
    /// Says in a sentence what each cap means, and how it stands; exit code 3 at a warning level, 4
    /// over a cap
    Check(JsonArg),
    /// What a daily cap would have done in the past
    Simulate(SimulateArgs),
}

/// `cap simulate`.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Dollars per developer and day
    #[arg(long, value_name = "DOLLARS")]
    pub daily: String,

    /// From this day or time on: 2026-11-01, RFC 3339, or 7d, 2w ago
    #[arg(long, short, value_name = "WHEN", default_value = "30d")]
    pub since: String,

    /// Zone that days begin in: an IANA name; else the config's
    #[arg(long, short = 'z', alias = "timezone", value_name = "ZONE")]
    pub tz: Option<String>,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// `snooze`.
#[derive(Clone, Debug, Args)]
pub struct SnoozeArgs {
    /// The cap, as `spendtop cap list` names it
    pub cap: String,

    /// For how long: 30m, 1h, 2h30m, 1d
    #[arg(long = "for", value_name = "TIME", required_unless_present = "until")]
    pub span: Option<String>,

    /// Until when: 18:00, 2026-11-30, RFC 3339
    #[arg(long, value_name = "WHEN", conflicts_with = "span")]
    pub until: Option<String>,

    /// Why; it is kept
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// `raise`.
#[derive(Clone, Debug, Args)]
pub struct RaiseArgs {
    /// The cap, as `spendtop cap list` names it
    pub cap: String,

    /// By how many dollars, until its present period ends
    #[arg(allow_negative_numbers = true)]
    pub dollars: String,

    /// Why; it is kept
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// `actions`.
#[derive(Clone, Debug, Args)]
pub struct ActionsArgs {
    /// From this day or time on: 2026-11-01, RFC 3339, or 7d, 12h ago
    #[arg(long, short, value_name = "WHEN")]
    pub since: Option<String>,

    /// At most this many
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,

    /// Zone to show times in
    #[arg(long, short = 'z', alias = "timezone", value_name = "ZONE")]
    pub tz: Option<String>,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// `flag`, `block` and `unblock`.
#[derive(Clone, Debug, Args)]
pub struct MarkArgs {
    /// A session id; the first characters will do
    pub session: String,

    /// Why; it is kept
    #[arg(long, value_name = "TEXT", default_value = "by hand")]
    pub reason: String,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,

    /// Say what would happen, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}
