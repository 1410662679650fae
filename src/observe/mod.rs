//! The watches: pods, logs, the endpoint that users call, and the circuit breaker.

pub mod absence;
pub mod breaker;
pub mod endpoint;
pub mod kubelets;
pub mod logs;
pub mod pods;
pub mod preflight;
pub mod pulse;
pub mod workload_recovery;
