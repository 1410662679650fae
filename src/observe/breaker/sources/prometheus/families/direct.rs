//! Known gauges that give the state themselves.

use super::{
    super::{
        super::state_words,
        Families,
        text::{Family, Sample},
    },
    ground,
    tally::{named, process},
};
use crate::session::event::{
    BreakerState::{self, Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Open},
    NamedBreaker, SourceClaim,
};
use std::collections::BTreeMap;

/// The order of states in resilience4j.
const R4J: [BreakerState; 6] = [Closed, Open, HalfOpen, Disabled, ForcedOpen, MetricsOnly];
/// The order of states in rezilience.
const REZILIENCE: [BreakerState; 3] = [Closed, HalfOpen, Open];

/// Removes these gauges from the page and reads them.
pub(super) fn read(families: &mut Families) -> Vec<NamedBreaker> {
    let mut found = Vec::new();
    for name in
        named(families, |name| name.starts_with("resilience4j_circuitbreaker") && name.ends_with("_state"))
    {
        found.extend(r4j(families, &name));
    }
    for name in named(families, |name| name.ends_with("rezilience_circuit_breaker_state")) {
        let Some(family) = families.remove(&name) else { continue };
        let reported =
            |sample: &Sample| by_order(&name, sample.label("name").unwrap_or_default(), sample, &REZILIENCE);
        found.extend(family.samples.iter().map(reported));
    }
    if let Some(family) = families.remove("hystrix_circuit_breaker_open") {
        found.extend(family.samples.iter().map(hystrix));
    }
    if let Some(family) = families.remove("dapr_resiliency_cb_state") {
        let about =
            |sample: &Sample| sample.label("target").or(sample.label("name")).unwrap_or_default().to_owned();
        found.extend(one_hot("dapr_resiliency_cb_state", &family, "status", about));
    }
    for name in named(families, |name| name.ends_with("breaker_state")) {
        let mollitia = families.get(&name).is_some_and(is_mollitia);
        if mollitia && let Some(family) = families.remove(&name) {
            let about = |sample: &Sample| sample.label("circuit").unwrap_or_default().to_owned();
            found.extend(one_hot(&name, &family, "state", about));
        }
    }
    for name in named(families, |name| name.ends_with("circuitbreaker_state")) {
        let tower = families.get(&name).is_some_and(is_tower);
        if tower && let Some(family) = families.remove(&name) {
            found.extend(entered(&name, &family));
        }
    }
    found
}

/// Reads resilience4j versions without a label for the state: a number, or the breaker's name inside the metric's.
fn r4j(families: &mut Families, name: &str) -> Vec<NamedBreaker> {
    let plain = |family: &Family| family.samples.iter().all(|sample| sample.label("state").is_none());
    if !families.get(name).is_some_and(plain) {
        return Vec::new();
    }
    let inside =
        name.strip_prefix("resilience4j_circuitbreaker_").and_then(|rest| rest.strip_suffix("_state"));
    let Some(family) = families.remove(name) else { return Vec::new() };
    let reported =
        |sample: &Sample| by_order(name, sample.label("name").or(inside).unwrap_or_default(), sample, &R4J);
    family.samples.iter().map(reported).collect()
}

fn by_order(metric: &str, breaker: &str, sample: &Sample, order: &[BreakerState]) -> NamedBreaker {
    let at = order.iter().enumerate().find(|(place, _)| *place as f64 == sample.value);
    let (says, value) = match at {
        Some((_, state)) => {
            (SourceClaim::State(*state), format!("{} ({})", sample.value, state_words::word(*state)))
        }
        None => (SourceClaim::Nothing, format!("{}, which is none of its states", sample.value)),
    };
    reported(metric, breaker, process(sample), says, &value)
}

/// The flag is 1 also in half-open; 0 means closed, forced closed or disabled.
fn hystrix(sample: &Sample) -> NamedBreaker {
    let (says, value) = match sample.value {
        1.0 => (SourceClaim::Not(Closed), "1 (open or half-open)"),
        0.0 => (SourceClaim::Not(Open), "0 (not open)"),
        _ => (SourceClaim::Nothing, "no flag"),
    };
    let key = sample.label("key").or(sample.label("name")).unwrap_or_default();
    reported("hystrix_circuit_breaker_open", key, process(sample), says, value)
}

/// mollitia resets its gauges at every change: exactly one word is 1.
fn is_mollitia(family: &Family) -> bool {
    family.samples.iter().all(|sample| {
        sample.label("circuit").is_some()
            && sample.label("module").is_some()
            && sample.label("state").is_some_and(|word| matches!(word, "closed" | "half-opened" | "opened"))
    })
}

fn is_tower(family: &Family) -> bool {
    let word = |sample: &Sample| sample.label("state").is_some_and(|word| state_words::state(word).is_some());
    family.samples.iter().all(|sample| sample.label("circuitbreaker").is_some() && word(sample))
}

fn one_hot(
    metric: &str,
    family: &Family,
    label: &str,
    about: impl Fn(&Sample) -> String,
) -> Vec<NamedBreaker> {
    let mut groups: BTreeMap<(String, Option<String>), Vec<&Sample>> = BTreeMap::new();
    for sample in &family.samples {
        groups.entry((about(sample), process(sample))).or_default().push(sample);
    }
    let read = |((breaker, process), samples): ((String, Option<String>), Vec<&Sample>)| {
        let ones = samples.iter().filter(|sample| sample.value == 1.0);
        let hot: Vec<&str> = ones.filter_map(|sample| sample.label(label)).collect();
        let plain = samples.iter().all(|sample| sample.value == 0.0 || sample.value == 1.0);
        let state = match hot.as_slice() {
            [word] if plain => state_words::state(word).flatten(),
            _ => None,
        };
        let says = state.map_or(SourceClaim::Nothing, SourceClaim::State);
        let value = state.map_or_else(|| "no state".to_owned(), state_words::word);
        reported(metric, &breaker, process, says, &value)
    };
    groups.into_iter().map(read).collect()
}

/// tower-resilience sets 1 on entering a state and never resets it: the state is known while only one was entered.
fn entered(metric: &str, family: &Family) -> Vec<NamedBreaker> {
    let mut groups: BTreeMap<String, Vec<&Sample>> = BTreeMap::new();
    for sample in family.samples.iter().filter(|sample| sample.value == 1.0) {
        groups.entry(sample.label("circuitbreaker").unwrap_or_default().to_owned()).or_default().push(sample);
    }
    let read = |(breaker, samples): (String, Vec<&Sample>)| {
        let state = match samples.as_slice() {
            [one] => one.label("state").and_then(state_words::state).flatten(),
            _ => None,
        };
        let says = state.map_or(SourceClaim::Nothing, SourceClaim::State);
        let value = state.map_or_else(|| "every state it ever had".to_owned(), state_words::word);
        reported(metric, &breaker, None, says, &value)
    };
    groups.into_iter().map(read).collect()
}

fn reported(
    metric: &str,
    breaker: &str,
    process: Option<String>,
    says: SourceClaim,
    value: &str,
) -> NamedBreaker {
    let name: String = breaker.chars().take(80).collect();
    let ground = ground(metric, &name, process.as_deref(), value);
    NamedBreaker { process, ..NamedBreaker::new(name, says, ground) }
}
