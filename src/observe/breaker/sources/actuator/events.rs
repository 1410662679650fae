//! Events of resilience4j: transitions with their exact times.

use super::{super::state_words, BREAKERS, TRANSITIONS};
use crate::session::event::{BreakerCounts, NamedBreaker, SourceClaim, Timestamp, Transition};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;

/// Seconds for which a rejected call shows that a breaker is not closed.
const REJECTS_S: f64 = 3.0;

#[derive(Default)]
pub(super) struct StateEvents {
    pub(super) transitions: Vec<Transition>,
    /// Whether a call was rejected within the last seconds, and no transition followed.
    pub(super) rejected: bool,
    /// The number of events listed.
    pub(super) events: usize,
}

/// Parses a page of events, grouped by breaker; `None` if it is no such page.
pub(super) fn events(
    body: &[u8],
    now: Timestamp,
    skew: SignedDuration,
) -> Option<BTreeMap<String, StateEvents>> {
    let mut found: BTreeMap<String, StateEvents> = BTreeMap::new();
    // An events page has no other key, so other pages are not parsed twice.
    let start = body.get(..256).unwrap_or(body);
    if !String::from_utf8_lossy(start).contains("circuitBreakerEvents") {
        return None;
    }
    let value: Value = serde_json::from_slice(body).ok()?;
    for event in value.get("circuitBreakerEvents")?.as_array()? {
        let Some(name) = event.get("circuitBreakerName").and_then(Value::as_str) else { continue };
        if found.len() >= BREAKERS && !found.contains_key(name) {
            continue;
        }
        let events = found.entry(name.chars().take(80).collect()).or_default();
        events.events += 1;
        let at = event.get("creationTime").and_then(moment).and_then(|at| at.checked_sub(skew).ok());
        let Some(at) = at else { continue };
        if let Some(transition) =
            event.get("stateTransition").and_then(Value::as_str).and_then(|word| moved(word, at))
        {
            events.transitions.push(transition);
            events.rejected = false;
        } else if event.get("type").and_then(Value::as_str) == Some("NOT_PERMITTED") {
            events.rejected = now.duration_since(at).as_secs_f64() <= REJECTS_S;
        }
    }
    for events in found.values_mut() {
        events.transitions.sort_by_key(|one| one.at);
        let surplus = events.transitions.len().saturating_sub(TRANSITIONS);
        events.transitions.drain(..surplus);
    }
    Some(found)
}

/// `CLOSED_TO_OPEN`
fn moved(word: &str, at: Timestamp) -> Option<Transition> {
    let (from, to) = word.split_once("_TO_")?;
    Some(Transition { at, from: state_words::state(from).flatten()?, to: state_words::state(to).flatten()? })
}

/// Parses `2025-11-22T14:05:01.200+01:00[Europe/Berlin]`, or seconds since 1970. The zone's name is redundant.
fn moment(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_f64() {
        return Timestamp::from_millisecond((seconds * 1000.0) as i64).ok();
    }
    let text = value.as_str()?;
    text.split('[').next()?.parse().ok()
}

/// Parses an event of resilience4j's own stream, which is not in Hystrix format in spite of its name.
pub(in crate::observe::breaker) fn stream_event(value: &Value, skew: SignedDuration) -> Option<NamedBreaker> {
    let word = value.get("currentState")?.as_str()?;
    let recent = value.get("circuitBreakerRecentEvent")?;
    let name: String = recent.get("circuitBreakerName")?.as_str()?.chars().take(80).collect();
    let says = state_words::state(word).flatten().map_or(SourceClaim::Nothing, SourceClaim::State);
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_f64);
    let metrics = value.get("metrics").unwrap_or(&Value::Null);
    let counts = BreakerCounts {
        calls: metrics.get("numberOfBufferedCalls").and_then(Value::as_u64),
        failed: metrics.get("numberOfFailedCalls").and_then(Value::as_u64),
        failure_percent: number(metrics, "failureRate").filter(|rate| *rate >= 0.0),
        trips_at_percent: number(value, "failureRateThreshold"),
        ..BreakerCounts::default()
    };
    let at = recent.get("creationTime").and_then(moment).and_then(|at| at.checked_sub(skew).ok());
    let moved = recent.get("stateTransition").and_then(Value::as_str).zip(at);
    let ground = format!("{name}: {}", word.chars().take(20).collect::<String>());
    Some(NamedBreaker {
        counts: Some(counts),
        transitions: moved.and_then(|(word, at)| self::moved(word, at)).into_iter().collect(),
        ..NamedBreaker::new(name, says, ground)
    })
}
