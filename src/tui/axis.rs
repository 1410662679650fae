//! The time axis that all parts of the picture share: maps columns to time intervals.
//!
//! T0 stands in a fixed column. Columns are numbered by an index that counts steps from T0 (before a fire: from the
//! beginning), so that a moment keeps its index while the step size stays the same.

use super::view::View;
use crate::session::{
    Session,
    event::{Section, Timestamp},
};

/// The step sizes to choose from, in milliseconds per column.
const STEPS_MS: [i64; 8] = [250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
/// The index in [`STEPS_MS`] of the smallest step that is chosen automatically.
const SMALLEST: usize = 1;
/// The label intervals to choose from, in seconds.
const TICKS_S: [i64; 10] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
/// The minimum number of columns between two labels.
const APART: i64 = 9;
/// The number of columns by which the window scrolls at a time before T0.
const STRIDE: i64 = 4;
/// The maximum time before T0 that the comparison of two runs shows, in milliseconds.
const AROUND_MS: i64 = 10_000;
/// The minimum number of columns right of the present; with fewer, the next larger step is taken.
const MARGIN: i64 = 2;

/// Maps columns to time intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeAxis {
    /// The width of the track in columns.
    pub(super) columns: usize,
    /// The moment at which index 0 begins.
    zero: Timestamp,
    step_ms: i64,
    /// The index in the first column.
    first: i64,
    /// The index of the present.
    now: i64,
    /// The index from which labels count: that of T0 or, before the fire, the index in T0's column.
    origin: i64,
    fired: bool,
    live: bool,
}

/// A label below the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) column: usize,
    pub(super) text: String,
    pub(super) kind: LabelKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelKind {
    Tick,
    T0,
    Now,
}

impl TimeAxis {
    /// Creates the axis of a session at the moment `now`, on a track of `columns` columns.
    pub(super) fn new(session: &Session, view: &View, now: Timestamp, columns: usize) -> Self {
        let lead = lead(columns);
        let after = columns as i64 - lead;
        let zero = session.axis.start_of_second(0).unwrap_or(now);
        let fired = session.t0().is_some();
        let now_ms = millis(zero, now);
        let place = match view.zoom {
            Some(place) => place.min(STEPS_MS.len() - 1),
            None => fitting(start(session, after), if fired { now_ms } else { 0 }, after),
        };
        let step_ms = STEPS_MS.get(place).copied().unwrap_or(1000);
        let now = now_ms.div_euclid(step_ms);
        let live_first = if fired {
            -lead + paged(now, columns as i64, lead)
        } else {
            (now.div_euclid(STRIDE) + 1) * STRIDE - lead
        };
        let first = view.scrolled_to.map_or(live_first, |ms| ms.div_euclid(step_ms).min(live_first));
        let origin = if fired { 0 } else { first + lead };
        Self { columns, zero, step_ms, first, now, origin, fired, live: first == live_first }
    }

    /// Creates the axis of a finished run for the comparison of two runs: up to ten seconds before T0, in at most a
    /// fifth of the track, and `until_ms` milliseconds after T0.
    pub(super) fn around_t0(session: &Session, until_ms: i64, columns: usize) -> Self {
        let zero = session.t0().or(session.meta.opened).unwrap_or(Timestamp::UNIX_EPOCH);
        let all = columns as i64;
        let lead = |step: i64| (AROUND_MS / step).clamp(1, (all / 5).max(1));
        let fits = |step: &i64| until_ms.div_euclid(*step) < all - lead(*step) - MARGIN;
        let steps = STEPS_MS.get(SMALLEST..).unwrap_or_default();
        let step_ms = steps.iter().copied().find(fits).or(STEPS_MS.last().copied()).unwrap_or(1000);
        let (first, now) = (-lead(step_ms), until_ms.div_euclid(step_ms));
        Self { columns, zero, step_ms, first, now, origin: 0, fired: true, live: true }
    }

    /// Returns the same columns relative to the T0 of another session; `None` if that session has no T0.
    pub(super) fn relative_to(self, session: &Session) -> Option<Self> {
        Some(Self { zero: session.t0()?, ..self })
    }

    /// The step as text: `0.5 s`, `10 s`.
    pub(super) fn step(&self) -> String {
        match self.step_ms {
            ms if ms % 1000 == 0 => format!("{} s", ms / 1000),
            ms => format!("{} s", ms as f64 / 1000.0),
        }
    }

    pub(super) fn step_ms(&self) -> i64 {
        self.step_ms
    }

    /// Returns whether the window follows the present, that is, it is not scrolled back.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// The index that contains a moment.
    pub(super) fn index(&self, at: Timestamp) -> i64 {
        millis(self.zero, at).div_euclid(self.step_ms)
    }

