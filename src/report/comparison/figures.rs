//! What was measured in one session.

use crate::{
    insight,
    session::{
        Session,
        event::{BreakerState, RunStatus, Timestamp},
        state::{Outcome, Tally},
    },
};

/// What was measured in one session while the fault was on, as seen by our probe of the first endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Seconds the fault lasted.
    pub fault_s: f64,
    /// Requests a second.
    pub rate: f64,
    /// What users accept to wait, in milliseconds.
    pub limit_ms: f64,
    /// Requests due while the fault was on, and what became of them.
    pub users: Tally,
    /// Of the real answers, those over the limit.
    pub real_late: u64,
    /// Seconds since T0 in which a user was let down.
    pub bad_seconds: u32,
    /// Seconds from T0 until the breaker was open.
    pub trip_s: Option<f64>,
    /// Late or failed answers to requests due before that.
    pub harmed_before_trip: u64,
    pub no_breaker: bool,
    /// What its sources say of a breaker that is switched off or only counts, and that state.
    pub switched_off: Option<(BreakerState, String)>,
    /// Seconds from the provider's return to the first real answer.
    pub recovery_s: Option<f64>,
    /// Whether it may have been less: this program itself did not run meanwhile.
    pub recovery_at_most: bool,
    /// Seconds of the fault in which this program itself did not run.
    pub unseen_s: f64,
    /// How often Kubernetes started containers again that the fault was not about.
    pub restarts: u32,
    /// The most liveness misses in a row of such a container, of how many that restart it.
    pub misses: Option<(u32, u32)>,
    /// The journal's status and whether it says deviated.
    pub journal: Option<(RunStatus, bool)>,
}

impl Figures {
    pub(super) fn of(session: &Session, now: Timestamp) -> Self {
        let fault = session.fault.as_ref();
        let mut figures = Self {
            fault_s: fault.map_or(0.0, |fault| fault.lasted(now)),
            no_breaker: session.t0().is_some_and(|t0| {
                let breaker = &session.breaker;
                matches!(breaker.state(), BreakerState::NoBreakerSeen | BreakerState::ClosedOrNone)
                    && breaker.never_opened(t0, now)
            }),
            switched_off: session
                .breaker
                .belief
                .as_ref()
                .filter(|belief| matches!(belief.state, BreakerState::Disabled | BreakerState::MetricsOnly))
                .map(|belief| (belief.state, belief.because.clone())),
            trip_s: session.breaker.measured(session.t0()).trip_s,
            journal: session.run.status.map(|status| (status, session.run.deviated)),
            ..Self::default()
        };
        for pod in session.bystanders() {
            let since_t0 = pod.restarts().saturating_sub(pod.restarts_at_t0.unwrap_or(pod.restarts()));
            figures.restarts += since_t0;
            if let Some(liveness) = pod.pod.liveness.as_ref().filter(|_| pod.misses.worst > 0) {
                let worst = (pod.misses.worst, liveness.threshold);
                figures.misses = Some(figures.misses.map_or(worst, |misses| misses.max(worst)));
            }
        }
        let Some(endpoint) = session.users.main() else { return figures };
        let limit = endpoint.limit_ms as f64;
        let late = |ms: f32| f64::from(ms) > limit;
        figures.rate = endpoint.rate;
        figures.limit_ms = limit;
        figures.users = endpoint.during_fault(now);
        figures.bad_seconds = insight::bad_seconds(session, endpoint, now);
        if let Some(fault) = fault {
            let on = |at| fault.on.at(at) == Some(true);
            let real_late =
                |dot: &&_| matches!(dot, crate::session::state::Dot { outcome: Outcome::Real, .. });
            figures.real_late =
                endpoint.dots().filter(real_late).filter(|dot| late(dot.waited_ms) && on(dot.start)).count()
                    as u64;
            let trip = figures.trip_s.map(|s| fault.t0() + std::time::Duration::from_secs_f64(s.max(0.0)));
            let harmed = endpoint.dots().filter(|dot| late(dot.waited_ms) || dot.outcome == Outcome::Error);
            figures.harmed_before_trip = harmed
                .filter(|dot| on(dot.start) && trip.is_some_and(|trip| dot.start < trip))
                .count() as u64;
            let lag = insight::recovery_lag(session, endpoint);
            (figures.recovery_s, figures.recovery_at_most) =
                (lag.map(|(s, _)| s), lag.is_some_and(|(_, most)| most));
            figures.unseen_s = fault.unobserved(&session.gaps, now);
        }
        figures
    }

    /// Seconds the fault lasted, begun ones included: what bad seconds are counted of.
    pub(crate) fn fault_seconds(&self) -> u32 {
        self.fault_s.ceil() as u32
    }
}
