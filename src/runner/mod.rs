//! Runs experiments: plan, step loop, background activities, strategies, rollbacks, controls, abort.
//!
//! [`play`] runs an experiment: it receives [`StepCommand`](crate::session::command::StepCommand)s and [`Signal`]s and
//! emits events. Step-by-step, automatic and headless runs differ only in [`Pacing`] and in the sender; terminals are
//! unknown here.

mod activity;
mod background;
mod call;
mod call_result;
mod compatibility;
mod consent;
mod context;
mod continuous;
mod control_rounds;
mod controls;
mod cursor;
mod dry;
mod emitter;
mod finished;
mod fire_gate;
mod hypothesis;
mod journal_amendments;
mod journal_entry;
mod listeners;
mod method;
mod operator_input;
mod pause;
mod plan;
mod plan_changes;
mod play;
mod progress;
mod recheck;
mod redact;
mod request;
mod rollbacks;
mod shown_targets;
mod stop_request;
mod stop_signal;
mod strategies;
mod verdict;

pub(crate) use compatibility::Compat;
pub(crate) use consent::Consent;
pub(crate) use controls::{Controls, StopByControl};
pub(crate) use dry::is_skipped;
pub(crate) use fire_gate::FireGate;
pub(crate) use plan::plan;
pub(crate) use play::run_experiment;
pub(crate) use recheck::HypothesisRecheck;
pub(crate) use redact::Redactor;
pub(crate) use request::{Pacing, RunEnd, RunOptions, RunRequest};
pub(crate) use shown_targets::ShownTargets;
pub(crate) use stop_request::Signal;
pub(crate) use strategies::{HypothesisStrategy, RollbackStrategy, strategies};

#[cfg(test)]
mod tests;
