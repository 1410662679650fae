//! The undo kit: what fired steps would take away is saved before, and put back when somebody asks.

mod restore;
mod store;

pub(super) use restore::Restoration;
pub(super) use store::UndoStore;
