//! Activities that run beside the others (experiment-format 8.6).

use super::{activity::perform, consent::Cleared, helm::Helm, reins::Reins, stage::Stage};
use crate::{experiment::Activity, provider::Effect, session::event::StepRef};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the remaining ones may take to end once they are told to.
const FAREWELL: Duration = Duration::from_secs(2);

/// The background activities of one part of the run.
#[derive(Default)]
pub(super) struct Background {
    tasks: JoinSet<()>,
    halt: CancellationToken,
}

/// A background activity as it may be started.
pub(super) struct Starter {
    pub activity: Activity,
    pub step: StepRef,
    pub effect: Effect,
    pub consent: Option<super::Consent>,
}

impl Background {
    /// Starts an activity, before whatever follows; what goes wrong with it is only seen in its entry.
    pub async fn start(&mut self, stage: &Arc<Stage>, starter: Starter) {
        let (stage, reins) = (stage.clone(), Reins::on(self.halt.clone()));
        self.tasks.spawn(async move {
            let Starter { activity, step, effect, consent } = starter;
            if let Some(cleared) = Cleared::new(&activity, step, effect, consent.as_ref()) {
                // The reference loses what breaks in the background; the entry without status is all there is.
                let _ = perform(&stage, cleared, step, false, &reins).await;
            }
        });
        // Its turn comes first, so that the journal has the entries in the order of the file.
        tokio::task::yield_now().await;
    }

    /// Waits for all of them; a signal or the operator's abort ends the wait, not the activities.
    pub async fn settle(&mut self, helm: &mut Helm) {
        let reins = Reins::default();
        let settled = async { while self.tasks.join_next().await.is_some() {} };
        let until = async {
            tokio::select! {
                () = settled => {}
                _ = reins.pulled() => {}
            }
        };
        helm.hear(&reins, until).await;
    }

    /// Ends what still runs: no child outlives the run.
    pub async fn end(mut self) {
        self.halt.cancel();
        let gone = async { while self.tasks.join_next().await.is_some() {} };
        // Whoever does not listen is dropped with the set.
        let _ = tokio::time::timeout(FAREWELL, gone).await;
    }
}
