//! Tests of the detectors: on threads made for each, on the corpus, on random ones.

mod corpus;
mod detectors;
mod lane;
mod rounds;
mod state;
