//! Carries guards out: looks at the session a few times a second, and tells the runner to end the run.

use crate::session::{Command, Session, What, clock::Clock, stream::Emitter};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(250);

/// Waits until a guard is beyond its limit, tells it and ends the run through its rollbacks. Once in a session.
pub async fn watch(
    shown: watch::Receiver<Session>,
    clock: Clock,
    emitter: Emitter,
    runner: mpsc::Sender<Command>,
) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let over = shown.borrow().guard_over(clock.now());
        if let Some(trip) = over {
            let because = trip.because.clone();
            emitter.emit(What::GuardTripped(trip)).await;
            // Nobody hears it only when the run has just ended by itself.
            let _ = runner.send(Command::GuardAbort(because)).await;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        event::{Guard, Guards},
        fixtures::{self, Variant},
        stream::stream,
    };

    #[tokio::test(start_paused = true)]
    async fn a_guard_beyond_its_limit_is_told_and_ends_the_run_once() {
        let (mut session, now) = fixtures::told(Variant::Before, 19.0);
        session.guards.limits = Guards { users_s: Some(20), ..Guards::OFF };
        let clock = Clock::starting_at(now);
        let (emitter, mut events) = stream(clock);
        let (shown, seen) = watch::channel(session);
        let (orders, mut ordered) = mpsc::channel(1);
        let task = tokio::spawn(watch(seen, clock, emitter, orders));
        // Nothing but time goes on: those who wait without an answer make the seconds bad.
        let Some(Command::GuardAbort(because)) = ordered.recv().await else { panic!("another order") };
        let told = events.next().await.unwrap();
        let What::GuardTripped(trip) = told.what else { panic!("another event") };
        assert_eq!((trip.guard, trip.figure, trip.limit), (Guard::Users, 21, 20));
        assert_eq!(trip.because, because);
        assert!(told.at >= fixtures::at(20.0), "{}", told.at);
        task.await.unwrap();
        drop(shown);
    }
}
