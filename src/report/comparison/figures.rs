//! The figures of one session.

use crate::{
    insight::{self, UserHarm},
    session::{
        Session,
        event::{BreakerState, Timestamp},
        state::Tally,
    },
};

/// The figures of one session, as seen by our probe of the first endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Seconds the fault lasted.
    pub fault_s: f64,
    /// Requests a second.
    pub rate: f64,
    /// The wait that users accept, in milliseconds.
    pub limit_ms: u64,
    /// Requests due since T0, and their outcomes.
    pub since: Tally,
    /// Requests due while the fault was on.
    pub during: u64,
    pub bad_seconds: u32,
    /// Seconds from T0 until the breaker was open.
    pub trip_s: Option<f64>,
    /// Users who were let down before the breaker opened.
    pub before_opening: UserHarm,
    /// Seconds from an opening of the breaker to its trial, the longest.
    pub reset_s: Option<f64>,
    /// Whether it is known that the breaker never opened.
    pub never_opened: bool,
    /// Whether the breaker was observed.
    pub breaker_observed: bool,
    /// Whether there is a breaker that lets every call through.
    pub switched_off: bool,
    /// Seconds from the provider's return to the first real answer.
    pub recovery_s: Option<f64>,
    /// Whether `recovery_s` is an upper bound, since this program did not run meanwhile.
    pub recovery_at_most: bool,
    /// Seconds of the fault in which this program did not run.
    pub unseen_s: f64,
    /// Number of restarts of containers that the fault did not target.
    pub restarts: u32,
    /// The most consecutive liveness failures of such a container, and the number that restarts it; `None` if none has
    /// a probe.
    pub misses: Option<(u32, u32)>,
}

impl Figures {
    pub(super) fn of(session: &Session, now: Timestamp) -> Self {
        let measured = session.breaker.measured(session.t0());
        let mut figures = Self {
            fault_s: session.fault.as_ref().map_or(0.0, |fault| fault.lasted(now)),
            never_opened: session.t0().is_some_and(|t0| session.breaker.never_opened(t0, now)),
            breaker_observed: session.breaker.belief.is_some() && session.fault.is_some(),
            switched_off: matches!(
                session.breaker.state(),
                BreakerState::Disabled | BreakerState::MetricsOnly
            ),
            trip_s: measured.trip_s,
            reset_s: measured.reset_s.map(|(_, longest)| longest),
            ..Self::default()
        };
        for pod in session.bystanders() {
            figures.restarts += pod.restarts_since_t0();
            if let Some(liveness) = &pod.pod.liveness {
                let worst = (pod.misses.worst, liveness.threshold);
                figures.misses = Some(figures.misses.map_or(worst, |misses| misses.max(worst)));
            }
        }
        let Some(endpoint) = session.users.main() else { return figures };
        figures.rate = endpoint.rate;
        figures.limit_ms = endpoint.limit_ms;
        figures.since = endpoint.since_t0(now);
        figures.during = endpoint.during_fault(now).sent;
        figures.bad_seconds = insight::bad_seconds(session, endpoint, now);
        figures.before_opening = insight::harm_before_opening(session, endpoint);
        if let Some(fault) = &session.fault {
            let lag = insight::recovery_lag(session, endpoint);
            (figures.recovery_s, figures.recovery_at_most) =
                (lag.map(|(s, _)| s), lag.is_some_and(|(_, most)| most));
            figures.unseen_s = fault.unobserved(&session.gaps, now);
        }
        figures
    }
}
