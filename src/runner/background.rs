//! Activities that run in the background (experiment-format 8.6).

use super::{
    Compat,
    activity::{Placement, run_activity},
    consent::Cleared,
    context::RunContext,
    controls::ControlSubject,
    finished::Cutoff,
    operator_input::OperatorInput,
    stop_signal::StopSignal,
};
use crate::{
    experiment::Activity,
    provider::Effect,
    session::event::{Level, StepRef},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinSet, time::timeout};

/// How long activities may still run once the run was asked to stop. The reference waits for ever; a terminal's Ctrl-C,
/// though, also ends its child processes.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the remaining activities may take to end once they are asked to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// The background activities of one section of the run.
#[derive(Default)]
pub(super) struct Background {
    tasks: JoinSet<()>,
    stop_signal: StopSignal,
}

/// What is needed to start a background activity.
pub(super) struct BackgroundStart {
    pub activity: Activity,
    pub step: StepRef,
    pub effect: Effect,
    pub consent: Option<super::Consent>,
}

impl Background {
    /// Starts an activity before the caller continues. Its errors show only in its journal entry.
    pub(super) async fn start(
        &mut self,
        ctx: &Arc<RunContext>,
        operator: &mut OperatorInput,
        starter: BackgroundStart,
    ) {
        let (ctx, stop_signal) = (ctx.clone(), self.stop_signal.clone());
        let waits = ctx.controls.applies_to(ControlSubject::activity(&starter.activity), &ctx.experiment());
        let (let_in, comes) = oneshot::channel();
        self.tasks.spawn(async move {
            let BackgroundStart { activity, step, effect, consent } = starter;
            if let Some(cleared) = Cleared::new(&activity, step, effect, consent.as_ref()) {
                // The reference drops errors of background activities; an entry without status is the only trace.
                let ground = Placement::Background { let_in: Some(let_in) };
                if let Err(Cutoff::ClusterChanged(why)) =
                    run_activity(&ctx, cleared, step, ground, &stop_signal).await
                {
                    ctx.emitter.log(Level::Warning, why).await;
                }
            }
        });
        // Wait for its before-controls, so that the journal has the entries in the order of the file.
        if waits {
            let stop_signal = operator.stop_signal();
            let first = async {
                tokio::select! {
                    _ = comes => {}
                    _ = stop_signal.wait() => {}
                }
            };
            operator.run_while_receiving(&stop_signal, first).await;
        } else {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for all activities. Once the run is asked to stop they have little time left, and a signal that arrives
    /// while they are awaited ends them at once.
    pub(super) async fn settle(&mut self, operator: &mut OperatorInput, compat: Compat) {
        let stop_signal = operator.stop_signal();
        let settled = async { while self.tasks.join_next().await.is_some() {} };
        let until = async {
            tokio::select! {
                () = settled => {}
                _ = stop_signal.wait() => {}
            }
        };
        match operator.check_stop() {
            _ if compat.awaits_background() => operator.run_while_receiving(&stop_signal, until).await,
            Ok(()) => operator.run_while_receiving(&stop_signal, until).await,
            // Activities that still run after this time are stopped below.
            Err(_) => drop(timeout(DRAIN_TIMEOUT, operator.run_while_receiving(&stop_signal, until)).await),
        }
        if operator.check_stop().is_err() {
            self.end().await;
        }
    }

    /// Stops the activities that still run: no child process outlives the run.
    pub(super) async fn end(&mut self) {
        self.stop_signal.stop();
        let gone = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(SHUTDOWN_TIMEOUT, gone).await.is_err() {
            // Activities that do not react are dropped.
            self.tasks.shutdown().await;
        }
    }
}
