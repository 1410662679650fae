//! How something that waits is told to stop waiting.

use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Held by whoever may end a wait, and by whoever waits.
#[derive(Clone, Default)]
pub(super) struct Reins {
    cut: Arc<Notify>,
    halt: CancellationToken,
}

/// Which rein was pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulled {
    /// The operator ends this one wait.
    Cut,
    /// The run turns to its end.
    Halt,
}

impl Reins {
    /// Reins that only the holder of `halt` pulls.
    pub fn on(halt: CancellationToken) -> Self {
        Self { cut: Arc::default(), halt }
    }

    /// Ends the wait that goes on now, if any; the next one is not touched.
    pub fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// Ends every wait, now and later.
    pub fn halt(&self) {
        self.halt.cancel();
    }

    pub fn is_halted(&self) -> bool {
        self.halt.is_cancelled()
    }

    /// Resolves when a rein is pulled.
    pub async fn pulled(&self) -> Pulled {
        tokio::select! {
            biased;
            () = self.halt.cancelled() => Pulled::Halt,
            () = self.cut.notified() => Pulled::Cut,
        }
    }
}
