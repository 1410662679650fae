//! Counters of known libraries, which tell a state by how they grow.
//!
//! | library | series | how it is read |
//! | --- | --- | --- |
//! | opossum-prometheus | `circuit{name,event}` | the last of `open`, `halfOpen` and `close` to grow; none ever: closed |
//! | MicroProfile | `ft_circuitbreaker_state_total{method,state}` | time in each state: the one that grew |
//! | Polly v8 | `resilience_polly_strategy_events_total{event_name}` | the last event to grow |
//! | tower-resilience, Sentinel | `..._transitions_total{from,to}` | from closed on, each transition once: where that ends |

use super::super::words;
use super::{Families, Sample, ground, who};
use crate::session::event::{BreakerState, NamedBreaker, Says};
use std::collections::BTreeMap;

/// Breakers remembered of one page.
const REMEMBERED: usize = 256;

/// What was counted of one breaker: by event, or by state.
type Tally = BTreeMap<String, f64>;

/// What is remembered of one breaker.
#[derive(Default)]
struct Memory {
    tally: Tally,
    state: Option<BreakerState>,
}

/// Remembers the counters of one page.
#[derive(Default)]
pub(super) struct Counters {
    breakers: BTreeMap<(Kind, String, Option<String>), Memory>,
}

impl Counters {
    pub(super) fn read(&mut self, families: &Families) -> Vec<NamedBreaker> {
        // Some libraries have a metric for each state or event: they are counted together.
        let mut groups: BTreeMap<(Kind, String, Option<String>), (String, Tally)> = BTreeMap::new();
        for (name, family) in families {
            let Some(kind) = kind(name) else { continue };
            for sample in &family.samples {
                let Some(key) = kind.key(name, sample) else { continue };
                let (mut breaker, process) = who(name, sample, kind.apart());
                if let Some(hidden) = kind.hidden(name).filter(|_| breaker == *name) {
                    breaker = hidden;
                }
                let (_, tally) =
                    groups.entry((kind, breaker, process)).or_insert_with(|| (name.clone(), Tally::new()));
                *tally.entry(key).or_default() += sample.value;
            }
        }
        groups
            .into_iter()
            .filter_map(|((kind, breaker, process), (metric, tally))| {
                let id = (kind, breaker.clone(), process.clone());
                if self.breakers.len() == REMEMBERED && !self.breakers.contains_key(&id) {
                    return None;
                }
                let memory = self.breakers.entry(id).or_default();
                let (says, why) = kind.says(memory, &tally);
                memory.tally = tally;
                memory.state = match says {
                    Says::State(state) => Some(state),
                    _ => memory.state,
                };
                let ground = ground(&metric, &breaker, process.as_deref(), &why);
                Some(NamedBreaker { derived: true, process, ..NamedBreaker::new(breaker, says, ground) })
            })
            .collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Opossum,
    TimeInState,
    Polly,
    FromTo,
}

/// The labels that hold where a transition came from and where it led.
const FROM: [&str; 3] = ["from", "from_state", "old_state"];
const TO: [&str; 3] = ["to", "to_state", "new_state"];

/// Events of opossum, which stood in the names of its series once.
const EVENTS: [&str; 9] =
    ["fire", "open", "close", "halfOpen", "reject", "success", "failure", "timeout", "fallback"];

fn kind(name: &str) -> Option<Kind> {
    let lower = name.to_ascii_lowercase();
    if ["circuit", "circuit_total"].iter().any(|end| lower == *end || lower.ends_with(&format!("_{end}"))) {
        return Some(Kind::Opossum);
    }
    if event(name).is_some() {
        return Some(Kind::Opossum);
    }
    if lower.contains("ft_") && lower.contains("circuitbreaker") && lower.contains("_total") {
        let time = lower.contains("circuitbreaker_state_") && !lower.contains("state_current");
        return (time || state_in(&lower).is_some()).then_some(Kind::TimeInState);
    }
    if lower.starts_with("resilience_polly_strategy_events") && !lower.ends_with("_created") {
        return Some(Kind::Polly);
    }
    let known = ["circuitbreaker_transitions_total", "sentinel_go_circuit_breaker_state_changed_total"];
    known.contains(&lower.as_str()).then_some(Kind::FromTo)
}

/// `circuit_provider_open`: the breaker's name and the event.
fn event(name: &str) -> Option<(&str, &str)> {
    let (breaker, event) = name.strip_prefix("circuit_")?.rsplit_once('_')?;
    EVENTS.contains(&event).then_some((breaker, event)).filter(|(breaker, _)| !breaker.starts_with("breaker"))
}

/// `ft_Client_order_circuitbreaker_open_total`: the state in the name.
fn state_in(lower: &str) -> Option<&'static str> {
    let states = ["half_open", "halfopen", "open", "closed"];
    states.into_iter().find(|word| lower.contains(&format!("circuitbreaker_{word}_total")))
}

