//! A call of a provider that can be cut short. Only here does the runner ever call one.

use super::{
    consent::Cleared,
    reins::{Pulled, Reins},
    stage::Stage,
};
use crate::{
    experiment::{Map, ProviderKind, Value},
    provider::{Call, Outcome},
};
use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long a call may take to tidy up after it was cancelled.
const GRACE: Duration = Duration::from_millis(750);

/// Calls the provider until it is done or a rein is pulled. A call that the operator cut has failed; one that was
/// halted with the run is [`Outcome::Cancelled`].
pub(super) async fn call(
    stage: &Stage,
    cleared: Cleared<'_>,
    foreground: bool,
    reins: &Reins,
    progress: &(dyn Fn(String) + Send + Sync),
) -> Outcome {
    let changed = Mutex::new(None);
    let amend = |configuration| *changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(configuration);
    let outcome = until_pulled(stage, cleared, foreground, reins, progress, &amend).await;
    if let Some(configuration) = changed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        stage.share(configuration).await;
    }
    outcome
}

async fn until_pulled(
    stage: &Stage,
    cleared: Cleared<'_>,
    foreground: bool,
    reins: &Reins,
    progress: &(dyn Fn(String) + Send + Sync),
    amend: &(dyn Fn(Map) + Send + Sync),
) -> Outcome {
    let configuration = stage.configuration();
    let cancel = CancellationToken::new();
    let call = Call {
        activity: cleared.activity(),
        configuration: &configuration,
        secrets: &stage.secrets,
        cancel: cancel.clone(),
        progress,
        amend,
        foreground,
    };
    reins.take_sigterm(foreground && stage.options.compat.swallows_sigterm() && is_python(stage, cleared));
    let mut calling = pin!(stage.providers.call(call));
    let pulled = tokio::select! {
        biased;
        outcome = &mut calling => {
            reins.take_sigterm(false);
            return outcome;
        }
        pulled = reins.pulled() => pulled,
    };
    reins.take_sigterm(false);
    cancel.cancel();
    let late = tokio::time::timeout(GRACE, calling).await;
    match (pulled, late) {
        (Pulled::Cut, Ok(done @ (Outcome::Done(_) | Outcome::Failed { .. }))) => done,
        (Pulled::Cut, _) => Outcome::failed("cut short by the operator"),
        (Pulled::Halt, _) => Outcome::Cancelled,
        // The reference raises it in the activity, which knows no better than to fail.
        (Pulled::Terminated, _) => {
            Outcome::failed("chaoslib.exceptions.InterruptExecution: SIGTERM signal received")
        }
    }
}

/// Whether Python does it, rather than we in its place.
fn is_python(stage: &Stage, cleared: Cleared<'_>) -> bool {
    let provider = &cleared.activity().provider;
    let text = |key: &str| provider.raw.get(key).and_then(Value::as_str).unwrap_or_default();
    provider.kind == ProviderKind::Python && stage.providers.native(text("module"), text("func")).is_none()
}
