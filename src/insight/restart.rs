//! Predicts when Kubernetes restarts a container that the fault does not target.

use super::names;
use crate::session::{
    clock::shifted,
    event::Timestamp,
    state::{PodRow, Session},
};

/// Seconds by which the event of a failed liveness probe may arrive late.
const TRAVEL_S: f64 = 2.0;

/// A container restart that is due if the page of the liveness probe keeps failing.
#[derive(Clone, Debug, PartialEq)]
pub struct RestartDue {
    /// The pod's name.
    pub pod: String,
    pub at: Timestamp,
    /// Consecutive liveness probe failures so far.
    pub misses: u32,
    /// Consecutive failures at which Kubernetes restarts the container.
    pub threshold: u32,
}

/// Returns the earliest restart that is due. `None` while no liveness probe has failed, since the kubelet's probe
/// schedule is unknown before, once the page is well again, and after the session has finished.
pub fn restart_due(session: &Session, now: Timestamp) -> Option<RestartDue> {
    if session.finished() {
        return None;
    }
    let due = session.bystanders().filter_map(|pod| restart_due_of_pod(session, pod, now));
    due.min_by_key(|due| due.at)
}

/// Returns the restart of one pod, if it is due.
pub fn restart_due_of_pod(session: &Session, pod: &PodRow, now: Timestamp) -> Option<RestartDue> {
    let liveness = pod.pod.liveness.as_ref()?;
    let last = pod.misses.last()?;
    let period = f64::from(liveness.period_s.max(1));
    let probe = |k: u32| shifted(last, period * f64::from(k));
    let restart_after = |next: Timestamp, misses: u32| {
        let more = liveness.threshold.saturating_sub(misses + 1);
        let at = shifted(next, period * f64::from(more));
        let (pod, threshold) = (pod.pod.key.name.clone(), liveness.threshold);
        (misses < threshold).then_some(RestartDue { pod, at, misses, threshold })
    };
    let row = pod.misses_now(now).map(|countdown| countdown.misses);
    if !names::reads_liveness_page(session, pod) {
        // The page is known from Kubernetes' events only: the streak of failures continues until those events have been
        // missing for too long.
        return restart_after(probe(1), row?);
    }
    let failing = &session.breaker.health_failing;
    if !failing.last().is_some_and(|(_, failing)| failing) {
        return None;
    }
    let failed_at = |at: Timestamp| failing.at(at) == Some(true);
    // The next probe after those that succeeded; the event of a probe that has just failed may not have arrived yet.
    let waited = now.duration_since(last).as_secs_f64();
    let passed = (waited / period).floor().max(0.0) as u32;
    let travels = waited - f64::from(passed) * period <= TRAVEL_S;
    let next = if passed > 0 && travels && failed_at(probe(passed)) { passed } else { passed + 1 };
    match row.filter(|_| next == 1) {
        Some(misses) => restart_after(probe(1), misses),
        None => restart_after(probe(next), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::fixtures::{self, Variant, recorded_until, recorded_whole};

    fn due_of(name: &str, seconds: f64) -> Option<(f64, u32)> {
        let (session, now) = recorded_until(name, seconds);
        let due = restart_due(&session, now)?;
        assert_eq!(due.threshold, 3);
        assert!(due.pod.starts_with("my-consumer-app"), "{}", due.pod);
        Some((session.since_t0(due.at)?, due.misses))
    }

    #[test]
    fn a_period_and_a_threshold_may_be_any_numbers() {
        for name in ["before-long", "after-hang"] {
            let (mut session, now) = recorded_until(name, 12.5);
            for row in &mut session.cluster.in_play {
                if let Some(liveness) = &mut row.pod.liveness {
                    (liveness.period_s, liveness.threshold) = (u32::MAX, u32::MAX);
                }
            }
            let due = restart_due(&session, now);
            assert!(due.is_none_or(|due| due.at == Timestamp::MAX), "{name}");
        }
    }

    #[test]
    fn it_is_due_when_as_many_probes_in_a_row_have_failed_as_it_takes() {
        // One failure at T+1.9, a probe every ten seconds: the third failure is at T+21.9, as recorded.
        for (seconds, misses) in [(3.0, 1), (11.5, 1), (12.5, 2), (21.5, 2)] {
            let (at, missed) = due_of("after-long", seconds).unwrap();
            assert!((at - 21.95).abs() < 0.1, "T+{seconds}: T+{at}");
            assert_eq!(missed, misses, "T+{seconds}");
        }
        assert_eq!(due_of("after-long", 1.5), None, "nobody knows yet when the kubelet asks");
    }

    #[test]
    fn a_probe_that_was_answered_well_ends_the_row_and_the_next_one_begins_another() {
        // A failure at T+2.9, a success at T+12.9 while half-open: the next probes fail at T+22.9, T+32.9 and T+42.9.
        let (at, misses) = due_of("after-hang", 18.6).unwrap();
        assert_eq!((at.round(), misses), (43.0, 0));
        let (at, misses) = due_of("after-hang", 13.9).unwrap();
        assert_eq!(
            (at.round(), misses),
            (43.0, 0),
            "also while the row of before is not over for Kubernetes"
        );
        assert_eq!(due_of("after-hang", 12.6), None, "the page is well");
        assert_eq!(due_of("before-long", 20.0), None, "no probe has failed");
    }

    #[test]
    fn it_does_not_jump_while_the_word_of_a_miss_is_on_its_way() {
        for tenth in 0..30 {
            let seconds = 22.0 + f64::from(tenth) / 10.0;
            let (at, _) = due_of("after-hang", seconds).unwrap();
            assert_eq!(at.round(), 43.0, "T+{seconds}");
        }
    }

    #[test]
    fn without_the_page_the_misses_count_and_after_the_end_nothing_is_due() {
        let (session, now) = fixtures::session_at(Variant::After, 12.0);
        let at = |session: &Session| restart_due(session, now).and_then(|due| session.since_t0(due.at));
        assert_eq!(at(&session).map(f64::round), Some(30.0));
        let mut elsewhere = session.clone();
        for row in &mut elsewhere.cluster.in_play {
            row.pod.liveness.as_mut().unwrap().path = None;
        }
        assert_eq!(at(&elsewhere).map(f64::round), Some(30.0));
        let (whole, end) = recorded_whole("after-long");
        assert_eq!(restart_due(&whole, end), None);
    }
}
