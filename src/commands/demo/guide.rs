//! The captions of the demo: which key to press and what to look at.

use super::Lesson;
use crate::{
    insight::{self, Phase},
    session::{
        Event, EventKind, Session,
        event::{BreakerState, Timestamp},
        state::{Cycle, CycleEnd, StepState},
        stream::Emitter,
    },
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Emits each caption once, when it first applies. Ends with the session.
pub(super) async fn guide(
    lesson: Lesson,
    shown: watch::Receiver<Session>,
    emitter: Emitter,
    mut tap: mpsc::Receiver<Arc<Event>>,
) {
    let mut shown_caption = "";
    while let Some(event) = tap.recv().await {
        // Skips frequent events that never change the caption.
        if matches!(
            event.what,
            EventKind::RequestSent { .. } | EventKind::Answered(_) | EventKind::Captioned { .. }
        ) {
            continue;
        }
        let next = caption(lesson, &shown.borrow(), event.at);
        if next != shown_caption && !next.is_empty() {
            shown_caption = next;
            emitter.emit(EventKind::Captioned { text: next.to_owned() }).await;
        }
    }
}

/// How long a failed or short trial of the breaker keeps its caption, in seconds: its states may be too short to be
/// seen.
const CAPTION_HOLD_S: f64 = 5.0;
/// A half-open state shorter than this, in seconds, is described as brief.
const BRIEF_S: f64 = 1.0;

/// Returns the caption for the current phase of the session, or an empty text for none.
pub(super) fn caption(lesson: Lesson, session: &Session, now: Timestamp) -> &'static str {
    match insight::phase(session, now) {
        Phase::Starting => "",
        Phase::Ready => match lesson {
            Lesson::Before => "Lesson 1 of 3: no circuit breaker. Press SPACE to ask as its users do.",
            Lesson::After => "Lesson 2 of 3: now with a circuit breaker. Press SPACE to ask as users.",
            Lesson::Trap => "Lesson 3 of 3: an open breaker fails the liveness probe. Press SPACE.",
        },
        Phase::Steady if session.users.endpoints.is_empty() => "Press o to ask the consumer as its users do.",
        Phase::Steady if session.users.main().is_some_and(|endpoint| endpoint.shape.is_none()) => {
            "Each pixel is an answer. The first ones show what a real answer is."
        }
        Phase::Steady if fires_next(session) => {
            "SHIFT+F kills the provider's pod. Then watch what its users get."
        }
        Phase::Steady => "SPACE checks the steady state, probe by probe. It never kills.",
        Phase::FaultUnconfirmed => "The kill failed and its effect is unknown. Press w to see why.",
        Phase::FaultOn | Phase::Recovering | Phase::TargetsBack | Phase::Recovered => {
            during(lesson, session, now)
        }
        Phase::Finished => match lesson {
            Lesson::Before => "That was without a breaker. SPACE: the same kill again, now with one.",
            Lesson::After => "What the breaker changed, side by side. SPACE: when it becomes a trap.",
            Lesson::Trap => "Liveness must not depend on other services. SPACE ends the demo.",
        },
    }
}

fn during(lesson: Lesson, session: &Session, now: Timestamp) -> &'static str {
    let on = session.fault.as_ref().is_some_and(|fault| fault.is_on());
    match lesson {
        Lesson::Before if on => "No breaker: yellow requests wait, then end in an error, in red.",
        Lesson::Before => "It is back by itself. The big number: seconds that let users down.",
        Lesson::After => breaker(session, on, now),
        Lesson::Trap if restarted(session) && session.breaker.state() == BreakerState::Open => {
            "Restarted, and OPEN again: the new process had to count failures anew."
        }
        Lesson::Trap if restarted(session) => {
            "Kubernetes restarted the healthy consumer: its users lose the fallback."
        }
        Lesson::Trap if session.breaker.state() == BreakerState::Open => {
            "OPEN makes /health fail, and liveness asks /health: count its misses."
        }
        Lesson::Trap if on => "The first users wait: the breaker counts failures before it opens.",
        Lesson::Trap => "The provider is back. Its healthy consumer was restarted for nothing.",
    }
}

