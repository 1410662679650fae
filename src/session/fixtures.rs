//! Sessions for tests: one scenario, up to each phase.
//!
//! The scenario follows a measured stand-in: the provider's pod is deleted and hangs for 35 s, with two requests a
//! second and a limit of one second. `Variant::Before` calls the provider naively with a client timeout of 5 s;
//! `Variant::After` has retries, a breaker that opens after 6.2 s for 10.3 s, and a fallback.

mod cluster;
mod recorded;
mod steps;
mod users;

use super::{
    event::{Event, EventKind, Timestamp},
    recording::{Header, Recorder},
    state::Session,
};
pub use cluster::{NEW, OLD};
pub use recorded::{RECORDED, recorded, recorded_lines, recorded_until, recorded_whole, unpack};
use std::{path::Path, sync::Arc, time::Duration};
pub use steps::probe;

/// The variant of the consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Calls the provider naively.
    Before,
    /// Retries, circuit breaker, fallback.
    After,
}

/// Seconds from T0 to the provider's return.
pub const FAULT_S: f64 = 35.0;
/// Seconds before T0 at which the session opens.
const OPENS_S: f64 = -26.0;
/// Seconds before T0 at which observation starts.
const WATCHES_S: f64 = -20.0;
/// Seconds after T0 at which the run ends.
const ENDS_S: f64 = 60.0;

/// An endpoint that is watched with ten requests a second, a limit of 1 s and a deadline of 10 s.
pub(crate) fn watched(endpoint: super::event::EndpointId) -> EventKind {
    let url = "GET http://localhost/".to_owned();
    EventKind::EndpointWatched { endpoint, url, rate: 10.0, deadline_ms: 10_000, limit_ms: 1000, via: None }
}

/// Returns the moment that is `seconds` after T0; T0 is 2026-11-22 13:05:00 UTC.
pub fn at(seconds: f64) -> Timestamp {
    let t0 = Timestamp::from_second(1_795_352_700).expect("a valid second");
    let offset = jiff::SignedDuration::from_secs_f64(seconds);
    t0.checked_add(offset).expect("within the calendar")
}

/// Returns all events of the scenario up to `until` seconds after T0.
pub fn events(variant: Variant, until: f64) -> Vec<Event> {
    let mut story = Scenario::default();
    steps::tell(&mut story, variant);
    cluster::tell(&mut story, variant);
    users::tell(&mut story, variant);
    story.0.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let kept = story.0.into_iter().take_while(|(seconds, _)| *seconds <= until);
    kept.zip(0..).map(|((seconds, what), seq)| Event { seq, at: at(seconds), what }).collect()
}

/// Returns the state after the events.
pub fn session(events: &[Event]) -> Session {
    let mut session = Session::new();
    for event in events {
        session.apply(event);
    }
    session
}

/// Returns the session of the scenario at `seconds` after T0, and that moment.
pub fn session_at(variant: Variant, seconds: f64) -> (Session, Timestamp) {
    (session(&events(variant, seconds)), at(seconds))
}

/// READY: the file is loaded, observation has not started.
pub fn ready() -> (Session, Timestamp) {
    session_at(Variant::After, WATCHES_S - 1.0)
}

/// STEADY: the hypothesis is met, the destructive step is awaited.
pub fn steady() -> (Session, Timestamp) {
    session_at(Variant::After, -0.2)
}

/// FAULT ON, `before`: users are failing.
pub fn before_failing() -> (Session, Timestamp) {
    session_at(Variant::Before, 19.0)
}

/// FAULT ON, `after`: the breaker is open.
pub fn after_open() -> (Session, Timestamp) {
    session_at(Variant::After, 10.0)
}

/// FAULT ON, `after`: the breaker is half-open.
pub fn after_half_open() -> (Session, Timestamp) {
    session_at(Variant::After, 19.0)
}

/// RECOVERED, `after`: the provider is back, the breaker closed.
pub fn after_closed() -> (Session, Timestamp) {
    session_at(Variant::After, 45.0)
}

/// Records events in a file; returns once all of them are written.
pub async fn record(path: &Path, events: &[Event]) {
    let mut recording = Recorder::create(path, &Header::new(b"a")).unwrap().spawn_thread().unwrap();
    for event in events {
        recording.append(&Arc::new(event.clone()));
    }
    assert!(recording.finish(Duration::from_secs(30)).await, "it is on the disk");
}

pub fn finished(variant: Variant) -> (Session, Timestamp) {
    session_at(variant, ENDS_S + 2.0)
}

/// Events with their second relative to T0, in any order.
#[derive(Default)]
struct Scenario(Vec<(f64, EventKind)>);

impl Scenario {
    fn add(&mut self, seconds: f64, what: EventKind) {
        self.0.push((seconds, what));
    }
}
