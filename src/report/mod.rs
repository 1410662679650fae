//! What is said of a session afterwards: comparison of two runs.

mod comparison;

pub(crate) use comparison::{Comparison, Judgement, Row};
