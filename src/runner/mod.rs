//! Who acts: plan, step loop, background activities, strategies, rollbacks, controls, abort.
//!
//! [`play`] runs an experiment. It takes [`Step`](crate::session::command::StepCommand) orders and [`Signal`]s and emits events; it
//! knows nothing of terminals. Stepping, automatic and headless runs differ only in their [`Pace`] and in who sends.

mod activity;
mod again;
mod amendments;
mod background;
mod call;
mod compat;
mod consent;
mod context;
mod continuous;
mod controls;
mod cursor;
mod deed;
mod dry;
mod entry;
mod fixes;
mod halt;
mod helm;
mod hypothesis;
mod method;
mod pause;
mod plan;
mod play;
mod progress;
mod redact;
mod reins;
mod request;
mod rollbacks;
mod rounds;
mod shown;
mod strategies;
mod verdict;
mod voice;

pub use again::Again;
pub use compat::Compat;
pub use consent::Consent;
pub use controls::{Controls, Turned};
pub use dry::is_pretended;
pub use halt::Signal;
pub use plan::plan;
pub use play::play;
pub use redact::Redactor;
pub use request::{Ending, Options, Pace, Request};
pub use shown::Shown;
pub use strategies::{HypothesisStrategy, RollbackStrategy, strategies};

#[cfg(test)]
mod tests;
