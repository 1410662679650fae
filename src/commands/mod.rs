//! One file a command; they wire the rooms together.

mod arguments;
pub mod config;
mod connect;
pub mod demo;
mod fail_on;
pub mod image;
pub mod live;
pub mod prepare;
pub mod run;
pub mod sandbox;
mod sandbox_child;
pub mod validate;

pub use arguments::{Global, LogFormat, Playing};
pub use connect::{Connected, Reach};
pub use sandbox_child::SandboxChild;
