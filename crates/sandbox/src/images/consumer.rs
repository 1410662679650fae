//! The consumer service, in the two variants that the sample compares.

use super::{
    breaker::{Breaker, BreakerError, BreakerRules, CallOutcome},
    client::{self, CallError, Upstream},
    log,
    metrics::Exposition,
    outgoing::OutgoingCalls,
    serve::{Answer, Demo, Outcome},
};
use hyper::StatusCode;
use std::{sync::Arc, time::Duration};

/// The timeout of one call by *after*.
const CALL_LIMIT: Duration = Duration::from_secs(1);
/// The number of attempts by *after* before it uses its fallback.
const ATTEMPTS: u32 = 3;
/// The name of the called service, in metrics.
const PROVIDER: &str = "provider";
/// The fallback response of *after*.
const FALLBACK: &str = "the provider is unavailable, try again later";

/// Calls the provider without timeout, retry or circuit breaker, and passes every failure on.
pub(super) struct WithoutBreaker {
    provider: Upstream,
    outgoing: OutgoingCalls,
}

impl WithoutBreaker {
    pub(super) fn new(provider: Upstream) -> Self {
        Self { provider, outgoing: OutgoingCalls::to(PROVIDER) }
    }
}

impl Demo for WithoutBreaker {
    const GREETING: &'static str = "consumer (before): call /invoke, which calls the provider\n";

    async fn invoke(&self) -> Answer {
        match self.outgoing.count(client::invoke(&self.provider)).await {
            Ok(body) => Answer::json(Outcome::Real, body),
            Err(error) => {
                Answer::text(StatusCode::INTERNAL_SERVER_ERROR, Outcome::Error, format!("{error}\n"))
            }
        }
    }

    fn expose(&self, exposition: &mut Exposition) {
        self.outgoing.expose(exposition);
    }
}

/// Calls the provider with a timeout and retries, through a circuit breaker, with a fallback response.
pub(super) struct WithBreaker {
    calls: Arc<Calls>,
}

struct Calls {
    provider: Upstream,
    limit: Duration,
    breaker: Breaker,
    outgoing: Arc<OutgoingCalls>,
}

impl WithBreaker {
    pub(super) fn new(provider: Upstream) -> Result<Self, BreakerError> {
        Self::with(provider, CALL_LIMIT, BreakerRules::default())
    }

    fn with(provider: Upstream, limit: Duration, rules: BreakerRules) -> Result<Self, BreakerError> {
        let (breaker, outgoing) = (Breaker::new(PROVIDER, rules)?, Arc::new(OutgoingCalls::to(PROVIDER)));
        Ok(Self { calls: Arc::new(Calls { provider, limit, breaker, outgoing }) })
    }
}

impl Calls {
    /// Returns the provider's response, or `None` after [`ATTEMPTS`] failures or as soon as the breaker refuses a call.
    async fn real_answer(&self) -> Option<String> {
        for _ in 0..ATTEMPTS {
            let (provider, limit, outgoing) = (self.provider.clone(), self.limit, Arc::clone(&self.outgoing));
            // The call is executed and counted only if the breaker permits it.
            let call = async move {
                match tokio::time::timeout(limit, outgoing.count(client::invoke(&provider))).await {
                    Ok(answer) => answer,
                    Err(_) => Err(CallError::TimedOut(limit)),
                }
            };
            match self.breaker.call(call).await {
                CallOutcome::Done(body) => return Some(body),
                CallOutcome::Failed(error) => log::line(format_args!("call failed: {error}")),
                CallOutcome::Refused => return None,
            }
        }
        None
    }
}

impl Demo for WithBreaker {
    const GREETING: &'static str =
        "consumer (after): call /invoke, which calls the provider through a circuit breaker\n";

    async fn invoke(&self) -> Answer {
        // Runs in its own task: a client that disconnects early must not cancel the call before the breaker has
        // recorded it.
        let calls = Arc::clone(&self.calls);
        let answer = tokio::spawn(async move { calls.real_answer().await });
        match answer.await {
            Ok(Some(body)) => Answer::json(Outcome::Real, body),
            Ok(None) | Err(_) => Answer::text(StatusCode::OK, Outcome::Fallback, FALLBACK.to_owned()),
        }
    }

