//! The three libraries behind one interface. Their settings are as similar as possible: three failures open, one trial
//! call.

use crate::log::{Log, State};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower::{Service, ServiceExt};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, CircuitState, SlidingWindowType};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Consecutive failures that open a breaker (of the last six, where the library uses a failure rate).
const FAILURES: u32 = 3;

/// A call to the provider: the body of its answer, or an error without details.
pub struct Call(Pin<Box<dyn Future<Output = Result<String, ()>> + Send>>);

impl Call {
    /// Wraps a future that calls the provider.
    pub fn new(call: impl Future<Output = Result<String, ()>> + Send + 'static) -> Self {
        Self(Box::pin(call))
    }
}

impl Future for Call {
    type Output = Result<String, ()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

/// A circuit breaker of one of the libraries.
pub enum Breaker {
    /// tower-resilience.
    Tower(CircuitBreakerLayer),
    /// failsafe.
    Failsafe(
        failsafe::StateMachine<
            failsafe::failure_policy::ConsecutiveFailures<failsafe::backoff::Constant>,
            Told,
        >,
    ),
    /// recloser.
    Recloser(recloser::AsyncRecloser),
}

/// Receives failsafe's transitions.
pub struct Told(Arc<Log>);

impl failsafe::Instrument for Told {
    fn on_call_rejected(&self) {}
    fn on_open(&self) {
        self.0.tell(State::Open);
    }
    fn on_half_open(&self) {
        self.0.tell(State::HalfOpen);
    }
    fn on_closed(&self) {
        // failsafe also reports that it starts closed, which is already logged.
        if self.0.state() != State::Closed {
            self.0.tell(State::Closed);
        }
    }
}

/// Receives recloser's transitions, which are `tracing` events.
struct Heard(Arc<Log>);

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "recloser_event"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let state = match fields.state.as_str() {
            "Closed" => State::Closed,
            "Open" => State::Open,
            "HalfOpen" => State::HalfOpen,
            _ => return,
        };
        // Each transition emits two events: the end of the old state and the start of the new one.
        if fields.began && state != self.0.state() {
            self.0.tell(state);
        }
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Fields {
    state: String,
    began: bool,
}

impl Visit for Fields {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "state" {
            value.clone_into(&mut self.state);
        }
    }
    fn record_u64(&mut self, field: &Field, _: u64) {
        self.began |= field.name() == "started_ts";
    }
}

impl Breaker {
    /// Creates the breaker of a library. With `slow`, tower-resilience also opens when answers take that long.
    pub fn new(
        library: &str,
        reset: Duration,
        slow: Option<Duration>,
        log: &Arc<Log>,
    ) -> Result<Self, String> {
        match library {
            "tower" => {
                let log = Arc::clone(log);
                let mut builder = CircuitBreakerLayer::builder()
                    .name("provider")
                    .wait_duration_in_open(reset)
                    .permitted_calls_in_half_open(1)
                    .on_state_transition(move |_, to| {
                        log.tell(match to {
                            CircuitState::Closed => State::Closed,
                            CircuitState::Open => State::Open,
                            CircuitState::HalfOpen => State::HalfOpen,
                        });
                    });
                builder = match slow {
                    None => builder.consecutive_failures(FAILURES as usize),
                    Some(slow) => builder
                        .sliding_window_type(SlidingWindowType::TimeBased)
                        .sliding_window_duration(Duration::from_secs(4))
                        .minimum_number_of_calls(FAILURES as usize)
                        .slow_call_duration_threshold(slow)
                        .slow_call_rate_threshold(0.5),
                };
                // The plain `build` creates a separate circuit for each service, and here each call is a service of its
                // own.
                let (layer, _) = builder.build_with_handle().map_err(|error| error.to_string())?;
                Ok(Self::Tower(layer))
            }
            "failsafe" => {
                let policy = failsafe::failure_policy::consecutive_failures(
                    FAILURES,
                    failsafe::backoff::constant(reset),
                );
                let told = Told(Arc::clone(log));
                Ok(Self::Failsafe(failsafe::Config::new().failure_policy(policy).instrument(told).build()))
            }
            "recloser" => {
                tracing::subscriber::set_global_default(Heard(Arc::clone(log)))
                    .map_err(|error| error.to_string())?;
                let breaker = recloser::Recloser::custom()
                    .name("provider")
                    .error_rate(0.5)
                    .closed_len(2 * FAILURES as usize)
                    .half_open_len(1)
                    .open_wait(reset)
                    .build();
                Ok(Self::Recloser(breaker.into()))
            }
            other => Err(format!("the library {other:?} is not here: tower, failsafe, recloser")),
        }
    }

    /// Makes the call if the breaker permits it.
    pub fn call(&self, call: Call) -> Call {
        use failsafe::futures::CircuitBreaker as _;
        match self {
            Self::Tower(layer) => {
                let tried = layer.layer_fn(Caller).oneshot(call);
                Call::new(async { tried.await.map_err(|_| ()) })
            }
            Self::Failsafe(breaker) => {
                let tried = breaker.call(call);
                Call::new(async { tried.await.map_err(|_| ()) })
            }
            Self::Recloser(breaker) => {
                let tried = breaker.call(call);
                Call::new(async { tried.await.map_err(|_| ()) })
            }
        }
    }
}

/// The service that the breaker wraps: it runs the call it is given.
#[derive(Clone)]
struct Caller;

impl Service<Call> for Caller {
    type Response = String;
    type Error = ();
    type Future = Call;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Call {
        call
    }
}
