//! What the user can type.

mod guard;
mod hook;
mod loops;
mod turns;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use self::guard::{
    ActionsArgs, CapCommand, MarkArgs, RaiseArgs, SimulateArgs, SnoozeArgs, StatusArgs,
};
pub use self::hook::{HookArgs, HookCommand, HookStatusArgs};
pub use self::loops::{EvalArgs, LoopsCommand};
pub use self::turns::{LoopsArgs, MetricsCommand, TurnSort, TurnsArgs};

/// top for what coding agents spend.
///
/// Without a command: the live screen. Reads the transcripts that Claude Code, Codex, OpenCode,
/// Gemini CLI, Copilot CLI and Qwen Code write, counts every model call once, prices it exactly and
/// keeps it. Nothing leaves this machine, unless a webhook is named in the config.
#[derive(Debug, Parser)]
#[command(name = "spendtop", version, max_term_width = 100)]
pub struct Cli {
    /// What to do; the live screen if left out
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Options of every command
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Config file
    #[arg(long, global = true, value_name = "FILE", help = "Config file [env: SPENDTOP_CONFIG]")]
    pub config: Option<PathBuf>,

    /// Ledger file
    #[arg(long, global = true, value_name = "FILE", help = "Ledger file [env: SPENDTOP_DB]")]
    pub db: Option<PathBuf>,

    /// Pretend it is this time (RFC 3339)
    #[arg(long, global = true, value_name = "TIME")]
    pub now: Option<String>,

    /// No colours
    #[arg(long, global = true, help = "No colours [env: NO_COLOR]")]
    pub no_color: bool,

    /// Draw the screen with ASCII alone
    #[arg(long, global = true)]
    pub ascii: bool,

    /// Take the mouse for the screen: the wheel moves, and text can no more be selected
    #[arg(long, global = true)]
    pub mouse: bool,

    /// Say less
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Say more; twice for debugging
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What was spent, by time or by whatever it was spent on
    Report(ReportArgs),
    /// Sessions, newest activity first
    Sessions(SessionsArgs),
    /// What was done between two prompts: steps, tools, repeats, errors, cost; newest first
    Turns(TurnsArgs),
    /// How things are distributed
    #[command(subcommand)]
    Metrics(MetricsCommand),
    /// Today against each cap; exit code 3 at a warning level, 4 over a cap
    Status(StatusArgs),
    /// Caps: how they stand, what they mean, what one would have done
    #[command(subcommand)]
    Cap(CapCommand),
    /// Lifts a cap for a while; who and why is kept
    Snooze(SnoozeArgs),
    /// Raises a cap until its present period ends; who and why is kept
    Raise(RaiseArgs),
    /// What was done for caps and by hand, newest first, and how to take a session up again
    Actions(ActionsArgs),
    /// Marks a session, in reports and on the screen
    Flag(MarkArgs),
    /// Has a session's hook stop it at its next step
    Block(MarkArgs),
    /// Takes a session's marks back
    Unblock(MarkArgs),
    /// Ends a session's process by hand, if it is certain which that is
    Stop(MarkArgs),
    /// The hook in your agents, which stops them before the money is spent
    #[command(subcommand)]
    Hook(HookCommand),
    /// Where an amount comes from, down to the line and the price row; a session's loops, too
    Explain(ExplainArgs),
    /// Loops: agents that go round and round
    #[command(subcommand)]
    Loops(LoopsCommand),
    /// Follows the transcripts and guards the caps in the foreground, until it is stopped
    Daemon,
    /// Brings the ledger up to date, and does nothing else
    Ingest(JsonArg),
    /// The price book
    #[command(subcommand)]
    Prices(PricesCommand),
    /// Charges every call anew with the price book in use; old charges are kept
    Reprice(RepriceArgs),
    /// Looks for what is wrong: unreadable files, lines that do not parse, unpriced models; exit
    /// code 5 where something is
    Doctor(DoctorArgs),
    /// Desktop notifications, webhook and command: how you are told of your caps
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Has the system run the daemon: a systemd user unit, or a launchd agent on macOS
    #[command(subcommand)]
    Service(ServiceCommand),
    /// The config file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The live screen on made-up sessions
    Demo(DemoArgs),
    /// Prints a completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Prints the manual page
    Man,
}

/// `--json`.
#[derive(Clone, Copy, Debug, Args)]
pub struct JsonArg {
    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// `doctor`.
#[derive(Clone, Copy, Debug, Args)]
pub struct DoctorArgs {
    /// Prove on this machine, in a few seconds, that a broken cap is noticed, told and enforced
    ///
    /// Starts a daemon and an agent of its own in a scratch home, with a config and a ledger of
    /// their own: a call is noticed, a cap broken, the hook stops the agent, the agent goes on and
    /// its process is ended, and the desktop shows a notification that says it is a test. Your
    /// own sessions, settings and ledger are left alone. Exit code 5 where something failed, or was
    /// skipped because the machine lacks it.
    #[arg(long)]
    pub selftest: bool,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// Which time a report covers, and in which zone its days begin.
#[derive(Clone, Debug, Default, Args)]
pub struct TimeArgs {
    /// From this day or time on: 2026-11-01, 20261101, RFC 3339, or 7d, 12h, 2w ago
    #[arg(long, short, value_name = "WHEN")]
    pub since: Option<String>,

