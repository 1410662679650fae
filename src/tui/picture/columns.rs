//! The outcomes of users, column by column: the pixels of the plot and the counts of the strip.
//!
//! One answer is one pixel: its column is the time at which it was sent, its height how long it waited. Answers that
//! are no longer stored one by one are drawn from the per-second records, which count waiting times in bands.

use crate::{
    session::{
        Session,
        event::Timestamp,
        state::{BANDS, Endpoint, Outcome, UserSecond},
    },
    tui::{axis::TimeAxis, theme::Role},
};

/// Requests without an answer are drawn once they wait this long, in milliseconds; until then an answer may be on its
/// way.
pub(crate) const IN_FLIGHT_SHOWN_MS: f64 = 100.0;

/// What a pixel stands for, in order of severity: of several marks in one pixel the worst is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// An answer of the earlier run.
    EarlierRun,
    Real,
    Unjudged,
    Fallback,
    Waiting,
    Failed,
}

impl Mark {
    pub(super) fn role(self) -> Role {
        match self {
            Mark::EarlierRun => Role::Ghost,
            Mark::Real => Role::Ok,
            Mark::Unjudged => Role::Unknown,
            Mark::Fallback => Role::Protected,
            Mark::Waiting => Role::Waiting,
            Mark::Failed => Role::Failing,
        }
    }

    /// The letter of the mark, for themes without colours.
    pub(super) fn letter(self) -> char {
        match self {
            Mark::EarlierRun => '\'',
            Mark::Real => 'r',
            Mark::Unjudged => 'a',
            Mark::Fallback => 'f',
            Mark::Waiting => '?',
            Mark::Failed => 'X',
        }
    }

    /// The word of the mark in the strip.
    pub(super) fn word(self) -> &'static str {
        match self {
            Mark::EarlierRun => "",
            Mark::Real => "real",
            Mark::Unjudged => "answer",
            Mark::Fallback => "fallback",
            Mark::Waiting => "waiting",
            Mark::Failed => "FAILED",
        }
    }
}

impl From<Outcome> for Mark {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Real => Mark::Real,
            Outcome::Fallback => Mark::Fallback,
            Outcome::Unjudged => Mark::Unjudged,
            Outcome::Error => Mark::Failed,
        }
    }
}

/// The number of a column's users for each mark, in the order of [`MarkCounts::MARKS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MarkCounts(pub(super) [u32; 5]);

impl MarkCounts {
    pub(super) const MARKS: [Mark; 5] =
        [Mark::Real, Mark::Unjudged, Mark::Fallback, Mark::Waiting, Mark::Failed];

    fn add(&mut self, mark: Mark, count: u32) {
        let place = Self::MARKS.iter().position(|other| *other == mark);
        if let Some(sum) = place.and_then(|place| self.0.get_mut(place)) {
            *sum = sum.saturating_add(count);
        }
    }

    /// The marks that occurred, with their counts, the best first.
    pub(super) fn occurred(&self) -> impl DoubleEndedIterator<Item = (Mark, u32)> + '_ {
        Self::MARKS.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    pub(super) fn worst(&self) -> Option<Mark> {
        self.occurred().next_back().map(|(mark, _)| mark)
    }
}

/// A logarithmic scale of waiting times from 1 ms to the client's deadline, which never changes in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    deadline_ms: f64,
    /// The height in pixels, two per row.
    pub(super) pixels: usize,
}

impl Scale {
    pub(super) fn new(endpoint: &Endpoint, rows: usize) -> Self {
        Self { deadline_ms: (endpoint.deadline_ms as f64).max(10.0), pixels: rows * 2 }
    }

    /// The scale before any endpoint is probed.
    pub(super) fn unknown(rows: usize) -> Self {
        Self { deadline_ms: 10_000.0, pixels: rows * 2 }
    }

    /// The pixel of a waiting time, counted from the bottom; times beyond either end are kept inside.
    pub(super) fn pixel(&self, ms: f64) -> usize {
        let top = self.pixels.saturating_sub(1) as f64;
        let share = ms.max(1e-9).log10() / self.deadline_ms.log10();
        (share * top).round().clamp(0.0, top) as usize
    }

