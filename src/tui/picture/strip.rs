//! The strip below the plot: the share of each outcome among the users of each column.

use super::columns::{Mark, MarkCounts};
use crate::tui::pane_buffer::PaneBuffer;
use ratatui::style::Modifier;

/// The pixels of a column, from the bottom; every outcome that occurred has at least one while there are enough pixels.
pub(super) fn pixels(counts: &MarkCounts, height: usize) -> Vec<Mark> {
    let occurred: Vec<(Mark, u32)> = counts.occurred().collect();
    let total: u64 = occurred.iter().map(|(_, count)| u64::from(*count)).sum();
    if total == 0 || height == 0 {
        return Vec::new();
    }
    if occurred.len() > height {
        // The worst outcomes are shown.
        return occurred.iter().rev().take(height).rev().map(|(mark, _)| *mark).collect();
    }
    let spare = (height - occurred.len()) as u64;
    // One pixel for each outcome, the rest by share, what is left by largest remainder.
    let mut shares: Vec<(Mark, u64, u64)> = occurred
        .iter()
        .map(|(mark, count)| {
            let exact = u64::from(*count) * spare;
            (*mark, 1 + exact / total, exact % total)
        })
        .collect();
    let given: u64 = shares.iter().map(|(_, pixels, _)| pixels).sum();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(shares.get(*i).map_or(0, |share| share.2)));
    for i in order.into_iter().take((height as u64).saturating_sub(given) as usize) {
        if let Some(share) = shares.get_mut(i) {
            share.1 += 1;
        }
    }
    shares.into_iter().flat_map(|(mark, count, _)| std::iter::repeat_n(mark, count as usize)).collect()
}

/// Draws the strip; if it has more than one row, its topmost pixel stays empty to separate it from the plot above.
pub(super) fn draw(canvas: &mut PaneBuffer, counts: &[MarkCounts]) {
    let theme = canvas.theme;
    let (rows, foot) = (canvas.height(), canvas.height().saturating_sub(1));
    if theme.draws_letters() {
        for (x, mark) in counts.iter().enumerate().filter_map(|(x, counts)| Some((x, counts.worst()?))) {
            canvas.dot(x, foot, mark.letter(), theme.style(mark.role()));
        }
        return;
    }
    for (x, column) in counts.iter().enumerate() {
        let pixels = pixels(column, (rows * 2 - 1).max(2 - usize::from(rows > 1)));
        let at = |from_below: usize| pixels.get(from_below).copied();
        for y in 0..rows {
            let lower = 2 * (foot - y);
            super::plot::cell(canvas, x, y, at(lower + 1), at(lower));
        }
    }
    let mut x = 0;
    for run in counts.chunk_by(|one, other| one.worst() == other.worst()) {
        if let Some(worst) = run.first().and_then(MarkCounts::worst) {
            let style = theme.fill(worst.role()).add_modifier(Modifier::BOLD);
            match worst.word() {
                word if word.len() + 2 <= run.len() => canvas.put(x + 1, foot, word, style),
                _ => canvas.dot(x, foot, worst.letter(), style),
            }
        }
        x += run.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pixels_add_up_and_every_outcome_shows(counts: [u16; 5], height in 1_usize..9) {
            let counts = MarkCounts(counts.map(u32::from));
            let occurred: Vec<Mark> = counts.occurred().map(|(mark, _)| mark).collect();
            let pixels = pixels(&counts, height);
            if occurred.is_empty() {
                prop_assert!(pixels.is_empty());
            } else {
                prop_assert_eq!(pixels.len(), height);
                prop_assert!(pixels.is_sorted());
                for mark in occurred.iter().rev().take(height) {
                    prop_assert!(pixels.contains(mark));
                }
            }
        }
    }

    #[test]
    fn shares_are_seen() {
        let pixels = |counts, height| {
            pixels(&MarkCounts(counts), height).iter().map(|mark| mark.letter()).collect::<String>()
        };
        assert_eq!(pixels([3, 0, 0, 0, 1], 3), "rrX");
        assert_eq!(pixels([99, 0, 0, 0, 1], 5), "rrrrX");
        assert_eq!(pixels([1, 0, 1, 1, 1], 3), "f?X");
        assert_eq!(pixels([0, 0, 2, 2, 0], 5), "fff??");
    }
}
