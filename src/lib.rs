//! spendtop
pub mod agents;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod format;
pub mod ingest;
pub mod ledger;
pub mod model;
pub mod paths;
pub mod pricing;
pub mod tui;
