//! Enforces guards: checks the session a few times a second, and tells the runner to end the run.

use crate::{
    insight,
    observe::absence::AbsenceDetector,
    session::{EventKind, Session, clock::Clock, command::StepCommand, stream::Emitter},
};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

/// Interval between two checks.
const LOOK: Duration = Duration::from_millis(250);

/// Waits until a guard is beyond its limit, emits that and ends the run through its rollbacks. Once in a session.
pub(super) async fn watch(
    shown: watch::Receiver<Session>,
    clock: Clock,
    emitter: Emitter,
    presence: AbsenceDetector,
    runner: mpsc::Sender<StepCommand>,
) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let back = presence.latest();
        let over = {
            let session = shown.borrow();
            // A gap in our observation that the session does not know of yet looks like requests without an answer.
            let known = session.gaps.iter().rev().find(|gap| gap.is_total()).map(|gap| gap.to);
            if back > known { None } else { insight::tripped_guard(&session, clock.now()) }
        };
        if let Some(trip) = over {
            let because = trip.because.clone();
            emitter.emit(EventKind::GuardTripped(trip)).await;
            // Sending fails only when the run has just ended by itself.
            let _ = runner.send(StepCommand::GuardAbort(because)).await;
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
        let (mut session, now) = fixtures::session_at(Variant::Before, 19.0);
        session.guards.limits = Guards { users_s: Some(20), ..Guards::OFF };
        let clock = Clock::starting_at(now);
        let (emitter, mut events) = stream(clock);
        let (shown, seen) = watch::channel(session);
        let (orders, mut ordered) = mpsc::channel(1);
        let task = tokio::spawn(watch(seen, clock, emitter, AbsenceDetector::default(), orders));
        // Only time passes: requests that wait for an answer make the seconds bad.
        let Some(StepCommand::GuardAbort(because)) = ordered.recv().await else { panic!("another order") };
        let told = events.next().await.unwrap();
        let EventKind::GuardTripped(trip) = told.what else { panic!("another event") };
        assert_eq!((trip.guard, trip.figure, trip.limit), (Guard::Users, 21, 20));
        assert_eq!(trip.because, because);
        assert!(told.at >= fixtures::at(20.0), "{}", told.at);
        task.await.unwrap();
        drop(shown);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_that_nobody_holds_ends_the_run_and_a_key_puts_that_off() {
        let (mut session, now) = fixtures::session_at(Variant::After, 1.0);
        session.guards.limits = Guards { hold_s: Some(20), ..Guards::OFF };
        let clock = Clock::starting_at(now);
        let (emitter, _events) = stream(clock);
        let (shown, seen) = watch::channel(session);
        let (orders, mut ordered) = mpsc::channel(1);
        tokio::spawn(watch(seen, clock, emitter, AbsenceDetector::default(), orders));
        tokio::time::sleep(Duration::from_secs(18)).await;
        let what = EventKind::Commanded(crate::session::command::Annotation::Hold.into());
        shown.send_modify(|session| session.apply(&crate::session::Event { seq: 0, at: clock.now(), what }));
        tokio::time::sleep(Duration::from_secs(19)).await;
        assert!(ordered.try_recv().is_err(), "the key was pressed 19 s ago");
        let Some(StepCommand::GuardAbort(because)) = ordered.recv().await else { panic!("another order") };
        assert!(because.starts_with("no key was pressed for 20 s"), "{because}");
        assert!(clock.now() <= now + Duration::from_secs(39), "{}", clock.now());
    }

    /// After a suspension the session does not know of the gap yet: it looks as if no request had been answered.
    #[tokio::test(start_paused = true)]
    async fn a_gap_that_is_not_told_yet_trips_nothing() {
        let (mut session, now) = fixtures::session_at(Variant::Before, 19.0);
        session.guards.limits = Guards { users_s: Some(20), ..Guards::OFF };
        let clock = Clock::starting_at(now);
        let (emitter, _events) = stream(clock);
        let presence = AbsenceDetector::new(clock);
        tokio::time::advance(Duration::from_secs(9)).await;
        let gap = presence.latest().unwrap();
        let (shown, seen) = watch::channel(session);
        let (orders, mut ordered) = mpsc::channel(1);
        tokio::spawn(watch(seen, clock, emitter, presence, orders));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(ordered.try_recv().is_err(), "nobody knows of the gap yet");
        let gap = crate::session::event::Gap {
            from: now,
            to: gap,
            cause: crate::session::event::GapCause::Stopped,
        };
        shown.send_modify(|session| {
            let what = EventKind::NotObserved(gap);
            session.apply(&crate::session::Event { seq: 0, at: gap.to, what });
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(ordered.try_recv().is_err(), "the gap itself is no reason");
    }
}
