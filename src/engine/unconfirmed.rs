//! Failed fires: withdraws them once it is observed that they changed nothing.

use crate::{
    insight,
    session::{EventKind, Session, clock::Clock, event::StepRef, stream::Emitter},
};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// Interval between two checks.
const LOOK: Duration = Duration::from_millis(500);

/// Emits a failed fire as refused if everything that it names stayed as it was.
pub(super) async fn watch(shown: watch::Receiver<Session>, clock: Clock, emitter: Emitter) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut expected_refusals = 0;
    loop {
        ticks.tick().await;
        let untouched = {
            let session = shown.borrow();
            let fires = |session: &Session| -> Vec<StepRef> {
                session.fault.iter().flat_map(|fault| &fault.fires).map(|firing| firing.step).collect()
            };
            // The refusals emitted last time are in the state by now, or the stream is behind.
            let up_to_date = session.refusals.len() >= expected_refusals;
            insight::why_fault_had_no_effect(&session, clock.now())
                .filter(|_| up_to_date)
                .map(|why| (why, fires(&session)))
        };
        let Some((reason, steps)) = untouched else { continue };
        expected_refusals = shown.borrow().refusals.len() + steps.len();
        for step in steps {
            emitter.emit(EventKind::FaultRefused { step, reason: reason.clone() }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{
        Event,
        event::{Section, Workload},
        fixtures::at,
        stream::stream,
    };

    #[tokio::test(start_paused = true)]
    async fn a_failed_fire_that_changed_nothing_is_taken_back_and_one_that_did_is_not() {
        for harmed in [false, true] {
            let mut session = Session::new();
            let step = StepRef { section: Section::Method, index: 0 };
            let seen = |ready| {
                let (namespace, name) = ("default".to_owned(), "app".to_owned());
                EventKind::WorkloadSeen(Workload { namespace, name, desired: 1, ready, updated: 1 })
            };
            let fired =
                EventKind::FaultFired { step, what: "kill".to_owned(), targets: vec!["app".to_owned()] };
            let failed = EventKind::FaultUnconfirmed { step, reason: "HTTP 500".to_owned() };
            let told = [seen(1), fired, failed].into_iter().chain(harmed.then(|| seen(0)));
            for (second, what) in (0..).zip(told) {
                session.apply(&Event { seq: 0, at: at(f64::from(second)), what });
            }
            let clock = Clock::starting_at(at(3.0));
            let (emitter, mut events) = stream(clock);
            let (shown, seen) = watch::channel(session);
            let task = tokio::spawn(watch(seen, clock, emitter));
            let told = tokio::time::timeout(Duration::from_secs(60), events.next()).await;
            if harmed {
                assert!(told.is_err(), "{told:?}");
            } else {
                let told = told.unwrap().unwrap();
                assert!(
                    matches!(&told.what, EventKind::FaultRefused { reason, .. } if reason.contains("HTTP 500"))
                );
                assert!(told.at >= at(16.0), "{}", told.at);
            }
            task.abort();
            drop(shown);
        }
    }
}
