//! From files to batches of events: find the transcripts, read what is new, remember how far.
//!
//! The cursor that comes with a batch must be stored in the same transaction as what was made of
//! the batch. Then a crash anywhere means reading again, never twice and never skipping.

mod backfill;
mod discover;
mod document;
mod latest;
mod lines;
mod project;
mod read;
mod rows;
mod zstd;

pub use backfill::{Scan, backfill, scan};
pub use discover::{Discovery, Place, Problem, Root, SourceFile, discover, places, source_file};
pub use latest::LatestRecords;
pub use lines::{LineBuffer, MAX_LINE};
pub use project::Projects;
pub use read::{Reader, replay};
