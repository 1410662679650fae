//! A terminal dashboard for live chaos-engineering sessions.
//!
//! One idea runs through the crate: **a session is one append-only stream of events**. Whatever acts (the
//! [`runner`], the observers in [`observe`], the operator's keys in [`tui`]) only emits [`session::Event`]s;
//! whatever shows or saves (panes, console log, journal, recording, report) only reads a projection of them.
//!
//! A room may import from the rooms listed before it, never from those after it.

pub mod experiment;
pub mod session;

pub mod insight;

pub mod cluster;
pub mod provider;

pub mod observe;
pub mod runner;

pub mod engine;

pub mod report;
pub mod tui;

#[cfg(test)]
mod test_support;

pub mod cli;
pub mod commands;
