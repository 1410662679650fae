//! Tells waiting code to stop waiting.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{Notify, watch};

/// Shared by the code that may end a wait and the code that waits. Clones share their state.
#[derive(Clone, Debug, Default)]
pub(super) struct StopSignal {
    cut: Arc<Notify>,
    /// How often the run was asked to stop since this signal was created.
    halts: watch::Sender<u32>,
    /// Whether the run was asked to stop before this signal was created.
    run_is_stopping: bool,
    terminated: Arc<Notify>,
    /// Whether the current work takes a SIGTERM for itself.
    takes_sigterm: Arc<AtomicBool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopKind {
    /// The operator ends this one wait.
    Cut,
    /// The run is asked to stop.
    Halt,
    /// The work took a SIGTERM for itself.
    Terminated,
}

impl StopSignal {
    /// Creates a stop signal; `hurried` means that the run is already stopping.
    pub(super) fn new(hurried: bool) -> Self {
        Self { run_is_stopping: hurried, ..Self::default() }
    }

    /// Ends the current wait, if any; later waits are not affected.
    pub(super) fn cut_short(&self) {
        self.cut.notify_waiters();
    }

    /// Ends every wait, now and later.
    pub(super) fn stop(&self) {
        self.halts.send_modify(|halts| *halts = halts.saturating_add(1));
    }

    /// How often [`Self::stop`] was called.
    pub(super) fn stops(&self) -> u32 {
        *self.halts.borrow()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stops() > 0
    }

    /// Whether the run is stopping, so that nothing may take long any more.
    pub(super) fn is_run_stopping(&self) -> bool {
        self.run_is_stopping || self.is_stopped()
    }

    /// Resolves when a wait is to end; returns why.
    pub(super) async fn wait(&self) -> StopKind {
        tokio::select! {
            biased;
            () = self.stopped_after(0) => StopKind::Halt,
            () = self.cut.notified() => StopKind::Cut,
            () = self.terminated.notified() => StopKind::Terminated,
        }
    }

    /// Sets whether the work that uses this signal takes a SIGTERM for itself.
    pub(super) fn take_sigterm(&self, takes: bool) {
        self.takes_sigterm.store(takes, Ordering::Relaxed);
    }

    /// Passes a SIGTERM to the work. Returns whether the work takes it.
    pub(super) fn terminate(&self) -> bool {
        let takes = self.takes_sigterm.load(Ordering::Relaxed);
        if takes {
            self.terminated.notify_waiters();
        }
        takes
    }

    /// Resolves when the run was asked to stop more than `halts` times. Work that runs although the run was asked to
    /// stop, such as the controls after it, ends at the next request.
    pub(super) async fn stopped_after(&self, halts: u32) {
        // It fails only when every sender is gone, and `self` is one.
        let _ = self.halts.subscribe().wait_for(|now| *now > halts).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{StopKind, StopSignal};
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_cut_ends_one_wait_and_a_halt_all() {
        let stop_signal = StopSignal::default();
        stop_signal.cut_short();
        assert_eq!(stop_signal.wait().now_or_never(), None, "nobody waited then");
        let mut waiting = Box::pin(stop_signal.wait());
        assert_eq!((&mut waiting).now_or_never(), None);
        stop_signal.cut_short();
        assert_eq!(waiting.await, StopKind::Cut);
        stop_signal.clone().stop();
        assert_eq!((stop_signal.wait().await, stop_signal.wait().await), (StopKind::Halt, StopKind::Halt));
    }

    #[tokio::test]
    async fn what_goes_on_in_spite_of_a_halt_hears_the_next_one() {
        let stop_signal = StopSignal::new(true);
        assert!(stop_signal.is_run_stopping() && !stop_signal.is_stopped());
        stop_signal.stop();
        assert_eq!(stop_signal.stopped_after(stop_signal.stops()).now_or_never(), None);
        stop_signal.stop();
        stop_signal.stopped_after(1).await;
    }

    #[test]
    fn it_is_stopped_from_the_first_stop_on() {
        let stop_signal = StopSignal::default();
        assert!(!stop_signal.is_stopped() && !stop_signal.is_run_stopping());
        stop_signal.clone().stop();
        assert!(stop_signal.is_stopped() && stop_signal.is_run_stopping());
    }

    #[tokio::test]
    async fn a_sigterm_ends_only_work_that_takes_it() {
        let stop_signal = StopSignal::default();
        let mut waiting = Box::pin(stop_signal.wait());
        assert_eq!((&mut waiting).now_or_never(), None);
        assert!(!stop_signal.terminate());
        assert_eq!((&mut waiting).now_or_never(), None);
        stop_signal.take_sigterm(true);
        assert!(stop_signal.terminate());
        assert_eq!(waiting.await, StopKind::Terminated);
        stop_signal.take_sigterm(false);
        assert!(!stop_signal.terminate());
    }
}
