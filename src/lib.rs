//! spendtop
pub mod agents;
pub mod model;
pub mod pricing;
