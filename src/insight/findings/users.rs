//! Findings about what users got, and how long they waited for it.

use super::{Finding, FindingTopic, Severity, measured::Measured};
use crate::{
    insight::{RunVerdict, names, provider_back_at, recovery_lag},
    session::{
        event::{BreakerState, Timestamp},
        state::Outcome,
        wording,
    },
};

/// Seconds from which on it matters that real answers came later than the provider.
const LATER_S: f64 = 1.0;
/// Errors from which on a health page that showed none of them is misleading.
const MISLED: u64 = 5;
/// Requests below which each one is a large share of all.
const FEW: u64 = 20;

/// Users got errors, and the breaker did not open.
pub(super) fn failed(seen: &Measured) -> Option<Finding> {
    let (during, fault) = (&seen.during, seen.fault?);
    if !seen.has_verdict(RunVerdict::NotResilient) || during.error == 0 || seen.breaking.trip_s.is_some() {
        return None;
    }
    let waited = during.error_waits.p50.filter(|ms| *ms > seen.limit_ms() as f64);
    let after = waited.map(|ms| format!(", after {} (median)", wording::wait(ms))).unwrap_or_default();
    let who = format!("{} of {} got an error", during.error, seen.users(during.sent));
    let breaker = &seen.session.breaker;
    let never = breaker.never_opened(fault.t0(), seen.now);
    let (text, advice) = match breaker.state() {
        BreakerState::Disabled | BreakerState::MetricsOnly => return None,
        BreakerState::NoBreakerSeen | BreakerState::ClosedOrNone if never => (
            format!("No breaker was seen: {who}{after}."),
            "Try: a call timeout, a circuit breaker and a fallback around the calls to the provider.",
        ),
        BreakerState::Closed if never => (
            format!("The breaker never opened: {who}{after}."),
            "Try: fewer failures to trip, or a timeout short enough for slow calls to count as failures.",
        ),
        _ => (
            format!("{who} while {}{after}.", seen.fault_phrase()),
            "Try: a call timeout, and a fallback for calls that fail.",
        ),
    };
    let because = breaker.belief.as_ref().map(|belief| format!("breaker: {}", belief.because));
    let evidence = std::iter::once(seen.conclusion.because()).chain(because).collect();
    Some(Finding {
        severity: Severity::Serious,
        text,
        advice: advice.to_owned(),
        evidence,
        topic: FindingTopic::NoBreaker,
    })
}

/// Users got no errors, but waited too long.
pub(super) fn waited(seen: &Measured) -> Option<Finding> {
    let during = &seen.during;
    let unopened = seen.breaking.trip_s.is_none() && during.error == 0 && during.fallback == 0;
    let late = during.late_successes() + during.over_limit_unanswered;
    let usual = seen.endpoint.and_then(|endpoint| endpoint.baseline_at_t0.as_ref());
    let slow_before = usual.is_some_and(|usual| usual.is_slow(seen.limit_ms()));
    seen.fault.filter(|_| unopened && late > 0 && !slow_before)?;
    let longest = during.all.max.unwrap_or(0.0);
    Some(Finding {
        severity: if seen.has_verdict(RunVerdict::NotResilient) {
            Severity::Serious
        } else {
            Severity::Caution
        },
        text: format!(
            "{late} of {} had to wait up to {}: no timeout cut their calls short.",
            seen.users(during.sent),
            wording::wait_at_least(longest, during.over_limit_unanswered > 0)
        ),
        advice: format!(
            "Try: a call timeout below {}, and a fallback for calls that run into it.",
            wording::limit(seen.limit_ms())
        ),
        evidence: vec![seen.conclusion.because()],
        topic: FindingTopic::Users,
    })
}

