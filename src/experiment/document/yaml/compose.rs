//! Events into values: anchors, merge keys, keys of any type, positions.

use super::scalar::{self, Scalar};
use crate::experiment::{
    Map, Value,
    document::{
        json::{MAX_DEPTH, insert},
        position::{Node, Span, SyntaxError, span},
    },
};
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use std::{borrow::Cow, collections::HashMap};

/// Values that aliases may make of one text: a file can hold a bomb of them in ten lines.
const MAX_VALUES: usize = 2_000_000;

/// A composed value with its spans and the number of values in it.
#[derive(Clone)]
struct Composed {
    value: Value,
    node: Node,
    size: usize,
}

pub(super) struct Composer<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Composed>,
    offsets: Offsets<'a>,
    depth: usize,
    values: usize,
}

type Pulled<'a> = (Event<'a>, Span);

impl<'a> Composer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            parser: Parser::new_from_str(text),
            anchors: HashMap::new(),
            offsets: Offsets { text, chars: 0, bytes: 0 },
            depth: 0,
            values: 0,
        }
    }

    /// The one document of the text.
    pub fn document(mut self) -> Result<(Value, Node), SyntaxError> {
        let mut document = None;
        loop {
            let (event, at) = self.pull()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if document.is_some() => {
                    return Err(self.error(at, "expected a single document in the stream"));
                }
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                event => {
                    let composed = self.value((event, at))?;
                    document = Some((composed.value, composed.node));
                }
            }
        }
        Ok(document.unwrap_or_default())
    }

    fn pull(&mut self) -> Result<Pulled<'a>, SyntaxError> {
        match self.parser.next_event() {
            Some(Ok((event, at))) => {
                let start = self.offsets.byte_of(at.start.index());
                Ok((event, span(start, self.offsets.byte_of(at.end.index()))))
            }
            Some(Err(error)) => {
                let offset = self.offsets.byte_of(error.marker().index());
                Err(SyntaxError::at(self.text, offset, error.info()))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn error(&self, at: Span, message: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, at.start as usize, message)
    }

    fn count(&mut self, at: Span, values: usize) -> Result<(), SyntaxError> {
        self.values = self.values.saturating_add(values);
        match self.values > MAX_VALUES {
            true => Err(self.error(at, format!("aliases make more than {MAX_VALUES} values of this text"))),
            false => Ok(()),
        }
    }

    fn value(&mut self, (event, at): Pulled<'a>) -> Result<Composed, SyntaxError> {
        let (composed, anchor) = match event {
            Event::Alias(anchor) => {
                let Some(target) = self.anchors.get(&anchor) else {
                    return Err(self.error(at, "the alias names a value that contains it, or none"));
                };
                let mut composed = target.clone();
                composed.node.span = at;
                self.count(at, composed.size)?;
                return Ok(composed);
            }
            Event::Scalar(text, style, anchor, tag) => (self.scalar(&text, style, tag, at)?, anchor),
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag, "seq", at)?;
                (self.nested(at, Self::sequence)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag, "map", at)?;
                (self.nested(at, Self::mapping)?, anchor)
            }
            _ => return Err(self.error(at, "expected a value")),
        };
        self.count(at, 1)?;
        if anchor != 0 {
            self.anchors.insert(anchor, composed.clone());
        }
        Ok(composed)
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<Cow<'a, Tag>>,
        at: Span,
    ) -> Result<Composed, SyntaxError> {
        let plain = style == ScalarStyle::Plain;
        let scalar = match tag.as_deref() {
            None if plain => scalar::resolve(text),
            None => Ok(Scalar::Value(Value::from(text))),
            Some(tag) => match short(tag) {
                Some("") => scalar::resolve(text),
                Some(tag) => scalar::construct(tag, text),
                None => Err(unknown_tag(tag)),
            },
        };
        match scalar {
            Ok(Scalar::Value(value)) => {
                Ok(Composed { value, node: Node { span: at, ..Node::default() }, size: 1 })
            }
            Ok(Scalar::Merge) => {
                Err(self.error(at, "could not determine a constructor for the tag 'tag:yaml.org,2002:merge'"))
            }
            Err(message) => Err(self.error(at, message)),
        }
    }

    fn check_tag(&self, tag: Option<Cow<'a, Tag>>, expected: &str, at: Span) -> Result<(), SyntaxError> {
        match tag.as_deref() {
            None => Ok(()),
            Some(tag) if matches!(short(tag), Some(name) if name == expected || name.is_empty()) => Ok(()),
            Some(tag) => Err(self.error(at, unknown_tag(tag))),
        }
    }

    fn nested(
        &mut self,
        at: Span,
        read: fn(&mut Self, Span) -> Result<Composed, SyntaxError>,
    ) -> Result<Composed, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(at, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let composed = read(self, at);
        self.depth -= 1;
        composed
    }

    fn sequence(&mut self, start: Span) -> Result<Composed, SyntaxError> {
        let (mut items, mut children, mut size) = (Vec::new(), Vec::new(), 1);
        loop {
            let pulled = self.pull()?;
            if pulled.0 == Event::SequenceEnd {
                let node = Node { span: around(start, &children, &[], pulled.1), children, keys: Vec::new() };
                return Ok(Composed { value: Value::List(items), node, size });
            }
            let item = self.value(pulled)?;
            size += item.size;
            items.push(item.value);
            children.push(item.node);
        }
    }

    fn mapping(&mut self, start: Span) -> Result<Composed, SyntaxError> {
        let mut own = Vec::new();
        let mut merged: Vec<(Value, Node)> = Vec::new();
        let mut size = 1;
        let end = loop {
            let pulled = self.pull()?;
            if pulled.0 == Event::MappingEnd {
                break pulled.1;
            }
            let at = pulled.1;
            if is_merge(&pulled.0) {
                let next = self.pull()?;
                let value = self.value(next)?;
                size += value.size;
                merged.extend(self.merge(value)?);
                continue;
            }
            let key = self.key(pulled)?;
            let next = self.pull()?;
            let value = self.value(next)?;
            size += value.size;
            own.push(((key, at), (value.value, value.node)));
        };
        let mut map = Map::new();
        let (mut children, mut keys) = (Vec::new(), Vec::new());
        for (value, node) in merged {
            let Value::Map(entries) = value else { continue };
            for (((key, value), child), at) in entries.into_iter().zip(node.children).zip(node.keys) {
                insert(&mut map, &mut children, &mut keys, (key, at), (value, child));
            }
        }
        for (key, value) in own {
            insert(&mut map, &mut children, &mut keys, key, value);
        }
        let node = Node { span: around(start, &children, &keys, end), children, keys };
        Ok(Composed { value: Value::Map(map), node, size })
    }

    /// The mappings a `<<` brings in, weakest first.
    fn merge(&self, from: Composed) -> Result<Vec<(Value, Node)>, SyntaxError> {
        let at = from.node.span;
        match from.value {
            Value::Map(_) => Ok(vec![(from.value, from.node)]),
            Value::List(items) if items.iter().all(|item| item.as_map().is_some()) => {
                Ok(items.into_iter().zip(from.node.children).rev().collect())
            }
            _ => Err(self.error(at, "expected a mapping or list of mappings for merging")),
        }
    }

    /// A key as the journal writes it: text as it is, other scalars as JSON.
    fn key(&mut self, (event, at): Pulled<'a>) -> Result<String, SyntaxError> {
        if let Event::Scalar(text, ScalarStyle::Plain, 0, None) = &event
            && text == "="
        {
            return Ok("=".to_owned());
        }
        match self.value((event, at))?.value {
            Value::Text(text) => Ok(text),
            Value::List(_) | Value::Map(_) => Err(self.error(at, "found unhashable key")),
            scalar => Ok(scalar.to_json()),
        }
    }
}

