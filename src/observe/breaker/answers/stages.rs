//! Reads quarters of a second in order and tells which stage a breaker would be in.
//!
//! | seen | hang | refused |
//! | --- | --- | --- |
//! | fine | real | real |
//! | failing | slow, nobody cuts it short | fast: looks like open |
//! | open | fast, after a cliff from slow to fast (a network that refuses by now looks the same) | the same as the line above |
//! | half-open | slow among fast, one reset time after opening | invisible |
//!
//! Allowed moves: fine - failing - open - half-open - open or fine; a restart of the consumer leads back to failing.

use super::quarters::Quarter;
use crate::session::event::Timestamp;

/// Fast calls in a row, after slow ones, that make a cliff.
const CLIFF: u32 = 3;
/// Real answers in a row that make the breaker closed again.
const CLOSED: u32 = 3;
/// Share of the learned reset time after which a slow call can be a trial: timers jitter.
const NEARLY: f64 = 0.8;
/// Seconds open after which a slow call can be a trial, as long as the reset time is not known.
const EARLIEST_S: f64 = 1.0;
/// Calls that must have gone through, and for how long, before it is said that no breaker was seen.
const THROUGH: (u32, f64) = (20, 10.0);
/// The largest number that is told of a row of real answers.
const ROW: u32 = 20;

/// What the answers look like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::observe::breaker) enum Stage {
    /// Too little was seen.
    #[default]
    Unknown,
    /// Real answers.
    Fine {
        /// In a row, twenty at most.
        real: u32,
    },
    /// Calls fail, and no cliff from slow to fast was seen.
    Failing {
        /// When the first one was due.
        since: Timestamp,
        /// When the latest one was due.
        latest: Timestamp,
        /// Slow ones, those that still wait included.
        slow: u32,
        /// Fast ones since the latest slow one, or of all if none was slow.
        fast: u32,
        /// When the first of these was due.
        fast_since: Timestamp,
        /// Whether users get a fallback.
        fallback: bool,
        /// Longest wait so far.
        longest_ms: f64,
        /// Real answers in a row lately.
        real: u32,
    },
    /// Calls are cut short: fast after slow.
    Open {
        /// When the first fast one was due.
        since: Timestamp,
        /// When the latest one was due.
        latest: Timestamp,
        /// Fast ones since.
        fast: u32,
        /// Whether users get a fallback.
        fallback: bool,
        /// The slowest of the fast ones.
        slowest_ms: f64,
    },
    /// Some calls go through again, one reset time after opening.
    HalfOpen {
        /// When the first of them was due.
        since: Timestamp,
        /// Slow ones, those that still wait included.
        slow: u32,
        /// Real answers so far.
        real: u32,
        /// When the first of them failed.
        failed: Option<Timestamp>,
        /// Whether users get a fallback.
        fallback: bool,
    },
}

impl Stage {
    /// Since when; `None` for stages that have no beginning.
    pub(in crate::observe::breaker) fn since(&self) -> Option<Timestamp> {
        match *self {
            Stage::Unknown | Stage::Fine { .. } => None,
            Stage::Failing { since, .. } | Stage::Open { since, .. } | Stage::HalfOpen { since, .. } => {
                Some(since)
            }
        }
    }

    /// Whether so many calls went through, for so long, that a breaker would have shown itself.
    pub(in crate::observe::breaker) fn passes_through(&self) -> bool {
        let Stage::Failing { since, latest, slow, fast: 0, .. } = *self else { return false };
        slow >= THROUGH.0 && seconds(since, latest) >= THROUGH.1
    }

    /// Whether many calls failed at once, and have for long, without a slow one among them.
    pub(in crate::observe::breaker) fn fails_fast_for_long(&self) -> bool {
        match *self {
            Stage::Failing { since, latest, slow: 0, fast, fallback: false, .. }
            | Stage::Open { since, latest, fast, fallback: false, .. } => {
                fast >= THROUGH.0 && seconds(since, latest) >= THROUGH.1
            }
            _ => false,
        }
    }
}

/// The reader and the stage it is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    stage: Stage,
}

impl Reader {
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// A new process has a closed breaker: if calls still fail, they fail anew.
    pub(super) fn restarted(&mut self) {
        if matches!(self.stage, Stage::Open { .. } | Stage::HalfOpen { .. }) {
            self.stage = Stage::Unknown;
        }
    }

