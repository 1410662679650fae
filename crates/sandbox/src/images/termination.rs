//! Handling of termination signals.
//!
//! For process 1 of a container, the kernel's default action for signals does not apply, so a signal without a handler
//! is ignored. Without this handler a deleted pod would serve until the end of its grace period on a real cluster, but
//! not in the sandbox.

use super::log;
use tokio::signal::unix::{SignalKind, signal};

/// Exits this process at once on a termination signal: there is no work to finish, and a kill should take effect
/// immediately. Must be called inside a runtime, before anything that takes time.
pub(super) fn exit_on_signal() -> std::io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind)?;
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                log::line(format_args!("ended by signal {}", kind.as_raw_value()));
                // The exit code that shells and Kubernetes use for a termination by signal.
                std::process::exit(128 + kind.as_raw_value());
            }
        });
    }
    Ok(())
}
