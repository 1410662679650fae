//! One file a kind of source. Reading is pure: bytes in, a [`Reading`](super::reading::Reading) out.

pub(super) mod health;
pub(super) mod page;
pub(super) mod prometheus;
mod words;

pub(super) use prometheus::Requests;
