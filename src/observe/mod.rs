//! What is watched: pods, the endpoint users ask, the breaker.

pub mod breaker;
pub mod endpoint;
pub mod logs;
pub mod pods;
pub mod preflight;
pub mod presence;
pub mod pulse;
pub mod recovery;
