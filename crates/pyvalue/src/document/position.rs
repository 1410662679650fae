//! Positions in a text.

/// A byte range of a text: `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: u32,
    pub end: u32,
}

/// The spans of a parsed value, with the same structure as the value: one child per item of a list or entry of a
/// mapping, in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    pub span: Span,
    pub children: Vec<Node>,
    /// The spans of a mapping's keys.
    pub keys: Vec<Span>,
}

impl Node {
    pub(super) fn leaf(start: usize, end: usize) -> Self {
        Self { span: span(start, end), ..Self::default() }
    }

    /// Returns the number of levels from this node down; 1 for a scalar.
    pub(super) fn depth(&self) -> usize {
        1 + self.children.iter().map(Node::depth).max().unwrap_or(0)
    }
}

/// Creates a span; texts are far shorter than 4 GiB.
pub(crate) fn span(start: usize, end: usize) -> Span {
    let bounded = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { start: bounded(start), end: bounded(end) }
}

/// A position for messages: numbered from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The length in characters of the first line of the node; at least 1.
    pub length: usize,
}

/// The byte offsets of the line starts of a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    /// Returns the position of a span of the same text.
    pub(super) fn position(&self, text: &str, span: Span) -> Position {
        let start = floor(text, span.start as usize);
        let end = floor(text, span.end as usize).max(start);
        let line = self.0.partition_point(|begin| *begin <= start).max(1);
        let begin = self.0.get(line - 1).copied().unwrap_or(0);
        let first_line = text[start..end].lines().next().unwrap_or_default();
        Position {
            line,
            column: text[begin..start].chars().count() + 1,
            length: first_line.trim_end().chars().count().max(1),
        }
    }

    /// Returns the byte offset of a position.
    pub(super) fn offset(&self, text: &str, position: Position) -> usize {
        let begin = self.0.get(position.line.saturating_sub(1)).copied().unwrap_or(text.len());
        let characters = text[begin..].chars().take(position.column.saturating_sub(1));
        begin + characters.map(char::len_utf8).sum::<usize>()
    }

    /// Returns the text of a line, numbered from 1, without its line ending.
    pub(super) fn line<'a>(&self, text: &'a str, line: usize) -> &'a str {
        let begin = self.0.get(line.saturating_sub(1)).copied().unwrap_or(text.len());
        text[begin..].lines().next().unwrap_or_default()
    }
}

/// Returns the last character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|offset| text.is_char_boundary(*offset)).unwrap_or(0)
}

/// A syntax error with its position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}: line {} column {}", position.line, position.column)]
pub struct SyntaxError {
    /// The message: what was expected or found.
    pub message: String,
    /// The position of the error.
    pub position: Position,
}

impl SyntaxError {
    pub(crate) fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), position: Lines::of(text).position(text, span(offset, offset)) }
    }
}
