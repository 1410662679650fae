//! A terminal dashboard for live chaos-engineering sessions.
//!
//! The architecture follows one rule: **a session is one append-only stream of events**. Producers (the runner, the
//! observers in [`observe`], the operator's keys in [`tui`]) only emit [`session::Event`]s; consumers (panes, console
//! log, journal, recording, report) only read a projection of them.
//!
//! Only the modules that external tests and benches need are public, so that the compiler reports unused code in the
//! others.
//!
//! The modules are listed by layer: each may import from the modules listed before it, never from those after it.

#![allow(
    missing_docs,
    reason = "a comment that repeats a name is none; nothing here is an interface for others"
)]

mod printing;

mod http_client;

pub mod experiment;
pub mod session;

pub mod insight;

pub mod cluster;
pub mod provider;

pub mod observe;
mod runner;

mod engine;

mod report;
pub mod tui;

#[cfg(test)]
mod test_support;

pub mod cli;
mod commands;