    /// The column of an index; `None` outside the track.
    pub(super) fn column_of(&self, index: i64) -> Option<usize> {
        usize::try_from(index - self.first).ok().filter(|column| *column < self.columns)
    }

    /// The column of a moment, if it is on the track.
    pub(super) fn column(&self, at: Timestamp) -> Option<usize> {
        self.column_of(self.index(at))
    }

    /// The index in the first column.
    pub(super) fn first(&self) -> i64 {
        self.first
    }

    /// The index of the present.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// The column of the present, if it is on the track.
    pub(super) fn now_column(&self) -> Option<usize> {
        self.column_of(self.now)
    }

    /// The column of T0; before a fire, the column that T0 will take.
    pub(super) fn t0_column(&self) -> Option<usize> {
        self.column_of(self.origin)
    }

    /// The moment at which a column begins.
    pub(super) fn start_of(&self, column: usize) -> Timestamp {
        self.moment((self.first + column as i64) * self.step_ms)
    }

    fn moment(&self, ms: i64) -> Timestamp {
        self.zero.checked_add(jiff::SignedDuration::from_millis(ms)).unwrap_or(self.zero)
    }

    /// Milliseconds from index 0 to the beginning of a column.
    pub(super) fn millis_of(&self, column: usize) -> i64 {
        (self.first + column as i64) * self.step_ms
    }

    /// The moment `ms` milliseconds after index 0.
    pub(super) fn at_millis(&self, ms: i64) -> Timestamp {
        self.moment(ms)
    }

    /// The columns that have a tick.
    pub(super) fn ticks(&self) -> impl Iterator<Item = usize> + '_ {
        let apart = self.tick_s() * 1000 / self.step_ms;
        (0..self.columns).filter(move |column| (self.away(*column)) % apart == 0)
    }

    /// The number of steps from the origin to a column.
    fn away(&self, column: usize) -> i64 {
        self.first + column as i64 - self.origin
    }

    /// Seconds between ticks: the smallest interval in [`TICKS_S`] at which labels stay readable.
    fn tick_s(&self) -> i64 {
        let wide = |tick: &&i64| *tick * 1000 / self.step_ms >= APART && *tick * 1000 % self.step_ms == 0;
        TICKS_S.iter().find(wide).copied().unwrap_or(600)
    }

    /// The labels, each beginning in its column. A label that does not fit is left out.
    pub(super) fn labels(&self) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        let mut free = 0;
        for column in self.ticks() {
            let away = self.away(column) * self.step_ms / 1000;
            let (text, kind) = match (away, self.fired) {
                (0, true) => ("T0".to_owned(), LabelKind::T0),
                (away, false) if away >= 0 => continue,
                (away, _) => (second(away), LabelKind::Tick),
            };
            if column >= free && column + text.len() <= self.columns {
                free = column + text.len() + 1;
                labels.push(Label { column, text, kind });
            }
        }
        if !self.fired
            && self.live
            && let Some(column) = self.t0_column().and_then(|t0| t0.checked_sub("now".len()))
        {
            labels.retain(|label| label.column + label.text.len() < column);
            labels.push(Label { column, text: "now".to_owned(), kind: LabelKind::Now });
        }
        labels
    }
}

/// The number of step sizes.
pub(super) const fn steps() -> usize {
    STEPS_MS.len()
}

/// The index in [`STEPS_MS`] of the step of `axis`.
pub(super) fn place_of(axis: &TimeAxis) -> usize {
    STEPS_MS.iter().position(|step| *step == axis.step_ms).unwrap_or(SMALLEST)
}

/// The number of columns left of T0.
fn lead(columns: usize) -> i64 {
    (columns as f64 * 0.2).round() as i64
}

fn millis(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.duration_since(from).as_millis()).unwrap_or(i64::MAX)
}

/// Formats seconds from T0: `-5`, `+90`; from ten minutes on `+12:00`.
fn second(away: i64) -> String {
    if let -599..600 = away {
        format!("{away:+}")
    } else {
        let sign = if away < 0 { '-' } else { '+' };
        format!("{sign}{}:{:02}", away.abs() / 60, away.abs() % 60)
    }
}

/// The index of the initial step: the smallest one from half a second on with which four fifths of the method's planned
/// pauses fit into the `after` columns right of T0.
fn start(session: &Session, after: i64) -> usize {
    let planned: f64 = session
        .steps
        .rows
        .iter()
        .filter(|row| row.step.at.section == Section::Method)
        .flat_map(|row| [row.step.pause_before, row.step.pause_after])
        .flatten()
        .filter(|seconds| seconds.is_finite())
        .sum();
    let fits =
        |place: &usize| STEPS_MS.get(*place).is_some_and(|step| planned * 800.0 <= (step * after) as f64);
    (SMALLEST..STEPS_MS.len()).find(fits).unwrap_or(STEPS_MS.len() - 1)
}