impl Kind {
    /// The breaker's name, where it stands in the series' name.
    fn hidden(self, name: &str) -> Option<String> {
        match self {
            Kind::Opossum => event(name).map(|(breaker, _)| breaker.to_owned()),
            Kind::TimeInState => {
                let (_, rest) = name.split_once("ft_")?;
                let at = rest.to_ascii_lowercase().find("_circuitbreaker")?;
                rest.get(..at).map(str::to_owned)
            }
            Kind::Polly | Kind::FromTo => None,
        }
    }

    fn apart(self) -> &'static [&'static str] {
        match self {
            Kind::Opossum => &["event"],
            Kind::TimeInState => &["state"],
            Kind::Polly => {
                &["event_name", "event_severity", "exception_type", "operation_key", "strategy_name"]
            }
            Kind::FromTo => &["from", "from_state", "old_state", "to", "to_state", "new_state"],
        }
    }

    fn key(self, name: &str, sample: &Sample) -> Option<String> {
        let label = |labels: &[&str]| labels.iter().find_map(|label| sample.label(label)).map(str::to_owned);
        match self {
            Kind::Opossum => label(&["event"]).or_else(|| event(name).map(|(_, event)| event.to_owned())),
            Kind::TimeInState => {
                label(&["state"]).or_else(|| state_in(&name.to_ascii_lowercase()).map(str::to_owned))
            }
            Kind::Polly => label(&["event_name"]),
            Kind::FromTo => Some(format!("{}>{}", label(&FROM)?, label(&TO)?)),
        }
    }

    fn says(self, memory: &Memory, tally: &Tally) -> (Says, String) {
        match self {
            Kind::Opossum => opossum(memory, tally),
            Kind::TimeInState => time_in_state(memory, tally),
            Kind::Polly => polly(memory, tally),
            // One page is the past.
            Kind::FromTo if memory.tally.is_empty() => (Says::Nothing, "read once so far".to_owned()),
            Kind::FromTo => walk(tally),
        }
    }
}

/// How much a counter grew since the last reading; a process that began anew counts from nothing.
fn growth(memory: &Memory, tally: &Tally, key: &str) -> f64 {
    let now = tally.get(key).copied().unwrap_or(0.0);
    let before = memory.tally.get(key).copied().unwrap_or(0.0);
    if now < before { now } else { now - before }
}

fn state(state: BreakerState, why: impl Into<String>) -> (Says, String) {
    (Says::State(state), format!("{} ({})", words::word(state), why.into()))
}

fn opossum(memory: &Memory, tally: &Tally) -> (Says, String) {
    use BreakerState::{Closed, HalfOpen, Open};
    let count = |key: &str| tally.get(key).copied().unwrap_or(0.0);
    if !tally.contains_key("fire") {
        return (Says::Nothing, "no calls yet".to_owned());
    }
    let (opened, closed, tried) = (count("open"), count("close"), count("halfOpen"));
    if opened == 0.0 {
        return state(Closed, "it never opened");
    }
    let first = memory.tally.is_empty();
    let grew = |key: &str| !first && growth(memory, tally, key) > 0.0;
    // Each opening but the last has been left by a trial, where trials are counted.
    if tried > 0.0 && opened > tried {
        return state(Open, "opened more often than it tried");
    }
    // Calls let through that have not come back.
    let pending = |tally: &Tally| {
        let count = |key: &str| tally.get(key).copied().unwrap_or(0.0);
        count("fire") - count("success") - count("failure") - count("reject")
    };
    match memory.state {
        _ if grew("close") && grew("open") && grew("reject") => state(Open, "it opened again"),
        _ if grew("close") => state(Closed, "it closed last"),
        // A success may also be a call from before it opened: that proves something only where nothing else is known.
        None if grew("success") && !["open", "reject", "failure", "timeout"].iter().any(|key| grew(key)) => {
            state(Closed, "calls succeed and none is rejected")
        }
        _ if grew("halfOpen") => state(HalfOpen, "it began to try last"),
        _ if grew("open") => state(Open, "it opened last"),
        Some(Open) if tried == 0.0 && pending(tally) > pending(&memory.tally) => {
            state(HalfOpen, "derived: a call was let through")
        }
        Some(last) => state(last, "nothing changed since"),
        None if closed == 0.0 && tried == 0.0 => (Says::Not(Closed), "it opened and never closed".to_owned()),
        None => (Says::Nothing, "it opened and closed before we looked".to_owned()),
    }
}

