//! opossum-prometheus: events of each circuit.

use super::{
    super::{
        super::{
            Families,
            text::{Family, MetricType},
        },
        growth::StateEntries,
        tally::{PageMemory, Tallies, Tally, named, process},
    },
    CountedState, whole,
};
use crate::session::event::{
    BreakerState::{Closed, HalfOpen, Open},
    SourceClaim,
};

/// Events that end a call.
const OVER: [&str; 4] = ["success", "failure", "reject", "cacheHit"];
/// The number of calls after which a circuit without any ended call counts as disabled.
const FIRES: f64 = 5.0;

/// Reads `circuit{name,event}`, `circuit_total` in `OpenMetrics`, with a prefix; `circuit_<name>_<event>` in old
/// versions.
pub(super) fn opossum_counts(families: &mut Families) -> (String, Tallies) {
    let mut tallies = Tallies::default();
    let mut metric = "circuit".to_owned();
    let by_event = |name: &str| {
        let base = name.strip_suffix("_total").unwrap_or(name);
        base == "circuit" || base.ends_with("_circuit")
    };
    for name in named(families, by_event) {
        let events = |family: &Family| family.samples.iter().all(|sample| sample.label("event").is_some());
        if !families.get(&name).is_some_and(events) {
            continue;
        }
        let Some(family) = families.remove(&name) else { continue };
        for sample in &family.samples {
            let breaker = sample.label("name").unwrap_or_default();
            tallies.add(breaker, process(sample), sample.label("event").unwrap_or_default(), sample.value);
        }
        metric = name;
    }
    let events = ["fire", "open", "close", "halfOpen", "success", "failure", "reject", "timeout", "fallback"];
    let old = |name: &str| {
        let (breaker, event) = name.strip_prefix("circuit_")?.rsplit_once('_')?;
        events.contains(&event).then(|| (breaker.to_owned(), event.to_owned()))
    };
    let fires = |name: &str| {
        old(name).is_some_and(|(breaker, _)| families.contains_key(&format!("circuit_{breaker}_fire")))
    };
    for name in named(families, fires) {
        let counts = families.get(&name).is_some_and(|family| family.kind == MetricType::Counter);
        if let Some((breaker, event)) = old(&name).filter(|_| counts)
            && let Some(family) = families.remove(&name)
        {
            family
                .samples
                .iter()
                .for_each(|sample| tallies.add(&breaker, process(sample), &event, sample.value));
        }
    }
    (metric, tallies)
}

pub(super) fn opossum(memory: &mut PageMemory, tally: &Tally, goes_on: bool) -> CountedState {
    let count = |event: &str| tally.get(event).copied().unwrap_or(0.0);
    let rejected = Some(count("reject"));
    let pending = count("fire") - OVER.iter().map(|event| count(event)).sum::<f64>();
    let over = OVER.iter().any(|event| count(event) > 0.0);
    let said = |says, why| CountedState { says, why, rejected };
    if tally.contains_key("fire") && count("open") == 0.0 && count("close") == 0.0 && count("halfOpen") == 0.0
    {
        // A disabled circuit counts only the calls that begin.
        if !over && count("fire") >= FIRES {
            return said(SourceClaim::Nothing, "calls begin and none is counted as over");
        }
        memory.base = pending;
        return said(SourceClaim::State(Closed), "it has not opened since its process began");
    }
    if !goes_on {
        memory.base = pending;
        // It opened and never closed.
        let never = count("open") > 0.0 && count("close") == 0.0;
        return said(
            if never { SourceClaim::Not(Closed) } else { SourceClaim::Nothing },
            "read for the first time",
        );
    }
    let grown = |event: &str| whole(memory.grown(tally, event));
    let (open, closed, half_open) = (grown("open"), grown("close"), grown("halfOpen"));
    if tally.contains_key("halfOpen") && open + closed + half_open > 0 {
        memory.base = pending;
        return said(StateEntries { open, half_open, closed }.says(memory.state), "the last event to grow");
    }
    match (open > 0, closed > 0) {
        (true, false) => {
            memory.base = pending;
            return said(SourceClaim::State(Open), "`open` grew last");
        }
        (false, true) => return said(SourceClaim::State(Closed), "`close` grew last"),
        // From closed, one opening and one closing end in closed; otherwise the order is unknown.
        (true, true) if memory.state == Some(Closed) && open == 1 && closed == 1 => {
            return said(SourceClaim::State(Closed), "it opened and closed");
        }
        (true, true) => {
            memory.state = None;
            return said(SourceClaim::Nothing, "it opened and closed in unknown order");
        }
        (false, false) => {}
    }
    match memory.state {
        // A call was let through although the breaker is not closed. A failed trial would show as growth of `open`.
        Some(Open) if pending > memory.base && grown("fire") > grown("reject") => {
            said(SourceClaim::State(HalfOpen), "derived: a call was let through")
        }
        Some(Open) => {
            // Calls from before the opening end later.
            memory.base = memory.base.min(pending);
            said(SourceClaim::State(Open), "nothing changed since")
        }
        Some(state) => said(SourceClaim::State(state), "nothing changed since"),
        None if grown("success") > 0 && grown("reject") == 0 && grown("failure") == 0 => {
            said(SourceClaim::State(Closed), "calls succeed and none is rejected")
        }
        None if grown("reject") > 0 => said(SourceClaim::Not(Closed), "calls are rejected"),
        None if count("open") > 0.0 && count("close") == 0.0 => {
            said(SourceClaim::Not(Closed), "it opened and never closed")
        }
        None => said(SourceClaim::Nothing, "nothing changed since it was read first"),
    }
}
