//! What the demo says while it is played: which key to press, and what to look at.

use super::Lesson;
use crate::session::{
    Event, Session, What,
    event::BreakerState,
    state::{Phase, StepState},
    stream::Emitter,
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Says each caption once, when it becomes true; ends with the session.
pub async fn guide(
    lesson: Lesson,
    shown: watch::Receiver<Session>,
    emitter: Emitter,
    mut tap: mpsc::Receiver<Arc<Event>>,
) {
    let mut said = "";
    while let Some(event) = tap.recv().await {
        // Requests and answers come by the hundred and never change what to say.
        if matches!(event.what, What::RequestSent { .. } | What::Answered(_) | What::Captioned { .. }) {
            continue;
        }
        let next = caption(lesson, &shown.borrow());
        if next != said {
            said = next;
            emitter.emit(What::Captioned { text: next.to_owned() }).await;
        }
    }
}

/// The caption for where the session stands.
pub fn caption(lesson: Lesson, session: &Session) -> &'static str {
    // What it says follows events, not the clock.
    let phase = session.last.map_or(Phase::Ready, |now| session.phase(now));
    match phase {
        Phase::Ready => match lesson {
            Lesson::Before => "Lesson 1 of 2: no circuit breaker. Press o to ask as its users do.",
            Lesson::After => "Lesson 2 of 2: now with a circuit breaker. Press o to ask as users do.",
        },
        Phase::Steady if session.users.endpoints.is_empty() => "Press o to ask the consumer as its users do.",
        Phase::Steady if session.users.main().is_some_and(|endpoint| endpoint.shape.is_none()) => {
            "Each r is an answer. Some must come to teach what a real one is."
        }
        Phase::Steady if fires_next(session) => {
            "SHIFT+F kills the provider's pod. Then watch the letters of the users."
        }
        Phase::Steady => "SPACE checks the steady state, probe by probe. It never kills.",
        Phase::FaultOn => during(lesson, session.breaker.state()),
        Phase::FaultUnconfirmed => "The kill failed: whether it did something is not known. w says why.",
        Phase::Recovering | Phase::TargetsBack => {
            "The provider is back. Its users are not yet: watch their letters."
        }
        Phase::Recovered => match lesson {
            Lesson::Before => "It is back by itself. BAD: seconds that let users down. SPACE goes on.",
            Lesson::After if session.breaker.state() == BreakerState::Closed => {
                "It is back; trial calls closed the breaker. SPACE goes on to the end."
            }
            Lesson::After => "It is back; the breaker finds out by its next trial call.",
        },
        Phase::Finished => match lesson {
            Lesson::Before => "That was without a breaker. Press q: the same kill again, now with one.",
            Lesson::After => "Both runs side by side: what the breaker changed or not. q leaves.",
        },
    }
}

fn during(lesson: Lesson, breaker: BreakerState) -> &'static str {
    match (lesson, breaker) {
        (Lesson::Before, _) => "Nobody tells the users: each ? is one who waits, each X got an error.",
        (Lesson::After, BreakerState::Open) => {
            "OPEN: users get a fallback (f) at once, nobody waits for the dead pod."
        }
        (Lesson::After, BreakerState::HalfOpen) => {
            "HALF-OPEN: a few trial calls ask if the provider is back."
        }
        (Lesson::After, _) => "The first users wait: the breaker counts failures before it opens.",
    }
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

    #[test]
    fn each_phase_has_its_caption() {
        let said = |(session, _): (Session, _), lesson| caption(lesson, &session);
        assert!(said(fixtures::ready(), Lesson::Before).starts_with("Lesson 1 of 2"));
        assert!(said(fixtures::ready(), Lesson::After).starts_with("Lesson 2 of 2"));
        assert!(said(fixtures::steady(), Lesson::Before).contains("SHIFT+F"));
        assert!(said(fixtures::before_failing(), Lesson::Before).contains("Nobody tells the users"));
        assert!(said(fixtures::after_open(), Lesson::After).contains("OPEN"));
        assert!(said(fixtures::after_half_open(), Lesson::After).starts_with("HALF-OPEN"));
        assert!(said(fixtures::after_closed(), Lesson::After).contains("closed the breaker"));
        assert!(said(fixtures::told(Variant::After, 35.1), Lesson::After).contains("finds out"));
        assert!(said(fixtures::finished(Variant::Before), Lesson::Before).contains("Press q"));
    }

    /// What is said must be readable where the demo is most often seen.
    #[test]
    fn captions_are_never_cut_at_80_columns() {
        for variant in [Variant::Before, Variant::After] {
            for second in -40..90 {
                let (session, _) = fixtures::told(variant, f64::from(second));
                for lesson in [Lesson::Before, Lesson::After] {
                    let said = caption(lesson, &session);
                    assert!(said.chars().count() <= 71, "{} columns: {said}", said.chars().count());
                }
            }
        }
    }
}
