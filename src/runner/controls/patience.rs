//! One call of a control, which must not hold up the end of the run.

use super::{ControlCall, ControlError, ControlHost, ControlReply};
use crate::runner::stop_signal::StopSignal;
use std::{pin::pin, time::Duration};

/// How long a control may take once the run is on its way to its end.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a call may take to tidy up after it was told to end.
const GRACE: Duration = Duration::from_millis(750);

/// Calls a control until it is done, the run is told (once more) to turn to its end, or, in a run that was told so
/// already, it has taken too long.
pub(super) async fn ask(host: &dyn ControlHost, call: ControlCall<'_>, reins: &StopSignal) -> ControlReply {
    let (cancel, hurried, halts) = (call.cancel.clone(), reins.is_hurried(), reins.stops());
    let mut calling = pin!(host.call(call));
    let why = tokio::select! {
        biased;
        reply = &mut calling => return reply,
        () = reins.stopped_after(halts) => "it was ended, because the run turns to its end".to_owned(),
        () = elapsed(hurried) => {
            format!("it was ended, because the run turns to its end and it took more than {} s", PATIENCE.as_secs())
        }
    };
    cancel.cancel();
    // What it says while it is being ended is about that; what it changed until then counts.
    let late = tokio::time::timeout(GRACE, calling).await.unwrap_or_default();
    ControlReply { error: Some(ControlError::Ended(why)), ..late }
}

async fn elapsed(hurried: bool) {
    match hurried {
        true => tokio::time::sleep(PATIENCE).await,
        false => std::future::pending().await,
    }
}
