//! `MicroProfile`, `SmallRye` and Helidon: the time in each state, or openings alone.

use super::{
    super::{
        super::{super::state_words, Families, text::Family},
        growth::times,
        tally::{PageMemory, Tallies, Tally, named, process},
    },
    CountedState, key, verdict,
};
use crate::session::event::{
    BreakerState::{self, Closed, HalfOpen, Open},
    SourceClaim,
};

/// The part of a name after which `MicroProfile` 1 and 2 have the state.
const FT: &str = "_circuitbreaker_";

/// The time in each state, by a label or, in old versions, by the metric's name.
pub(super) fn time_counts(families: &mut Families) -> (String, Tallies) {
    let mut tallies = Tallies::default();
    let mut metric = "ft_circuitbreaker_state_total".to_owned();
    let labelled = |name: &str| {
        name.contains("ft_circuitbreaker_state_total")
            || name.contains("ft_circuitbreaker_state_") && name.ends_with("seconds_total")
    };
    for name in named(families, labelled) {
        let Some(family) = families.remove(&name) else { continue };
        for sample in &family.samples {
            let word = sample.label("state").and_then(state_words::state).flatten();
            if let Some(state) = word {
                let breaker = sample.label("method").or(sample.label("name")).unwrap_or_default();
                tallies.add(breaker, process(sample), key(state), sample.value);
            }
        }
        metric = name;
    }
    for name in named(families, |name| old_time(name).is_some()) {
        let Some((breaker, state)) = old_time(&name) else { continue };
        let Some(family) = families.remove(&name) else { continue };
        family
            .samples
            .iter()
            .for_each(|sample| tallies.add(&breaker, process(sample), key(state), sample.value));
    }
    // A figure for each breaker with times; it gives no state.
    for name in
        named(families, |name| name.contains("ft_") && name.ends_with("_circuitbreaker_callsPrevented_total"))
    {
        let Some((breaker, _)) = name.split_once(FT) else { continue };
        let breaker = old_name(breaker);
        let Some(family) = families.remove(&name) else { continue };
        if tallies.0.contains_key(&(breaker.clone(), None)) {
            family
                .samples
                .iter()
                .for_each(|sample| tallies.add(&breaker, process(sample), "prevented", sample.value));
        }
    }
    (metric, tallies)
}

/// `application_ft_<class>_<method>_circuitbreaker_open_total_seconds`
fn old_time(name: &str) -> Option<(String, BreakerState)> {
    let (breaker, rest) = name.split_once(FT)?;
    let (word, unit) = rest.split_once("_total")?;
    let time = unit.is_empty() || unit.ends_with("seconds");
    let state = match word {
        "open" => Open,
        "closed" => Closed,
        "halfOpen" | "half_open" => HalfOpen,
        _ => return None,
    };
    (time && breaker.contains("ft_")).then(|| (old_name(breaker), state))
}

/// The method in `application:ft_org_acme_client_order`.
fn old_name(breaker: &str) -> String {
    breaker.split_once("ft_").map_or(breaker, |(_, method)| method).to_owned()
}

pub(super) fn time_in_state(memory: &mut PageMemory, tally: &Tally, goes_on: bool) -> CountedState {
    let rejected = tally.get("prevented").copied();
    let said = |says, why| CountedState { says, why, rejected };
    if !goes_on {
        return said(SourceClaim::Nothing, "times, read for the first time");
    }
    let states = [Closed, Open, HalfOpen];
    let grown: Vec<BreakerState> =
        states.into_iter().filter(|state| memory.grown(tally, key(*state)) > 0.0).collect();
    let why = match grown.len() {
        0 => "no time grows: it is brought up to date by calls only",
        1 => "its time grows",
        _ => "by the times that grow",
    };
    said(times(&grown), why)
}

/// Openings alone, if neither times nor words are counted.
pub(super) fn helidon_counts(families: &mut Families) -> (String, Tallies) {
    let mut tallies = Tallies::default();
    let name = "ft_circuitbreaker_opened_total";
    let only = |family: &Family| family.samples.iter().all(|sample| sample.label("name").is_some());
    if families.get(name).is_some_and(only)
        && let Some(family) = families.remove(name)
    {
        for sample in &family.samples {
            tallies.add(sample.label("name").unwrap_or_default(), process(sample), "opened", sample.value);
        }
    }
    (name.to_owned(), tallies)
}

pub(super) fn helidon(memory: &mut PageMemory, tally: &Tally, goes_on: bool) -> CountedState {
    if goes_on && memory.grown(tally, "opened") > 0.0 {
        verdict(SourceClaim::State(Open), "it opened since the last reading")
    } else {
        // Neither closing nor a trial is counted.
        verdict(SourceClaim::Nothing, "openings are counted, and nothing else")
    }
}
