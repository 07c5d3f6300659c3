//! `top` for what coding agents spend: exact, explainable, live.
//!
//! # The way of the data
//!
//! ```text
//! transcript bytes ─► LineBuffer ─► Agent::parse ─► Event ──────────┐
//!   or rows (cursor: file id, offset, anchor, adapter state)        ▼
//!                                  PriceBook ──► Writer: settle, price, store
//!                                                     │  one transaction: rows + sums + cursor
//!                                                     ▼
//!                       screen · commands · hook ◄── Reader ◄── ledger (SQLite, WAL)
//!                                                     │
//!        caps + clock ─► policy::decide ◄── Tally ◄───┘
//!                              │
//!                          Decision ─► latch, audit row, Notice ─► desktop · webhook · command
//!                              └─────► enforce::Guard ─► signal, by pidfd ─► audit row
//! ```
//!
//! [`ingest`] finds the transcripts and reads what is new, [`agents`] turn records into
//! [`model::Event`]s, the [`ledger`] decides which records are one call and whose it is, has it
//! priced by [`pricing`] and keeps it. What is done in a thread beside its calls (prompts, tools,
//! results) comes as a [`model::DeedLog`] of fingerprints. After each pass `daemon::watchdog` holds
//! the sums against the caps ([`policy`]), has the person told ([`notice`]) and sessions that must
//! not go on ended ([`enforce`]). [`daemon`] runs all that, as a service or for as long as the
//! screen is open. The [`hook`] stops a session from within, by the same sums. [`cli`] and the
//! screen only read.
//!
//! # Invariants
//!
//! 1. A cursor is stored in the same transaction as the rows it produced. A crash anywhere means
//!    reading again: never twice, never skipped.
//! 2. A call is keyed by the provider's response identity, global over files and sessions.
//!    Reading it again is a no-op or a fuller usage.
//! 3. `model`, `agents`, `pricing` and `policy` do no I/O, read no clock and no environment.
//! 4. Only the holder of the instance lock writes the ledger. All others leave a request or a note
//!    in the inbox, which the holder drains; a hook never waits for a transaction of the ledger.
//! 5. Nothing is signalled unless pid and start time still match at that moment, held by a pidfd:
//!    our uid, an executable of that agent's kind, never pid 1, ourselves or our ancestors. At less
//!    a session is blocked and the person told.
//! 6. Reading history only fills the ledger. The guard acts on present totals of the present
//!    period, after the first scan is complete.
//! 7. No floating-point money before the formatter. An unknown price is unpriced, never zero.
//! 8. A line that does not parse is counted and shown by `doctor`; it is never an error and never
//!    silently lost.
//! 9. Prompt and tool text is never stored or logged, and never shown but what a tool call repeats
//!    on the screen of its session, read from the transcript when it is looked at.
//! 10. Rows outlive the transcripts they came from.
//! 11. What a set of records comes to does not depend on the order in which they were read.
//!
//! Deliberately absent: a network call that nobody asked for, a default price, substring matching
//! of model names, and any trait for the ledger or files: tests use real ones.
//!
//! # Where a change goes
//!
//! | to change | go to |
//! |---|---|
//! | how a transcript is read | `agents/<agent>/`, one struct for each JSON shape |
//! | how lines, documents and rows are found and gone on with | `ingest/`, `ingest/rows/` |
//! | what a session is at, from the end of its transcript | `agents/latest.rs`, `ingest/latest.rs` |
//! | which records are one call, and whose | `ledger/identity.rs`, pure |
//! | a price, or a price's date | `assets/prices/overlay.toml`, then `assets/prices/build.py` |
//! | how usage becomes money | `pricing/formula.rs`, `pricing/select.rs` |
//! | when a cap is broken | `policy/`, pure; `guard/` sums up for it |
//! | what is done about it, and when | `daemon/watchdog/` |
//! | what begins a turn, how a tool went, what makes two calls the same | `agents/<agent>/`: for Claude `prompt.rs`, `result.rs`, `tool.rs` |
//! | what a turn comes to | `ledger/turns/`, by the calls that count; `ledger/threads.rs` stores the rest |
//! | what is a loop | `policy/loops/`, one file for each detector; `spendtop loops eval` measures |
//! | which threads are watched for loops, and what is told | `daemon/watchdog/loops.rs` |
//! | which process is a session's, and how it is ended | `enforce/` |
//! | what an agent's hook answers | `hook/` |
//! | what is stored | `assets/migrations/`, never editing a released one |
//! | how the person is told, and in which words | `notice/`, one file for each channel |
//! | what `doctor` and the Health screen look at | `health/`, one file for each concern |
//! | what `doctor --selftest` proves | `cli/doctor/selftest/` |
//! | what `explain` and the screen say of a call | `explain/` |
//! | a command | `cli/args.rs` for what can be typed, `cli/<command>.rs` |
//! | a screen, or a panel of one | `tui/screens/`, one module a screen |
//! | what is around every screen | `tui/view/` |
//! | a key | `tui/keys.rs` |
//! | a colour | `assets/themes/` |
//!
//! What may depend on what is in `tests/it/layering.rs`, and tested.

pub mod agents;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod enforce;
pub mod explain;
pub mod format;
pub mod guard;
pub mod health;
pub mod hook;
pub mod ingest;
pub mod ledger;
pub mod model;
pub mod notice;
pub mod paths;
pub mod policy;
pub mod pricing;
pub mod tui;
