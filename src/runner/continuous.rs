//! The hypothesis checked again and again while the method runs (experiment-format 7.4).

use super::{
    Consent,
    context::RunContext,
    hypothesis::{PassDriver, pass},
    stop_request::StopReason,
    stop_signal::StopSignal,
};
use crate::session::{
    EventKind,
    event::{HypothesisPhase, Level, RunStatus},
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Continuous passes that go on in the background.
pub(super) struct Continuous {
    task: JoinHandle<()>,
    /// No further pass.
    stop: CancellationToken,
    /// Not even the rest of this one.
    reins: StopSignal,
}

impl Continuous {
    /// Starts the first pass, before whatever follows.
    pub(super) async fn start(ctx: &Arc<RunContext>, consent: Option<Consent>) -> Self {
        let (stop, reins) = (CancellationToken::new(), StopSignal::default());
        let passes = Passes { ctx: ctx.clone(), stop: stop.clone(), reins: reins.clone(), consent };
        let task = tokio::spawn(passes.play());
        tokio::task::yield_now().await;
        Self { task, stop, reins }
    }

    /// A pass that is running completes, no other follows.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Ends even the running pass: the run turns to its end.
    pub(super) fn halt(&self) {
        self.stop.cancel();
        self.reins.stop();
    }

    /// What the running pass is led by.
    pub(super) fn stop_signal(&self) -> StopSignal {
        self.reins.clone()
    }

    /// Waits for the last pass.
    pub(super) async fn join(self) {
        // A panic in it has been reported by the panic hook; the run ends as it stands.
        let _ = self.task.await;
    }
}

struct Passes {
    ctx: Arc<RunContext>,
    stop: CancellationToken,
    reins: StopSignal,
    consent: Option<Consent>,
}

impl Passes {
    async fn play(self) {
        let frequency = self.ctx.options.frequency;
        self.ctx.voice.emit(EventKind::ContinuousStarted { frequency }).await;
        let failed_percent = self.repeat().await;
        self.ctx.voice.emit(EventKind::ContinuousEnded { failed_percent }).await;
    }

    /// Pass after pass; with fail-fast, the share of failed ones in percent when that ends it.
    async fn repeat(&self) -> Option<f64> {
        let (mut failed, mut passes) = (0_u32, 0_u32);
        // Zero and less do not wait; what no duration can say waits for ever.
        let wait = Duration::try_from_secs_f64(self.ctx.options.frequency.max(0.0)).unwrap_or(Duration::MAX);
        while !self.stop.is_cancelled() && !is_final(self.ctx.progress.status()) {
            let lead = PassDriver::Nobody { reins: &self.reins, consent: self.consent.clone() };
            let met = match pass(&self.ctx, HypothesisPhase::During, lead).await {
                Ok(pass) => pass.is_none_or(|pass| pass.met),
                Err(StopReason::Halt(_)) => {
                    self.ctx.progress.set_status(RunStatus::Interrupted);
                    return None;
                }
                Err(StopReason::Abort(message)) => {
                    self.ctx.progress.set_status(RunStatus::Aborted);
                    self.ctx.voice.log(Level::Critical, message).await;
                    return None;
                }
            };
            passes += 1;
            failed += u32::from(!met);
            if !met && self.ctx.options.fail_fast {
                self.ctx.progress.set_status(RunStatus::Failed);
                return Some(f64::from(failed) * 100.0 / f64::from(passes));
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        None
    }
}

/// Whether the run is over but for its end.
pub(super) fn is_final(status: Option<RunStatus>) -> bool {
    matches!(status, Some(RunStatus::Failed | RunStatus::Interrupted | RunStatus::Aborted))
}
