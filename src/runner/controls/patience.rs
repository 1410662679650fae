//! Calls a control without letting it delay the end of the run.

use super::{ControlCall, ControlError, ControlHost, ControlReply};
use crate::runner::stop_signal::StopSignal;
use std::{pin::pin, time::Duration};

/// How long a control may take once the run is stopping.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a call may take to clean up after it is cancelled.
const GRACE: Duration = Duration::from_millis(750);

/// Calls a control until it is done, the run is asked (once more) to stop, or, in a run that was already stopping, the
/// control has taken too long.
pub(super) async fn call_control(
    host: &dyn ControlHost,
    call: ControlCall<'_>,
    stop_signal: &StopSignal,
) -> ControlReply {
    let (cancel, hurried, halts) = (call.cancel.clone(), stop_signal.is_run_stopping(), stop_signal.stops());
    let mut calling = pin!(host.call(call));
    let why = tokio::select! {
        biased;
        reply = &mut calling => return reply,
        () = stop_signal.stopped_after(halts) => "it was cancelled because the run is stopping".to_owned(),
        () = elapsed(hurried) => {
            format!("it was cancelled because the run is stopping and it took more than {} s", PATIENCE.as_secs())
        }
    };
    cancel.cancel();
    // An error raised while the call is being cancelled is dropped; what the control changed until then counts.
    let late = tokio::time::timeout(GRACE, calling).await.unwrap_or_default();
    ControlReply { error: Some(ControlError::Ended(why)), ..late }
}

async fn elapsed(hurried: bool) {
    if hurried { tokio::time::sleep(PATIENCE).await } else { std::future::pending().await }
}
