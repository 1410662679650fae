//! Gauges that show a breaker's state: one-hot by a label, by a number, or by a name that ends in `_open`.

use super::{
    super::state_words, Families, Family, Sample, breaker_and_process, ground, is_a_state, numbers::Numbers,
};
use crate::session::event::{BreakerState, NamedBreaker, SourceClaim};
use std::collections::BTreeMap;

/// Reads the gauges of a page. `page`: the process that answered. `well`: users get real answers now.
pub(super) fn read(
    families: &Families,
    numbers: &mut Numbers,
    page: Option<&str>,
    well: bool,
) -> Vec<NamedBreaker> {
    let mut found: Vec<NamedBreaker> = Vec::new();
    for (name, family) in families.iter().filter(|(name, family)| is_a_state(name, family)) {
        let breakers = if let Some(label) = state_label(name, family) {
            one_hot(name, family, &label)
        } else {
            let mut reported: Vec<NamedBreaker> =
                family.samples.iter().filter_map(|sample| by_number(name, family, sample)).collect();
            let unread = reported.iter_mut().zip(&family.samples);
            unread
                .filter(|(one, _)| {
                    one.says == SourceClaim::Nothing && state_words::pairs(&family.help).is_empty()
                })
                .for_each(|(one, sample)| by_readings(one, name, sample.value, numbers, page, well));
            reported
        };
        for breaker in breakers {
            let same = |one: &&mut NamedBreaker| one.name == breaker.name && one.process == breaker.process;
            match found.iter_mut().find(same) {
                None => found.push(breaker),
                // Of two series about one breaker the more specific claim counts.
                Some(reported) if rank(breaker.says) > rank(reported.says) => *reported = breaker,
                Some(_) => {}
            }
        }
    }
    found
}

fn rank(says: SourceClaim) -> u8 {
    match says {
        SourceClaim::State(_) => 2,
        SourceClaim::Not(_) => 1,
        SourceClaim::Nothing => 0,
    }
}

/// The label that holds the state: all of its values are state words. In `prometheus_client`'s `Enum` that label has the
/// metric's own name.
fn state_label(name: &str, family: &Family) -> Option<String> {
    let first = family.samples.first()?;
    let mut labels: Vec<&str> = first.labels.iter().map(|(key, _)| key.as_str()).collect();
    let metric = name;
    let likely = |key: &str| key.eq_ignore_ascii_case(metric) || key.to_ascii_lowercase().contains("stat");
    labels.sort_by_key(|key| !likely(key));
    let holds = |key: &&str| {
        let words =
            |sample: &Sample| sample.label(key).is_some_and(|value| state_words::state(value).is_some());
        family.samples.iter().all(words)
    };
    labels.into_iter().find(holds).map(str::to_owned)
}

fn one_hot(name: &str, family: &Family, label: &str) -> Vec<NamedBreaker> {
    let mut groups: BTreeMap<(String, Option<String>), Vec<&Sample>> = BTreeMap::new();
    for sample in &family.samples {
        groups.entry(breaker_and_process(name, sample, &[label])).or_default().push(sample);
    }
    let read = |((breaker, process), samples): ((String, Option<String>), Vec<&Sample>)| {
        let hot: Vec<&str> = samples
            .iter()
            .filter(|sample| sample.value == 1.0)
            .filter_map(|sample| sample.label(label))
            .collect();
        let plain = samples.iter().all(|sample| sample.value == 0.0 || sample.value == 1.0);
        let (says, value) = match hot.as_slice() {
            [word] if plain => match state_words::state(word).flatten() {
                Some(state) => (SourceClaim::State(state), state_words::word(state)),
                None => (SourceClaim::Nothing, (*word).to_owned()),
            },
            [] => (SourceClaim::Nothing, "no state".to_owned()),
            _ => (SourceClaim::Nothing, "several states at once".to_owned()),
        };
        let ground = ground(name, &breaker, process.as_deref(), &value);
        NamedBreaker { process, ..NamedBreaker::new(breaker, says, ground) }
    };
    groups.into_iter().map(read).collect()
}

/// The meaning of a number without a help text, as far as its readings prove it.
fn by_readings(
    one: &mut NamedBreaker,
    name: &str,
    value: f64,
    numbers: &mut Numbers,
    page: Option<&str>,
    well: bool,
) {
    let process = one.process.clone().or_else(|| page.map(str::to_owned));
    one.says = numbers.read((name.to_owned(), one.name.clone(), process), value, well);
    let meaning = match one.says {
        SourceClaim::State(state) => format!("{value} ({}, as its readings prove)", state_words::word(state)),
        SourceClaim::Not(_) => {
            format!("{value} (not closed: it left the value it had while users were well)")
        }
        SourceClaim::Nothing => return,
    };
    one.derived = true;
    one.ground = ground(name, &one.name, one.process.as_deref(), &meaning);
}

fn by_number(name: &str, family: &Family, sample: &Sample) -> Option<NamedBreaker> {
    let lower = name.to_ascii_lowercase();
    let state = ["state", "status"].iter().any(|word| lower.contains(word));
    let lower = lower.strip_suffix("_ratio").unwrap_or(&lower);
    let open = ["open", "opened"].iter().any(|suffix| lower.ends_with(suffix));
    let closed = lower.ends_with("closed");
    let pairs = state_words::pairs(&family.help);
    let named = ["breaker", "circuit", "circuitbreaker"].iter().any(|end| lower.ends_with(end));
    if !(state || open || closed || named && !pairs.is_empty()) {
        return None;
    }
    let value = sample.value;
    let reported = pairs.iter().find(|(number, _)| *number == value);
    let three = pairs.iter().any(|(_, state)| *state == BreakerState::HalfOpen);
    let says = match reported {
        // If only two states are listed, half-open is counted as one of them.
        Some((_, BreakerState::Closed)) if !three => SourceClaim::Not(BreakerState::Open),
        Some((_, state)) => SourceClaim::State(*state),
        None if open && pairs.is_empty() && value == 1.0 => SourceClaim::State(BreakerState::Open),
        None if open && value == 0.0 => SourceClaim::Not(BreakerState::Open),
        None if closed && pairs.is_empty() && value == 1.0 => SourceClaim::State(BreakerState::Closed),
        None if closed && pairs.is_empty() && value == 0.0 => SourceClaim::Not(BreakerState::Closed),
        None => SourceClaim::Nothing,
    };
    let meaning = match says {
        SourceClaim::State(state) => format!("{value} ({})", state_words::word(state)),
        SourceClaim::Not(state) => format!("{value} (not {})", state_words::word(state)),
        SourceClaim::Nothing => format!("{value}, whose meaning is unknown"),
    };
    let (breaker, process) = breaker_and_process(name, sample, &[]);
    let ground = ground(name, &breaker, process.as_deref(), &meaning);
    Some(NamedBreaker { process, ..NamedBreaker::new(breaker, says, ground) })
}
