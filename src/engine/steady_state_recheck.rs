//! After the end of a run: watches until the system is safe, and emits that, or what is still wrong.

use crate::{
    insight,
    runner::HypothesisRecheck,
    session::{EventKind, Session, clock::Clock, stream::Emitter},
};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// How long to wait before what is still wrong becomes the final verdict.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Interval between two checks of the state.
const LOOK: Duration = Duration::from_millis(250);
/// Interval between two rechecks of the hypothesis.
const ASK: Duration = Duration::from_secs(1);
/// The same after the final verdict.
const LATER: Duration = Duration::from_secs(5);

/// Emits that a recovery begins, if the run left something to recover from.
pub(super) async fn begin(shown: &watch::Receiver<Session>, emitter: &Emitter) {
    let begins = insight::needs_recovery(&shown.borrow(), emitter.clock().now());
    if begins {
        emitter.emit(EventKind::SafetyBegan).await;
    }
}

/// Rechecks the hypothesis once the targets are back, until the steady state is met. No part of it belongs to the run.
///
/// With `lasting` it continues after the final verdict, for a late recovery.
pub(super) async fn lead(
    again: HypothesisRecheck,
    shown: watch::Receiver<Session>,
    clock: Clock,
    emitter: Emitter,
    lasting: bool,
) {
    let begun = Instant::now();
    let (mut last_wrong, mut stands, mut pause) = (None, false, LOOK);
    loop {
        // A session that is left at the end of the run ends during this first wait.
        sleep(pause).await;
        let away = insight::targets_not_back(&shown.borrow());
        let asked = away.is_empty();
        let wrong = if asked { asked_again(&again, &shown, &clock).await } else { away };
        let met = wrong.is_empty();
        // Only failed rollbacks are left: waiting does not repair them.
        let hopeless = asked && insight::only_failed_rollbacks(&shown.borrow(), &wrong);
        let last = !stands && (met || hopeless || begun.elapsed() >= PATIENCE);
        if last || (met && stands) || last_wrong.as_ref() != Some(&wrong) {
            emitter.emit(EventKind::SafetyChecked { met, wrong: wrong.clone(), last }).await;
            last_wrong = Some(wrong);
        }
        stands |= last;
        if met || (stands && (!lasting || hopeless)) {
            return;
        }
        pause = if stands {
            LATER
        } else if asked {
            ASK
        } else {
            LOOK
        };
    }
}

/// Returns the problems of the hypothesis, the users and the rollbacks.
async fn asked_again(
    again: &HypothesisRecheck,
    shown: &watch::Receiver<Session>,
    clock: &Clock,
) -> Vec<String> {
    let mut wrong = again.ask().await;
    wrong.extend(insight::remaining_problems(&shown.borrow(), clock.now()));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::{
            Event,
            event::{Level, RunStatus},
            fixtures::{self, Variant},
            stream::stream,
        },
        test_support::recheck,
    };

    /// Returns the checks emitted for an aborted run whose targets are back at once, or never.
    async fn told(given: i64, back: bool) -> Vec<(bool, bool, Vec<String>)> {
        let (mut session, now) = fixtures::session_at(Variant::Before, 5.0);
        let mut seconds = 5.0;
        let mut tell = |what| {
            seconds += 0.01;
            session.apply(&Event { seq: 0, at: fixtures::at(seconds), what });
        };
        tell(EventKind::Interrupted { reason: "told to".to_owned(), level: Level::Warning });
        tell(EventKind::RunEnded { status: RunStatus::Interrupted, deviated: false });
        if back {
            tell(EventKind::FaultHealed { what: "back".to_owned() });
            let endpoint = session.users.main().unwrap().id;
            session.apply(&Event {
                seq: 0,
                at: fixtures::at(5.1),
                what: EventKind::EndpointLeft { endpoint },
            });
        }
        let (emitter, mut events) = stream(Clock::starting_at(now));
        let (shown, seen) = watch::channel(session);
        begin(&seen, &emitter).await;
        let leading = lead(recheck(move || given), seen, Clock::starting_at(now), emitter, false);
        let hearing = async {
            let mut told = Vec::new();
            while let Some(event) = events.next().await {
                shown.send_modify(|session| session.apply(&event));
                if let EventKind::SafetyChecked { met, wrong, last } = event.what {
                    told.push((met, last, wrong));
                }
            }
            told
        };
        let ((), told) = tokio::join!(leading, hearing);
        told
    }

    #[tokio::test(start_paused = true)]
    async fn safe_is_said_once_the_hypothesis_is_met_again() {
        assert_eq!(told(0, true).await, [(true, true, Vec::new())]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_still_wrong_is_said_after_a_minute() {
        let told = told(1, true).await;
        let wrong = vec!["`p` returned 1, expected 0".to_owned()];
        assert_eq!(told.first(), Some(&(false, false, wrong.clone())));
        assert_eq!(told.last(), Some(&(false, true, wrong)));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_targets_are_away_nobody_is_asked() {
        let told = told(0, false).await;
        assert!(told.iter().all(|(met, ..)| !met), "{told:?}");
        assert!(
            told.last().unwrap().1 && told.last().unwrap().2[0].contains("0 of 1 replicas ready"),
            "{told:?}"
        );
    }
}
