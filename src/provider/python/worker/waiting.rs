//! Who waits for which answer.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// Callers by the number of their request; `None` once no answer can come any more.
pub(super) struct WaitingCallers(Mutex<Option<HashMap<u64, oneshot::Sender<String>>>>);

impl Default for WaitingCallers {
    fn default() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }
}

impl WaitingCallers {
    /// The answer to `id`, when it comes; fails when the worker has ended.
    pub(super) fn expect(&self, id: u64) -> oneshot::Receiver<String> {
        let (sender, receiver) = oneshot::channel();
        if let Some(callers) = self.lock().as_mut() {
            callers.insert(id, sender);
        }
        receiver
    }

    /// Hands over an answer; one nobody waits for any more is dropped.
    pub(super) fn deliver(&self, id: u64, message: String) {
        let caller = self.lock().as_mut().and_then(|callers| callers.remove(&id));
        if let Some(caller) = caller {
            let _ = caller.send(message);
        }
    }

    /// Nobody waits for `id` any more; tells whether its answer was still to come.
    pub(super) fn forget(&self, id: u64) -> bool {
        self.lock().as_mut().is_some_and(|callers| callers.remove(&id).is_some())
    }

    /// No answer will come any more.
    pub(super) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<String>>>> {
        // Every operation on the map is whole: a panic elsewhere cannot leave it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
