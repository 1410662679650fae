//! Counters of outgoing calls. Calls that a circuit breaker refuses are not counted.

use super::metrics::Exposition;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallEnd {
    Answered,
    Failed,
    /// The call was dropped before it ended: by a timeout, or because the user disconnected.
    Abandoned,
}

impl CallEnd {
    const ALL: [Self; 3] = [Self::Answered, Self::Failed, Self::Abandoned];

    fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// The counters of calls to one target.
#[derive(Debug)]
pub(super) struct OutgoingCalls {
    target: &'static str,
    sent: AtomicU64,
    ended: [AtomicU64; 3],
}

impl OutgoingCalls {
    pub(super) fn to(target: &'static str) -> Self {
        Self { target, sent: AtomicU64::new(0), ended: Default::default() }
    }

    /// Executes a call and counts it as sent and, at its end, by its outcome. A call that is dropped before its end
    /// counts as abandoned.
    pub(super) async fn count<T, E>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let mut call_of = OngoingCall { outgoing: self, end: CallEnd::Abandoned };
        let result = call.await;
        call_of.end = if result.is_ok() { CallEnd::Answered } else { CallEnd::Failed };
        result
    }

    fn ended(&self, end: CallEnd) -> &AtomicU64 {
        let [answered, failed, abandoned] = &self.ended;
        match end {
            CallEnd::Answered => answered,
            CallEnd::Failed => failed,
            CallEnd::Abandoned => abandoned,
        }
    }

    pub(super) fn expose(&self, exposition: &mut Exposition) {
        let target = ("target", self.target);
        exposition.family("outgoing_calls_total", "counter", "calls sent to another service");
        exposition.sample("outgoing_calls_total", &[target], self.sent.load(Ordering::Relaxed));
        exposition.family("outgoing_calls_ended_total", "counter", "calls that were sent, by how they ended");
        for end in CallEnd::ALL {
            let value = self.ended(end).load(Ordering::Relaxed);
            exposition.sample("outgoing_calls_ended_total", &[target, ("outcome", end.word())], value);
        }
    }
}

struct OngoingCall<'a> {
    outgoing: &'a OutgoingCalls,
    end: CallEnd,
}

impl Drop for OngoingCall<'_> {
    fn drop(&mut self) {
        self.outgoing.ended(self.end).fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::{pending, ready},
        time::Duration,
    };

    #[tokio::test(start_paused = true)]
    async fn each_call_is_counted_when_it_leaves_and_when_it_ends() {
        let outgoing = OutgoingCalls::to("provider");
        let _ = outgoing.count(ready(Ok::<(), ()>(()))).await;
        let _ = outgoing.count(ready(Err::<(), ()>(()))).await;
        let hangs = outgoing.count(pending::<Result<(), ()>>());
        assert!(tokio::time::timeout(Duration::from_secs(1), hangs).await.is_err());
        let mut exposition = Exposition::default();
        outgoing.expose(&mut exposition);
        let text = exposition.into_text();
        for line in [
            r#"outgoing_calls_total{target="provider"} 3"#,
            r#"outgoing_calls_ended_total{target="provider",outcome="answered"} 1"#,
            r#"outgoing_calls_ended_total{target="provider",outcome="failed"} 1"#,
            r#"outgoing_calls_ended_total{target="provider",outcome="abandoned"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }
}
