//! What happened: events, the reducer that makes the state from them, and the projections that save it.

pub mod clock;
mod command;
pub mod event;
pub mod state;
pub mod stream;

pub use command::Command;
pub use event::{Event, What};
pub use state::Session;
