//! Polly 8: events of pipelines, and runs that a breaker rejected.

use super::{
    super::{
        super::{Families, text::Sample},
        growth::StateEntries,
        tally::{PageMemory, Tallies, Tally, named, process},
    },
    CountedState, whole,
};
use crate::session::event::{
    BreakerState::{Closed, ForcedOpen, HalfOpen, Open},
    SourceClaim,
};

/// Exceptions that Polly's breaker throws.
const BROKEN: &str = "Polly.CircuitBreaker.BrokenCircuitException";
const ISOLATED: &str = "Polly.CircuitBreaker.IsolatedCircuitException";

pub(super) fn polly_counts(families: &mut Families) -> (String, Tallies) {
    let mut tallies = Tallies::default();
    let mut metric = "resilience_polly_strategy_events_total".to_owned();
    let about = |sample: &Sample| sample.label("pipeline_name").unwrap_or_default().to_owned();
    for name in named(families, |name| name.starts_with("resilience_polly_strategy_events")) {
        let Some(family) = families.remove(&name) else { continue };
        if name.ends_with("_created") {
            continue;
        }
        for sample in &family.samples {
            let event = sample.label("event_name").unwrap_or_default();
            if event.starts_with("OnCircuit") {
                tallies.add(&about(sample), process(sample), event, sample.value);
            }
        }
        metric = name;
    }
    let runs =
        |name: &str| name.starts_with("resilience_polly_pipeline_duration") && name.ends_with("_count");
    for name in named(families, runs) {
        let Some(family) = families.remove(&name) else { continue };
        for sample in &family.samples {
            match sample.label("exception_type") {
                Some(BROKEN) => tallies.add(&about(sample), process(sample), BROKEN, sample.value),
                Some(ISOLATED) => tallies.add(&about(sample), process(sample), ISOLATED, sample.value),
                _ => {}
            }
        }
    }
    (metric, tallies)
}

pub(super) fn polly(memory: &mut PageMemory, tally: &Tally, goes_on: bool) -> CountedState {
    let count = |word: &str| tally.get(word).copied().unwrap_or(0.0);
    let rejected = Some(count(BROKEN) + count(ISOLATED)).filter(|count| *count > 0.0);
    let said = |says, why| CountedState { says, why, rejected };
    if !goes_on {
        return said(SourceClaim::Nothing, "read for the first time");
    }
    // 1 while rejected runs were seen and no event since.
    let held = std::mem::take(&mut memory.base);
    let grown = |word: &str| whole(memory.grown(tally, word));
    let entered = StateEntries {
        open: grown("OnCircuitOpened"),
        half_open: grown("OnCircuitHalfOpened"),
        closed: grown("OnCircuitClosed"),
    };
    if entered != StateEntries::default() {
        return said(entered.says(memory.state), "the last event to grow");
    }
    let rejects = grown(BROKEN) > 0;
    if grown(ISOLATED) > 0 {
        return said(SourceClaim::State(ForcedOpen), "runs end with IsolatedCircuitException");
    }
    match memory.state {
        Some(state @ (Open | HalfOpen)) => said(SourceClaim::State(state), "no event since"),
        _ if rejects || held > 0.0 => {
            memory.base = 1.0;
            said(SourceClaim::Not(Closed), "runs ended with BrokenCircuitException")
        }
        Some(ForcedOpen) => said(SourceClaim::Nothing, "no event since"),
        Some(state) => said(SourceClaim::State(state), "no event since"),
        None => said(SourceClaim::Nothing, "no event since it was read first"),
    }
}
