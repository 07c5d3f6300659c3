//! spendtop
pub mod agents;
pub mod ingest;
pub mod ledger;
pub mod model;
pub mod pricing;
