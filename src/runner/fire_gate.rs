//! What is done right before a destructive activity is called.

use crate::session::event::StepRef;
use futures_util::future::BoxFuture;
use pyvalue::Map;

/// Decides whether a destructive activity may be called, once consent was given.
pub(crate) trait FireGate: Send + Sync {
    /// Saves what the activity is about to change. `provider` is substituted, without secrets.
    fn prepare(&self, step: StepRef, provider: Map) -> BoxFuture<'_, ()>;

    /// Puts the fire on record, after it was emitted as an event.
    ///
    /// # Errors
    /// If the activity must not be called; the text says why and what to do.
    fn commit(&self) -> BoxFuture<'_, Result<(), String>>;
}
