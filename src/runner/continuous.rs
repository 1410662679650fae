//! Continuous hypothesis passes while the method runs (experiment-format 7.4).

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
use pyvalue::Value;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The background task that repeats hypothesis passes.
pub(super) struct Continuous {
    task: JoinHandle<()>,
    /// Cancelled when no further pass is to start.
    stop: CancellationToken,
    /// Ends the running pass as well.
    stop_signal: StopSignal,
}

impl Continuous {
    /// Starts the task and yields, so that the first pass begins before the caller continues.
    pub(super) async fn start(ctx: &Arc<RunContext>, consent: Option<Consent>) -> Self {
        let (stop, stop_signal) = (CancellationToken::new(), StopSignal::default());
        let passes =
            Passes { ctx: ctx.clone(), stop: stop.clone(), stop_signal: stop_signal.clone(), consent };
        let task = tokio::spawn(passes.play());
        tokio::task::yield_now().await;
        Self { task, stop, stop_signal }
    }

    /// Lets the running pass complete and starts no further one.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Ends the running pass as well, because the run is stopping.
    pub(super) fn halt(&self) {
        self.stop.cancel();
        self.stop_signal.stop();
    }

    /// The stop signal of the running pass.
    pub(super) fn stop_signal(&self) -> StopSignal {
        self.stop_signal.clone()
    }

    /// Waits for the last pass to end.
    pub(super) async fn join(self) {
        // The panic hook has already reported a panic of the task; the run ends with the status it has.
        let _ = self.task.await;
    }
}

/// The exception that ended the passes in the reference.
pub(super) struct Broken {
    /// Whether a control interrupted them, rather than an unexpected error.
    pub interrupts: bool,
    pub message: String,
}

struct Passes {
    ctx: Arc<RunContext>,
    stop: CancellationToken,
    stop_signal: StopSignal,
    consent: Option<Consent>,
}

impl Passes {
    async fn play(self) {
        let frequency = self.ctx.options.frequency;
        self.ctx.tell("start_continuous_hypothesis", || vec![Value::Float(frequency)]).await;
        self.ctx.emitter.emit(EventKind::ContinuousStarted { frequency }).await;
        let ended = self.repeat().await;
        self.ctx.tell_continuous_end(ended.as_ref().err()).await;
        let failed_percent = ended.unwrap_or_default();
        self.ctx.emitter.emit(EventKind::ContinuousEnded { failed_percent }).await;
    }

    /// Repeats passes. Returns the percentage of failed passes if fail-fast ends the loop, or what broke a pass.
    async fn repeat(&self) -> Result<Option<f64>, Broken> {
        let (mut failed, mut passes) = (0_u32, 0_u32);
        // Zero and negative values do not wait; a value that no `Duration` can hold waits for ever.
        let wait = Duration::try_from_secs_f64(self.ctx.options.frequency.max(0.0)).unwrap_or(Duration::MAX);
        while !self.stop.is_cancelled() && !is_final(self.ctx.progress.status()) {
            let lead =
                PassDriver::Unattended { stop_signal: &self.stop_signal, consent: self.consent.clone() };
            let met = match pass(&self.ctx, HypothesisPhase::During, lead).await {
                Ok(pass) => pass.is_none_or(|pass| pass.met),
                Err(StopReason::Halt(halt)) => {
                    self.ctx.progress.set_status(RunStatus::Interrupted);
                    // Without a line, the run is stopping for another reason.
                    return match halt.lines.into_iter().next_back() {
                        Some((_, message)) => Err(Broken { interrupts: true, message }),
                        None => Ok(None),
                    };
                }
                Err(StopReason::Abort(message)) => {
                    self.ctx.progress.set_status(RunStatus::Aborted);
                    self.ctx.emitter.log(Level::Critical, message.clone()).await;
                    return Err(Broken { interrupts: false, message });
                }
            };
            passes += 1;
            self.ctx.tell_iteration(passes).await;
            failed += u32::from(!met);
            if !met && self.ctx.options.fail_fast {
                self.ctx.progress.set_status(RunStatus::Failed);
                return Ok(Some(f64::from(failed) * 100.0 / f64::from(passes)));
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Ok(None)
    }
}

/// Whether the status is final, so that no further step or pass starts.
pub(super) fn is_final(status: Option<RunStatus>) -> bool {
    matches!(status, Some(RunStatus::Failed | RunStatus::Interrupted | RunStatus::Aborted))
}
