//! Hostile inputs: each is refused or fails with a clear message, in bounded memory.

mod answers;
mod cluster;
mod files;
mod numbers;
mod output;
mod python;

use crate::program::{Case, Ended};

/// The maximum memory of a run in MiB, for any input. The program itself takes twenty; an answer or an output is kept
/// up to sixteen, and a few copies of it exist for a moment.
const MOST: u64 = 150;

/// The maximum memory in MiB for inputs with the maximum number of values, a million of about a hundred bytes each.
const MOST_OF_VALUES: u64 = 500;

/// A nesting depth at which a recursive parser overflows its stack.
const DEEP: usize = 100_000;

/// Runs a case to completion and checks its memory use.
fn run(case: Case) -> Ended {
    run_within(MOST, case)
}

fn run_within(most: u64, case: Case) -> Ended {
    let ended = case.measured().run();
    let peak = ended.peak.expect("it was measured");
    assert!(peak < most, "{peak} MiB: {:#?}", ended.lines);
    for line in &ended.lines {
        assert!(!line.contains("panicked") && line.len() < 100_000, "{line}");
    }
    ended
}

/// Runs a case and checks that it is refused with one ERROR line that contains these words, without a journal.
fn refused(case: Case, words: &str) {
    refused_within(MOST, case, words);
}

fn refused_within(most: u64, case: Case, words: &str) {
    let ended = run_within(most, case);
    assert_eq!(ended.code(), 1, "{:#?}", ended.lines);
    assert!(!ended.has_journal());
    let errors: Vec<_> = ended.messages().into_iter().filter(|(level, _)| level == "ERROR").collect();
    assert!(matches!(errors.as_slice(), [(_, text)] if text.contains(words)), "{words}: {:#?}", ended.lines);
}

/// Returns the last line of the first activity's exception.
fn failure(ended: &Ended) -> String {
    let exception = ended.at("/run/0/exception");
    let last = exception.as_array().and_then(|lines| lines.last()).and_then(|line| line.as_str());
    last.unwrap_or_else(|| panic!("no failure: {:#?}", ended.lines)).to_owned()
}
