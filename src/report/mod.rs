//! Reports on finished sessions: the comparison of two runs.

mod comparison;

pub(crate) use comparison::{Comparison, Judgement, Row};