/// The index of the smallest step, from `start` on, that leaves [`MARGIN`] columns right of the present.
fn fitting(start: usize, now_ms: i64, after: i64) -> usize {
    let fits =
        |place: &usize| STEPS_MS.get(*place).is_some_and(|step| now_ms.div_euclid(*step) < after - MARGIN);
    (start..STEPS_MS.len()).find(fits).unwrap_or(STEPS_MS.len() - 1)
}

/// The number of columns by which the window has scrolled so that it shows the present: a multiple of a quarter of its
/// width.
fn paged(now: i64, columns: i64, lead: i64) -> i64 {
    let quarter = (columns / 4).max(1);
    let over = now + lead - (columns - 2);
    if over > 0 { (over + quarter - 1) / quarter * quarter } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::fixtures::{self, Variant, at},
        tui::{keymap::Keymap, view::ControlMode},
    };
    use proptest::prelude::*;

    fn view() -> View {
        View::new(Keymap::default(), ControlMode::Live)
    }

    fn axis(seconds: f64, columns: usize) -> TimeAxis {
        let (session, now) = fixtures::session_at(Variant::After, seconds);
        TimeAxis::new(&session, &view(), now, columns)
    }

    #[test]
    fn t0_keeps_its_column_and_the_step_only_grows() {
        let (session, _) = fixtures::session_at(Variant::After, 1.0);
        let mut last = 0;
        let mut jumps = 0;
        for tenth in 0..36_000 {
            let now = at(f64::from(tenth) / 10.0);
            let axis = TimeAxis::new(&session, &view(), now, 80);
            assert_eq!(axis.t0_column(), Some(16));
            assert!(axis.now_column().is_some_and(|column| column < 78), "{tenth}");
            assert!(axis.step_ms() >= last);
            jumps += usize::from(axis.step_ms() > last);
            last = axis.step_ms();
        }
        assert!(jumps <= 7, "the first step and six jumps, not {jumps}");
    }

    #[test]
    fn before_t0_the_present_runs_through_four_columns() {
        let (session, _) = fixtures::steady();
        for tenth in 0..200 {
            let axis = TimeAxis::new(&session, &view(), at(-20.0 + f64::from(tenth) / 10.0), 80);
            let now = axis.now_column().unwrap();
            assert!((12..16).contains(&now), "{now}");
            assert_eq!(
                axis.labels().last().unwrap(),
                &Label { column: 13, text: "now".to_owned(), kind: LabelKind::Now }
            );
        }
    }

    #[test]
    fn labels_stand_where_their_seconds_begin() {
        let texts = |axis: TimeAxis| {
            axis.labels().into_iter().map(|label| (label.column, label.text)).collect::<Vec<_>>()
        };
        let owned = |label: &[(usize, &str)]| -> Vec<(usize, String)> {
            label.iter().map(|(column, text)| (*column, (*text).to_owned())).collect()
        };
        let half = owned(&[
            (6, "-5"),
            (16, "T0"),
            (26, "+5"),
            (36, "+10"),
            (46, "+15"),
            (56, "+20"),
            (66, "+25"),
            (76, "+30"),
        ]);
        assert_eq!(texts(axis(10.0, 80)), half);
        let whole = owned(&[(6, "-10"), (16, "T0"), (26, "+10"), (36, "+20"), (46, "+30"), (56, "+40")]);
        assert!(texts(axis(40.0, 80)).starts_with(&whole));
    }

    #[test]
    fn zoomed_in_the_window_turns_pages() {
        let (session, _) = fixtures::session_at(Variant::After, 1.0);
        let view = View { zoom: Some(0), ..view() };
        let axis = |seconds| TimeAxis::new(&session, &view, at(seconds), 80);
        assert_eq!((axis(15.0).step_ms(), axis(15.0).t0_column()), (250, Some(16)));
        let moved = axis(16.0);
        assert_eq!(moved.t0_column(), None, "a quarter of 80 columns is more than the 16 before T0");
        assert!(moved.now_column().unwrap() >= 58);
    }

    proptest! {
        #[test]
        fn columns_and_moments_agree(seconds in -20.0..4000.0_f64, columns in 20_usize..200) {
            let axis = axis(1.0, columns);
            let moment = at(seconds);
            if let Some(column) = axis.column(moment) {
                prop_assert!(axis.start_of(column) <= moment && moment < axis.start_of(column + 1));
            }
        }
    }
}
