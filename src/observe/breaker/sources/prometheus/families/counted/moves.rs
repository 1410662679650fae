//! tower-resilience and Sentinel count transitions; fuse counts answers.

use super::{
    super::{
        super::{super::state_words, Families, text::Family},
        growth::walk,
        tally::{PageMemory, Tallies, Tally, named, process},
    },
    CountedState, verdict, whole,
};
use crate::session::event::{
    BreakerState::{Closed, Open},
    SourceClaim,
};

pub(super) fn move_counts(families: &mut Families) -> (String, Tallies) {
    let mut tallies = Tallies::default();
    let mut metric = "circuitbreaker_transitions_total".to_owned();
    let sentinel = "sentinel_go_circuit_breaker_state_changed_total";
    let moves = |name: &str| name.ends_with("circuitbreaker_transitions_total") || name == sentinel;
    for name in named(families, moves) {
        let Some(family) = families.remove(&name) else { continue };
        let (labels, of) = if name == sentinel {
            (["from_state", "to_state"], "resource")
        } else {
            (["from", "to"], "circuitbreaker")
        };
        for sample in &family.samples {
            let [from, to] = labels.map(|label| sample.label(label).unwrap_or_default());
            // Sentinel's `pid` does not identify a process: every series has the label.
            let process = if name == sentinel { None } else { process(sample) };
            tallies.add(sample.label(of).unwrap_or_default(), process, &format!("{from}>{to}"), sample.value);
        }
        metric = name;
    }
    if let Some(family) = families.remove("sentinel_go_handled_total") {
        for sample in family.samples.iter().filter(|sample| sample.label("resource").is_some()) {
            let name = sample.label("resource").unwrap_or_default();
            let blocked = sample.label("block_type") == Some("BlockTypeCircuitBreaking");
            if blocked && tallies.0.contains_key(&(name.to_owned(), None)) {
                tallies.add(name, None, "rejected", sample.value);
            }
        }
    }
    for name in named(families, |name| name.ends_with("circuitbreaker_calls_total") && !name.contains("ft_"))
    {
        let tower = |family: &Family| family.samples.iter().all(|sample| sample.label("outcome").is_some());
        if !families.get(&name).is_some_and(tower) {
            continue;
        }
        // Before the first transition there are only calls: they name the breaker.
        for sample in families.get(&name).map(|family| family.samples.clone()).unwrap_or_default() {
            let Some(breaker) = sample.label("circuitbreaker") else { continue };
            let rejected = if sample.label("outcome") == Some("rejected") { sample.value } else { 0.0 };
            tallies.add(breaker, process(&sample), "rejected", rejected);
        }
    }
    (metric, tallies)
}

pub(super) fn moved(memory: &mut PageMemory, tally: &Tally, goes_on: bool) -> CountedState {
    let rejected = tally.get("rejected").copied();
    let said = |says, why| CountedState { says, why, rejected };
    if !goes_on {
        return said(SourceClaim::Nothing, "transitions, read for the first time");
    }
    let mut grown = Vec::new();
    for word in tally.keys().filter(|word| word.contains('>')) {
        let count = whole(memory.grown(tally, word));
        let Some((from, to)) = word.split_once('>').filter(|_| count > 0) else { continue };
        let (Some(from), Some(to)) = (state_words::state(from).flatten(), state_words::state(to).flatten())
        else {
            return said(SourceClaim::Nothing, "a transition between words that are no states");
        };
        grown.push((from, to, count));
    }
    let why = if grown.is_empty() { "no transition since" } else { "by its transitions" };
    said(walk(&grown, memory.state), why)
}

/// Reads `<name>_responses_total{type="ok|blown"}`, recognized by its help text.
pub(super) fn fuse_counts(families: &mut Families) -> (String, Tallies) {
    let mut tallies = Tallies::default();
    let mut metric = "responses_total".to_owned();
    for name in named(families, |name| name.ends_with("_responses_total")) {
        let fuse = families.get(&name).is_some_and(|family| family.help.ends_with("fuse responses counter"));
        let Some(family) = families.remove(&name).filter(|_| fuse) else { continue };
        let breaker = name.strip_suffix("_responses_total").unwrap_or(&name);
        for sample in &family.samples {
            let word = sample.label("type").unwrap_or_default();
            if matches!(word, "ok" | "blown") {
                tallies.add(breaker, process(sample), word, sample.value);
            }
        }
        metric = name;
    }
    (metric, tallies)
}

pub(super) fn fuse(memory: &mut PageMemory, tally: &Tally, goes_on: bool) -> CountedState {
    let grown = |word: &str| goes_on && memory.grown(tally, word) > 0.0;
    match (grown("ok"), grown("blown")) {
        (false, true) => verdict(SourceClaim::State(Open), "the last call found it blown"),
        (true, false) => verdict(SourceClaim::State(Closed), "the last call found it closed"),
        _ => verdict(SourceClaim::Nothing, "no call since, or it changed in between"),
    }
}
