//! The source "actuator": resilience4j's endpoints, and other JSON that names breakers under its own keys.
//!
//! | keys | written by | interpretation |
//! | --- | --- | --- |
//! | `circuitBreakers`, a map | resilience4j 2 | the state by its word; −1 % is fewer calls than its minimum |
//! | `circuitBreakers`, a list of names | resilience4j 1 | the breakers exist, their state is unknown |
//! | `circuitBreakers`, a list of objects | Camel's console | as the map |
//! | `circuitBreakerEvents` | resilience4j | transitions with their exact times |
//! | `currentState` | resilience4j's stream | the state after an event |
//! | `lights` | stoplight | `color`, and `locked`, which no trial ends |
//! | `state` with `closed`, `open`, `halfOpen` | opossum's `toJSON` | the flag that is set |

mod events;

use super::{
    super::reading::{Reading, SourceId},
    state_words,
};
use crate::session::event::{
    BreakerCounts,
    BreakerState::{self, Closed, Disabled, ForcedOpen, HalfOpen, Open},
    NamedBreaker, SourceClaim, Timestamp, Transition,
};
pub(in crate::observe::breaker) use events::stream_event;
use jiff::SignedDuration;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The maximum number of bytes read of a page.
pub(in crate::observe::breaker) const READ: usize = 1024 * 1024;
/// The maximum number of breakers listed of one page.
const BREAKERS: usize = 64;
/// The maximum number of transitions kept of one breaker.
const TRANSITIONS: usize = 32;

/// How much `Date` may vary between two answers of one server: it has whole seconds.
const DATE: SignedDuration = SignedDuration::from_millis(1500);
/// By how much an event may be outside the time in which it was seen to happen.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// The state kept of one page between two readings.
#[derive(Default)]
pub(in crate::observe::breaker) struct ActuatorReader {
    known: BTreeMap<String, ActuatorMemory>,
    /// By how much the server's clock is ahead of ours: as its `Date` says, and as is believed.
    clock: Option<(SignedDuration, SignedDuration)>,
}

#[derive(Default)]
struct ActuatorMemory {
    state: Option<BreakerState>,
    /// Calls rejected in the present state, and in the earlier ones: the page's counter restarts at every transition.
    rejected: u64,
    rejected_before: u64,
    transitions: Vec<Transition>,
    /// The claim that follows from the events alone.
    events_say: Option<SourceClaim>,
    /// The number of its events listed last, if all of them were requested.
    listed: usize,
    /// When it was read last.
    read: Option<Timestamp>,
    /// A time before the changes whose events were not read yet.
    changed_after: Option<Timestamp>,
}

impl ActuatorMemory {
    /// Whether the latest transition cannot have happened when it is said to: it lies in the future, or before a reading
    /// that did not know it.
    fn is_contradicted(&self, at: Timestamp, now: Timestamp) -> bool {
        let early = |after: Timestamp| at.duration_since(after) < -SLACK;
        at.duration_since(now) > SLACK || self.changed_after.is_some_and(early)
    }
}

/// A page of breakers, as it was read.
pub(in crate::observe::breaker) struct BreakerPage {
    pub(in crate::observe::breaker) reading: Reading,
    /// Breakers that seem to have changed state.
    pub(in crate::observe::breaker) moved: Vec<String>,
    /// Breakers of which the page lists the name only: their events give the state.
    pub(in crate::observe::breaker) names_only: Vec<String>,
}

