//! How something that waits is told to stop waiting.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{Notify, watch};

/// Held by whoever may end a wait, and by whoever waits. Clones are the same reins.
#[derive(Clone, Debug, Default)]
pub(super) struct StopSignal {
    cut: Arc<Notify>,
    /// How often the run was told to turn to its end since these reins were taken.
    halts: watch::Sender<u32>,
    /// The run was told so before already.
    hurried: bool,
    terminated: Arc<Notify>,
    /// Whether what goes on takes a SIGTERM for itself.
    takes_sigterm: Arc<AtomicBool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopKind {
    /// The operator ends this one wait.
    Cut,
    /// The run turns to its end.
    Halt,
    /// It took a SIGTERM for itself.
    Terminated,
}

impl StopSignal {
    /// Reins of a run that is on its way to its end, if `hurried`.
    pub(super) fn taken(hurried: bool) -> Self {
        Self { hurried, ..Self::default() }
    }

    /// Ends the wait that goes on now, if any; the next one is not touched.
    pub(super) fn cut_short(&self) {
        self.cut.notify_waiters();
    }

    /// Ends every wait, now and later.
    pub(super) fn stop(&self) {
        self.halts.send_modify(|halts| *halts = halts.saturating_add(1));
    }

    /// How often they were halted.
    pub(super) fn stops(&self) -> u32 {
        *self.halts.borrow()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stops() > 0
    }

    /// Whether the run is on its way to its end, so that nothing may take long any more.
    pub(super) fn is_hurried(&self) -> bool {
        self.hurried || self.is_stopped()
    }

    /// Resolves when a rein is pulled.
    pub(super) async fn wait(&self) -> StopKind {
        tokio::select! {
            biased;
            () = self.stopped_after(0) => StopKind::Halt,
            () = self.cut.notified() => StopKind::Cut,
            () = self.terminated.notified() => StopKind::Terminated,
        }
    }

    /// From here on a SIGTERM is for the work that is led by these reins, or not any more.
    pub(super) fn take_sigterm(&self, takes: bool) {
        self.takes_sigterm.store(takes, Ordering::Relaxed);
    }

    /// Hands a SIGTERM to the work; tells whether it takes it.
    pub(super) fn terminate(&self) -> bool {
        let takes = self.takes_sigterm.load(Ordering::Relaxed);
        if takes {
            self.terminated.notify_waiters();
        }
        takes
    }

    /// Resolves when they were halted more often than this: what is done although the run was halted, such as the
    /// controls after it, ends when the run is told once more.
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
        let reins = StopSignal::default();
        reins.cut_short();
        assert_eq!(reins.wait().now_or_never(), None, "nobody waited then");
        let mut waiting = Box::pin(reins.wait());
        assert_eq!((&mut waiting).now_or_never(), None);
        reins.cut_short();
        assert_eq!(waiting.await, StopKind::Cut);
        reins.clone().stop();
        assert_eq!((reins.wait().await, reins.wait().await), (StopKind::Halt, StopKind::Halt));
    }

    #[tokio::test]
    async fn what_goes_on_in_spite_of_a_halt_hears_the_next_one() {
        let reins = StopSignal::taken(true);
        assert!(reins.is_hurried() && !reins.is_stopped());
        reins.stop();
        assert_eq!(reins.stopped_after(reins.stops()).now_or_never(), None);
        reins.stop();
        reins.stopped_after(1).await;
    }
}
