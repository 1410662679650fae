//! The Kubernetes REST API over the store.

mod machine;

pub use machine::{Lines, LogOptions, Machine, Output, Process};