    pub(super) fn read(&mut self, quarter: &Quarter, reset: Option<f64>) {
        self.stage = match self.stage {
            Stage::Unknown | Stage::Fine { .. } if trouble(quarter) => failing(quarter),
            Stage::Unknown => Stage::Fine { real: quarter.real.min(ROW) },
            Stage::Fine { real } => Stage::Fine { real: (real + quarter.real).min(ROW) },
            Stage::Failing { .. } => self.still_failing(quarter),
            Stage::Open { since, fast, fallback, slowest_ms, .. } => {
                let earliest = reset.map_or(EARLIEST_S, |reset| reset * NEARLY);
                let trial = slow(quarter) > 0 && seconds(since, quarter.start) >= earliest;
                if trial || quarter.real > 0 {
                    half_open(quarter, fallback)
                } else {
                    Stage::Open {
                        since,
                        latest: quarter.start,
                        fast: fast + quarter.fast,
                        fallback: fallback || quarter.fallback,
                        slowest_ms: slowest_ms.max(quarter.slowest_fast_ms),
                    }
                }
            }
            Stage::HalfOpen { since, slow: slow_before, real, failed, fallback } => {
                let failed = earlier(failed, quarter.slow_ended);
                let real = real + quarter.real;
                let refused = quarter.fast > 0 && slow(quarter) == 0 && quarter.real == 0;
                match failed {
                    _ if real >= CLOSED => Stage::Fine { real: real.min(ROW) },
                    Some(at) if refused && at <= quarter.start => Stage::Open {
                        since: at,
                        latest: quarter.start,
                        fast: quarter.fast,
                        fallback: fallback || quarter.fallback,
                        slowest_ms: quarter.slowest_fast_ms,
                    },
                    failed => {
                        Stage::HalfOpen { since, slow: slow_before + slow(quarter), real, failed, fallback }
                    }
                }
            }
        };
    }

    fn still_failing(&self, quarter: &Quarter) -> Stage {
        let Stage::Failing { since, slow: slow_before, fast, fast_since, fallback, longest_ms, real, .. } =
            self.stage
        else {
            return self.stage;
        };
        if !trouble(quarter) {
            let real = real + quarter.real;
            return if real >= CLOSED { Stage::Fine { real: real.min(ROW) } } else { self.with_real(real) };
        }
        let slow_after = slow_before + slow(quarter);
        let cut = slow(quarter) == 0;
        let fresh = fast == 0 || !cut;
        let fast = if cut { fast + quarter.fast } else { 0 };
        let fast_since = if fresh { quarter.start } else { fast_since };
        let fallback = fallback || quarter.fallback;
        if slow_after > 0 && fast >= CLIFF {
            let (since, latest) = (fast_since, quarter.start);
            return Stage::Open { since, latest, fast, fallback, slowest_ms: quarter.slowest_fast_ms };
        }
        let longest_ms = longest_ms.max(quarter.longest_ms);
        Stage::Failing {
            since,
            latest: quarter.start,
            slow: slow_after,
            fast,
            fast_since,
            fallback,
            longest_ms,
            real: 0,
        }
    }

    fn with_real(&self, in_a_row: u32) -> Stage {
        let mut stage = self.stage;
        if let Stage::Failing { real, .. } = &mut stage {
            *real = in_a_row;
        }
        stage
    }
}

fn failing(quarter: &Quarter) -> Stage {
    Stage::Failing {
        since: quarter.start,
        latest: quarter.start,
        slow: slow(quarter),
        fast: quarter.fast,
        fast_since: quarter.start,
        fallback: quarter.fallback,
        longest_ms: quarter.longest_ms,
        real: 0,
    }
}

fn half_open(quarter: &Quarter, fallback: bool) -> Stage {
    Stage::HalfOpen {
        since: quarter.start,
        slow: slow(quarter),
        real: quarter.real,
        failed: quarter.slow_ended,
        fallback: fallback || quarter.fallback,
    }
}

/// Calls of a quarter that were or are slow and not real.
fn slow(quarter: &Quarter) -> u32 {
    quarter.slow + quarter.waiting
}

fn trouble(quarter: &Quarter) -> bool {
    quarter.fast + slow(quarter) > 0
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
