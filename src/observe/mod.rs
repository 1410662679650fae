//! What is watched: pods, the endpoint users ask, the breaker.

pub mod absence;
pub mod breaker;
pub mod endpoint;
pub mod logs;
pub mod pods;
pub mod preflight;
pub mod pulse;
pub mod recovery;
