//! YAML 1.1 as the reference implementation's safe loader reads it: the events of a scanner, composed into one value.

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

/// Parses a text with at most one document; an empty text is null.
pub(super) fn parse(text: &str) -> Result<(Value, Node), SyntaxError> {
    refuse_endless_flow(text)?;
    source::check_printable(text)?;
    compose::Composer::new(text).document()
}

/// Refuses texts with too many flow indicators. The scanner reads a `[…]` or `{…}` to its end before it reports its
/// start, because it may be a mapping key, and needs 200 bytes of memory per indicator.
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