/// Users got fallbacks or errors for longer than the provider was away.
pub(super) fn late_recovery(seen: &Measured) -> Option<Finding> {
    let endpoint = seen.endpoint?;
    let until = endpoint.recovered.unwrap_or(seen.now);
    let healed = provider_back_at(seen.session, until)?;
    let since = || endpoint.samples_since(healed).filter(|dot| dot.start < until);
    let got = |outcome| since().filter(|dot| dot.outcome == outcome).count();
    let (fallbacks, errors) = (got(Outcome::Fallback), got(Outcome::Error));
    let lag = recovery_lag(seen.session, endpoint);
    let seconds = lag.map_or(seen.now.duration_since(healed).as_secs_f64(), |(seconds, _)| seconds);
    if seconds < LATER_S || fallbacks + errors == 0 {
        return None;
    }
    let what = if errors > fallbacks { "errors" } else { "the fallback" };
    let (lasted, was) = (wording::seconds(seconds), seen.fault_phrase());
    let text = match lag {
        Some((_, true)) => format!("Users got {what} for up to {lasted} longer than {was}."),
        Some(_) => format!("Users got {what} for {lasted} longer than {was}."),
        None => format!("The provider was back for {lasted} when the run ended, and users still got {what}."),
    };
    let open = seen.was_open(healed);
    let advice = match (open, errors > fallbacks) {
        (true, _) => "Try: a shorter open time, or trials that learn from readiness.",
        (false, true) => "Try: look for connections and addresses that the consumer keeps from before.",
        (false, false) => "Try: look at what makes the consumer ask the provider again.",
    };
    let mut evidence = vec![format!("the provider was back at {}", seen.moment(healed))];
    evidence
        .extend(endpoint.recovered.map(|at| format!("the first real answer came at {}", seen.moment(at))));
    let reset = seen.breaking.reset_s.filter(|_| open);
    evidence.extend(
        reset.map(|(_, longest)| format!("the breaker asks again after {}", wording::seconds(longest))),
    );
    evidence.push(format!("between them came {fallbacks} fallbacks and {errors} errors"));
    Some(Finding {
        severity: Severity::Caution,
        text,
        advice: advice.to_owned(),
        evidence,
        topic: FindingTopic::Return,
    })
}

/// The health page did not fail although users got errors.
pub(super) fn health_never_failed(seen: &Measured) -> Option<Finding> {
    let fault =
        seen.fault.filter(|_| seen.has_verdict(RunVerdict::NotResilient) && seen.during.error >= MISLED)?;
    let failing = &seen.session.breaker.health_failing;
    let until = fault.healed.unwrap_or(seen.now);
    let mut readings = failing.within(fault.t0(), until).peekable();
    readings.peek()?;
    if readings.any(|failing| failing) {
        return None;
    }
    let page = names::health_page(seen.session);
    let status = seen.session.breaker.health_status.at(until).flatten();
    let status = status.map_or_else(|| "all is well".to_owned(), |status| status.to_string());
    Some(Finding {
        severity: Severity::Caution,
        text: format!(
            "{page} said {status} all along, while {} got an error.",
            seen.users(seen.during.error)
        ),
        advice: "Try: raise alarms on what users get; a health page knows only of itself.".to_owned(),
        evidence: vec![format!("{page} did not fail once from T0 to {}", seen.moment(until))],
        topic: FindingTopic::Health,
    })
}

/// The health page was well again before users were.
pub(super) fn health_early(seen: &Measured) -> Option<Finding> {
    let (t0, recovered) = seen.session.t0().zip(seen.endpoint?.recovered)?;
    let changes: Vec<(Timestamp, bool)> = seen
        .session
        .breaker
        .health_failing
        .changes()
        .filter(|(at, _)| *at >= t0 && *at < recovered)
        .collect();
    let (well, false) = changes.last().copied()? else { return None };
    let early = recovered.duration_since(well).as_secs_f64();
    (changes.iter().any(|(_, failing)| *failing) && early >= LATER_S).then(|| {
        let page = names::health_page(seen.session);
        Finding {
            severity: Severity::Neutral,
            text: format!("{page} was well {} before users got real answers.", wording::seconds(early)),
            advice: "Try: call it recovered when users are, not when a health page is.".to_owned(),
            evidence: vec![format!(
                "{page} was well at {}, the first real answer came at {}",
                seen.moment(well),
                seen.moment(recovered)
            )],
            topic: FindingTopic::Health,
        }
    })
}

