//! One file per kind of source. Parsing is pure: bytes in, a [`Reading`](super::reading::Reading) out.

pub(super) mod actuator;
pub(super) mod health;
pub(super) mod hystrix;
mod listen;
pub(super) mod page_poller;
pub(super) mod page_route;
pub(super) mod prometheus;
mod state_words;
pub(super) mod usual_pages;

pub(super) use prometheus::RequestCounters;

#[cfg(test)]
mod tests;