    /// Up to the end of this day, or up to this time
    #[arg(long, short, value_name = "WHEN")]
    pub until: Option<String>,

    /// Zone that days begin in: an IANA name; else the config's
    #[arg(long, short = 'z', alias = "timezone", value_name = "ZONE")]
    pub tz: Option<String>,
}

/// `report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// One row for each
    #[arg(value_enum, default_value = "daily")]
    pub group: Group,

    /// The time it covers
    #[command(flatten)]
    pub time: TimeArgs,

    /// Add turns, their steps, tools and worst loop; a turn counts whole where it began
    #[arg(long)]
    pub turns: bool,

    /// Split each row further
    #[arg(long, value_enum, value_name = "WHAT")]
    pub by: Option<By>,

    /// The same as --by model
    #[arg(long, short, conflicts_with = "by")]
    pub breakdown: bool,

    /// Print JSON
    #[arg(long, short, conflicts_with_all = ["csv", "md"])]
    pub json: bool,

    /// Print comma-separated values
    #[arg(long, conflicts_with = "md")]
    pub csv: bool,

    /// Print a Markdown table
    #[arg(long)]
    pub md: bool,
}

/// Rows of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// Calendar days
    Daily,
    /// ISO weeks, from Monday
    Weekly,
    /// Calendar months
    Monthly,
    /// Sessions, their subagents included
    Session,
    /// Repositories
    Project,
    /// Git branches
    Branch,
    /// Models, as the provider names them
    Model,
    /// Coding agents
    Agent,
    /// Developers
    Developer,
}

/// What a row is split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Models
    Model,
    /// Repositories
    Project,
    /// Git branches
    Branch,
    /// Coding agents
    Agent,
    /// Developers
    Developer,
}

/// `sessions`.
#[derive(Clone, Debug, Args)]
pub struct SessionsArgs {
    /// The time it covers
    #[command(flatten)]
    pub time: TimeArgs,

    /// At most this many
    #[arg(long, short = 'n', value_name = "COUNT")]
    pub limit: Option<usize>,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A session id, a message id or a request id; the first characters will do
    pub id: String,

    /// Zone to show times in
    #[arg(long, short = 'z', alias = "timezone", value_name = "ZONE")]
    pub tz: Option<String>,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// `prices`.
#[derive(Clone, Debug, Subcommand)]
pub enum PricesCommand {
    /// Today's price of every model
    List {
        /// Only models whose name contains this
        filter: Option<String>,
        /// Print JSON
        #[arg(long, short)]
        json: bool,
    },
    /// Every row of one model, with its dates and source
    Show {
        /// Model name, as a transcript has it
        model: String,
        /// Print JSON
        #[arg(long, short)]
        json: bool,
    },
    /// Models in the ledger that have no price
    Missing(JsonArg),
    /// Checks the price book and your own prices, and names price changes to come
    Check(JsonArg),
    /// Fetches a newer price book, checks it, shows what changes, and keeps it
    Update {
        /// Show what would change, keep nothing
        #[arg(long)]
        dry_run: bool,
        /// Where from, instead of the config's prices.url
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
}

/// `reprice`.
#[derive(Clone, Copy, Debug, Args)]
pub struct RepriceArgs {
    /// Show what would change, change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print JSON
    #[arg(long, short)]
    pub json: bool,
}

/// `notify`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum NotifyCommand {
    /// Tells you something by every configured channel, and says how that went
    Test(JsonArg),
    /// Tells the notice that comes as JSON on stdin, without a word; for hooks, while no daemon
    /// runs
    #[command(hide = true)]
    Deliver,
}

/// `service`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ServiceCommand {
    /// Writes the unit, enables and starts it
    Install {
        /// Print the unit and what would be run; write and run nothing
        #[arg(long)]
        dry_run: bool,
        /// Replace a unit that `service install` did not write
        #[arg(long)]
        force: bool,
    },
    /// Stops the service and takes the unit away
    Uninstall {
        /// Print what would be run; take nothing away
        #[arg(long)]
        dry_run: bool,
        /// Take away a unit that `service install` did not write, too
        #[arg(long)]
        force: bool,
    },
    /// Says whether it is installed and running, and whether a daemon holds the ledger
    Status(JsonArg),
}

/// `config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Writes a commented config file
    Init {
        /// Replace an existing one
        #[arg(long)]
        force: bool,
    },
    /// Says whether the config file is right
    Check,
    /// Prints where the config file is, or belongs
    Path,
    /// Prints what is in force, and where it comes from
    Show(JsonArg),
}

/// `demo`.
#[derive(Clone, Copy, Debug, Args)]
pub struct DemoArgs {
    /// How many times faster than life
    #[arg(long, default_value_t = 10.0, value_name = "FACTOR")]
    pub speed: f64,
}