/// What was already bad before the fault.
pub(super) fn before(seen: &Measured) -> Option<Finding> {
    let endpoint = seen.endpoint.filter(|_| seen.fault.is_some())?;
    let usual = endpoint.baseline_at_t0.as_ref()?;
    let (errors, answered) = (usual.tally.error, usual.tally.answered());
    let text = match () {
        () if usual.is_slow(endpoint.limit_ms) => format!(
            "Users waited {} (median) before T0 already: only what is longer is blamed on the fault.",
            wording::wait(usual.tally.all.p50.unwrap_or(0.0))
        ),
        () if errors > 0 => format!(
            "{} of the answers failed before T0 already: only what is more is blamed on the fault.",
            wording::share(errors, answered)
        ),
        () => return None,
    };
    Some(Finding {
        severity: Severity::Caution,
        text,
        advice: "Try: fix the steady state first; a fault shows more on a healthy service.".to_owned(),
        evidence: vec![format!(
            "before T0: {answered} answers, {errors} failed, {} late",
            usual.tally.late_successes()
        )],
        topic: FindingTopic::Users,
    })
}

/// Users did not notice the fault.
pub(super) fn unnoticed(seen: &Measured) -> Option<Finding> {
    seen.fault.filter(|_| seen.has_verdict(RunVerdict::Resilient))?;
    // `seen` is about the endpoint that fared worst, and even its users did not notice the fault.
    let (real, answered) = if seen.since.real == seen.since.answered() {
        (seen.since.real, seen.since.answered())
    } else {
        (seen.during.real, seen.during.answered())
    };
    let unseen = seen.endpoint.and_then(|endpoint| endpoint.shape.as_ref()?.unseen.clone());
    let look = if unseen.is_some() { "looked real" } else { "were real" };
    let readied = seen.session.provider_readiness();
    let since = readied.iter().filter(|row| seen.session.t0().is_some_and(|t0| row.from >= t0));
    let least = since.min_by_key(|row| row.ready);
    let advice = match least {
        Some(row) if row.ready > 0 => {
            format!("Try next: all replicas at once; {} of {} were ready all along.", row.ready, row.wanted)
        }
        _ => "Try next: a provider that answers late instead of one that is gone.".to_owned(),
    };
    let mut evidence = vec![seen.conclusion.because()];
    evidence.extend(least.map(|row| format!("at least {} of {} were ready since T0", row.ready, row.wanted)));
    Some(Finding {
        severity: Severity::Good,
        text: format!("Users never noticed: {real} of {answered} answers{} {look}.", seen.of_endpoint()),
        advice,
        evidence,
        topic: FindingTopic::Users,
    })
}

/// No user got an error: fallbacks protected them.
pub(super) fn fallback(seen: &Measured) -> Option<Finding> {
    let since = &seen.since;
    let good = seen.has_verdict(RunVerdict::Protected) && since.error == 0 && since.fallback > 0;
    (good && seen.fault.is_some()).then(|| Finding {
        severity: Severity::Good,
        text: format!(
            "Nobody got an error: {} of {} got the fallback.",
            since.fallback,
            seen.users(since.sent)
        ),
        advice: "Try next: a provider that answers late instead of one that is gone.".to_owned(),
        evidence: vec![seen.conclusion.because()],
        topic: FindingTopic::Users,
    })
}

/// Few requests were sent during the fault.
pub(super) fn few(seen: &Measured) -> Option<Finding> {
    let sent = seen.during.sent;
    let rate = seen.endpoint.filter(|_| seen.fault.is_some())?.rate;
    (sent < FEW).then(|| Finding {
        severity: Severity::Neutral,
        text: format!(
            "Only {} while {}: each is a large share of all.",
            if sent == 1 { "1 user asked".to_owned() } else { format!("{sent} users asked") },
            seen.fault_phrase()
        ),
        advice: format!("Try: more than {rate} requests a second, or a fault that lasts longer."),
        evidence: vec![format!("{sent} requests were due, {rate} a second")],
        topic: FindingTopic::NotExercised,
    })
}
