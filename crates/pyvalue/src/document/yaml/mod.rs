//! YAML 1.1 as the reference's safe loader reads it: events of a scanner, composed into one value.

mod collection;
mod compose;
mod scalar;
mod source;

use super::{
    json::MAX_VALUES,
    position::{Node, SyntaxError},
};
use crate::value::Value;

pub(super) use source::{with_quoted_dash, with_whole_characters, without_mark};

/// Parses a text that holds at most one document; none is null.
pub(super) fn parse(text: &str) -> Result<(Value, Node), SyntaxError> {
    refuse_endless_flow(text)?;
    source::check_printable(text)?;
    compose::Composer::new(text).document()
}

/// The scanner reads a `[…]` or `{…}` to its end before it tells of its beginning, which may be the key of a mapping, and
/// keeps two hundred bytes for each sign of it. So the signs are counted first.
fn refuse_endless_flow(text: &str) -> Result<(), SyntaxError> {
    let mut signs =
        text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b',' | b'[' | b']' | b'{' | b'}'));
    match signs.nth(MAX_VALUES) {
        Some((offset, _)) => Err(SyntaxError::at(text, offset, format!("more than {MAX_VALUES} values"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
