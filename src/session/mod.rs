//! The session: its [`event`]s, the reducer that computes the [`state`] from them, the [`stream`] that carries them,
//! and the projections that save or print them ([`journal`], [`recording`], `console`).
//!
//! Verdicts, warnings and captions are computed in `insight`, which reads the state and never changes it.

pub mod clock;
pub mod command;
pub(crate) mod console;
pub mod event;
#[cfg(test)]
pub mod fixtures;
mod guard_change;
pub mod journal;
pub mod private_file;
pub mod record;
pub mod recording;
pub mod state;
pub mod stream;
pub mod whole_file;
pub mod wording;

pub use command::Command;
pub use event::{Event, EventKind};
pub use guard_change::{GuardChange, GuardError, LARGEST_GUARD_LIMIT};
pub use state::Session;

/// The console lines of an event, for the fuzz target `recording`.
#[cfg(feature = "fuzzing")]
pub fn console_lines(what: &EventKind) -> Vec<(event::Level, String)> {
    console::lines(what)
}
