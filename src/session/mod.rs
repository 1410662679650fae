//! What happened: events, the reducer that makes the state from them, and the projections that save it.

mod captions;
pub mod clock;
mod command;
pub mod console;
pub mod event;
#[cfg(test)]
pub mod fixtures;
mod ghost;
pub mod guards;
pub mod journal;
mod prediction;
pub mod private_file;
pub mod recording;
pub mod state;
pub mod stream;
pub mod verdict;
pub mod warnings;
pub mod wording;

pub use command::Command;
pub use event::{Event, What};
pub use prediction::Score;
pub use state::Session;
