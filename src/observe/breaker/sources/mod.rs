//! One file a kind of source. Reading is pure: bytes in, a [`Reading`](super::reading::Reading) out.

pub(super) mod actuator;
pub(super) mod ask;
pub(super) mod health;
pub(super) mod hystrix;
mod listen;
pub(super) mod prometheus;
pub(super) mod reach;
pub(super) mod usual;
mod words;

pub(super) use prometheus::Requests;

#[cfg(test)]
mod tests;
