//! The circuit breaker of *consumer after*: wraps `tower-resilience-circuitbreaker` in a small type, because the
//! interface of that crate changes with every minor release and the demo needs only four operations: call, query the
//! state, count and export metrics.

use super::{log, metrics::Exposition};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tower::{Service, ServiceExt};
use tower_resilience_circuitbreaker::{
    CircuitBreakerConfigError, CircuitBreakerError, CircuitBreakerHandle, CircuitBreakerLayer, CircuitState,
};

/// The thresholds and the timeout of a circuit breaker.
#[derive(Debug, Clone, Copy)]
pub(super) struct BreakerRules {
    /// The number of consecutive failures that open the breaker.
    pub failures: usize,
    /// The time in the open state before the next call is allowed as a trial (without a call the breaker stays open).
    pub reset: Duration,
    /// The number of calls allowed while half-open; all must succeed to close the breaker, and one failure opens it
    /// again.
    pub trials: usize,
}

impl Default for BreakerRules {
    fn default() -> Self {
        // With eight trials, half-open lasts two seconds at the demo's four calls per second, long enough to be
        // observed.
        Self { failures: 3, reset: Duration::from_secs(10), trials: 8 }
    }
}

/// The circuit breaker crate rejected the rules.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BreakerError(#[from] CircuitBreakerConfigError);

/// The outcome of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallOutcome<T, E> {
    /// The call was executed and succeeded.
    Done(T),
    /// The call was executed and failed.
    Failed(E),
    /// The call was not executed: the breaker is open, or half-open without free trials.
    Refused,
}

/// A circuit breaker around any call.
pub(super) struct Breaker {
    name: &'static str,
    layer: CircuitBreakerLayer,
    handle: CircuitBreakerHandle,
    counts: Arc<Counts>,
}

/// The number of transitions by target state, and of permitted and refused calls.
#[derive(Default)]
struct Counts {
    opened: AtomicU64,
    half_opened: AtomicU64,
    closed: AtomicU64,
    permitted: AtomicU64,
    refused: AtomicU64,
}

impl Breaker {
    pub(super) fn new(name: &'static str, rules: BreakerRules) -> Result<Self, BreakerError> {
        let counts = Arc::new(Counts::default());
        let (transitions, permitted, refused) =
            (Arc::clone(&counts), Arc::clone(&counts), Arc::clone(&counts));
        let (layer, handle) = CircuitBreakerLayer::builder()
            .name(name)
            .consecutive_failures(rules.failures)
            .wait_duration_in_open(rules.reset)
            .permitted_calls_in_half_open(rules.trials)
            .on_state_transition(move |from, to| {
                transitions.led_to(to).fetch_add(1, Ordering::Relaxed);
                log::line(format_args!("circuit breaker {name}: {} -> {}", word(from), word(to)));
            })
            .on_call_permitted(move |_| {
                permitted.permitted.fetch_add(1, Ordering::Relaxed);
            })
            .on_call_rejected(move || {
                refused.refused.fetch_add(1, Ordering::Relaxed);
            })
            .build_with_handle()?;
        Ok(Self { name, layer, handle, counts })
    }

    /// Executes the call if the breaker permits it, and records its outcome in the breaker.
    pub(super) fn call<T, E, F>(
        &self,
        call: F,
    ) -> impl Future<Output = CallOutcome<T, E>> + Send + use<T, E, F>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let tried = self.layer.layer_fn(Caller).oneshot(call);
        async move {
            match tried.await {
                Ok(answer) => CallOutcome::Done(answer),
                Err(CircuitBreakerError::Inner(error)) => CallOutcome::Failed(error),
                Err(CircuitBreakerError::OpenCircuit) => CallOutcome::Refused,
            }
        }
    }

    /// Returns whether the breaker is open.
    pub(super) fn is_open(&self) -> bool {
        self.handle.is_open()
    }

    /// Writes the breaker's metrics: the state as one 0/1 series per state, as dashboards expect it, and the counters.
    pub(super) fn expose(&self, exposition: &mut Exposition) {
        let name = self.name;
        let now = self.handle.state();
        let states = [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen];
        exposition.family(
            "circuit_breaker_state",
            "gauge",
            "1 for the state the breaker is in, 0 for the others",
        );
        for state in states {
            let value = u64::from(state == now);
            exposition.sample("circuit_breaker_state", &[("name", name), ("state", word(state))], value);
        }
        exposition.family(
            "circuit_breaker_transitions_total",
            "counter",
            "transitions of the breaker by target state",
        );
        for state in states {
            let value = self.counts.led_to(state).load(Ordering::Relaxed);
            exposition.sample(
                "circuit_breaker_transitions_total",
                &[("name", name), ("to", word(state))],
                value,
            );
        }
        exposition.family("circuit_breaker_calls_total", "counter", "calls let through and calls refused");
        for (kind, counter) in [("permitted", &self.counts.permitted), ("refused", &self.counts.refused)] {
            let value = counter.load(Ordering::Relaxed);
            exposition.sample("circuit_breaker_calls_total", &[("name", name), ("kind", kind)], value);
        }
    }
}

