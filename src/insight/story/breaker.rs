//! Changes of the breaker.

use super::{StoryLine, StoryMark, Tone};
use crate::{
    insight::findings::harm_before_opening,
    session::{
        event::{BreakerState, Timestamp},
        state::{Cycle, CycleEnd, Outcome, Session},
        wording,
    },
};

/// Openings, trials and their results.
pub(super) fn cycles(session: &Session) -> Vec<StoryLine> {
    let breaker = &session.breaker;
    let mut lines: Vec<StoryLine> =
        breaker.interrupted.iter().map(|opened| opening(session, *opened)).collect();
    let mut again = false;
    for cycle in &breaker.cycles {
        // An opening after a failed trial is reported with that trial.
        if !again {
            lines.push(opening(session, cycle.opened));
        }
        lines.extend(cycle.trial.map(|at| {
            StoryLine::loud(at, StoryMark::State, Tone::Waiting, "breaker HALF-OPEN: trial calls go through")
        }));
        lines.extend(end(session, cycle));
        again = matches!(cycle.ended, Some((_, CycleEnd::Failed)));
    }
    lines.sort_by_key(|line| line.at);
    lines
}

/// An opening; the first one since T0 with its cost to users.
fn opening(session: &Session, at: Timestamp) -> StoryLine {
    let trip = session.breaker.measured(session.t0()).trip_s;
    let first = session.since_t0(at).zip(trip).is_some_and(|(since, trip)| (since - trip).abs() < 0.001);
    let harm = session.users.main().filter(|_| first);
    let harm = harm.map(|endpoint| harm_before_opening(session, endpoint)).unwrap_or_default();
    let longest = wording::wait(harm.longest_ms);
    let cost = match (harm.failed, harm.late) {
        (0, 0) => String::new(),
        (0, late) => format!(": {} had waited up to {longest}", wording::count(late, "user")),
        (failed, 0) => format!(": {} had got an error", wording::count(failed, "user")),
        (failed, late) => {
            format!(": {} had got an error, {late} waited up to {longest}", wording::count(failed, "user"))
        }
    };
    StoryLine::loud(at, StoryMark::State, opening_tone(session, at), format!("breaker OPEN{cost}"))
}

/// Returns the tone of an opening: an open breaker protects users only if they get something until the next opening.
pub fn opening_tone(session: &Session, at: Timestamp) -> Tone {
    let cycles = &session.breaker.cycles;
    let next = cycles.get(cycles.partition_point(|cycle| cycle.opened <= at)).map(|cycle| cycle.opened);
    let until = next.or(session.last).unwrap_or(at);
    let (mut errors, mut fallbacks) = (0, 0);
    for dot in session.users.endpoints.iter().flat_map(|endpoint| endpoint.samples_between(at, until)) {
        match dot.outcome {
            Outcome::Error => errors += 1,
            Outcome::Fallback => fallbacks += 1,
            Outcome::Real | Outcome::Unjudged => {}
        }
    }
    if errors > fallbacks { Tone::Failing } else { Tone::Protected }
}

fn end(session: &Session, cycle: &Cycle) -> Option<StoryLine> {
    let (at, end) = cycle.ended?;
    Some(match (end, cycle.trial) {
        (CycleEnd::Failed, _) => {
            let tone = opening_tone(session, at);
            StoryLine::loud(at, StoryMark::State, tone, "breaker OPEN again: the trial failed")
        }
        (CycleEnd::Worked, Some(_)) => {
            StoryLine::quiet(at, StoryMark::State, Tone::Ok, "breaker CLOSED: the trial worked")
        }
        (CycleEnd::Worked, None) => {
            StoryLine::quiet(at, StoryMark::State, Tone::Ok, "breaker CLOSED: its trial was not seen")
        }
    })
}

/// States that belong to no opening.
pub(super) fn states(session: &Session) -> Vec<StoryLine> {
    let mut lines: Vec<StoryLine> = Vec::new();
    let mut before: Option<BreakerState> = None;
    for (at, (state, _)) in session.breaker.states.changes() {
        // Skips changes of the confidence only, and a close after an opening, which [`cycles`] reports.
        let known = before.replace(state);
        let closed = state == BreakerState::Closed
            && matches!(known, Some(BreakerState::Open | BreakerState::HalfOpen));
        if known == Some(state) || closed {
            continue;
        }
        lines.extend(stands(state, known.is_some()).map(|(tone, text, loud)| StoryLine {
            at,
            mark: StoryMark::State,
            tone,
            text: text.to_owned(),
            emphasized: loud,
        }));
    }
    lines
}

fn stands(state: BreakerState, changed: bool) -> Option<(Tone, &'static str, bool)> {
    Some(match state {
        BreakerState::Closed => (Tone::Ok, "breaker CLOSED", false),
        BreakerState::ClosedOrNone => (Tone::Unknown, "breaker CLOSED, or there is none", false),
        BreakerState::NoBreakerSeen => (Tone::Failing, "no breaker seen: calls go out and fail there", true),
        BreakerState::Disabled => (Tone::Failing, "breaker DISABLED: every call goes through", true),
        BreakerState::MetricsOnly => (Tone::Failing, "breaker only counts: every call goes through", true),
        BreakerState::ForcedOpen => (Tone::Protected, "breaker held open by hand", true),
        BreakerState::Mixed => (Tone::Waiting, "breakers in different states", true),
        BreakerState::FallbackAtOnce => (Tone::Protected, "users get a fallback at once", true),
        BreakerState::Unknown if changed => (Tone::Unknown, "breaker UNKNOWN", false),
        BreakerState::Unknown | BreakerState::NotSeenYet | BreakerState::Open | BreakerState::HalfOpen => {
            return None;
        }
    })
}
