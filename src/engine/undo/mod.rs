//! The undo kit: what fired steps would take away is saved before the fire, and put back when the operator asks.

mod restore;
mod store;

pub(super) use restore::Restoration;
pub(super) use store::UndoStore;
