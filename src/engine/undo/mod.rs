//! The undo kit: what fired steps would take away is saved before the fire, and put back when the operator asks.

mod files;
mod put_back;
mod restore;
mod store;

pub(super) use files::KitFiles;
pub(crate) use files::SavedEntry;
pub(super) use put_back::put_back;
pub(super) use restore::Restoration;
pub(super) use store::UndoStore;
