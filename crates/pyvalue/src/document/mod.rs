//! A file or response body: its text, its parsed value, and the position of every node.

mod json;
pub mod place;
mod position;
mod yaml;

use crate::value::Value;
use place::Segment;
use position::{Lines, Node, Span};
pub use position::{Position, SyntaxError};
use std::sync::OnceLock;

/// A parsed text: its source, its value, and the positions of its nodes.
#[derive(Clone, Debug)]
pub struct Document {
    source: String,
    text: String,
    lines: Lines,
    root: Value,
    /// Positions are needed only for messages, so JSON is parsed a second time with positions when one is requested.
    nodes: OnceLock<Node>,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        (&self.source, &self.text, &self.root) == (&other.source, &other.text, &other.root)
    }
}

/// The maximum number of times that a YAML text is parsed again because of a lone dash in a `[…]`.
const LONE_DASHES: usize = 16;

/// The part of an entry that a message refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The entry's key.
    Key,
    /// The entry's value.
    Value,
}

impl Document {
    /// Parses JSON as Python does.
    pub fn json(source: impl Into<String>, text: impl Into<String>) -> Result<Self, SyntaxError> {
        Self::of_json(source.into(), text.into()).map_err(|(error, _)| error)
    }

    /// Parses YAML 1.1 with one document.
    pub fn yaml(source: impl Into<String>, text: impl Into<String>) -> Result<Self, SyntaxError> {
        Self::of_yaml(source.into(), text.into()).map_err(|(error, _)| error)
    }

    /// Like [`Document::json`], but an error also returns the text, which may be long.
    pub fn of_json(source: String, text: String) -> Result<Self, (SyntaxError, String)> {
        let parsed = json::parse_value(&text).map(|root| (root, OnceLock::new()));
        Self::of(source, text, parsed)
    }

    /// Like [`Document::yaml`], but an error also returns the text, which may be long.
    pub fn of_yaml(source: String, text: String) -> Result<Self, (SyntaxError, String)> {
        let mut text = yaml::without_mark(text);
        let places = |(root, nodes)| (root, OnceLock::from(nodes));
        let mut parsed = yaml::parse(&text).map(places);
        for _ in 0..LONE_DASHES {
            let Err(error) = &parsed else { break };
            let Some(quoted) = yaml::with_quoted_dash(&text, error) else { break };
            (parsed, text) = (yaml::parse(&quoted).map(places), quoted);
        }
        // Surrogate pairs are joined only when the text cannot be parsed as it is; some JSON writers produce them.
        if parsed.is_err()
            && let Some(whole) = yaml::with_whole_characters(&text)
            && let Ok(parsed) = yaml::parse(&whole).map(places)
        {
            return Self::of(source, whole, Ok(parsed));
        }
        Self::of(source, text, parsed)
    }

    fn of(
        source: String,
        text: String,
        parsed: Result<(Value, OnceLock<Node>), SyntaxError>,
    ) -> Result<Self, (SyntaxError, String)> {
        match parsed {
            Ok((root, nodes)) => Ok(Self { source, lines: Lines::of(&text), text, root, nodes }),
            Err(error) => Err((error, text)),
        }
    }

    /// Returns the source of the text: a path or a URL.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the value of the whole text.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Replaces the parsed value, for example after a control changed it. Positions still refer to the text.
    pub fn replace(&mut self, root: Value) {
        self.root = root;
    }

    /// Returns the mutable value of the whole text. Positions still refer to the text.
    pub fn root_mut(&mut self) -> &mut Value {
        &mut self.root
    }

    /// Returns the text of a line, numbered from 1.
    pub fn line(&self, line: usize) -> &str {
        self.lines.line(&self.text, line)
    }

    /// Returns the position of a JSON path such as `$.method[2].provider.func`; the position of the closest existing
    /// parent when the path does not exist.
    pub fn position(&self, path: &str, part: Part) -> Position {
        let mut value = &self.root;
        let read_again = || json::parse(&self.text).map(|(_, nodes)| nodes).unwrap_or_default();
        let mut node = self.nodes.get_or_init(read_again);
        let mut key = None;
        for segment in place::segments(path) {
            let step = match (&segment, value) {
                (Segment::Key(name), Value::Map(map)) => map.get_full(name).map(|(i, _, child)| (i, child)),
                (Segment::Index(index), Value::List(list)) => list.get(*index).map(|child| (*index, child)),
                _ => None,
            };
            let Some((index, child)) = step else {
                return self.lines.position(&self.text, self.opening(node));
            };
            let Some(child_node) = node.children.get(index) else { break };
            key = node.keys.get(index).copied();
            (value, node) = (child, child_node);
        }
        match (part, key) {
            (Part::Key, Some(key)) => self.lines.position(&self.text, key),
            _ => self.lines.position(&self.text, node.span),
        }
    }

    /// Returns the span of a node's first key, or of its first byte, for a message about a missing child.
    fn opening(&self, node: &Node) -> Span {
        match node.keys.first() {
            Some(first) if first.start == node.span.start => *first,
            _ => Span { start: node.span.start, end: node.span.start.saturating_add(1).min(node.span.end) },
        }
    }
}

/// Parses JSON as Python does: for response bodies and outputs, which may contain a bare `NaN`.
pub fn parse_json(text: &str) -> Result<Value, SyntaxError> {
    json::parse_value(text)
}

#[cfg(test)]
mod tests;
