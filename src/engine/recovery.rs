//! Undoes what an earlier session left on: its rollbacks that were not played, then the undo kit, then the question whether
//! the steady state is met again.

use super::{SessionHost, undo::put_back};
use crate::{
    cluster::Connection,
    provider::{Providers, kit::Manifest},
    runner::{
        Consent, HypothesisRecheck, HypothesisStrategy, Pacing, RollbackStrategy, RunRequest, Signal,
        run_experiment,
    },
    session::event::UndoResult,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

/// How long the system may take to meet its steady state again.
const PATIENCE: Duration = Duration::from_secs(60);
/// Interval between two checks of the hypothesis.
const ASK: Duration = Duration::from_secs(1);

/// What is to be undone.
pub(crate) struct Recovery {
    /// The experiment as played; its rollbacks are those that are still to be played.
    pub request: RunRequest,
    pub providers: Arc<Providers>,
    /// The objects that fired steps changed, each with the cluster that it belongs to.
    pub kit: Vec<(Connection, Manifest)>,
}

/// The result of a recovery.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// The rollbacks that were not played, or failed.
    pub failed_rollbacks: Vec<String>,
    /// The rollbacks that were left out as asked, unless everything is known to be as it was without them.
    pub unplayed_rollbacks: Vec<String>,
    pub undone: UndoResult,
    /// What the steady-state hypothesis still misses, one sentence each; `None` if there is no hypothesis.
    pub wrong: Option<Vec<String>>,
}

impl Recovered {
    /// Whether everything that was left on is undone. A hypothesis that is not met has another reason.
    pub(crate) fn is_complete(&self) -> bool {
        self.failed_rollbacks.is_empty()
            && self.unplayed_rollbacks.is_empty()
            && self.undone.failed.is_empty()
    }
}

/// Undoes it, as events of the host's stream. Signals end it as they end the rollbacks of a run.
pub(crate) async fn recover(
    host: &SessionHost,
    recovery: Recovery,
    signals: mpsc::Receiver<Signal>,
) -> Recovered {
    let Recovery { mut request, providers, kit } = recovery;
    request.options.hypothesis = HypothesisStrategy::Skip;
    request.options.rollbacks = RollbackStrategy::Always;
    request.options.only_rollbacks = true;
    // Asking for the recovery is the consent to it.
    request.pace = Pacing::Auto(Consent::up_front());
    let again = HypothesisRecheck::new(request.clone(), providers.clone());
    let hypothesis = request.experiment.hypothesis().is_some();
    if !request.experiment.rollbacks().is_empty() {
        let (_, orders) = mpsc::channel(1);
        run_experiment(request, providers, host.emitter.clone(), orders, signals, None).await;
        host.bus.flush().await;
    }
    let undone = if kit.is_empty() { UndoResult::default() } else { put_back(kit, &host.emitter).await };
    host.bus.flush().await;
    let failed_rollbacks = {
        let session = host.session.borrow();
        session.steps.unfinished_rollbacks().map(|row| row.step.name.clone()).collect()
    };
    let wrong = if hypothesis { Some(wait_for_steady_state(&again).await) } else { None };
    Recovered { failed_rollbacks, unplayed_rollbacks: Vec::new(), undone, wrong }
}

/// Asks the hypothesis until it is met; returns what is still wrong after a minute.
async fn wait_for_steady_state(again: &HypothesisRecheck) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let wrong = again.ask().await;
        if wrong.is_empty() || begun.elapsed() >= PATIENCE {
            return wrong;
        }
        sleep(ASK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::recheck;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn the_steady_state_is_waited_for_and_what_is_wrong_after_a_minute_is_said() {
        for (wrong, seconds, met) in [(0, 0, true), (3, 3, true), (60, 60, true), (1000, 60, false)] {
            let left = AtomicU32::new(wrong);
            let take = |left: u32| left.checked_sub(1);
            let again =
                recheck(move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok().into());
            let begun = Instant::now();
            let wrong = wait_for_steady_state(&again).await;
            assert_eq!((begun.elapsed().as_secs(), wrong.is_empty()), (seconds, met), "{wrong:?}");
            assert!(met || wrong[0].contains("`p`"), "{wrong:?}");
        }
    }

    #[test]
    fn a_recovery_is_complete_once_rollbacks_and_kit_are_whatever_the_hypothesis_says() {
        let (rollback, object) = (vec!["scale back".to_owned()], vec!["Deployment a: forbidden".to_owned()]);
        for (failed_rollbacks, failed, complete) in [
            (Vec::new(), Vec::new(), true),
            (rollback.clone(), Vec::new(), false),
            (Vec::new(), object.clone(), false),
            (rollback, object, false),
        ] {
            let undone = UndoResult { failed, ..UndoResult::default() };
            let wrong = Some(vec!["the probe `p` returned 1".to_owned()]);
            let unplayed_rollbacks = Vec::new();
            let recovered = Recovered { failed_rollbacks, unplayed_rollbacks, undone, wrong };
            assert_eq!(recovered.is_complete(), complete);
        }
    }
}