impl ActuatorReader {
    /// Reads a page of breakers; `None` if it is no such page.
    pub(in crate::observe::breaker) fn read(
        &mut self,
        source: SourceId,
        body: &[u8],
        now: Timestamp,
    ) -> Option<BreakerPage> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let mut breakers = breakers(&value)?;
        breakers.truncate(BREAKERS);
        let mut moved = Vec::new();
        for breaker in &mut breakers {
            if self.known.len() >= BREAKERS && !self.known.contains_key(&breaker.name) {
                continue;
            }
            let known = self.known.entry(breaker.name.clone()).or_default();
            let state = match breaker.says {
                SourceClaim::State(state) => Some(state),
                _ => None,
            };
            let rejected = breaker.rejected.unwrap_or(0);
            // The counter restarts after every transition, including one that no reading saw.
            let began_anew = rejected < known.rejected;
            if began_anew {
                known.rejected_before = known.rejected_before.saturating_add(known.rejected);
            }
            if began_anew || known.state.is_some() && known.state != state {
                moved.push(breaker.name.clone());
                known.changed_after = known.changed_after.or(known.read);
            }
            known.read = Some(now);
            (known.state, known.rejected) = (state, rejected);
            breaker.rejected =
                breaker.rejected.map(|rejected| known.rejected_before.saturating_add(rejected));
        }
        let blind = breakers.iter().filter(|one| one.says == SourceClaim::Nothing && one.counts.is_none());
        let blind = blind.map(|one| one.name.clone()).collect();
        let ground = ground(&breakers);
        let reading = Reading { breakers, ..Reading::new(source, ground) };
        Some(BreakerPage { reading, moved, names_only: blind })
    }

    /// Adds the data of the events to a reading.
    pub(in crate::observe::breaker) fn attach(&self, reading: &mut Reading) {
        for breaker in &mut reading.breakers {
            let Some(known) = self.known.get(&breaker.name) else { continue };
            breaker.transitions.clone_from(&known.transitions);
            if breaker.says == SourceClaim::Nothing
                && let Some(says) = known.events_say
            {
                breaker.says = says;
                breaker.derived = matches!(says, SourceClaim::Not(_));
                breaker.ground = format!("{} by its events", breaker.name);
            }
        }
    }

    /// Handles a page of events, read at `now`; returns false if it is no such page. `all`: events of every kind were
    /// requested, not only transitions.
    pub(in crate::observe::breaker) fn events(
        &mut self,
        body: &[u8],
        all: bool,
        now: Timestamp,
        skew: SignedDuration,
    ) -> bool {
        let (date, ahead) = match self.clock {
            Some((date, ahead)) if (date - skew).abs() <= DATE => (date, ahead),
            _ => (skew, skew),
        };
        let Some(events) = events::events(body, now, ahead) else { return false };
        let mut contradicted = false;
        for (name, reported) in events {
            if self.known.len() >= BREAKERS && !self.known.contains_key(&name) {
                continue;
            }
            let known = self.known.entry(name).or_default();
            // A ring of events never becomes shorter, so another process wrote this one.
            if all && reported.events < std::mem::replace(&mut known.listed, reported.events) {
                (known.transitions, known.events_say) = (Vec::new(), None);
            }
            let last = known.transitions.last().map(|last| last.at);
            let news = reported.transitions.into_iter().filter(|one| last.is_none_or(|last| one.at > last));
            let news: Vec<Transition> = news.collect();
            if let Some(newest) = news.last() {
                // The `Date` of an answer through the API server may be the API server's, whose clock is another one.
                contradicted |= known.is_contradicted(newest.at, now)
                    && newest.at.checked_add(ahead).is_ok_and(|plain| !known.is_contradicted(plain, now));
                known.changed_after = None;
            }
            known.transitions.extend(news);
            let surplus = known.transitions.len().saturating_sub(TRANSITIONS);
            known.transitions.drain(..surplus);
            let stood = known.transitions.last().map(|last| SourceClaim::State(last.to));
            known.events_say = match (stood, reported.rejected) {
                (Some(SourceClaim::State(Closed)) | None, true) => Some(SourceClaim::Not(Closed)),
                (stood, _) => stood,
            };
        }
        self.clock = Some((date, if contradicted { SignedDuration::ZERO } else { ahead }));
        if contradicted {
            for transition in self.known.values_mut().flat_map(|known| &mut known.transitions) {
                transition.at = transition.at.checked_add(ahead).unwrap_or(transition.at);
            }
        }
        true
    }

    /// Breakers of which events were read, but no transition.
    pub(in crate::observe::breaker) fn unmoved(&self) -> Vec<String> {
        let unmoved = self.known.iter().filter(|(_, known)| known.transitions.is_empty());
        unmoved.map(|(name, _)| name.clone()).collect()
    }

    /// The reading from the events alone, if no page gives states.
    pub(in crate::observe::breaker) fn by_events(&self, source: SourceId) -> Reading {
        let reported = |(name, known): (&String, &ActuatorMemory)| {
            let says = known.events_say.unwrap_or(SourceClaim::Nothing);
            let meaning = match says {
                SourceClaim::State(state) => state_words::word(state),
                SourceClaim::Not(state) => format!("not {}", state_words::word(state)),
                SourceClaim::Nothing => "no transition among its events".to_owned(),
            };
            NamedBreaker {
                transitions: known.transitions.clone(),
                derived: matches!(says, SourceClaim::Not(_)),
                ..NamedBreaker::new(name.clone(), says, format!("{name} = {meaning}"))
            }
        };
        let breakers: Vec<NamedBreaker> = self.known.iter().map(reported).collect();
        let ground = ground(&breakers);
        Reading { breakers, ..Reading::new(source, ground) }
    }
}

fn ground(breakers: &[NamedBreaker]) -> String {
    match breakers {
        [] => "no breaker is named".to_owned(),
        [one] => one.ground.clone(),
        many => format!("{} breakers are named", many.len()),
    }
}

