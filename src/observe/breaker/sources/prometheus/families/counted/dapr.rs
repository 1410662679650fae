//! Dapr before 1.15: calls by the state that they met, and state changes.

use super::{
    super::{
        super::{super::state_words, Families, text::Sample},
        tally::{PageMemory, Tallies, Tally, process},
    },
    CountedState, key,
};
use crate::session::event::{
    BreakerState::{self, Closed, HalfOpen, Open},
    SourceClaim,
};

/// Removes and counts calls by status, and activations, for pages without the state itself.
pub(super) fn dapr_counts(families: &mut Families) -> (String, Tallies) {
    let mut tallies = Tallies::default();
    let counts = families.remove("dapr_resiliency_count").unwrap_or_default();
    let activations = families.remove("dapr_resiliency_activations_total").unwrap_or_default();
    let breakers = |sample: &&Sample| sample.label("policy") == Some("circuitbreaker");
    for (family, kind) in [(&counts, "met"), (&activations, "became")] {
        for sample in family.samples.iter().filter(breakers) {
            let Some(state) = sample.label("status").and_then(state_words::state).flatten() else { continue };
            let target = sample.label("target").or(sample.label("name")).unwrap_or_default();
            tallies.add(target, process(sample), &format!("{kind} {}", key(state)), sample.value);
        }
    }
    ("dapr_resiliency_activations_total".to_owned(), tallies)
}

pub(super) fn dapr(memory: &mut PageMemory, tally: &Tally, goes_on: bool) -> CountedState {
    let rejected = tally.get("met open").copied();
    let said = |says, why| CountedState { says, why, rejected };
    if !goes_on {
        return said(SourceClaim::Nothing, "counts, read for the first time");
    }
    let grown = |kind: &str, state| memory.grown(tally, &format!("{kind} {}", key(state))) > 0.0;
    match (grown("became", Open), grown("became", Closed)) {
        (true, false) => return said(SourceClaim::State(Open), "it became open"),
        (false, true) => return said(SourceClaim::State(Closed), "it became closed"),
        (true, true) => {
            memory.state = None;
            return said(SourceClaim::Nothing, "it became open and closed");
        }
        (false, false) => {}
    }
    let met: Vec<BreakerState> =
        [Closed, Open, HalfOpen].into_iter().filter(|state| grown("met", *state)).collect();
    match (met.as_slice(), memory.state) {
        ([one], _) => said(SourceClaim::State(*one), "as the last call met it"),
        (_, Some(state)) => said(SourceClaim::State(state), "nothing changed since"),
        _ => said(SourceClaim::Nothing, "nothing changed since it was read first"),
    }
}
