//! The lanes of the timeline: one letter per second, on one axis.

use super::{Endpoint, Session, cluster::Readiness};
use crate::session::event::{BreakerState, Timestamp};
use std::ops::Range;

/// The letter of a second in which this program did not run.
pub const UNSEEN: char = '~';

/// One line of the timeline. Every lane is shown, also when it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The executed steps: `[kill][probe...`.
    Steps,
    /// `#` while the fault is on, `.` otherwise.
    Fault,
    /// `-` whole, `d` degraded, `x` down: the Services and workloads that the fault targets.
    Provider,
    /// `r` real, `f` fallback, capital when over the limit, `X` error, `?` still waiting: the worst answer of each
    /// second.
    Users,
    /// `-` closed or none, `c` closed, `O` open, `h` half-open, `?` not seen yet, `.` no breaker seen, `f` fallback at
    /// once, `M` mixed, `D` disabled, `d` metrics only, `F` forced open, blank unknown.
    Breaker,
    /// `-` fine, `5` failing: the result of the health page.
    Health,
}

impl Lane {
    /// All lanes, from top to bottom.
    pub const ALL: [Lane; 6] =
        [Lane::Steps, Lane::Fault, Lane::Provider, Lane::Users, Lane::Breaker, Lane::Health];

    /// Returns the label in front of the lane.
    pub fn label(self) -> &'static str {
        match self {
            Lane::Steps => "steps",
            Lane::Fault => "fault",
            Lane::Provider => "provider",
            Lane::Users => "users",
            Lane::Breaker => "breaker",
            Lane::Health => "/health",
        }
    }
}

impl Session {
    /// Returns the letters of a lane for a range of seconds, counted from T0 (or from the beginning, before anything
    /// was fired). Seconds that have not begun are blank, as are those without data.
    pub fn lane(&self, lane: Lane, seconds: Range<i64>, now: Timestamp) -> String {
        self.lane_for_endpoint(lane, self.users.main(), seconds, now)
    }

    /// Same as [`Session::lane`], with the users of one endpoint in the users' lane.
    pub fn lane_for_endpoint(
        &self,
        lane: Lane,
        endpoint: Option<&Endpoint>,
        seconds: Range<i64>,
        now: Timestamp,
    ) -> String {
        let provider = match lane {
            Lane::Steps => return self.steps_lane(seconds, now),
            Lane::Provider => self.cluster.readiness_of(&self.victim_names()),
            _ => Vec::new(),
        };
        let letter = |second: i64| {
            let slot = self.axis.slot_of_second(second);
            let (from, to) = (self.axis.start_of(slot)?, self.axis.start_of(slot + 1)?);
            if from > now || slot < 0 {
                return None;
            }
            if !matches!(lane, Lane::Users | Lane::Fault) && self.gaps.covers(from, to) {
                return Some(UNSEEN);
            }
            match lane {
                Lane::Steps => None,
                Lane::Fault => Some(self.fault_letter(from, to)),
                Lane::Provider => provider_letter(&provider, from, to),
                Lane::Users => {
                    endpoint?.letter(slot, now).or_else(|| self.gaps.overlaps(from, to).then_some(UNSEEN))
                }
                Lane::Breaker => self.breaker_letter(from, to),
                Lane::Health => self.health_letter(from, to),
            }
        };
        seconds.map(|second| letter(second).unwrap_or(' ')).collect()
    }

    /// Returns the names of the objects that the fault targets or would target.
    pub(super) fn victim_names(&self) -> Vec<&str> {
        match (&self.fault, &self.target) {
            (Some(fault), _) => fault.targets().collect(),
            (None, Some(card)) => card.objects.iter().map(String::as_str).collect(),
            (None, None) => Vec::new(),
        }
    }

    fn fault_letter(&self, from: Timestamp, to: Timestamp) -> char {
        let on = self.fault.as_ref().is_some_and(|fault| fault.on.within(from, to).any(|on| on));
        if on { '#' } else { '.' }
    }

    fn breaker_letter(&self, from: Timestamp, to: Timestamp) -> Option<char> {
        let mut standing = self.breaker.states.within(from, to).map(|(state, _)| state);
        let first = standing.next()?;
        // Half-open often lasts a fraction of a second and must not be hidden by the state that follows. The same holds
        // for a half-open state that was over before it was observed.
        if self.breaker.missed.iter().any(|at| (from..to).contains(at)) {
            return Some('h');
        }
        let last = standing.reduce(|shown, next| if shown == BreakerState::HalfOpen { shown } else { next });
        match last.unwrap_or(first) {
            BreakerState::ClosedOrNone => Some('-'),
            BreakerState::Closed => Some('c'),
            BreakerState::Open => Some('O'),
            BreakerState::HalfOpen => Some('h'),
            BreakerState::NotSeenYet => Some('?'),
            BreakerState::NoBreakerSeen => Some('.'),
            BreakerState::FallbackAtOnce => Some('f'),
            BreakerState::Mixed => Some('M'),
            BreakerState::Disabled => Some('D'),
            BreakerState::MetricsOnly => Some('d'),
            BreakerState::ForcedOpen => Some('F'),
            BreakerState::Unknown => None,
        }
    }

    fn health_letter(&self, from: Timestamp, to: Timestamp) -> Option<char> {
        self.breaker.health_failing.within(from, to).last().map(|failing| if failing { '5' } else { '-' })
    }

    /// Draws one bracket per step, as wide as it lasted; a short one moves the following ones to the right.
    fn steps_lane(&self, seconds: Range<i64>, now: Timestamp) -> String {
        let mut cells = vec![' '; usize::try_from(seconds.end - seconds.start).unwrap_or(0)];
        let mut free = i64::MIN;
        for span in self.steps.spans() {
            let from = self.axis.second(span.started).max(free);
            let to = self.axis.second(span.ended.unwrap_or(now)).max(from + 2);
            free = to + 1;
            let width = usize::try_from(to - from).unwrap_or(0);
            let end = if span.ended.is_some() { ']' } else { ' ' };
            let inside = span.label.chars().chain(std::iter::repeat(' ')).take(width - 1);
            for (second, letter) in
                (from..).zip(std::iter::once('[').chain(inside).chain(std::iter::once(end)))
            {
                let cell = usize::try_from(second - seconds.start).ok().and_then(|i| cells.get_mut(i));
                if let Some(cell) = cell {
                    *cell = letter;
                }
            }
        }
        cells.into_iter().collect()
    }
}

fn provider_letter(victims: &[&Readiness], from: Timestamp, to: Timestamp) -> Option<char> {
    victims
        .iter()
        .flat_map(|readiness| readiness.within(from, to))
        .map(|(ready, desired)| match desired {
            _ if ready == 0 => 'x',
            Some(desired) if ready < desired => 'd',
            _ => '-',
        })
        // The worse letter happens to be the greater one.
        .max()
}