/// The inner service of the circuit breaker: executes the call that it receives.
#[derive(Clone)]
struct Caller;

impl<T, E, F: Future<Output = Result<T, E>>> Service<F> for Caller {
    type Response = T;
    type Error = E;
    type Future = F;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: F) -> F {
        call
    }
}

impl Counts {
    fn led_to(&self, state: CircuitState) -> &AtomicU64 {
        match state {
            CircuitState::Closed => &self.closed,
            CircuitState::Open => &self.opened,
            CircuitState::HalfOpen => &self.half_opened,
        }
    }
}

fn word(state: CircuitState) -> &'static str {
    match state {
        CircuitState::Closed => "closed",
        CircuitState::Open => "open",
        CircuitState::HalfOpen => "half_open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fail(breaker: &Breaker) -> CallOutcome<(), ()> {
        breaker.call(async { Err(()) }).await
    }

    async fn succeed(breaker: &Breaker) -> CallOutcome<(), ()> {
        breaker.call(async { Ok(()) }).await
    }

    fn series(breaker: &Breaker) -> String {
        let mut exposition = Exposition::default();
        breaker.expose(&mut exposition);
        exposition.into_text()
    }

    fn breaker(reset: Duration) -> Breaker {
        Breaker::new("provider", BreakerRules { failures: 3, reset, trials: 3 }).unwrap()
    }

    #[tokio::test]
    async fn only_failures_in_a_row_open_it() {
        let breaker = breaker(Duration::from_secs(60));
        for _ in 0..2 {
            fail(&breaker).await;
        }
        succeed(&breaker).await;
        for _ in 0..2 {
            assert_eq!(fail(&breaker).await, CallOutcome::Failed(()));
        }
        assert!(!breaker.is_open());
        fail(&breaker).await;
        assert!(breaker.is_open());
        assert_eq!(succeed(&breaker).await, CallOutcome::Refused);
        let series = series(&breaker);
        for line in [
            r#"circuit_breaker_state{name="provider",state="closed"} 0"#,
            r#"circuit_breaker_state{name="provider",state="open"} 1"#,
            r#"circuit_breaker_state{name="provider",state="half_open"} 0"#,
            r#"circuit_breaker_transitions_total{name="provider",to="open"} 1"#,
            r#"circuit_breaker_calls_total{name="provider",kind="permitted"} 6"#,
            r#"circuit_breaker_calls_total{name="provider",kind="refused"} 1"#,
        ] {
            assert!(series.contains(line), "{line} is missing in\n{series}");
        }
    }

    #[tokio::test]
    async fn after_its_reset_it_lets_three_calls_try_and_closes_when_all_succeed() {
        let breaker = breaker(Duration::ZERO);
        for _ in 0..3 {
            fail(&breaker).await;
        }
        assert_eq!(succeed(&breaker).await, CallOutcome::Done(()));
        assert!(series(&breaker).contains(r#"state="half_open"} 1"#));
        succeed(&breaker).await;
        succeed(&breaker).await;
        assert!(series(&breaker).contains(r#"state="closed"} 1"#));
    }

    #[tokio::test]
    async fn one_failed_trial_opens_it_again() {
        let breaker = breaker(Duration::ZERO);
        for _ in 0..3 {
            fail(&breaker).await;
        }
        succeed(&breaker).await;
        fail(&breaker).await;
        assert!(breaker.is_open());
    }

    #[tokio::test]
    async fn a_fourth_call_is_refused_while_three_are_trying() {
        let breaker = Arc::new(breaker(Duration::ZERO));
        for _ in 0..3 {
            fail(&breaker).await;
        }
        let trials: Vec<_> = (0..3)
            .map(|_| {
                let breaker = Arc::clone(&breaker);
                tokio::spawn(async move { breaker.call(std::future::pending::<Result<(), ()>>()).await })
            })
            .collect();
        while breaker.counts.permitted.load(Ordering::Relaxed) < 6 {
            tokio::task::yield_now().await;
        }
        assert_eq!(succeed(&breaker).await, CallOutcome::Refused);
        trials.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