/// The breakers of a page, if it is of a known form.
fn breakers(value: &Value) -> Option<Vec<NamedBreaker>> {
    if let Some(found) = value.get("circuitBreakers") {
        return match found {
            Value::Object(map) => {
                Some(map.iter().filter_map(|(name, one)| resilience4j(name, one)).collect())
            }
            Value::Array(list) => Some(list.iter().filter_map(listed).collect()),
            _ => None,
        };
    }
    if let Some(lights) = value.get("lights").and_then(Value::as_array) {
        return Some(lights.iter().filter_map(light).collect());
    }
    let circuits = match value {
        Value::Array(list) => list.iter().filter_map(opossum).collect(),
        one => opossum(one).into_iter().collect::<Vec<_>>(),
    };
    (!circuits.is_empty()).then_some(circuits)
}

fn listed(one: &Value) -> Option<NamedBreaker> {
    if let Some(name) = one.as_str() {
        let name: String = name.chars().take(80).collect();
        return Some(NamedBreaker::new(
            name.clone(),
            SourceClaim::Nothing,
            format!("{name}: the page lists names only"),
        ));
    }
    let name = ["id", "name"].into_iter().find_map(|key| one.get(key)?.as_str())?;
    resilience4j(name, one)
}

fn resilience4j(name: &str, one: &Value) -> Option<NamedBreaker> {
    let map = one.as_object()?;
    let name: String = name.chars().take(80).collect();
    let word = map.get("state").and_then(Value::as_str).unwrap_or_default();
    let says = state_words::state(word).flatten().map_or(SourceClaim::Nothing, SourceClaim::State);
    let ground = format!("{name}: {}", word.chars().take(20).collect::<String>());
    let counts = counts(map);
    let rejected = map.get("notPermittedCalls").and_then(Value::as_u64);
    Some(NamedBreaker { counts, rejected, ..NamedBreaker::new(name, says, ground) })
}

/// The counts of resilience4j, also as in its health details. Negative rates: fewer calls than its minimum.
fn counts(map: &Map<String, Value>) -> Option<BreakerCounts> {
    let rate = |key: &str| {
        let value = map.get(key)?;
        let text = value.as_str().map(|text| text.trim_end_matches('%').trim().parse().ok());
        text.unwrap_or_else(|| value.as_f64()).filter(|rate: &f64| rate.is_finite())
    };
    let count = |key: &str| map.get(key).and_then(Value::as_u64);
    let counts = BreakerCounts {
        calls: count("bufferedCalls"),
        failed: count("failedCalls"),
        failure_percent: rate("failureRate").filter(|rate| *rate >= 0.0),
        trips_at_percent: rate("failureRateThreshold").or_else(|| rate("setFailureRateThreshold")),
        ..BreakerCounts::default()
    };
    (counts != BreakerCounts::default()).then_some(counts)
}

fn light(one: &Value) -> Option<NamedBreaker> {
    let name: String = one.get("name")?.as_str()?.chars().take(80).collect();
    let color = one.get("color")?.as_str()?;
    let locked = one.get("locked").is_some_and(|locked| match locked {
        Value::Bool(locked) => *locked,
        Value::Null => false,
        Value::String(text) => !text.is_empty() && text != "unlocked",
        _ => false,
    });
    let state = match (color, locked) {
        ("red", false) => Some(Open),
        ("red", true) => Some(ForcedOpen),
        ("yellow", _) => Some(HalfOpen),
        ("green", false) => Some(Closed),
        ("green", true) => Some(Disabled),
        _ => None,
    };
    let color: String = color.chars().take(20).collect();
    let ground = format!("{name}: {color}{}", if locked { ", locked" } else { "" });
    Some(NamedBreaker::new(name, state.map_or(SourceClaim::Nothing, SourceClaim::State), ground))
}

/// Reads opossum's `toJSON()` of a circuit, served by a page of the service.
fn opossum(one: &Value) -> Option<NamedBreaker> {
    let state = one.get("state")?.as_object()?;
    let flag = |key: &str| state.get(key).and_then(Value::as_bool);
    let (closed, open, half_open) = (flag("closed")?, flag("open")?, flag("halfOpen")?);
    let name: String =
        state.get("name").and_then(Value::as_str).unwrap_or_default().chars().take(80).collect();
    let found = match (closed, open, half_open) {
        _ if flag("enabled") == Some(false) => Some(Disabled),
        (true, false, false) => Some(Closed),
        (false, true, false) => Some(Open),
        (false, _, true) => Some(HalfOpen),
        _ => None,
    };
    let says = found.map_or(SourceClaim::Nothing, SourceClaim::State);
    let meaning = found.map_or_else(|| "its flags contradict each other".to_owned(), state_words::word);
    let rejected = one.get("status").and_then(|status| status.get("rejects")).and_then(Value::as_u64);
    let ground = format!("{name}: {meaning}");
    Some(NamedBreaker { rejected, ..NamedBreaker::new(name, says, ground) })
}

#[cfg(test)]
mod tests;