/// Returns the caption for the state of the breaker. A short state is mentioned for [`SPOKEN_S`] so that it can be
/// read.
fn breaker(session: &Session, on: bool, now: Timestamp) -> &'static str {
    let lately = |at: Timestamp| now.duration_since(at).as_secs_f64() < CAPTION_HOLD_S;
    let brief = |cycle: &Cycle, ended: Timestamp| {
        cycle.trial.is_some_and(|trial| ended.duration_since(trial).as_secs_f64() < BRIEF_S)
    };
    let cycles = &session.breaker.cycles;
    let ended = cycles.iter().rev().find_map(|cycle| cycle.ended.map(|(at, end)| (cycle, at, end)));
    match (session.breaker.state(), ended) {
        (BreakerState::HalfOpen, _) => "HALF-OPEN: a few trial calls ask if the provider is back.",
        (BreakerState::Open, Some((cycle, at, CycleEnd::Failed))) if lately(at) && brief(cycle, at) => {
            "HALF-OPEN for a moment: the trial call failed, so it is OPEN again."
        }
        (BreakerState::Open, Some((_, at, CycleEnd::Failed))) if lately(at) => {
            "The trial call failed, so it is OPEN again."
        }
        (BreakerState::Open, _) if countdown(session, now) => {
            if on {
                "OPEN: the countdown beside it runs to the next trial call."
            } else {
                "The pod is back, it is still OPEN: the countdown runs to a trial call."
            }
        }
        (BreakerState::Open, _) => {
            if on {
                "OPEN: users get a fallback at once, nobody waits for the dead pod."
            } else {
                "The pod is back, still OPEN: the next trial call will notice it."
            }
        }
        (BreakerState::Closed, Some((cycle, at, CycleEnd::Worked))) if lately(at) && brief(cycle, at) => {
            "HALF-OPEN for a moment: the trial calls worked, so it is CLOSED."
        }
        (BreakerState::Closed, Some((_, _, CycleEnd::Worked))) => {
            "CLOSED: the trial calls worked, users get real answers again."
        }
        _ if on => "The first users wait: the breaker counts failures before it opens.",
        _ => "It is back by itself. The big number: seconds that let users down.",
    }
}

/// Returns whether the countdown to the next trial call is running.
fn countdown(session: &Session, now: Timestamp) -> bool {
    session.breaker.belief.as_ref().is_some_and(|belief| belief.next_trial.is_some_and(|due| due > now))
}

fn restarted(session: &Session) -> bool {
    session.bystanders().any(|pod| pod.restarts_at_t0.is_some_and(|before| pod.restarts() > before))
}

fn fires_next(session: &Session) -> bool {
    session
        .steps
        .rows
        .iter()
        .any(|row| row.step.destructive && matches!(row.state, StepState::Awaited { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::fixtures::{self, Variant};

    fn said((session, now): (Session, Timestamp), lesson: Lesson) -> &'static str {
        caption(lesson, &session, now)
    }

    #[test]
    fn each_phase_has_its_caption() {
        assert!(said(fixtures::ready(), Lesson::Before).starts_with("Lesson 1 of 3"));
        assert!(said(fixtures::ready(), Lesson::After).starts_with("Lesson 2 of 3"));
        assert!(said(fixtures::ready(), Lesson::Trap).starts_with("Lesson 3 of 3"));
        assert!(said(fixtures::steady(), Lesson::Before).contains("SHIFT+F"));
        assert!(said(fixtures::before_failing(), Lesson::Before).contains("No breaker: yellow requests"));
        assert!(said(fixtures::after_open(), Lesson::Trap).contains("/health"));
        for lesson in Lesson::ALL {
            assert!(said(fixtures::finished(Variant::After), lesson).contains("SPACE"), "{lesson}");
        }
    }

    #[test]
    fn every_state_of_the_breaker_is_named_and_the_trial_that_failed() {
        for (second, wanted) in [
            (3.0, "The first users wait"),
            (8.0, "OPEN: "),
            (18.5, "HALF-OPEN: "),
            (24.0, "The trial call failed, so it is OPEN again"),
            (28.0, "the countdown"),
            (34.2, "HALF-OPEN: "),
            (36.0, "CLOSED: "),
        ] {
            let said = said(fixtures::session_at(Variant::After, second), Lesson::After);
            assert!(said.contains(wanted), "T+{second}: {said}, not {wanted}");
        }
    }

    /// A trial that fails at once is half-open for a millisecond only; the caption still mentions it.
    #[test]
    fn a_trial_too_short_to_be_seen_is_named() {
        let (mut session, now) = fixtures::session_at(Variant::After, 12.0);
        let mut belief = session.breaker.belief.clone().unwrap();
        let mut believe = |state, seq: u64| {
            (belief.state, belief.since) = (state, now);
            let what = EventKind::Believed(belief.clone());
            session.apply(&Event { seq, at: now, what });
            caption(Lesson::After, &session, now)
        };
        assert!(!believe(BreakerState::Open, 90_000).contains("trial call failed"));
        believe(BreakerState::HalfOpen, 90_001);
        let said = believe(BreakerState::Open, 90_002);
        assert!(said.starts_with("HALF-OPEN for a moment: the trial call failed"), "{said}");
    }

    /// Captions must fit into a terminal of 80 columns.
    #[test]
    fn captions_are_never_cut_at_80_columns() {
        for variant in [Variant::Before, Variant::After] {
            for second in -40..90 {
                for lesson in Lesson::ALL {
                    let said = said(fixtures::session_at(variant, f64::from(second)), lesson);
                    assert!(said.chars().count() <= 71, "{} columns: {said}", said.chars().count());
                }
            }
        }
        let source = include_str!("guide.rs");
        for quoted in source.split('"').skip(1).step_by(2).filter(|text| text.ends_with(['.', ')'])) {
            assert!(quoted.chars().count() <= 71, "{} columns: {quoted}", quoted.chars().count());
        }
    }
}
