//! Reads quarters of a second in order and derives the stage of the answers.
//!
//! | stage | hang | refused |
//! | --- | --- | --- |
//! | fine | real | real |
//! | failing | slow, nobody cuts it short | fast: looks like cut short |
//! | cut short | fast while nothing is in flight, after slow ones (a network that refuses by now looks the same) | as above |
//! | trial | slow, one reset time after the cut, as slow as those before it | invisible |
//!
//! A bulkhead rejects calls while others are in flight, so fast answers at such times are no cut. A breaker is
//! **proven** by a full reset cycle: slow calls, a cut, a trial as slow as those calls, and a cut again; or by real
//! answers that twice begin equally long after a cut.

use super::{super::seconds, quarters::Quarter};
use crate::session::event::Timestamp;

/// The fast calls in a row, after slow ones, that make a cut; and how many of them with nothing in flight.
const CLIFF: (u32, u32) = (3, 2);
/// The same once a breaker has been proven, because a bulkhead need not be excluded then.
const KNOWN_CLIFF: u32 = 2;
/// The slow calls before a cut that it needs to prove anything: one is an outlier.
const SLOW_BEFORE: u32 = 2;
/// The real answers in a row that show that calls go through again.
const CLOSED: u32 = 3;
/// The fast real answers that make a trial a success.
const TRIED: u32 = 2;
/// The same if nothing was cut short before.
const WELL: u32 = 2;
/// The share of the learned reset time after which a slow call can be a trial: timers jitter.
const NEARLY: f64 = 0.8;
/// The seconds after a cut from which on a slow call can be a trial, as long as the reset time is unknown.
const EARLIEST_S: f64 = 1.0;
/// The share of the wait before a cut that a trial must have waited.
const AS_SLOW: f64 = 0.5;
/// The seconds by which two equal reset times may differ, in addition to a fifth of the reset time.
const EQUAL_S: f64 = 0.7;
/// The calls that must have gone through, and the seconds, before the result is that no breaker was seen.
const THROUGH: (u32, f64) = (20, 10.0);
/// The range, relative to the first wait, within which a wait is the provider's own and not a queue's.
const OWN: (f64, f64) = (0.7, 1.5);
/// The slow calls in a row after which a stage that proves nothing is no trial.
const TRIAL: u32 = 12;
/// The unanswered requests in a row after which the state of the consumer is unknown.
const LOST: u32 = 3;
/// The maximum reported number of real answers in a row.
const ROW: u32 = 20;

/// The stage that the answers show.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::observe::breaker) enum AnswerStage {
    /// Too few answers so far.
    #[default]
    Unknown,
    /// The consumer itself does not answer.
    Lost {
        /// The number in a row.
        count: u32,
    },
    /// Real answers.
    Fine {
        /// The number in a row, at most twenty.
        real: u32,
        /// The slow ones in a row.
        slow: u32,
        longest_ms: f64,
    },
    /// Calls fail, and no cut was seen.
    Failing(Failing),
    /// Calls are cut short: fast after slow.
    Cut(Cut),
    /// Some calls go through again, one reset time after the cut.
    Trial(Trial),
}

/// Calls that fail without a cut.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::observe::breaker) struct Failing {
    /// When the first failing call was due.
    pub(in crate::observe::breaker) since: Timestamp,
    pub(in crate::observe::breaker) latest: Timestamp,
    /// The slow calls, including those in flight.
    pub(in crate::observe::breaker) slow: u32,
    /// The slow calls that waited about as long as the first: the provider's own time, not a queue's.
    pub(in crate::observe::breaker) own: u32,
    pub(in crate::observe::breaker) fast: u32,
    /// Real answers among them.
    pub(in crate::observe::breaker) mixed: u32,
    /// Answers with 429.
    pub(in crate::observe::breaker) limited: u32,
    /// Whether users get a fallback.
    pub(in crate::observe::breaker) fallback: bool,
    /// Longest wait so far.
    pub(in crate::observe::breaker) longest_ms: f64,
    /// The wait of the first slow call that ended.
    first_ms: f64,
    /// The latest fast calls in a row, how many of them had nothing in flight, and when the first was due.
    run: (u32, u32, Timestamp),
    /// The latest real answers in a row.
    real: u32,
}