    /// The row of a waiting time, counted from the top.
    pub(super) fn row(&self, ms: f64) -> usize {
        (self.pixels / 2).saturating_sub(1).saturating_sub(self.pixel(ms) / 2)
    }

    /// The rows and labels of the decades, the longest time first; the deadline is listed even if it is not a decade.
    pub(super) fn decades(&self) -> Vec<(usize, String)> {
        let mut rows: Vec<(usize, String)> = Vec::new();
        let tens = (0..6).rev().map(|power| 10_f64.powi(power)).filter(|ms| *ms <= self.deadline_ms);
        for ms in std::iter::once(self.deadline_ms).chain(tens) {
            let row = self.row(ms);
            if rows.last().is_none_or(|(last, _)| *last < row) {
                rows.push((row, label(ms)));
            }
        }
        rows
    }
}

fn label(ms: f64) -> String {
    match ms {
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms % 1000.0 < 1.0 => format!("{:.0} s", ms / 1000.0),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// The columns of a track.
pub(super) struct Columns {
    pixels: Vec<Option<Mark>>,
    counts: Vec<MarkCounts>,
    height: usize,
}

impl Columns {
    fn new(columns: usize, height: usize) -> Self {
        Self { pixels: vec![None; columns * height], counts: vec![MarkCounts::default(); columns], height }
    }

    /// The outcomes of an endpoint's users until `until`, on an axis and a scale.
    pub(super) fn of(
        session: &Session,
        endpoint: &Endpoint,
        axis: &TimeAxis,
        scale: Scale,
        until: Timestamp,
    ) -> Self {
        let mut columns = Self::new(axis.columns, scale.pixels);
        columns.add_answers(session, endpoint, axis, scale, until, Mark::from);
        for (flight, waited) in endpoint.waiting_over(until, IN_FLIGHT_SHOWN_MS) {
            if let Some(column) = axis.column(flight.start) {
                columns.put(column, scale.pixel(waited), Mark::Waiting);
                columns.count(column, Mark::Waiting, 1);
            }
        }
        columns
    }

    /// Draws the earlier run behind this one, aligned at T0, including its part after this run's present.
    pub(super) fn add_earlier_run(&mut self, earlier: &Session, axis: &TimeAxis, scale: Scale) {
        let Some((axis, endpoint)) = axis.relative_to(earlier).zip(earlier.users.main()) else { return };
        let until = earlier.run.ended.or(earlier.last).unwrap_or(Timestamp::MAX);
        let counts = self.counts.clone();
        self.add_answers(earlier, endpoint, &axis, scale, until, |_| Mark::EarlierRun);
        self.counts = counts;
    }

    fn add_answers(
        &mut self,
        session: &Session,
        endpoint: &Endpoint,
        axis: &TimeAxis,
        scale: Scale,
        until: Timestamp,
        mark: impl Fn(Outcome) -> Mark,
    ) {
        let from = axis.start_of(0);
        for dot in endpoint.samples_since(from).filter(|dot| dot.start <= until) {
            let Some(column) = axis.column(dot.start) else { continue };
            let answered = dot.ended() <= until;
            let (shown, waited) = if answered {
                (mark(dot.outcome), f64::from(dot.waited_ms))
            } else {
                // The answer came after `until`: at that moment the request was still waiting.
                (Mark::Waiting, until.duration_since(dot.start).as_secs_f64() * 1000.0)
            };
            if !answered && (waited < IN_FLIGHT_SHOWN_MS || mark(Outcome::Real) == Mark::EarlierRun) {
                continue;
            }
            self.put(column, scale.pixel(waited), shown);
            self.count(column, shown, 1);
        }
        let Some(forgotten) = endpoint.samples_forgotten().map(|at| session.axis.slot(at)) else { return };
        let first = session.axis.slot(from);
        for (slot, second) in endpoint.seconds_from(first).take_while(|(slot, _)| *slot <= forgotten) {
            let (Some(begin), Some(end)) = (session.axis.start_of(slot), session.axis.start_of(slot + 1))
            else {
                continue;
            };
            // A second may span several columns, or be part of one.
            let last = axis.index(end.checked_sub(std::time::Duration::from_millis(1)).unwrap_or(end));
            for column in (axis.index(begin)..=last).filter_map(|index| axis.column_of(index)) {
                self.add_second(column, second, scale, &mark);
            }
        }
    }

    fn add_second(
        &mut self,
        column: usize,
        second: &UserSecond,
        scale: Scale,
        mark: impl Fn(Outcome) -> Mark,
    ) {
        let lower = std::iter::once(0.0).chain(BANDS);
        for ((band, count), ms) in second.bands.iter().enumerate().zip(lower) {
            if *count > 0 {
                for outcome in second.outcomes(band) {
                    self.put(column, scale.pixel(ms), mark(outcome));
                }
            }
        }
        for (outcome, count) in [
            (Mark::Real, second.real.0),
            (Mark::Unjudged, second.unjudged.0),
            (Mark::Fallback, second.fallback.0),
            (Mark::Waiting, second.withheld),
            (Mark::Failed, second.errors),
        ] {
            self.count(column, outcome, count);
        }
    }

    fn put(&mut self, column: usize, pixel: usize, mark: Mark) {
        if let Some(cell) = self.pixels.get_mut(column * self.height + pixel.min(self.height - 1)) {
            *cell = (*cell).max(Some(mark));
        }
    }

    fn count(&mut self, column: usize, mark: Mark, count: u32) {
        if let Some(counts) = self.counts.get_mut(column) {
            counts.add(mark, count);
        }
    }

    /// The upper and the lower pixel of a cell whose row is counted from the top.
    pub(super) fn cell(&self, column: usize, row: usize) -> (Option<Mark>, Option<Mark>) {
        let at = |pixel: Option<usize>| {
            let pixel = pixel.filter(|pixel| *pixel < self.height)?;
            self.pixels.get(column * self.height + pixel).copied().flatten()
        };
        let upper = (self.height).checked_sub(1 + 2 * row);
        (at(upper), at(upper.and_then(|upper| upper.checked_sub(1))))
    }

    pub(super) fn counts(&self) -> &[MarkCounts] {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::fixtures::{self, Variant},
        tui::{
            keymap::Keymap,
            view::{ControlMode, View},
        },
    };

    fn scale(rows: usize) -> Scale {
        Scale { deadline_ms: 10_000.0, pixels: rows * 2 }
    }

    #[test]
    fn decades_fall_on_rows_at_even_distances() {
        for (rows, wanted) in
            [(5, [0, 1, 2, 3, 4]), (9, [0, 2, 4, 6, 8]), (13, [0, 3, 6, 9, 12]), (21, [0, 5, 10, 15, 20])]
        {
            let decades = scale(rows).decades();
            let labels: Vec<&str> = decades.iter().map(|(_, label)| label.as_str()).collect();
            assert_eq!(labels, ["10 s", "1 s", "100 ms", "10 ms", "1 ms"], "{rows}");
            let found: Vec<usize> = decades.iter().map(|(row, _)| *row).collect();
            assert_eq!(found, wanted, "{rows}");
        }
    }

    #[test]
    fn waiting_times_beyond_the_scale_stay_on_it() {
        let scale = scale(9);
        assert_eq!((scale.pixel(0.0), scale.pixel(0.4), scale.pixel(60_000.0)), (0, 0, 17));
        assert_eq!(scale.pixel(f64::NAN), 0);
    }

    #[test]
    fn a_failed_answer_is_never_hidden_by_a_real_one() {
        let mut columns = Columns::new(1, 4);
        for mark in [Mark::Real, Mark::Failed, Mark::Real, Mark::EarlierRun] {
            columns.put(0, 1, mark);
        }
        assert_eq!(columns.cell(0, 1), (Some(Mark::Failed), None));
    }

    #[test]
    fn what_came_later_than_what_is_shown_is_still_waiting() {
        let (session, _) = fixtures::finished(Variant::Before);
        let endpoint = session.users.main().unwrap();
        let view = View::new(Keymap::default(), ControlMode::Live);
        let until = fixtures::at(4.0);
        let axis = TimeAxis::new(&session, &view, until, 80);
        let columns = Columns::of(&session, endpoint, &axis, scale(9), until);
        let all: u32 = columns.counts().iter().map(|counts| counts.0[3]).sum();
        assert_eq!(all, 8, "two a second, nobody has an answer at T+4");
        assert_eq!(columns.counts().iter().map(|counts| counts.0[4]).sum::<u32>(), 0);
    }
}
