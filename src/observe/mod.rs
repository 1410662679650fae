//! What is watched: pods, the endpoint users ask, the breaker.

pub mod pods;
pub mod recovery;