/// Calls that are cut short.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::observe::breaker) struct Cut {
    /// When the first fast call was due.
    pub(in crate::observe::breaker) since: Timestamp,
    pub(in crate::observe::breaker) latest: Timestamp,
    /// The fast calls since the cut.
    pub(in crate::observe::breaker) fast: u32,
    /// Answers with 429 among them.
    pub(in crate::observe::breaker) limited: u32,
    /// Whether users get a fallback.
    pub(in crate::observe::breaker) fallback: bool,
    /// The longest wait of the fast calls.
    pub(in crate::observe::breaker) slowest_ms: f64,
    /// Real answers among them before a trial was possible.
    pub(in crate::observe::breaker) mixed: u32,
    /// The fast calls with nothing in flight.
    clear: u32,
    /// The number of slow calls before the cut, and their longest wait.
    before: (u32, f64),
    /// The latest real answers in a row.
    real: u32,
}

/// Calls that go through again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::observe::breaker) struct Trial {
    /// When the first of them was due.
    pub(in crate::observe::breaker) since: Timestamp,
    /// The slow calls, including those in flight.
    pub(in crate::observe::breaker) slow: u32,
    /// Fast real answers so far.
    pub(in crate::observe::breaker) real: u32,
    /// Whether users get a fallback.
    pub(in crate::observe::breaker) fallback: bool,
    /// Slow real answers so far.
    late: u32,
    /// When the first slow call ended.
    failed: Option<Timestamp>,
    longest_ms: f64,
    cut: Cut,
}

impl AnswerStage {
    /// When the stage began; `None` for stages without a beginning.
    pub(in crate::observe::breaker) fn since(&self) -> Option<Timestamp> {
        match self {
            AnswerStage::Unknown | AnswerStage::Lost { .. } | AnswerStage::Fine { .. } => None,
            AnswerStage::Failing(failing) => Some(failing.since),
            AnswerStage::Cut(cut) => Some(cut.since),
            AnswerStage::Trial(trial) => Some(trial.since),
        }
    }

    /// Whether so many calls took the provider's own time, for so long, that a breaker would have tripped.
    pub(in crate::observe::breaker) fn passes_through(&self) -> bool {
        let AnswerStage::Failing(Failing { since, latest, own, fast: 0, mixed: 0, .. }) = *self else {
            return false;
        };
        own >= THROUGH.0 && seconds(since, latest) >= THROUGH.1
    }

