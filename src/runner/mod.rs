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
mod ended;
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

pub(crate) use again::Again;
pub(crate) use compat::Compat;
pub(crate) use consent::Consent;
pub(crate) use controls::{Controls, Turned};
pub(crate) use dry::is_pretended;
pub(crate) use halt::Signal;
pub(crate) use plan::plan;
pub(crate) use play::play;
pub(crate) use redact::Redactor;
pub(crate) use request::{Ending, Options, Pace, Request};
pub(crate) use shown::Shown;
pub(crate) use strategies::{HypothesisStrategy, RollbackStrategy, strategies};

#[cfg(test)]
mod tests;
