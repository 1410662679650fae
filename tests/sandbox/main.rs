//! The sandbox from outside: the real binary, real processes, `kubectl`, and Chaos Toolkit's own `chaos`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on shall fail")]

mod clients;
mod clusters;
mod faults;
mod http;
mod life;
mod native;
mod stage;
mod users;
mod watched;
