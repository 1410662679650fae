//! Calls a provider so that the call can be cut short. Every provider call of a run is made here.

use super::{
    call_result::{self, CallResult},
    consent::Cleared,
    context::RunContext,
    stop_signal::{StopKind, StopSignal},
};
use crate::{
    experiment::ProviderKind,
    provider::{Call, Outcome},
    session::event::Level,
};
use pyvalue::{Map, Value};
use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long a call may take to clean up after it was cancelled.
const GRACE: Duration = Duration::from_millis(750);

/// Calls the provider until it is done or the stop signal ends it. A call that the operator cut has failed; one that
/// ended because the run is stopping is [`Outcome::Cancelled`].
pub(super) async fn call(
    ctx: &RunContext,
    cleared: Cleared<'_>,
    foreground: bool,
    stop_signal: &StopSignal,
    progress: &(dyn Fn(String) + Send + Sync),
) -> Outcome {
    call_and_judge(ctx, cleared, foreground, stop_signal, progress).await.0
}

/// Like [`call`], and returns what the call did to the system.
pub(super) async fn call_and_judge(
    ctx: &RunContext,
    cleared: Cleared<'_>,
    foreground: bool,
    stop_signal: &StopSignal,
    progress: &(dyn Fn(String) + Send + Sync),
) -> (Outcome, CallResult) {
    let changed = Mutex::new(None);
    let refused = Mutex::new(None);
    let refuse = |why| *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    let amend = |configuration| *changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(configuration);
    let ways = CallHooks { progress, amend: &amend, refuse: &refuse };
    let outcome = until_stopped(ctx, cleared, foreground, stop_signal, ways).await;
    if let Some(configuration) = changed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        ctx.set_configuration(std::sync::Arc::new(configuration));
    }
    let refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
    let result = call_result::classify(&outcome, refused);
    (outcome, result)
}

/// Callbacks for what a call reports besides its outcome.
struct CallHooks<'a> {
    progress: &'a (dyn Fn(String) + Send + Sync),
    amend: &'a (dyn Fn(Map) + Send + Sync),
    refuse: &'a (dyn Fn(String) + Send + Sync),
}

async fn until_stopped(
    ctx: &RunContext,
    cleared: Cleared<'_>,
    foreground: bool,
    stop_signal: &StopSignal,
    ways: CallHooks<'_>,
) -> Outcome {
    let CallHooks { progress, amend, refuse } = ways;
    let configuration = ctx.configuration();
    let cancel = CancellationToken::new();
    let call = Call {
        activity: cleared.activity(),
        configuration: &configuration,
        secrets: &ctx.secrets,
        cancel: cancel.clone(),
        progress,
        report_configuration: amend,
        report_refusal: refuse,
        report_command: &|line| ctx.emitter.try_log(Level::Debug, line),
        foreground,
    };
    stop_signal.take_sigterm(foreground && ctx.options.compat.swallows_sigterm() && is_python(ctx, cleared));
    let mut calling = pin!(ctx.providers.call(call));
    let stopped_by = tokio::select! {
        biased;
        outcome = &mut calling => {
            stop_signal.take_sigterm(false);
            return outcome;
        }
        stopped_by = stop_signal.wait() => stopped_by,
    };
    stop_signal.take_sigterm(false);
    cancel.cancel();
    let late = tokio::time::timeout(GRACE, calling).await;
    match (stopped_by, late) {
        (StopKind::Cut, Ok(done @ (Outcome::Done(_) | Outcome::Failed { .. }))) => done,
        (StopKind::Cut, _) => Outcome::failed("cut short by the operator"),
        (StopKind::Halt, _) => Outcome::Cancelled,
        // The reference raises this exception in the activity, which therefore fails.
        (StopKind::Terminated, _) => {
            Outcome::failed("chaoslib.exceptions.InterruptExecution: SIGTERM signal received")
        }
    }
}

/// Whether Python runs the activity, rather than a native replacement.
fn is_python(ctx: &RunContext, cleared: Cleared<'_>) -> bool {
    let provider = &cleared.activity().provider;
    let text = |key: &str| provider.raw.get(key).and_then(Value::as_str).unwrap_or_default();
    provider.kind == ProviderKind::Python && ctx.providers.native(text("module"), text("func")).is_none()
}