    /// The number of failed calls and since when, if that is enough to compare with the calls that left.
    pub(in crate::observe::breaker) fn failed_for_long(&self) -> Option<(Timestamp, u32)> {
        let (since, latest, calls) = match *self {
            AnswerStage::Failing(failing) => (failing.since, failing.latest, failing.slow + failing.fast),
            AnswerStage::Cut(cut) => (cut.since, cut.latest, cut.fast),
            _ => return None,
        };
        (calls >= THROUGH.0 && seconds(since, latest) >= THROUGH.1).then_some((since, calls))
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct StageReader {
    stage: AnswerStage,
    /// Whether a full reset cycle was seen.
    proven: bool,
    /// The times of the cut and the trial that proved it.
    proof: Option<(Timestamp, Timestamp)>,
    /// Seconds from the latest cut to the trial or the real answers that ended it.
    reset: Option<f64>,
    /// Whether a cut may come from the network, which drops first and refuses later: then only a trial proves a
    /// breaker.
    pub(super) may_refuse: bool,
    lost: u32,
}

impl StageReader {
    pub(super) fn stage(&self) -> AnswerStage {
        self.stage
    }

    pub(super) fn proven(&self) -> bool {
        self.proven
    }

    /// The times of the cut and the trial that proved the breaker.
    pub(super) fn proof(&self) -> Option<(Timestamp, Timestamp)> {
        self.proof
    }

    /// The seconds that the breaker stays open, as seen in a proven cycle.
    pub(super) fn reset(&self) -> Option<f64> {
        self.reset.filter(|_| self.proven)
    }

    /// Handles a restart: a new process has a closed breaker, so calls that still fail begin a new stage.
    pub(super) fn restarted(&mut self) {
        if matches!(self.stage, AnswerStage::Cut(_) | AnswerStage::Trial(_) | AnswerStage::Failing(_)) {
            self.stage = AnswerStage::Unknown;
        }
    }

    pub(super) fn read(&mut self, quarter: &Quarter, reset: Option<f64>) {
        let heard = quarter.real + quarter.real_slow + quarter.fast + slow(quarter);
        self.lost = if heard > 0 { 0 } else { self.lost + quarter.lost };
        if self.lost >= LOST {
            self.stage = AnswerStage::Lost { count: self.lost };
        }
        if heard == 0 {
            return;
        }
        self.stage = match self.stage {
            AnswerStage::Unknown | AnswerStage::Lost { .. } if trouble(quarter) => failing(quarter, 0, 0.0),
            AnswerStage::Fine { slow, longest_ms, .. } if trouble(quarter) => {
                failing(quarter, if slow >= SLOW_BEFORE { slow } else { 0 }, longest_ms)
            }
            AnswerStage::Unknown | AnswerStage::Lost { .. } => fine(quarter, 0, 0, 0.0),
            AnswerStage::Fine { real, slow, longest_ms } => fine(quarter, real, slow, longest_ms),
            AnswerStage::Failing(failing) => self.still_failing(failing, quarter),
            AnswerStage::Cut(cut) => self.cut(cut, quarter, reset),
            AnswerStage::Trial(trial) => self.trial(trial, quarter),
        };
    }

    fn still_failing(&self, mut failing: Failing, quarter: &Quarter) -> AnswerStage {
        let answered = quarter.real + quarter.real_slow;
        if !trouble(quarter) {
            failing.real += answered;
            failing.mixed += answered;
            return match failing.real {
                real if real >= WELL => AnswerStage::Fine {
                    real: real.min(ROW),
                    slow: quarter.real_slow,
                    longest_ms: quarter.longest_ms,
                },
                _ => AnswerStage::Failing(failing),
            };
        }
        failing.count(quarter);
        let (run, clear, since) = failing.run;
        let before = failing.slow;
        let enough = if self.proven { run >= KNOWN_CLIFF } else { run >= CLIFF.0 && clear >= CLIFF.1 };
        if before > 0 && enough {
            return AnswerStage::Cut(Cut {
                since,
                latest: quarter.start,
                fast: run,
                limited: failing.limited,
                fallback: failing.fallback,
                slowest_ms: quarter.slowest_fast_ms,
                mixed: 0,
                clear,
                before: (before, if failing.first_ms > 0.0 { failing.first_ms } else { failing.longest_ms }),
                real: 0,
            });
        }
        AnswerStage::Failing(failing)
    }

    fn cut(&mut self, mut cut: Cut, quarter: &Quarter, reset: Option<f64>) -> AnswerStage {
        let earliest = reset.or(self.reset()).map_or(EARLIEST_S, |reset| reset * NEARLY);
        let elapsed = seconds(cut.since, quarter.start);
        let real = quarter.real;
        let through = slow(quarter) + quarter.real_slow;
        if through > 0 && elapsed < earliest && !self.proven {
            // A breaker lets no call through this early, so this was no cut.
            return failing(quarter, cut.before.0, cut.before.1);
        }
        if (through > 0 || real > 0) && elapsed >= earliest {
            if real > 0 && through == 0 {
                self.ended(&cut, elapsed);
            }
            return AnswerStage::Trial(Trial {
                since: quarter.start,
                slow: through,
                real,
                late: quarter.real_slow,
                fallback: cut.fallback,
                failed: quarter.slow_ended,
                longest_ms: quarter.longest_ms,
                cut,
            });
        }
        cut.real = if quarter.fast > 0 { 0 } else { cut.real + real };
        if cut.real >= CLOSED {
            return AnswerStage::Fine { real: cut.real, slow: 0, longest_ms: 0.0 };
        }
        cut.mixed += real;
        cut.latest = quarter.start;
        cut.fast += quarter.fast;
        cut.clear += quarter.clear;
        cut.limited += quarter.limited;
        cut.fallback |= quarter.fallback;
        cut.slowest_ms = cut.slowest_ms.max(quarter.slowest_fast_ms);
        AnswerStage::Cut(cut)
    }

    /// Handles a cut ended by real answers. Two such cuts of equal length prove a breaker.
    fn ended(&mut self, cut: &Cut, elapsed: f64) {
        let equal = self.reset.is_some_and(|reset| (reset - elapsed).abs() <= EQUAL_S + reset * 0.2);
        if equal && !self.may_refuse && plain(cut) {
            self.prove(cut, elapsed);
        }
        self.reset = Some(elapsed);
    }

    fn prove(&mut self, cut: &Cut, elapsed: f64) {
        let trial = cut.since.checked_add(jiff::SignedDuration::from_secs_f64(elapsed)).unwrap_or(cut.since);
        self.proof.get_or_insert((cut.since, trial));
        self.proven = true;
    }

    fn trial(&mut self, mut trial: Trial, quarter: &Quarter) -> AnswerStage {
        let through = slow(quarter) + quarter.real_slow;
        let refused = quarter.fast > 0 && through == 0 && quarter.real == 0;
        let failed = earlier(trial.failed, quarter.slow_ended);
        trial.real += quarter.real;
        trial.late += quarter.real_slow;
        let closed = trial.real >= TRIED || trial.real > 0 && trial.real + trial.late >= CLOSED;
        let again = |since| {
            AnswerStage::Cut(Cut {
                since,
                latest: quarter.start,
                fast: quarter.fast,
                limited: quarter.limited,
                fallback: trial.fallback || quarter.fallback,
                slowest_ms: quarter.slowest_fast_ms,
                mixed: 0,
                clear: quarter.clear,
                before: (trial.cut.before.0.max(trial.slow), trial.cut.before.1),
                real: 0,
            })
        };
        match failed {
            _ if closed => AnswerStage::Fine { real: trial.real.min(ROW), slow: 0, longest_ms: 0.0 },
            Some(at) if refused && at <= quarter.start => {
                let as_slow = trial.longest_ms >= trial.cut.before.1 * AS_SLOW;
                if as_slow && plain(&trial.cut) {
                    let elapsed = seconds(trial.cut.since, trial.since);
                    self.prove(&trial.cut, elapsed);
                    self.reset = Some(elapsed);
                }
                again(at)
            }
            None if refused && trial.real > 0 => again(quarter.start),
            failed => {
                trial.slow += through;
                trial.failed = failed;
                trial.longest_ms = trial.longest_ms.max(quarter.longest_ms);
                trial.fallback |= quarter.fallback;
                if self.proven || trial.slow < TRIAL {
                    AnswerStage::Trial(trial)
                } else {
                    failing(quarter, trial.slow, trial.longest_ms)
                }
            }
        }
    }
}

impl Failing {
    fn count(&mut self, quarter: &Quarter) {
        let slow_now = slow(quarter);
        if self.first_ms == 0.0 {
            self.first_ms = quarter.longest_ms;
        }
        let own = (self.first_ms * OWN.0..=self.first_ms * OWN.1).contains(&quarter.longest_ms);
        self.own += if own { quarter.slow } else { 0 };
        self.latest = quarter.start;
        self.slow += slow_now;
        self.fast += quarter.fast;
        self.mixed += quarter.real;
        self.limited += quarter.limited;
        self.fallback |= quarter.fallback;
        self.longest_ms = self.longest_ms.max(quarter.longest_ms);
        self.real = 0;
        self.run = match self.run {
            _ if slow_now > 0 || quarter.real_slow > 0 => (0, 0, quarter.start),
            (0, ..) => (quarter.fast, quarter.clear, quarter.start),
            (fast, clear, since) => (fast + quarter.fast, clear + quarter.clear, since),
        };
    }
}

/// Whether a cut can prove a breaker: after more than one slow call, with calls cut short while nothing was in flight.
fn plain(cut: &Cut) -> bool {
    cut.before.0 >= SLOW_BEFORE && cut.clear >= CLIFF.1 && cut.mixed == 0
}

fn fine(quarter: &Quarter, real: u32, slow: u32, longest_ms: f64) -> AnswerStage {
    let (slow, longest_ms) = match quarter.real_slow {
        0 => (0, 0.0),
        more => (slow + more, longest_ms.max(quarter.longest_ms)),
    };
    AnswerStage::Fine { real: (real + quarter.real + quarter.real_slow).min(ROW), slow, longest_ms }
}

/// Begins the stage `Failing` after `slow` slow calls that waited up to `longest_ms`.
fn failing(quarter: &Quarter, slow: u32, longest_ms: f64) -> AnswerStage {
    let since = quarter.start;
    let mut failing = Failing { since, slow, longest_ms, run: (0, 0, since), ..Failing::default() };
    failing.count(quarter);
    AnswerStage::Failing(failing)
}

/// The calls of a quarter that are not real and were slow or hang.
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
