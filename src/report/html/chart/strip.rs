//! The strip of outcomes: in each column, what share of the users got what.

use super::{
    lanes::{Segment, fitting, inset},
    scale::{PathData, Size, TimeScale, n},
    waits::Mark,
};
use crate::report::evidence::AskedSample;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The number of requests by outcome.
type Counts = [u32; Mark::ALL.len()];

/// Draws the strip, with the word of each run of columns in it.
pub(super) fn strip(samples: &[&AskedSample], time: &TimeScale, size: &Size, top: f64) -> Markup {
    let columns = columns(samples, time);
    let mut paths: BTreeMap<Mark, PathData> = BTreeMap::new();
    for (column, counts) in &columns {
        let (from, to) = time.edges(*column);
        for (mark, share_from, share) in shares(counts) {
            let height = share * size.strip;
            let y = top + size.strip - (share_from + share) * size.strip;
            // A little wider, so that no gap shows between two columns.
            paths.entry(mark).or_default().rect(from, y, to - from + 0.3, height);
        }
    }
    let base = top + size.strip - size.font * 0.45;
    html! {
        @for (mark, path) in &paths { path class={ "f-" (mark.role()) } d=(path.text()) {} }
        @for (x, word) in words(&columns, time, size) {
            text class="t-ink" x=(n(x)) y=(n(base)) font-size=(n(size.font)) { (word) }
        }
    }
}

fn columns(samples: &[&AskedSample], time: &TimeScale) -> BTreeMap<i64, Counts> {
    let mut columns: BTreeMap<i64, Counts> = BTreeMap::new();
    for sample in samples {
        let seconds = sample.seconds_since(time.window.zero);
        let Some(mark) = Mark::of(sample.outcome).filter(|_| time.shows(seconds)) else { continue };
        let counts = columns.entry(time.column(seconds)).or_default();
        if let Some(count) = counts.get_mut(mark as usize) {
            *count += 1;
        }
    }
    columns
}

/// The share of each outcome with where it begins, from below; what occurred at all shows.
fn shares(counts: &Counts) -> Vec<(Mark, f64, f64)> {
    const LEAST: f64 = 0.12;
    let all = f64::from(counts.iter().sum::<u32>().max(1));
    let raw = Mark::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
    let widened: Vec<(Mark, f64)> =
        raw.map(|(mark, count)| (*mark, (f64::from(*count) / all).max(LEAST))).collect();
    let sum: f64 = widened.iter().map(|(_, share)| share).sum();
    let mut from = 0.0;
    let place = |(mark, share): (Mark, f64)| {
        let placed = (mark, from, share / sum);
        from += share / sum;
        placed
    };
    widened.into_iter().map(place).collect()
}

/// The words of runs of columns with the same worst outcome, as far as there is room for them.
fn words(columns: &BTreeMap<i64, Counts>, time: &TimeScale, size: &Size) -> Vec<(f64, String)> {
    let mut runs: Vec<(Mark, i64, i64)> = Vec::new();
    for (column, counts) in columns {
        let worst =
            Mark::ALL.into_iter().rev().find(|mark| counts.get(*mark as usize).is_some_and(|n| *n > 0));
        let Some(worst) = worst else { continue };
        match runs.last_mut().filter(|(mark, _, to)| *mark == worst && column - *to <= 2) {
            Some((_, _, to)) => *to = *column,
            None => runs.push((worst, *column, *column)),
        }
    }
    let word = |(mark, from, to): (Mark, i64, i64)| {
        let (from, to) = (time.edges(from).0, time.edges(to).1);
        let words = [mark.word(), mark.letter()].map(str::to_owned);
        let word = fitting(&words, to - from, size.font)?.clone();
        Some((from + inset(&word, to - from, size.font), word))
    };
    runs.into_iter().filter_map(word).collect()
}

/// The same as segments of a lane, for the description of the picture.
pub(super) fn described(samples: &[&AskedSample], time: &TimeScale) -> Vec<Segment> {
    let mut runs: Vec<Segment> = Vec::new();
    for (column, counts) in columns(samples, time) {
        let worst =
            Mark::ALL.into_iter().rev().find(|mark| counts.get(*mark as usize).is_some_and(|n| *n > 0));
        let Some(worst) = worst else { continue };
        let (from, to) = (column as f64 * time.step, (column + 1) as f64 * time.step);
        match runs.last_mut().filter(|run| run.role == worst.role()) {
            Some(run) => run.to = to,
            None => runs.push(Segment::new(from, to, worst.role(), true, [worst.word()])),
        }
    }
    runs
}
