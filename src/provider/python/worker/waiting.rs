//! Maps request ids to the callers that wait for their answers.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// The waiting callers by request id; `None` once the worker has ended and no answer can arrive any more.
pub(super) struct WaitingCallers(Mutex<Option<HashMap<u64, oneshot::Sender<String>>>>);

impl Default for WaitingCallers {
    fn default() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }
}

impl WaitingCallers {
    /// Registers the request `id`; the receiver gets its answer, or an error when the worker has ended.
    pub(super) fn expect(&self, id: u64) -> oneshot::Receiver<String> {
        let (sender, receiver) = oneshot::channel();
        if let Some(callers) = self.lock().as_mut() {
            callers.insert(id, sender);
        }
        receiver
    }

    /// Delivers an answer to its caller; drops it if no caller waits for it any more.
    pub(super) fn deliver(&self, id: u64, message: String) {
        let caller = self.lock().as_mut().and_then(|callers| callers.remove(&id));
        if let Some(caller) = caller {
            let _ = caller.send(message);
        }
    }

    /// Removes the caller of `id`; returns whether the answer was still outstanding.
    pub(super) fn forget(&self, id: u64) -> bool {
        self.lock().as_mut().is_some_and(|callers| callers.remove(&id).is_some())
    }

    /// Fails all waiting callers: no answer will arrive any more.
    pub(super) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<String>>>> {
        // Every operation on the map is atomic: a panic elsewhere cannot leave it in an inconsistent state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
