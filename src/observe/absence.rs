//! Detects gaps in which this program itself did not run, so that they are not counted as faults of the service.
//!
//! While this program is suspended (CTRL+Z), or the machine stalls or sleeps, every source seems to be silent. Two
//! clocks tell such a gap from a service that hangs: the detector checks them ten times a second, so a check that comes
//! half a second late means that the process did not run; and if the clock that includes sleep advances further than
//! the one that excludes it, the machine slept.
//!
//! Every query checks the clocks first, so a gap takes effect before it is reported in the event stream.

use crate::session::{
    EventKind,
    clock::Clock,
    event::{Gap, GapCause, Timestamp},
    stream::Emitter,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// The interval between two checks of the clocks.
const LOOK: Duration = Duration::from_millis(100);
/// The delay between two checks from which on it counts as a gap: half of the usual time limit of users, and far more
/// than the scheduling delay on a busy machine.
const LATE: Duration = Duration::from_millis(500);
/// The minimum lead of the clock that includes sleep over the other one; a smaller difference may be rounding.
const ASLEEP: Duration = Duration::from_secs(1);
/// The maximum number of gaps kept.
const KEPT: usize = 64;

/// The values of both clocks at one moment.
#[derive(Clone, Copy, Debug)]
struct ClockReading {
    /// Excludes the time that the machine sleeps.
    awake: Instant,
    lived: Duration,
}

impl ClockReading {
    fn now() -> Self {
        Self { awake: Instant::now(), lived: elapsed() }
    }
}

/// The time since the machine was booted, including sleep; zero if the clock cannot be read.
fn elapsed() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
    // On other systems CLOCK_MONOTONIC includes sleep, and `Instant` uses another clock.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime(2) writes the timespec it is given and nothing else.
    if unsafe { libc::clock_gettime(CLOCK, &raw mut time) } != 0 {
        return Duration::ZERO;
    }
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Knows the gaps in which this program did not run. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct AbsenceDetector(Option<Arc<Mutex<Known>>>);

#[derive(Debug)]
struct Known {
    clock: Clock,
    last: ClockReading,
    gaps: VecDeque<(Instant, Instant)>,
    unreported: Vec<Gap>,
    latest: Option<Timestamp>,
    count: u64,
}

impl AbsenceDetector {
    /// Creates a detector that observes from now on. One made by `default` never checks and reports no gap.
    pub fn new(clock: Clock) -> Self {
        Self::since(clock, ClockReading::now())
    }

    fn since(clock: Clock, last: ClockReading) -> Self {
        let (away, untold) = (VecDeque::new(), Vec::new());
        Self(Some(Arc::new(Mutex::new(Known {
            clock,
            last,
            gaps: away,
            unreported: untold,
            latest: None,
            count: 0,
        }))))
    }

    /// Checks the clocks until `stop` is cancelled, and emits `NotObserved` for each gap.
    pub async fn watch(self, emitter: Emitter, stop: CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(looks.tick()).await.is_some() {
            let untold = self.look(|known| std::mem::take(&mut known.unreported)).unwrap_or_default();
            for gap in untold {
                emitter.emit_at(gap.to, EventKind::NotObserved(gap)).await;
            }
        }
    }

    /// The end of the gap that covers `moment`, if there is one.
    pub fn gap_end_at(&self, moment: Instant) -> Option<Instant> {
        let covers = |(from, to): &&(Instant, Instant)| *from <= moment && moment < *to;
        self.look(|known| known.gaps.iter().rev().find(covers).map(|(_, to)| *to)).flatten()
    }

    /// Whether a gap overlaps the time between two moments.
    pub fn gap_between(&self, from: Instant, to: Instant) -> bool {
        self.look(|known| known.gaps.iter().any(|(left, back)| *left < to && *back > from)).unwrap_or(false)
    }

    /// The end of the latest gap, in session time.
    pub fn latest(&self) -> Option<Timestamp> {
        self.look(|known| known.latest).flatten()
    }

    /// The number of gaps so far.
    pub fn count(&self) -> u64 {
        self.look(|known| known.count).unwrap_or(0)
    }

    fn look<T>(&self, ask: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let mut known = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        known.look(ClockReading::now());
        Some(ask(&mut known))
    }
}

impl Known {
    fn look(&mut self, now: ClockReading) {
        let before = std::mem::replace(&mut self.last, now);
        let passed = now.awake.saturating_duration_since(before.awake);
        let asleep = now.lived.saturating_sub(before.lived).saturating_sub(passed);
        let slept = asleep > ASLEEP;
        if passed < LATE && !slept {
            return;
        }
        let from = self.clock.at(before.awake);
        if slept {
            self.clock.add_sleep(asleep);
        }
        let to = self.clock.at(now.awake);
        let cause = if slept { GapCause::Asleep } else { GapCause::Stopped };
        if self.gaps.len() == KEPT {
            self.gaps.pop_front();
        }
        self.gaps.push_back((before.awake, now.awake));
        self.unreported.push(Gap { from, to, cause });
        (self.latest, self.count) = (Some(to), self.count + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::stream::stream;

    fn known() -> (Known, ClockReading) {
        let first = ClockReading { awake: Instant::now(), lived: Duration::from_secs(1000) };
        let clock = Clock::system();
        let (away, untold) = (VecDeque::new(), Vec::new());
        (Known { clock, last: first, gaps: away, unreported: untold, latest: None, count: 0 }, first)
    }

    fn after(reading: ClockReading, awake_ms: u64, lived_ms: u64) -> ClockReading {
        ClockReading {
            awake: reading.awake + Duration::from_millis(awake_ms),
            lived: reading.lived + Duration::from_millis(lived_ms),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn looks_in_time_are_no_gap() {
        let (mut known, first) = known();
        for n in 1..100 {
            known.look(after(first, n * 400, n * 400 + 3));
        }
        assert_eq!((known.count, known.gaps.len()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_look_is_a_stop_and_says_from_when_to_when() {
        let (mut known, first) = known();
        let begun = known.clock.at(first.awake);
        known.look(after(first, 100, 100));
        known.look(after(first, 8100, 8100));
        known.look(after(first, 8200, 8200));
        let [gap] = known.unreported.as_slice() else { panic!("{:?}", known.unreported) };
        assert_eq!((gap.cause, gap.seconds()), (GapCause::Stopped, 8.0));
        assert_eq!(gap.from, begun + Duration::from_millis(100));
    }

    #[tokio::test(start_paused = true)]
    async fn sleep_is_seen_though_our_own_clock_stands_still_and_the_session_clock_makes_up_for_it() {
        let (mut known, first) = known();
        let begun = known.clock.at(first.awake);
        known.look(after(first, 100, 3_600_100));
        let [gap] = known.unreported.as_slice() else { panic!("{:?}", known.unreported) };
        assert_eq!((gap.cause, gap.seconds()), (GapCause::Asleep, 3600.1));
        let later = first.awake + Duration::from_secs(1);
        assert_eq!(known.clock.at(later), begun + Duration::from_secs(3601));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_finds_the_gap_before_it_is_told() {
        let presence = AbsenceDetector::new(Clock::system());
        let begun = Instant::now();
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(presence.gap_end_at(begun + Duration::from_secs(3)), Some(begun + Duration::from_secs(9)));
        assert_eq!(presence.gap_end_at(begun + Duration::from_secs(9)), None);
        assert!(presence.gap_between(begun + Duration::from_secs(8), begun + Duration::from_secs(20)));
        assert!(!presence.gap_between(begun + Duration::from_secs(9), begun + Duration::from_secs(20)));
        assert_eq!(presence.count(), 1);
        let (emitter, mut events) = stream(Clock::system());
        let stop = CancellationToken::new();
        tokio::spawn(presence.watch(emitter, stop));
        let event = events.next().await.unwrap().what;
        assert!(matches!(event, EventKind::NotObserved(gap) if gap.seconds() == 9.0), "{event:?}");
    }

    #[test]
    fn one_that_never_looks_knows_no_gap() {
        assert_eq!((AbsenceDetector::default().count(), AbsenceDetector::default().latest()), (0, None));
    }

    #[test]
    fn the_clock_that_counts_sleep_goes_on() {
        let first = elapsed();
        assert!(first > Duration::ZERO && elapsed() >= first);
    }
}
