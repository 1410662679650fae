//! Where things stand in a file.

/// A place in a text: bytes `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: u32,
    pub end: u32,
}

/// The spans of a parsed value, in the shape of the value: one child an item of a list or an entry of a mapping,
/// in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    pub span: Span,
    pub children: Vec<Node>,
    /// The spans of a mapping's keys.
    pub keys: Vec<Span>,
}

impl Node {
    pub fn leaf(start: usize, end: usize) -> Self {
        Self { span: span(start, end), ..Self::default() }
    }

    /// Levels from here down, 1 for a scalar.
    pub fn depth(&self) -> usize {
        1 + self.children.iter().map(Node::depth).max().unwrap_or(0)
    }
}

/// A span of a text, whose length is bounded well below 4 GiB.
pub(crate) fn span(start: usize, end: usize) -> Span {
    let bounded = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { start: bounded(start), end: bounded(end) }
}

/// A place as people count: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters, on the first line of what stands there; at least 1.
    pub length: usize,
}

impl Position {
    /// The position of the bytes `start..end` of `text`.
    pub(crate) fn of(text: &str, span: Span) -> Self {
        let start = floor(text, span.start as usize);
        let end = floor(text, span.end as usize).max(start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let first_line = text[start..end].lines().next().unwrap_or_default();
        Self {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            length: first_line.trim_end().chars().count().max(1),
        }
    }
}

/// The character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|offset| text.is_char_boundary(*offset)).unwrap_or(0)
}

/// What is wrong with the syntax of a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: line {} column {}", position.line, position.column)]
pub struct SyntaxError {
    /// What was expected or found.
    pub message: String,
    /// Where.
    pub position: Position,
}

impl SyntaxError {
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), position: Position::of(text, span(offset, offset)) }
    }
}
