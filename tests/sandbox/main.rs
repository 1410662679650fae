//! Black-box tests of the sandbox: the real binary, real processes, `kubectl`, and Chaos Toolkit's own `chaos`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on shall fail")]

mod clients;
mod clusters;
mod docs;
mod faults;
mod forward;
mod http;
mod life;
mod manifests;
mod native;
mod permissions;
mod recover;
mod stage;
mod storms;
#[path = "../live/terminal.rs"]
#[allow(dead_code, reason = "the pages need few of its keys")]
mod terminal;
#[path = "../live/until.rs"]
mod until;
mod users;
mod watched;
