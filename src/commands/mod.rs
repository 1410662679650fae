//! One file a command; they wire the rooms together.

pub mod image;
pub mod validate;
