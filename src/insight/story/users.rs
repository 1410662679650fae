//! Changes of what users get.

use super::{StoryLine, StoryMark, Tone};
use crate::{
    insight::recovery_lag,
    session::{
        clock::shifted,
        state::{Endpoint, Outcome, Sample, Session},
        wording,
    },
};

/// Seconds below which users do not notice that real answers came later than the provider.
const NOTICED_S: f64 = 0.05;

/// ` of /orders`, if several endpoints are probed.
fn of(session: &Session, endpoint: &Endpoint) -> String {
    let several = session.users.endpoints.len() > 1;
    if several { format!(" of {}", session.users.name(endpoint)) } else { String::new() }
}

/// When requests to each endpoint began.
pub(super) fn begun(session: &Session) -> Vec<StoryLine> {
    let line = |endpoint: &Endpoint| {
        let text = format!("users{} are asked for, {} a second", of(session, endpoint), endpoint.rate);
        StoryLine::quiet(endpoint.since, StoryMark::Runs, Tone::Plain, text)
    };
    session.users.endpoints.iter().map(line).collect()
}

/// The first user since T0 who waited longer than the limit; omitted if some did before T0 already.
pub(super) fn first_wait(session: &Session) -> Vec<StoryLine> {
    let Some(t0) = session.t0() else { return Vec::new() };
    let first = |endpoint: &Endpoint| {
        let before = endpoint.baseline_at_t0.as_ref().is_some_and(|usual| usual.tally.over_limit > 0);
        if before || endpoint.samples_forgotten().is_some_and(|until| until > t0) {
            return None;
        }
        let late = |dot: &&Sample| dot.start >= t0 && f64::from(dot.waited_ms) > endpoint.limit_ms as f64;
        let answered = endpoint.samples().filter(late).map(|dot| dot.start).min();
        let waits = endpoint.in_flight.values().map(|flight| flight.start).find(|start| *start >= t0);
        let start = answered.into_iter().chain(waits).min()?;
        let over = shifted(start, endpoint.limit_ms as f64 / 1000.0);
        let text = format!(
            "the first user{} waits longer than {}",
            of(session, endpoint),
            wording::limit(endpoint.limit_ms)
        );
        Some(StoryLine::quiet(over, StoryMark::State, Tone::Waiting, text))
    };
    session.users.endpoints.iter().filter_map(first).collect()
}

/// The first user since T0 who received an error; omitted if there were errors before T0 already.
pub(super) fn first_error(session: &Session) -> Vec<StoryLine> {
    let Some(t0) = session.t0() else { return Vec::new() };
    let first = |endpoint: &Endpoint| {
        let errors_before = endpoint.baseline_at_t0.as_ref().is_some_and(|usual| usual.tally.error > 0);
        if errors_before || endpoint.samples_forgotten().is_some_and(|until| until > t0) {
            return None;
        }
        let failed = |dot: &&Sample| dot.outcome == Outcome::Error && dot.start >= t0;
        let dot = endpoint.samples().find(failed)?;
        let after = wording::wait(f64::from(dot.waited_ms));
        let text = format!("the first user{} got an error, after {after}", of(session, endpoint));
        Some(StoryLine::loud(dot.ended(), StoryMark::Failed, Tone::Failing, text))
    };
    session.users.endpoints.iter().filter_map(first).collect()
}

/// When users received real answers again, if noticeably later than the provider was back.
pub(super) fn back(session: &Session) -> Vec<StoryLine> {
    let line = |endpoint: &Endpoint| {
        let (seconds, at_most) = recovery_lag(session, endpoint)?;
        if seconds < NOTICED_S {
            return None;
        }
        let lag = wording::seconds(seconds);
        let lag = if at_most { format!("at most {lag}") } else { lag };
        let text = format!(
            "users{} get real answers again, {lag} after the provider was back",
            of(session, endpoint)
        );
        Some(StoryLine::loud(endpoint.recovered?, StoryMark::State, Tone::Ok, text))
    };
    session.users.endpoints.iter().filter_map(line).collect()
}
