//! Who acts: plan, step loop, background activities, strategies, rollbacks, controls, abort.
//!
//! [`play`] runs an experiment. It takes [`Step`](crate::session::command::StepCommand) orders and [`Signal`]s and emits events; it
//! knows nothing of terminals. Stepping, automatic and headless runs differ only in their [`Pace`] and in who sends.

mod activity;
mod recheck;
mod amendments;
mod background;
mod call;
mod compat;
mod consent;
mod context;
mod continuous;
mod controls;
mod cursor;
mod call_result;
mod dry;
mod finished;
mod journal_entry;
mod plan_changes;
mod stop_request;
mod operator_input;
mod hypothesis;
mod method;
mod pause;
mod plan;
mod play;
mod progress;
mod redact;
mod stop_signal;
mod request;
mod rollbacks;
mod rounds;
mod shown_targets;
mod strategies;
mod verdict;
mod emitter;

pub(crate) use recheck::HypothesisRecheck;
pub(crate) use compat::Compat;
pub(crate) use consent::Consent;
pub(crate) use controls::{Controls, StopByControl};
pub(crate) use dry::is_pretended;
pub(crate) use stop_request::Signal;
pub(crate) use plan::plan;
pub(crate) use play::play;
pub(crate) use redact::Redactor;
pub(crate) use request::{RunEnd, RunOptions, Pacing, RunRequest};
pub(crate) use shown_targets::ShownTargets;
pub(crate) use strategies::{HypothesisStrategy, RollbackStrategy, strategies};

#[cfg(test)]
mod tests;
