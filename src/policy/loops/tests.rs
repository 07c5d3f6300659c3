//! Tests of the detectors on threads made for them, and of the corpus.

use std::collections::{BTreeMap, BTreeSet};

use super::corpus::{self, Halves, Thread};
use super::*;

fn families(threads: &[&Thread]) -> BTreeSet<String> {
    threads.iter().map(|thread| thread.family.clone()).collect()
}

#[test]
fn the_corpus_is_large_and_every_family_is_in_both_halves() {
    let threads = corpus::read(corpus::EMBEDDED).unwrap();
    let halves = Halves::of(&threads);
    assert_eq!(families(&halves.tune), families(&halves.report));
    assert_eq!(halves.tune.len() + halves.report.len(), threads.len());
    let mut kinds: BTreeMap<Detector, usize> = BTreeMap::new();
    for thread in &threads {
        if let Some((kind, _)) = thread.runaway {
            *kinds.entry(kind).or_default() += 1;
        }
    }
    assert_eq!(kinds.len(), Detector::ALL.len(), "a kind without a thread: {kinds:?}");
    let runaways: usize = kinds.values().sum();
    assert!(threads.len() >= 120 && runaways * 3 > threads.len());
    assert!((threads.len() - runaways) * 3 > threads.len());
}
