//! Runs of an experiment as samples: what differs between two of them, or between several on each side, and whether that is
//! more than noise.
//!
//! Works on summaries, so that a run can be compared with a file that was committed long ago.

mod bootstrap;
mod compared;
mod gate;
mod metric;
mod read;
mod spread;
#[cfg(test)]
mod tests;
mod words;

use super::summary::Summary;
use crate::insight::RunVerdict;
pub(crate) use compared::{MetricJudgement, MetricRow, RunsCompared};
pub(crate) use gate::regressions;
pub(crate) use read::RunsFile;
pub(crate) use spread::Spread;

/// One or several runs of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Runs {
    /// Their name: `before`, `session.ctui`.
    pub name: String,
    /// At least one.
    pub runs: Vec<Summary>,
}

impl Runs {
    /// One run.
    pub(crate) fn one(name: impl Into<String>, run: Summary) -> Self {
        Self { name: name.into(), runs: vec![run] }
    }

    /// The verdicts, each with its number of runs, the most frequent first: `PROTECTED`, `4 x PROTECTED, 1 x NOT RESILIENT`.
    pub(crate) fn verdicts(&self) -> String {
        let mut counted: Vec<(String, usize)> = Vec::new();
        for run in &self.runs {
            let word = RunVerdict::of_key(&run.verdict.word)
                .map_or_else(|| run.verdict.word.clone(), |verdict| verdict.text().to_owned());
            match counted.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => counted.push((word, 1)),
            }
        }
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        match counted.as_slice() {
            [(word, 1)] => word.clone(),
            _ => {
                counted.iter().map(|(word, count)| format!("{count} x {word}")).collect::<Vec<_>>().join(", ")
            }
        }
    }
}
