//! Black-box tests of `chaos-tui run`: the real binary, real processes and a real server. Test names start with the
//! numbers of the conformance checklist (experiment-format 15).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod checklist;
mod command_line;
mod compare;
mod compat;
mod fail_on;
mod hostile;
mod hostile_server;
mod outcomes;
mod outside_text;
mod private_network;
mod program;
mod providers;
mod python_bridge;
mod recover;
mod report;
mod signals;
mod silent_server;
#[path = "../live/until.rs"]
mod until;
mod validation;
