//! Ending when asked to.
//!
//! A process that is number 1 of its container ignores every signal it does not handle: the kernel's default action holds
//! for all others only. Without a handler a deleted pod would go on serving until its grace period is over, on a real
//! cluster and not in the sandbox.

use super::log;
use tokio::signal::unix::{SignalKind, signal};

/// Ends this process at once when it is asked to: nothing here is worth being finished, and a kill is to be a kill.
/// To be called inside a runtime, before anything that takes time.
pub(super) fn exit_on_signal() -> std::io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind)?;
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                log::line(format_args!("ended by signal {}", kind.as_raw_value()));
                // What a shell, and Kubernetes with it, calls the end by a signal.
                std::process::exit(128 + kind.as_raw_value());
            }
        });
    }
    Ok(())
}