    /// Unhealthy exactly while the breaker is open, as in the tool's own sample.
    fn is_healthy(&self) -> bool {
        !self.calls.breaker.is_open()
    }

    fn expose(&self, exposition: &mut Exposition) {
        self.calls.breaker.expose(exposition);
        self.calls.outgoing.expose(exposition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::{provider::Provider, serve};
    use tokio::net::TcpListener;

    fn url(address: std::net::SocketAddr) -> Upstream {
        Upstream { url: format!("http://{address}").parse().unwrap(), source: None }
    }

    async fn real_provider() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve::serve(listener, Provider));
        url(address)
    }

    /// Accepts connections and never responds. The listener lives as long as the test.
    async fn silent_provider() -> (TcpListener, Upstream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, url(address))
    }

    async fn absent_provider() -> Upstream {
        let (listener, url) = silent_provider().await;
        drop(listener);
        url
    }

    fn after(provider: Upstream) -> WithBreaker {
        let rules = BreakerRules { failures: 3, reset: Duration::from_millis(50), trials: 1 };
        WithBreaker::with(provider, Duration::from_millis(20), rules).unwrap()
    }

    #[tokio::test]
    async fn both_hand_on_the_providers_answer() {
        let provider = real_provider().await;
        for answer in [WithoutBreaker::new(provider.clone()).invoke().await, after(provider).invoke().await] {
            assert_eq!((answer.status, answer.outcome), (StatusCode::OK, Outcome::Real));
            let body: String = serde_json::from_str(&answer.body).unwrap();
            assert!(uuid::Uuid::parse_str(&body).is_ok(), "{body}");
        }
    }

    #[tokio::test]
    async fn before_passes_a_refusal_on_and_after_falls_back() {
        let provider = absent_provider().await;
        let answer = WithoutBreaker::new(provider.clone()).invoke().await;
        assert_eq!((answer.status, answer.outcome), (StatusCode::INTERNAL_SERVER_ERROR, Outcome::Error));
        assert!(answer.body.contains("cannot connect"), "{}", answer.body);

        let answer = after(provider).invoke().await;
        assert_eq!((answer.status, answer.outcome), (StatusCode::OK, Outcome::Fallback));
        assert_eq!(answer.body, FALLBACK);
    }

    #[tokio::test]
    async fn three_silent_calls_open_the_breaker_and_then_nobody_waits() {
        let (_listener, provider) = silent_provider().await;
        let consumer = WithBreaker::with(
            provider,
            Duration::from_millis(20),
            BreakerRules { failures: 3, reset: Duration::from_secs(60), trials: 1 },
        )
        .unwrap();
        assert!(consumer.is_healthy());
        assert_eq!(consumer.invoke().await.outcome, Outcome::Fallback);
        assert!(!consumer.is_healthy(), "three failed attempts open the breaker");
        let asked = std::time::Instant::now();
        assert_eq!(consumer.invoke().await.outcome, Outcome::Fallback);
        let mut page = Exposition::default();
        consumer.expose(&mut page);
        let page = page.into_text();
        assert!(
            page.contains("outgoing_calls_total{target=\"provider\"} 3\n"),
            "refused calls are not sent: {page}"
        );
        assert!(
            asked.elapsed() < Duration::from_millis(20),
            "an open breaker does not wait for the call's limit"
        );
    }

    #[tokio::test]
    async fn a_user_who_leaves_does_not_hide_the_failure() {
        let (_listener, provider) = silent_provider().await;
        let consumer = after(provider);
        for _ in 0..3 {
            let _ = tokio::time::timeout(Duration::from_millis(1), consumer.invoke()).await;
        }
        let learnt = async {
            while consumer.is_healthy() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), learnt).await.expect("the breaker learns of all three");
    }
}
