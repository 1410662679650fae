//! The plot of waiting times: each answer as a mark of its outcome, and lines of percentiles.

use super::scale::{PathData, TimeScale, WaitScale};
use crate::report::evidence::{AskedSample, SampleOutcome};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Requests that a stretch of the percentiles holds, about.
const IN_STRETCH: f64 = 20.0;
/// Answers below which a percentile is no more than the longest wait, and is left out.
const FOR_P95: usize = 20;
const FOR_P99: usize = 100;
/// Height of a cell: several marks of one outcome in a cell are one.
const CELL: f64 = 3.0;
/// Requests beyond which marks would cover each other in any case, so that cells are as wide as a mark.
const MANY: usize = 10_000;

/// What a mark stands for, the best first: a worse one is drawn over a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Real,
    Unjudged,
    Fallback,
    Waiting,
    Failed,
}

impl Mark {
    pub(super) const ALL: [Mark; 5] =
        [Mark::Real, Mark::Unjudged, Mark::Fallback, Mark::Waiting, Mark::Failed];

    /// The mark of an outcome; `None` for requests that were not observed.
    pub(super) fn of(outcome: SampleOutcome) -> Option<Self> {
        match outcome {
            SampleOutcome::Real => Some(Mark::Real),
            SampleOutcome::Unjudged => Some(Mark::Unjudged),
            SampleOutcome::Fallback => Some(Mark::Fallback),
            SampleOutcome::Unanswered | SampleOutcome::Withheld => Some(Mark::Waiting),
            SampleOutcome::Error(_) => Some(Mark::Failed),
            SampleOutcome::Lost => None,
        }
    }

    /// The role whose colour it has.
    pub(super) fn role(self) -> &'static str {
        match self {
            Mark::Real => "ok",
            Mark::Unjudged => "unknown",
            Mark::Fallback => "protected",
            Mark::Waiting => "waiting",
            Mark::Failed => "failing",
        }
    }

    /// Its word, in the strip.
    pub(super) fn word(self) -> &'static str {
        match self {
            Mark::Real => "real",
            Mark::Unjudged => "answer",
            Mark::Fallback => "fallback",
            Mark::Waiting => "waiting",
            Mark::Failed => "FAILED",
        }
    }

    /// Its letter, where there is no room for the word.
    pub(super) fn letter(self) -> &'static str {
        match self {
            Mark::Real => "r",
            Mark::Unjudged => "a",
            Mark::Fallback => "f",
            Mark::Waiting => "?",
            Mark::Failed => "X",
        }
    }

    /// Its meaning, in the key.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Mark::Real => "real answer",
            Mark::Unjudged => "answer, real or fallback not known",
            Mark::Fallback => "fallback",
            Mark::Waiting => "no answer",
            Mark::Failed => "failed",
        }
    }

    /// Draws it: each has a shape of its own.
    pub(super) fn draw(self, path: &mut PathData, x: f64, y: f64) {
        match self {
            Mark::Real => path.push('M', &[x, y]).push('h', &[0.0]),
            Mark::Fallback => {
                path.push('M', &[x, y - 3.2]).push('l', &[3.2, 3.2, -3.2, 3.2, -3.2, -3.2]).push('z', &[])
            }
            Mark::Failed => path
                .push('M', &[x - 3.0, y - 3.0])
                .push('l', &[6.0, 6.0])
                .push('m', &[0.0, -6.0])
                .push('l', &[-6.0, 6.0]),
            Mark::Waiting => path.push('M', &[x, y - 3.6]).push('l', &[3.4, 6.0, -6.8, 0.0]).push('z', &[]),
            Mark::Unjudged => path
                .push('M', &[x - 2.4, y - 2.4])
                .push('h', &[4.8])
                .push('v', &[4.8])
                .push('h', &[-4.8])
                .push('z', &[]),
        };
    }
}

/// The marks of all answers, one path for each outcome.
pub(super) fn marks(samples: &[&AskedSample], time: &TimeScale, waits: &WaitScale) -> Markup {
    let mut taken: BTreeSet<(Mark, i64, i64)> = BTreeSet::new();
    let mut paths: BTreeMap<Mark, PathData> = BTreeMap::new();
    let width = if samples.len() > MANY { CELL } else { 1.0 };
    for sample in samples {
        let seconds = sample.seconds_since(time.window.zero);
        let Some(mark) = Mark::of(sample.outcome).filter(|_| time.shows(seconds)) else { continue };
        if sample.outcome == SampleOutcome::Withheld {
            continue;
        }
        let (x, y) = (time.x(seconds), waits.y(f64::from(sample.waited_ms)));
        if taken.insert((mark, (x / width).round() as i64, (y / CELL).round() as i64)) {
            mark.draw(paths.entry(mark).or_default(), x, y);
        }
    }
    html! {
        @for (mark, path) in &paths { path class={ "d-" (mark.role()) } d=(path.text()) {} }
    }
}

/// The lines of the percentiles.
#[derive(Debug, Default)]
pub(super) struct Percentiles {
    /// Seconds of a stretch.
    pub(super) stretch_s: f64,
    /// Class, data, and where the line ends.
    pub(super) lines: Vec<(&'static str, PathData, (f64, f64))>,
}

impl Percentiles {
    /// Computes them stretch by stretch; a line is level within a stretch and not joined to the next, because nothing
    /// is known between them.
    pub(super) fn of(samples: &[&AskedSample], rate: f64, time: &TimeScale, waits: &WaitScale) -> Self {
        let wanted = IN_STRETCH / rate.max(0.01);
        let least = time.step * 3.0;
        let stretch_s = wanted.max(least).ceil().max(1.0);
        let mut stretches: BTreeMap<i64, Vec<f32>> = BTreeMap::new();
        for sample in samples.iter().filter(|sample| counts(sample.outcome)) {
            let seconds = sample.seconds_since(time.window.zero);
            if time.shows(seconds) {
                stretches.entry((seconds / stretch_s).floor() as i64).or_default().push(sample.waited_ms);
            }
        }
        let mut lines: Vec<(&'static str, PathData, (f64, f64))> = Vec::new();
        for (class, share, least) in [("p99", 0.99, FOR_P99), ("p95", 0.95, FOR_P95), ("p50", 0.5, 1)] {
            let (mut path, mut end) = (PathData::default(), None);
            for (stretch, found) in &mut stretches {
                if found.len() < least {
                    continue;
                }
                found.sort_unstable_by(f32::total_cmp);
                let y = waits.y(quantile(found, share));
                let from = time.x(*stretch as f64 * stretch_s);
                let to = time.x((*stretch + 1) as f64 * stretch_s);
                path.push('M', &[from, y]).push('H', &[to]);
                end = Some((to, y));
            }
            lines.extend(end.map(|end| (class, path, end)));
        }
        Self { stretch_s, lines }
    }
}

/// Whether the wait of a request counts: it was observed to its end, or has lasted so long.
fn counts(outcome: SampleOutcome) -> bool {
    outcome.is_answer() || outcome == SampleOutcome::Unanswered
}

/// The nearest rank of sorted values.
pub(super) fn quantile(sorted: &[f32], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().map_or(0.0, f64::from)
}
