//! What the demo says: what is to be seen on the screen, which key to press, and what to look at while it is played.

use super::Lesson;
use crate::{
    insight::{self, Phase},
    session::{
        Event, Session, What,
        event::{BreakerState, ScreenPart, ScreenPart as Part, Timestamp},
        state::{Cycle, CycleEnd, StepState},
        stream::Emitter,
    },
    tui::Stop,
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// What is said, and of what part of the screen.
type Caption = (ScreenPart, &'static str);

/// What is explained before the first lesson begins.
pub(super) const TOUR: &[Stop] = &[
    stop(Part::Verdict, "The large word says what users get. So far nobody is asked."),
    stop(Part::Users, "Each answer becomes a dot: the higher, the longer a user waited."),
    stop(Part::Timeline, "On the same time: what share got what, breaker, provider, steps."),
    stop(Part::Breaker, "What is known of the consumer's circuit breaker, and who says so."),
    stop(Part::Pods, "Real processes of the embedded cluster. One of them will be killed."),
    stop(Part::Steps, "What will be done. SPACE runs the next step, and never kills."),
];

const fn stop(about: ScreenPart, text: &'static str) -> Stop {
    Stop { about, text }
}

/// Says each caption once, when it becomes true; ends with the session.
pub(super) async fn guide(
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
        let Some((about, text)) = caption(lesson, &shown.borrow(), event.at) else { continue };
        if text != said {
            said = text;
            emitter.emit(What::Captioned { text: text.to_owned(), about: Some(about) }).await;
        }
    }
}

/// How long a turn of the breaker is spoken of before what followed it, in seconds: its states may be shorter than a glance.
const SPOKEN_S: f64 = 5.0;
/// What is shorter is called so, in seconds.
const BRIEF_S: f64 = 1.0;

/// The caption for where the session stands; none before it is open.
pub(super) fn caption(lesson: Lesson, session: &Session, now: Timestamp) -> Option<Caption> {
    Some(match insight::phase(session, now) {
        Phase::Starting => return None,
        Phase::Ready => match lesson {
            Lesson::Before => {
                (Part::Steps, "Lesson 1 of 3: no circuit breaker. SPACE begins to ask as a user.")
            }
            Lesson::After => {
                (Part::Breaker, "Lesson 2 of 3: now with a circuit breaker. SPACE begins to ask.")
            }
            Lesson::Trap => (Part::Pods, "Lesson 3 of 3: an open breaker fails the liveness probe. SPACE."),
        },
        Phase::Steady if session.users.endpoints.is_empty() => {
            (Part::Users, "Press o to ask the consumer as its users do.")
        }
        Phase::Steady if session.users.main().is_some_and(|endpoint| endpoint.shape.is_none()) => {
            (Part::Users, "Each dot is an answer. Some must come to teach what a real one is.")
        }
        Phase::Steady if fires_next(session) => {
            (Part::Users, "SHIFT+F kills the provider's pod. Then watch what users get.")
        }
        Phase::Steady => (Part::Steps, "SPACE checks the steady state, probe by probe. It never kills."),
        Phase::FaultUnconfirmed => {
            (Part::Pods, "The kill failed: whether it did something is not known. w says why.")
        }
        Phase::FaultOn | Phase::Recovering | Phase::TargetsBack | Phase::Recovered => {
            during(lesson, session, now)
        }
        Phase::Finished => match lesson {
            Lesson::Before => {
                (Part::Verdict, "That was without a breaker. SPACE: the same kill again, with one.")
            }
            Lesson::After => {
                (Part::Verdict, "What the breaker changed, side by side. SPACE: when it is a trap.")
            }
            Lesson::Trap => {
                (Part::Verdict, "Liveness must ask what depends on nobody. SPACE: what to try next.")
            }
        },
    })
}

fn during(lesson: Lesson, session: &Session, now: Timestamp) -> Caption {
    let on = session.fault.as_ref().is_some_and(|fault| fault.is_on());
    let open = session.breaker.state() == BreakerState::Open;
    match lesson {
        Lesson::Before if on => {
            (Part::Users, "Nobody tells the users: they wait, and then they get an error.")
        }
        Lesson::Before => BACK,
        Lesson::After => breaker(session, on, now),
        Lesson::Trap if restarted(session) && open => {
            (Part::Breaker, "Restarted, and OPEN again: the new process had to learn it anew.")
        }
        Lesson::Trap if restarted(session) => {
            (Part::Pods, "Kubernetes restarted the healthy consumer: no fallback any more.")
        }
        Lesson::Trap if open => {
            (Part::Timeline, "OPEN makes /health fail, and liveness asks /health: see its misses.")
        }
        Lesson::Trap if on => WAITS,
        Lesson::Trap => (Part::Pods, "The provider is back. Its healthy consumer was restarted for nothing."),
    }
}

const BACK: Caption = (Part::Verdict, "It is back by itself. Bad seconds: those that let users down.");
const WAITS: Caption = (Part::Users, "The first users wait: the breaker counts failures before it opens.");

/// Each state of the breaker by its name, and a short one for long enough to be read.
fn breaker(session: &Session, on: bool, now: Timestamp) -> Caption {
    let lately = |at: Timestamp| now.duration_since(at).as_secs_f64() < SPOKEN_S;
    let brief = |cycle: &Cycle, ended: Timestamp| {
        cycle.trial.is_some_and(|trial| ended.duration_since(trial).as_secs_f64() < BRIEF_S)
    };
    let cycles = &session.breaker.cycles;
    let ended = cycles.iter().rev().find_map(|cycle| cycle.ended.map(|(at, end)| (cycle, at, end)));
    let text = match (session.breaker.state(), ended) {
        (BreakerState::HalfOpen, _) => "HALF-OPEN: a few trial calls ask if the provider is back.",
        (BreakerState::Open, Some((cycle, at, CycleEnd::Failed))) if lately(at) && brief(cycle, at) => {
            "HALF-OPEN for a moment: the trial call failed, so it is OPEN again."
        }
        (BreakerState::Open, Some((_, at, CycleEnd::Failed))) if lately(at) => {
            "The trial call failed, so it is OPEN again."
        }
        (BreakerState::Open, _) if countdown(session, now) => match on {
            true => "OPEN: the countdown beside it runs to the next trial call.",
            false => "The pod is back, it is still OPEN: it counts down to a trial call.",
        },
        (BreakerState::Open, _) => match on {
            true => "OPEN: users get a fallback at once, nobody waits for the dead pod.",
            false => "The pod is back, it is still OPEN: its next trial call finds out.",
        },
        (BreakerState::Closed, Some((cycle, at, CycleEnd::Worked))) if lately(at) && brief(cycle, at) => {
            "HALF-OPEN for a moment: the trial calls worked, so it is CLOSED."
        }
        (BreakerState::Closed, Some((_, _, CycleEnd::Worked))) => {
            "CLOSED: the trial calls worked, users get real answers again."
        }
        _ if on => return WAITS,
        _ => return BACK,
    };
    (Part::Breaker, text)
}

/// Whether one runs: at its end a trial call is due, and nobody has seen one.
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
        caption(lesson, &session, now).unwrap().1
    }

    #[test]
    fn each_phase_has_its_caption_and_its_part_of_the_screen() {
        assert!(said(fixtures::ready(), Lesson::Before).starts_with("Lesson 1 of 3"));
        assert!(said(fixtures::ready(), Lesson::After).starts_with("Lesson 2 of 3"));
        assert!(said(fixtures::ready(), Lesson::Trap).starts_with("Lesson 3 of 3"));
        assert!(said(fixtures::steady(), Lesson::Before).contains("SHIFT+F"));
        assert!(said(fixtures::before_failing(), Lesson::Before).contains("Nobody tells the users"));
        assert!(said(fixtures::after_open(), Lesson::Trap).contains("/health"));
        for lesson in Lesson::ALL {
            assert!(said(fixtures::finished(Variant::After), lesson).contains("SPACE"), "{lesson}");
        }
        let part = |(session, now): (Session, Timestamp), lesson| caption(lesson, &session, now).unwrap().0;
        assert_eq!(part(fixtures::before_failing(), Lesson::Before), Part::Users);
        assert_eq!(part(fixtures::after_open(), Lesson::After), Part::Breaker);
        assert_eq!(part(fixtures::after_open(), Lesson::Trap), Part::Timeline);
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
            let said = said(fixtures::told(Variant::After, second), Lesson::After);
            assert!(said.contains(wanted), "T+{second}: {said}, not {wanted}");
        }
    }

    /// A trial that is refused at once is half-open for a millisecond; it is spoken of all the same, and only then.
    #[test]
    fn a_trial_too_short_to_be_seen_is_named() {
        let (mut session, now) = fixtures::told(Variant::After, 12.0);
        let mut belief = session.breaker.belief.clone().unwrap();
        let mut believe = |state, seq: u64| {
            (belief.state, belief.since) = (state, now);
            let what = What::Believed(belief.clone());
            session.apply(&Event { seq, at: now, what });
            caption(Lesson::After, &session, now).unwrap().1
        };
        assert!(!believe(BreakerState::Open, 90_000).contains("trial call failed"));
        believe(BreakerState::HalfOpen, 90_001);
        let said = believe(BreakerState::Open, 90_002);
        assert!(said.starts_with("HALF-OPEN for a moment: the trial call failed"), "{said}");
    }

    /// What is said must be readable where the demo is most often seen: at 80 columns, behind its tag.
    #[test]
    fn captions_are_never_cut_at_80_columns() {
        for variant in [Variant::Before, Variant::After] {
            for second in -40..90 {
                for lesson in Lesson::ALL {
                    let said = said(fixtures::told(variant, f64::from(second)), lesson);
                    assert!(said.chars().count() <= 69, "{} columns: {said}", said.chars().count());
                }
            }
        }
        let source = include_str!("guide.rs");
        for quoted in source.split('"').skip(1).step_by(2).filter(|text| text.ends_with(['.', ')'])) {
            assert!(quoted.chars().count() <= 69, "{} columns: {quoted}", quoted.chars().count());
        }
    }
}
