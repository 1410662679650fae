//! The source "hystrix": the stream of Hystrix, and of libraries that write its format.
//!
//! | library | recognized by | its flag `isCircuitBreakerOpen` |
//! | --- | --- | --- |
//! | Hystrix, hystrix-go, Steeltoe | none of the others | up while open and half-open |
//! | opossum-hystrix | volume threshold 5 and thread timeout 300, both constants | up while not closed; half-open begins by its timer |
//! | brakes | constants 15 and 800 | up while open; it has no half-open |
//! | Vert.x | `id:` lines, volume threshold 0 | up while open, down in half-open too |
//! | Turbine | flags as `{"true":1,"false":1}` | of several hosts |
//!
//! Half-open is derived: the sleep window is over, and a call runs or was counted while all others are cut short.
//! Records are ordered by their `currentTime`; those older than 3 s on arrival are history: they add transitions, but
//! do not give the present state.

mod followed;
mod lines;
mod record;

use super::super::reading::{Reading, SourceId};
use crate::session::event::{NamedBreaker, Timestamp};
use followed::FollowedBreaker;
use jiff::SignedDuration;
use lines::EventLines;
use record::Record;
use serde_json::Value;
use std::collections::BTreeMap;

/// The maximum number of breakers tracked on one stream.
const BREAKERS: usize = 64;
/// Seconds after which a record is history.
const HISTORY_S: f64 = 3.0;
/// Seconds by which a record's clock may be ahead of ours.
const AHEAD_S: f64 = 5.0;

/// A stream, processed record by record.
#[derive(Default)]
pub(in crate::observe::breaker) struct HystrixStream {
    lines: EventLines,
    followed: BTreeMap<(String, String), FollowedBreaker>,
    /// The breakers of resilience4j's event stream: each event stays valid until the next, which pings confirm.
    standing: BTreeMap<String, NamedBreaker>,
}

impl HystrixStream {
    /// Takes a chunk that arrived at `now` from a server whose clock is ahead of ours by `skew`.
    pub(in crate::observe::breaker) fn feed(&mut self, piece: &[u8], now: Timestamp, skew: SignedDuration) {
        let Self { lines, followed, standing } = self;
        lines.feed(piece, |data, id| {
            let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
            if let Some(breaker) = super::actuator::stream_event(&value, skew) {
                if standing.len() < BREAKERS || standing.contains_key(&breaker.name) {
                    standing.insert(breaker.name.clone(), breaker);
                }
                return;
            }
            let age = |record: &Record| now.duration_since(record.at).as_secs_f64();
            let fresh = |record: &Record| (-AHEAD_S..=HISTORY_S).contains(&age(record));
            let read = |skew| Record::read(&value, id, skew);
            // The `Date` of an answer through the API server may be the API server's, whose clock is another one.
            let plain = || read(SignedDuration::ZERO).filter(fresh);
            let Some(record) = read(skew).filter(fresh).or_else(plain).or_else(|| read(skew)) else { return };
            if age(&record) < -AHEAD_S {
                return;
            }
            let heard = fresh(&record).then_some(now);
            let key = (record.group.clone(), record.name.clone());
            if let Some(known) = followed.get_mut(&key) {
                known.take(record, heard);
            } else if followed.len() < BREAKERS {
                followed.insert(key, FollowedBreaker::new(record, heard));
            }
        });
    }

    /// The present reading of the stream; a command without recent records is left out.
    pub(in crate::observe::breaker) fn reading(&self, source: SourceId, now: Timestamp) -> Reading {
        let present = |one: &&FollowedBreaker| {
            one.heard.is_some_and(|heard| now.duration_since(heard).as_secs_f64() <= HISTORY_S)
        };
        let fresh: Vec<&FollowedBreaker> = self.followed.values().filter(present).collect();
        let name = |one: &FollowedBreaker| {
            let (group, name) = (&one.record.group, &one.record.name);
            let twice = fresh.iter().filter(|other| other.record.name == *name).count() > 1;
            if twice { format!("{group}::{name}") } else { name.clone() }
        };
        let mut breakers: Vec<NamedBreaker> = fresh.iter().map(|one| one.emit(name(one))).collect();
        breakers.extend(self.standing.values().cloned());
        breakers.truncate(BREAKERS);
        let ground = match breakers.as_slice() {
            [] if self.followed.is_empty() => "no command was called yet".to_owned(),
            [] => "no command has been reported recently".to_owned(),
            [one] => one.ground.clone(),
            many => format!("{} breakers on the stream", many.len()),
        };
        Reading { breakers, ..Reading::new(source, ground) }
    }
}

#[cfg(test)]
mod tests;
