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
    match session.phase() {
        Phase::Ready => match lesson {
            Lesson::Before => {
                "Lesson 1 of 2: a consumer without a circuit breaker. Press o to ask it as its users do."
            }
            Lesson::After => {
                "Lesson 2 of 2: the same, now with a circuit breaker. Press o to ask as users do."
            }
        },
        Phase::Steady if session.users.endpoints.is_empty() => "Press o to ask the consumer as its users do.",
        Phase::Steady if session.users.main().is_some_and(|endpoint| endpoint.shape.is_none()) => {
            "Each r is a user with an answer. Let some come: they teach what a real answer looks like."
        }
        Phase::Steady if fires_next(session) => {
            "TARGET shows what will be killed. Press SHIFT+F to kill it, and watch the letters in USERS."
        }
        Phase::Steady => "SPACE checks the steady state, probe by probe. SPACE never kills anything.",
        Phase::FaultOn => during(lesson, session.breaker.state()),
        Phase::Recovered => match lesson {
            Lesson::Before => {
                "The provider is back by itself. Look at BAD, the seconds users were let down. SPACE goes on."
            }
            Lesson::After => {
                "The provider is back; trial calls closed the breaker. SPACE goes on to the end."
            }
        },
        Phase::Finished => match lesson {
            Lesson::Before => "That was without a breaker. Press q: the same kill again, this time with one.",
            Lesson::After => {
                "Both runs side by side: what the breaker changed, and what it did not. q leaves."
            }
        },
    }
}

fn during(lesson: Lesson, breaker: BreakerState) -> &'static str {
    match (lesson, breaker) {
        (Lesson::Before, _) => {
            "The provider is gone and nobody tells the users: each ? is one who waits, each X one who got an error."
        }
        (Lesson::After, BreakerState::Open) => {
            "The breaker is OPEN: users get a fallback (f) at once, nobody waits for the dead provider."
        }
        (Lesson::After, BreakerState::HalfOpen) => {
            "HALF-OPEN: a few trial calls go through to see if the provider is back."
        }
        (Lesson::After, _) => "The first users still wait: the breaker counts failures before it opens.",
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
    use crate::session::fixtures;

    #[test]
    fn each_phase_has_its_caption() {
        let said = |(session, _): (Session, _), lesson| caption(lesson, &session);
        assert!(said(fixtures::ready(), Lesson::Before).starts_with("Lesson 1 of 2"));
        assert!(said(fixtures::ready(), Lesson::After).starts_with("Lesson 2 of 2"));
        assert!(said(fixtures::steady(), Lesson::Before).contains("SHIFT+F"));
        assert!(said(fixtures::before_failing(), Lesson::Before).contains("nobody tells the users"));
        assert!(said(fixtures::after_open(), Lesson::After).contains("OPEN"));
        assert!(said(fixtures::after_half_open(), Lesson::After).starts_with("HALF-OPEN"));
        assert!(said(fixtures::after_closed(), Lesson::After).contains("back"));
        assert!(said(fixtures::finished(fixtures::Variant::Before), Lesson::Before).contains("Press q"));
    }
}
