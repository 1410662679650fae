//! Inputs that want to be the end of whoever reads them: each is refused or fails in clear words, in bounded memory.

mod answers;
mod files;
mod numbers;
mod output;
mod python;

use crate::program::{Case, Ended};

/// MiB that a run may take whatever it is given. Twenty of them are the program itself; what is kept of an answer or an
/// output is at most sixteen, and for a moment there are a few copies of it.
const MOST: u64 = 150;

/// MiB for what holds as many values as are read at all, a million, each of which takes a hundred bytes.
const MOST_OF_VALUES: u64 = 500;

/// Levels that no reader which recurses survives.
const DEEP: usize = 100_000;

/// Runs it to its end, in bounds.
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

/// Runs it; it is refused in one ERROR line with these words, without journal.
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

/// The last line of the exception of the first activity.
fn failure(ended: &Ended) -> String {
    let exception = ended.at("/run/0/exception");
    let last = exception.as_array().and_then(|lines| lines.last()).and_then(|line| line.as_str());
    last.unwrap_or_else(|| panic!("no failure: {:#?}", ended.lines)).to_owned()
}
