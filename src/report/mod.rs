//! What is said of a session afterwards: comparison of two runs.

mod comparison;

pub use comparison::{Comparison, Judgement};