fn is_merge(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
}

/// The name of a standard tag, empty for the non-specific `!`.
fn short(tag: &Tag) -> Option<&str> {
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("tag:yaml.org,2002:", name) => Some(name),
        ("" | "!", "!" | "") => Some(""),
        ("", full) => full.strip_prefix("tag:yaml.org,2002:"),
        _ => None,
    }
}

fn unknown_tag(tag: &Tag) -> String {
    format!("could not determine a constructor for the tag '{}{}'", tag.handle, tag.suffix)
}

/// From the first thing of a collection to its last: the scanner's end of a block collection is the next token.
fn around(start: Span, children: &[Node], keys: &[Span], end: Span) -> Span {
    let last = children.last().map(|node| node.span.end).max(keys.last().map(|key| key.end));
    let end = if end.start == end.end { last.unwrap_or(start.end) } else { end.end };
    Span { start: start.start, end: end.max(start.end) }
}

/// Offsets in characters to offsets in bytes, walked from the last one asked for.
struct Offsets<'a> {
    text: &'a str,
    chars: usize,
    bytes: usize,
}

impl Offsets<'_> {
    fn byte_of(&mut self, index: usize) -> usize {
        while self.chars < index
            && let Some(c) = self.text[self.bytes..].chars().next()
        {
            self.chars += 1;
            self.bytes += c.len_utf8();
        }
        while self.chars > index
            && let Some(c) = self.text[..self.bytes].chars().next_back()
        {
            self.chars -= 1;
            self.bytes -= c.len_utf8();
        }
        self.bytes
    }
}
