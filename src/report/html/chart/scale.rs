//! The sizes of a drawing, and where moments and waiting times are in it.

use crate::report::facts::Facts;
use crate::session::{clock::shifted, event::Timestamp};
use std::fmt::Write;

/// The sizes of one drawing. There are two of each picture, one for wide pages and one for phones, so that letters can
/// be read on both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Its class, and the beginning of its ids.
    pub(super) name: &'static str,
    pub(super) width: f64,
    /// Room for labels at the left, and free room at the right.
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) font: f64,
    /// Heights of the plot, of the strip of outcomes, and of a lane.
    pub(super) plot: f64,
    pub(super) strip: f64,
    pub(super) lane: f64,
    /// Distance of ticks, at least.
    pub(super) tick: f64,
}

pub(super) const WIDE: Size = Size {
    name: "wide",
    width: 1000.0,
    left: 92.0,
    right: 34.0,
    font: 13.0,
    plot: 230.0,
    strip: 42.0,
    lane: 23.0,
    tick: 66.0,
};

pub(super) const NARROW: Size = Size {
    name: "narrow",
    width: 370.0,
    left: 62.0,
    right: 26.0,
    font: 11.5,
    plot: 170.0,
    strip: 38.0,
    lane: 21.0,
    tick: 52.0,
};

/// Widths of a column of the strip and the plot, at least.
const COLUMN: f64 = 4.0;
/// Seconds of a column, one of these.
const STEPS: [f64; 15] =
    [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
/// Seconds between two ticks, one of these.
const TICKS: [f64; 15] =
    [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14_400.0];

/// Seconds that are drawn before T0, at least, as far as there are as many.
const BEFORE_S: f64 = 20.0;
/// Seconds that are drawn after the run has ended, at least.
const AFTER_S: f64 = 15.0;

/// The seconds that are drawn, counted from T0, or from the first event if nothing was fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) zero: Timestamp,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Seconds at the beginning that are not drawn.
    pub(super) left_out: f64,
}

impl Window {
    /// From shortly before T0 to shortly after the end of the run; `None` if nothing happened in any time.
    pub(super) fn of(facts: &Facts) -> Option<Self> {
        let zero = facts.zero();
        let seconds = |at: Timestamp| at.duration_since(zero).as_secs_f64();
        let steps = facts.session.steps.intervals.iter().map(|played| seconds(played.from));
        let asked = facts.evidence.samples.iter().map(|sample| sample.seconds_since(zero));
        let first = steps.chain(asked).min_by(f64::total_cmp)?;
        let last = seconds(facts.now);
        let ended = facts.session.concluded.as_ref().map_or(last, |(at, _)| seconds(*at));
        let to = last.min(ended + AFTER_S.max((ended - first) * 0.25)).max(first + 1.0);
        let from = match facts.session.t0() {
            Some(_) => first.max(-BEFORE_S.max(to * 0.6)).min(0.0),
            None => first,
        };
        Some(Self { zero, from, to, left_out: (from - first).max(0.0) })
    }

    pub(super) fn seconds(&self, at: Timestamp) -> f64 {
        at.duration_since(self.zero).as_secs_f64()
    }

    pub(super) fn end(&self) -> Timestamp {
        shifted(self.zero, self.to)
    }
}

/// Where moments are.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeScale {
    pub(super) window: Window,
    pub(super) left: f64,
    pub(super) width: f64,
    /// Seconds of a column.
    pub(super) step: f64,
    tick: f64,
}

impl TimeScale {
    pub(super) fn new(window: Window, size: &Size) -> Self {
        let width = size.width - size.left - size.right;
        let span = window.to - window.from;
        let fits = |places: f64, step: f64| span / step <= places;
        let chosen = |of: &[f64], least: f64| {
            let step = of.iter().copied().find(|step| fits(width / least, *step));
            step.unwrap_or_else(|| of.last().copied().unwrap_or(1.0) * (span / 86_400.0).ceil().max(1.0))
        };
        Self { window, left: size.left, width, step: chosen(&STEPS, COLUMN), tick: chosen(&TICKS, size.tick) }
    }

    pub(super) fn x(&self, seconds: f64) -> f64 {
        let share = (seconds - self.window.from) / (self.window.to - self.window.from);
        self.left + share.clamp(0.0, 1.0) * self.width
    }

    /// The column of a moment: columns begin at T0.
    pub(super) fn column(&self, seconds: f64) -> i64 {
        (seconds / self.step).floor() as i64
    }

    /// The left and the right edge of a column.
    pub(super) fn edges(&self, column: i64) -> (f64, f64) {
        (self.x(column as f64 * self.step), self.x((column + 1) as f64 * self.step))
    }

    pub(super) fn shows(&self, seconds: f64) -> bool {
        (self.window.from..=self.window.to).contains(&seconds)
    }

    /// The ticks with their labels: `-10`, `T0`, `+10`.
    pub(super) fn ticks(&self, fault: bool) -> Vec<(f64, String)> {
        let first = (self.window.from / self.tick).ceil() as i64;
        let last = (self.window.to / self.tick).floor() as i64;
        let label = |seconds: f64| match (seconds == 0.0, self.tick >= 60.0) {
            (true, _) if fault => "T0".to_owned(),
            (true, _) => "0".to_owned(),
            (_, true) => format!("{:+.0} min", seconds / 60.0),
            _ => format!("{seconds:+.0}"),
        };
        (first..=last).map(|n| n as f64 * self.tick).map(|seconds| (seconds, label(seconds))).collect()
    }
}

/// Room below the shortest wait, for the marks that lie there.
const FOOT: f64 = 7.0;

/// Where waiting times are: logarithmic, whole decades, from 1 ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitScale {
    top: f64,
    height: f64,
    decades: f64,
}

impl WaitScale {
    /// Up to the client's deadline, or the longest wait if that is longer.
    pub(super) fn new(top: f64, height: f64, deadline_ms: f64, longest_ms: f64) -> Self {
        let most = deadline_ms.max(longest_ms).clamp(10.0, 1e7);
        // A wait at the deadline lies a little above it.
        Self { top, height: height - FOOT, decades: (most * 1.12).log10() }
    }

    pub(super) fn y(&self, ms: f64) -> f64 {
        let share = ms.max(1.0).log10() / self.decades;
        self.top + self.height * (1.0 - share.clamp(0.0, 1.0))
    }

    /// A label for each decade.
    pub(super) fn labels(&self) -> Vec<(f64, String)> {
        (0..=self.decades.floor() as i32)
            .map(|decade| 10_f64.powi(decade))
            .map(|ms| (ms, if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.0} s", ms / 1000.0) }))
            .collect()
    }
}

/// The data of a `path`: numbers with one decimal, which is finer than a screen shows.
#[derive(Clone, Debug, Default)]
pub(super) struct PathData(String);

impl PathData {
    pub(super) fn push(&mut self, command: char, numbers: &[f64]) -> &mut Self {
        self.0.push(command);
        for (place, number) in numbers.iter().enumerate() {
            let rounded = (number * 10.0).round() / 10.0;
            let space = if place == 0 || rounded < 0.0 { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{space}{}", if rounded == 0.0 { 0.0 } else { rounded });
        }
        self
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.push('M', &[x, y]).push('h', &[width]).push('v', &[height]).push('h', &[-width]).push('z', &[]);
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// A coordinate as an attribute.
pub(super) fn n(number: f64) -> String {
    let rounded = (number * 10.0).round() / 10.0;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// Columns that a word takes in a monospaced font.
pub(super) fn word_width(word: &str, font: f64) -> f64 {
    word.chars().count() as f64 * font * 0.602
}
