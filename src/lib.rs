//! A terminal dashboard for live chaos-engineering sessions.
//!
//! One idea runs through the crate: **a session is one append-only stream of events**. Whatever acts (the
//! runner, the observers in [`observe`], the operator's keys in [`tui`]) only emits [`session::Event`]s;
//! whatever shows or saves (panes, console log, journal, recording, report) only reads a projection of them.
//!
//! Public is what tests and benches from outside need, so that the compiler finds what nobody calls in the other rooms.
//!
//! A room may import from the rooms listed before it, never from those after it.

#![allow(
    missing_docs,
    reason = "a comment that repeats a name is none; nothing here is an interface for others"
)]

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
