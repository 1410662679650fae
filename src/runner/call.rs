//! A call of a provider that can be cut short. Only here does the runner ever call one.

use super::{
    consent::Cleared,
    reins::{Pulled, Reins},
    stage::Stage,
};
use crate::provider::{Call, Outcome};
use std::{pin::pin, time::Duration};
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
    let configuration = stage.configuration();
    let cancel = CancellationToken::new();
    let call = Call {
        activity: cleared.activity(),
        configuration: &configuration,
        secrets: &stage.secrets,
        cancel: cancel.clone(),
        progress,
        foreground,
    };
    let mut calling = pin!(stage.providers.call(call));
    let pulled = tokio::select! {
        biased;
        outcome = &mut calling => return outcome,
        pulled = reins.pulled() => pulled,
    };
    cancel.cancel();
    let late = tokio::time::timeout(GRACE, calling).await;
    match (pulled, late) {
        (Pulled::Cut, Ok(done @ (Outcome::Done(_) | Outcome::Failed { .. }))) => done,
        (Pulled::Cut, _) => Outcome::failed("cut short by the operator"),
        (Pulled::Halt, _) => Outcome::Cancelled,
    }
}
