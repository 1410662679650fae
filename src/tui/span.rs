//! The stretch of seconds on the screen: one column a second, zero at the kill.

use crate::session::{Session, event::Timestamp};
use std::ops::Range;

/// The live view moves on in steps of this many seconds, so that letters stand still in between.
const STEP: i64 = 10;

/// Which seconds stand in which columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The second in the first column, counted from T0 (or from the beginning, before anything was fired).
    pub first: i64,
    /// Columns, one second each.
    pub columns: usize,
}

impl Span {
    /// Seconds shown before T0.
    pub(super) const LEAD: i64 = 5;

    /// The stretch that follows the present: from shortly before T0 as long as that fits, then moving on.
    pub(super) fn live(session: &Session, now: Timestamp, columns: usize) -> Self {
        let begin = if session.t0().is_some() { -Self::LEAD } else { beginning(session, now) };
        let over = session.axis.second(now) - begin - columns as i64 + 1;
        let steps = if over > 0 { (over + STEP - 1) / STEP } else { 0 };
        Self { first: begin + steps * STEP, columns }
    }

    /// The stretch that was scrolled to, or the live one.
    pub(super) fn shown(session: &Session, now: Timestamp, columns: usize, scrolled_to: Option<i64>) -> Self {
        let live = Self::live(session, now, columns);
        scrolled_to.map_or(live, |first| Self { first, columns })
    }

    /// The earliest second that scrolling reaches.
    pub(super) fn earliest(session: &Session, now: Timestamp) -> i64 {
        let begin = beginning(session, now);
        if session.t0().is_some() { begin.min(-Self::LEAD) } else { begin }
    }

    pub(super) fn seconds(&self) -> Range<i64> {
        self.first..self.first + self.columns as i64
    }

    /// The column of a second, if it is on the screen.
    pub(super) fn column(&self, second: i64) -> Option<usize> {
        usize::try_from(second - self.first).ok().filter(|column| *column < self.columns)
    }

    /// The words under the axis: `T0`, `+10`, … after the kill; `-10`, `now` before it.
    pub(super) fn labels(&self, session: &Session, now: Timestamp) -> String {
        let present = session.axis.second(now);
        let fired = session.t0().is_some();
        let mut line = String::new();
        for second in self.seconds() {
            let away = if fired { second } else { second - present };
            let label = label(away, fired);
            let (Some(label), Some(column)) = (label, self.column(second)) else { continue };
            let free = line.is_empty() || column > line.len();
            if free && column >= line.len() && column + label.len() <= self.columns {
                line.push_str(&" ".repeat(column - line.len()));
                line.push_str(&label);
            }
        }
        line
    }
}

/// The second of the first thing that is drawn on the axis.
fn beginning(session: &Session, now: Timestamp) -> i64 {
    let watched = session.users.endpoints.iter().map(|endpoint| endpoint.since).min();
    let played = session.steps.rows.iter().filter_map(|row| row.started).min();
    // Where nobody is asked, what pages tell is all there is to see.
    let told = session.breaker.states.changes().next().map(|(at, _)| at);
    let told = told.filter(|_| session.users.passive);
    let first = [watched, played, told].into_iter().flatten().min().unwrap_or(now);
    session.axis.second(first)
}

fn label(away: i64, fired: bool) -> Option<String> {
    match away {
        0 if fired => Some("T0".to_owned()),
        0 => Some("now".to_owned()),
        _ if !fired && away > 0 => None,
        -599..600 if away % 10 == 0 => Some(format!("{away:+}")),
        _ if away % 20 == 0 => {
            let (sign, whole) = (if away < 0 { '-' } else { '+' }, away.abs());
            Some(format!("{sign}{}:{:02}", whole / 60, whole % 60))
        }
        _ => None,
    }
}
