//! YAML 1.1 as the reference's safe loader reads it: events of a scanner, composed into one value.

mod compose;
mod scalar;

use super::position::{Node, SyntaxError};
use crate::experiment::Value;

/// Parses a text that holds at most one document; none is null.
pub(super) fn parse(text: &str) -> Result<(Value, Node), SyntaxError> {
    compose::Composer::new(text).document()
}

#[cfg(test)]
mod tests;