fn time_in_state(memory: &Memory, tally: &Tally) -> (Says, String) {
    if memory.tally.is_empty() {
        return (Says::Nothing, "read once so far".to_owned());
    }
    let mut grown: Vec<(&String, f64)> =
        tally.keys().map(|key| (key, growth(memory, tally, key))).filter(|(_, grown)| *grown > 0.0).collect();
    // It was in several since the last reading: the one that did not grow before is the newer one.
    if grown.len() > 1 {
        grown.retain(|(key, _)| words::state(key).flatten() != memory.state);
    }
    match grown.as_slice() {
        [(key, _)] => match words::state(key).flatten() {
            Some(found) => state(found, "its time grows"),
            None => (Says::Nothing, (*key).clone()),
        },
        [] => match memory.state {
            Some(last) => state(last, "no time has passed"),
            None => (Says::Nothing, "no time grows".to_owned()),
        },
        _ => (Says::Nothing, "several times grow".to_owned()),
    }
}

fn polly(memory: &Memory, tally: &Tally) -> (Says, String) {
    let events = [
        ("OnCircuitOpened", BreakerState::Open),
        ("OnCircuitHalfOpened", BreakerState::HalfOpen),
        ("OnCircuitClosed", BreakerState::Closed),
    ];
    let count = |key: &str| tally.get(key).copied().unwrap_or(0.0);
    let grown: Vec<BreakerState> = events
        .iter()
        .filter(|(event, _)| !memory.tally.is_empty() && growth(memory, tally, event) > 0.0)
        .map(|(_, state)| *state)
        .collect();
    match (grown.as_slice(), memory.state) {
        ([one], _) => state(*one, "the last event"),
        ([BreakerState::Open, BreakerState::HalfOpen], _)
            if count("OnCircuitOpened") > count("OnCircuitHalfOpened") =>
        {
            state(BreakerState::Open, "a trial failed")
        }
        ([BreakerState::Open, BreakerState::HalfOpen], _) => state(BreakerState::HalfOpen, "the last event"),
        ([BreakerState::HalfOpen, BreakerState::Closed], _) => state(BreakerState::Closed, "a trial worked"),
        ([], Some(last)) => state(last, "no event since"),
        _ => (Says::Nothing, "no event yet".to_owned()),
    }
}

/// A walk from closed on that uses each counted transition once ends where one more leads in than out.
fn walk(tally: &Tally) -> (Says, String) {
    let mut balance: BTreeMap<String, (f64, BreakerState)> = BTreeMap::new();
    let mut add = |word: &str, by: f64| {
        let Some(Some(state)) = words::state(word) else { return false };
        balance.entry(words::word(state)).or_insert((0.0, state)).0 += by;
        true
    };
    add("closed", 1.0);
    for (key, count) in tally {
        let Some((from, to)) = key.split_once('>') else { return (Says::Nothing, key.clone()) };
        if !(add(from, -count) && add(to, *count)) {
            return (Says::Nothing, format!("{key} is no transition"));
        }
    }
    let ends: Vec<_> = balance.values().filter(|(balance, _)| *balance != 0.0).collect();
    match ends.as_slice() {
        [(1.0, end)] => state(*end, "by its transitions"),
        _ => (Says::Nothing, "its transitions do not add up".to_owned()),
    }
}
