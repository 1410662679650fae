//! The undo kit: what fired steps would take away is saved before, and put back when somebody asks.

mod kit;
mod restore;

pub(super) use kit::Kit;
pub(super) use restore::Undoing;
