//! Formats figures for panes: narrow, so that columns line up.

use crate::session::{event::Timestamp, wording};

/// The clock of the header: `T+00:19`, `T-00:14`, `T+1:02:03`.
pub(super) fn clock(since_t0: f64) -> String {
    let sign = if since_t0 < 0.0 { '-' } else { '+' };
    let whole = since_t0.abs() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("T{sign}{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("T{sign}{minutes:02}:{seconds:02}")
    }
}

/// A waiting time in at most six columns: `<1 ms`, `6 ms`, `5.3 s`, `120 s`; `-` for none.
pub(super) fn wait(ms: Option<f64>) -> String {
    match ms {
        None => "-".to_owned(),
        Some(ms) if ms < 1.0 => "<1 ms".to_owned(),
        Some(ms) => wording::wait(ms),
    }
}

/// A waiting time in at most six columns; `>=6.2s` if the wait is still open.
pub(super) fn wait_so_far(ms: Option<f64>, open: bool) -> String {
    match ms.filter(|_| open) {
        None => wait(ms),
        Some(ms) if ms < 10_000.0 => format!(">={:.1}s", (ms / 100.0).floor() / 10.0),
        Some(ms) => format!(">={:.0}s", (ms / 1000.0).floor()),
    }
}

/// Seconds between two moments, never negative.
pub(super) fn between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

/// A duration in a readable unit: `0.3 s`, `17 s`, `3 min`, `2 h`, `5 d`.
pub(super) fn length(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} d", s / 86_400.0),
    }
}

/// A moment relative to T0, in whole seconds: `T+35`.
pub(super) fn moment(since_t0: f64) -> String {
    format!("T{since_t0:+.0}").replace("T-0", "T+0")
}

/// A bar of `cells` cells, filled to a fraction between 0 and 1.
pub(super) fn bar(share: f64, cells: usize) -> String {
    let done = ((share.clamp(0.0, 1.0) * cells as f64).floor() as usize).min(cells);
    format!("{}{}", "█".repeat(done), "░".repeat(cells - done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_narrow() {
        for (seconds, wanted) in
            [(0.4, "T+00:00"), (19.0, "T+00:19"), (-14.2, "T-00:14"), (3723.0, "T+1:02:03")]
        {
            assert_eq!(clock(seconds), wanted);
        }
        for (ms, wanted) in [(None, "-"), (Some(0.3), "<1 ms"), (Some(6.2), "6 ms"), (Some(999.6), "1.0 s")] {
            assert_eq!(wait(ms), wanted);
        }
        for (ms, open, wanted) in [
            (Some(6270.0), true, ">=6.2s"),
            (Some(10_030.0), true, ">=10s"),
            (Some(6270.0), false, "6.3 s"),
            (Some(120_900.0), true, ">=120s"),
            (None, true, "-"),
        ] {
            assert_eq!(wait_so_far(ms, open), wanted);
        }
        for (seconds, wanted) in
            [(0.3, "0.3 s"), (17.2, "17 s"), (300.0, "5 min"), (7200.0, "2 h"), (2e6, "23 d")]
        {
            assert_eq!(length(seconds), wanted);
        }
        assert_eq!((moment(35.2), moment(-0.2)), ("T+35".to_owned(), "T+0".to_owned()));
    }

    #[test]
    fn bars_fill_from_the_left() {
        assert_eq!(bar(0.0, 4), "░░░░");
        assert_eq!(bar(0.5, 4), "██░░");
        assert_eq!(bar(7.0, 4), "████");
        assert_eq!(bar(f64::NAN, 2), "░░");
    }
}
