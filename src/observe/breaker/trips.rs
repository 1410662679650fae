//! Whether the users' rate can trip a breaker at all, as far as a source exposes the breaker's settings.

use super::reading::Reading;
use crate::session::event::{BreakerState, CheckLevel, NamedBreaker, PreflightCheck, SourceClaim};
use std::collections::BTreeSet;

/// The maximum number of checks emitted.
const SAID: usize = 8;

/// Emits one check per breaker and result.
pub(super) struct TripChecks {
    rate: f64,
    said: BTreeSet<(String, bool)>,
}

impl TripChecks {
    pub(super) fn new(rate: f64) -> Self {
        Self { rate, said: BTreeSet::new() }
    }

    /// The checks of a reading that were not returned before.
    pub(super) fn look(&mut self, reading: &Reading) -> Vec<PreflightCheck> {
        let mut checks = Vec::new();
        for breaker in &reading.breakers {
            let Some((can, text, remedy)) = judge(breaker, self.rate) else { continue };
            if self.said.len() < SAID && self.said.insert((breaker.name.clone(), can)) {
                let level = if can { CheckLevel::Ok } else { CheckLevel::Know };
                let name = if breaker.name.is_empty() { "the breaker" } else { &breaker.name };
                checks.push(PreflightCheck {
                    level,
                    text: format!("breaker {name}: {text}"),
                    remedy,
                    offer: None,
                });
            }
        }
        checks
    }
}

/// Whether `rate` requests per second can trip the breaker, the reason, and a remedy.
fn judge(breaker: &NamedBreaker, rate: f64) -> Option<(bool, String, Option<String>)> {
    match breaker.says {
        SourceClaim::State(BreakerState::Disabled) => {
            return Some((
                false,
                "it is switched off: nothing trips it, nothing protects these calls".to_owned(),
                None,
            ));
        }
        SourceClaim::State(BreakerState::MetricsOnly) => {
            return Some((
                false,
                "it only counts: nothing trips it, nothing protects these calls".to_owned(),
                None,
            ));
        }
        SourceClaim::State(BreakerState::ForcedOpen) => {
            return Some((false, "it is forced open manually: no trial will close it".to_owned(), None));
        }
        _ => {}
    }
    let counts = breaker.counts?;
    let percent = counts
        .trips_at_percent
        .map(|percent| format!(" and {percent} % of them failing"))
        .unwrap_or_default();
    if let Some(after) = counts.trips_after {
        return Some((
            true,
            format!("trips after {after} failures: {rate} requests a second can do that"),
            None,
        ));
    }
    match (counts.min_calls, counts.window_s) {
        (Some(min), Some(window)) if min > 0 && window > 0.0 => {
            let ours = rate * window;
            let wants = format!("trips from {min} calls in {window} s{percent} on");
            if ours > min as f64 {
                return Some((true, format!("{wants}: {rate} requests a second are enough"), None));
            }
            let enough = (min as f64 / window).floor() + 1.0;
            let text =
                format!("{wants}; {rate} requests a second are {ours}: these requests alone cannot trip it");
            Some((false, text, Some(format!("watch with --rate {enough}, or let others call too"))))
        }
        // resilience4j reports no failure rate below its minimum number of calls.
        (None, _)
            if counts.failure_percent.is_none()
                && counts.calls.is_some()
                && counts.trips_at_percent.is_some() =>
        {
            let calls = counts.calls.unwrap_or(0);
            let text = format!(
                "{calls} calls are fewer than its minimum (it has no failure rate yet): until it has counted enough of them \
                 it cannot trip, at {rate} a second that may take a while (100 calls unless set otherwise)"
            );
            Some((false, text, Some("a higher --rate gets there sooner".to_owned())))
        }
        (None, _) if counts.failure_percent.is_some() && counts.calls.is_some() => {
            Some((true, format!("it has counted enough calls to trip at any rate{percent}"), None))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::reading::SourceId, *};
    use crate::session::event::{BreakerCounts, SourceKind};

    fn said(rate: f64, says: SourceClaim, counts: BreakerCounts) -> Option<(CheckLevel, String)> {
        let breaker = NamedBreaker { counts: Some(counts), ..NamedBreaker::new("provider", says, "") };
        let source = SourceId::at_users_url(SourceKind::Hystrix, "/hystrix.stream");
        let reading = Reading { breakers: vec![breaker], ..Reading::new(source, "") };
        let mut trips = TripChecks::new(rate);
        let first = trips.look(&reading);
        assert!(trips.look(&reading).is_empty(), "it is said once");
        first.into_iter().next().map(|check| (check.level, check.text))
    }

    #[test]
    fn a_rate_trips_a_breaker_or_does_not() {
        let closed = SourceClaim::State(BreakerState::Closed);
        let hystrix = BreakerCounts {
            min_calls: Some(20),
            window_s: Some(10.0),
            trips_at_percent: Some(50.0),
            ..BreakerCounts::default()
        };
        let (level, text) = said(2.0, closed, hystrix).unwrap();
        assert!(level == CheckLevel::Know && text.contains("cannot trip it"), "{text}");
        let (level, text) = said(3.0, closed, hystrix).unwrap();
        assert!(level == CheckLevel::Ok && text.contains("20 calls in 10 s and 50 %"), "{text}");
        let r4j = BreakerCounts { calls: Some(3), trips_at_percent: Some(50.0), ..BreakerCounts::default() };
        assert!(said(2.0, closed, r4j).unwrap().1.contains("fewer than its minimum"));
        let counted = BreakerCounts { failure_percent: Some(10.0), ..r4j };
        assert_eq!(said(2.0, closed, counted).unwrap().0, CheckLevel::Ok);
        let in_a_row = BreakerCounts { trips_after: Some(5), ..BreakerCounts::default() };
        assert!(said(0.1, closed, in_a_row).unwrap().1.contains("after 5 failures"));
    }

    #[test]
    fn what_is_switched_off_is_said_and_what_is_not_told_is_not() {
        for (state, word) in [
            (BreakerState::Disabled, "switched off"),
            (BreakerState::MetricsOnly, "only counts"),
            (BreakerState::ForcedOpen, "forced open"),
        ] {
            assert!(said(2.0, SourceClaim::State(state), BreakerCounts::default()).unwrap().1.contains(word));
        }
        assert_eq!(said(2.0, SourceClaim::State(BreakerState::Closed), BreakerCounts::default()), None);
        let sleep_only = BreakerCounts { trips_at_percent: Some(50.0), ..BreakerCounts::default() };
        assert_eq!(
            said(2.0, SourceClaim::Not(BreakerState::Closed), sleep_only),
            None,
            "opossum does not tell its volume"
        );
    }
}
