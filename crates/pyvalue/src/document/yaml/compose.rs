//! Composes values from YAML events: anchors, merge keys, keys of any type, positions.

use super::{
    collection::{Kind, OpenCollection, PendingKey, close},
    scalar::{self, Scalar},
    source,
};
use crate::{
    document::{
        json::{MAX_DEPTH, MAX_VALUES},
        position::{Node, Span, SyntaxError, span},
    },
    value::Value,
};
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use std::{borrow::Cow, collections::HashMap};

/// The number of text bytes that count as one additional value, because an alias copies the text.
const WEIGHT: usize = 128;

/// A composed value with its spans and its number of values.
#[derive(Clone)]
pub(super) struct Composed {
    pub value: Value,
    pub node: Node,
    pub size: usize,
}

/// Composes values without recursion, because the nesting depth depends on the input.
pub(super) struct Composer<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Composed>,
    offsets: Offsets<'a>,
    open: Vec<OpenCollection>,
    values: usize,
    /// The spans of quoted scalars and block scalars, whose content is not checked for tabs.
    verbatim: Vec<Span>,
}

impl<'a> Composer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            parser: Parser::new_from_str(text),
            anchors: HashMap::new(),
            offsets: Offsets { text, chars: 0, bytes: 0 },
            open: Vec::new(),
            values: 0,
            verbatim: Vec::new(),
        }
    }

    /// Composes the only document of the text.
    pub(super) fn document(mut self) -> Result<(Value, Node), SyntaxError> {
        let mut document = None;
        loop {
            let (event, at) = self.pull()?;
            let completed = match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if document.is_some() => {
                    return Err(self.error(at, "expected a single document in the stream"));
                }
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {
                    continue;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.refuse_in_pairs(at)?;
                    let kind = if let Some("omap" | "pairs") = tag.as_deref().and_then(short) {
                        Kind::pairs()
                    } else {
                        self.check_tag(tag, "seq", at)?;
                        Kind::sequence()
                    };
                    self.open(at, anchor, kind)?;
                    continue;
                }
                Event::MappingStart(anchor, tag) => {
                    self.check_tag(tag, "map", at)?;
                    let kind = if self.in_pairs() { Kind::pair() } else { Kind::mapping() };
                    self.open(at, anchor, kind)?;
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                    Some(frame) => close(frame, at, self.text).map_err(|message| self.error(at, message))?,
                    None => return Err(self.error(at, "found the end of a collection that was not opened")),
                },
                Event::Scalar(text, ScalarStyle::Plain, 0, None) if self.special_key(&text, at) => continue,
                Event::Scalar(text, style, anchor, tag) => {
                    self.refuse_in_pairs(at)?;
                    let text = self.as_written(text, style, at);
                    (self.scalar(&text, style, tag, at)?, anchor)
                }
                Event::Alias(anchor) => {
                    self.refuse_in_pairs(at)?;
                    (self.alias(anchor, at)?, 0)
                }
            };
            let (composed, anchor) = completed;
            self.count(at, 1)?;
            if anchor != 0 {
                self.count(at, composed.size)?;
                self.anchors.insert(anchor, composed.clone());
            }
            if let Some(whole) = self.put(composed)? {
                document = Some((whole.value, whole.node));
            }
        }
        source::check_tabs(self.text, &self.verbatim)?;
        Ok(document.unwrap_or_default())
    }

    /// Records the span of a quoted or block scalar, and adapts the line endings of a block scalar to the reference
    /// implementation.
    fn as_written(&mut self, text: Cow<'a, str>, style: ScalarStyle, at: Span) -> Cow<'a, str> {
        match style {
            ScalarStyle::Plain => text,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                self.verbatim.push(source::quoted(self.text, at));
                text
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                self.verbatim.push(at);
                source::block(self.text, at, text)
            }
        }
    }

    fn pull(&mut self) -> Result<(Event<'a>, Span), SyntaxError> {
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
        if self.values <= MAX_VALUES {
            return Ok(());
        }
        // A few lines with nested aliases can expand to an enormous number of values.
        Err(self.error(at, format!("more than {MAX_VALUES} values, aliases counted each time")))
    }

    fn open(&mut self, start: Span, anchor: usize, kind: Kind) -> Result<(), SyntaxError> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.error(start, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.open.push(OpenCollection { start, anchor, size: 1, kind });
        Ok(())
    }

    /// Returns whether the next value is a pair of an `!!omap` or `!!pairs`.
    fn in_pairs(&self) -> bool {
        matches!(self.open.last(), Some(OpenCollection { kind: Kind::Sequence { pairs: true, .. }, .. }))
    }

    fn refuse_in_pairs(&self, at: Span) -> Result<(), SyntaxError> {
        if self.in_pairs() { Err(self.error(at, "expected a mapping of length 1")) } else { Ok(()) }
    }

    /// Handles a plain scalar that is the key `<<` or `=`; returns whether it was one.
    fn special_key(&mut self, text: &str, at: Span) -> bool {
        let Some(OpenCollection { kind: Kind::Mapping { key: key @ None, .. }, .. }) = self.open.last_mut()
        else {
            return false;
        };
        match text {
            "<<" => *key = Some(PendingKey::Merge),
            "=" => *key = Some(PendingKey::Own("=".to_owned(), at)),
            _ => return false,
        }
        true
    }

    /// Adds a completed value to its parent; returns it if it is the whole document.
    fn put(&mut self, composed: Composed) -> Result<Option<Composed>, SyntaxError> {
        let Some(mut frame) = self.open.pop() else { return Ok(Some(composed)) };
        frame.size += composed.size;
        match &mut frame.kind {
            Kind::Sequence { items, children, .. } | Kind::Pair { items, children } => {
                items.push(composed.value);
                children.push(composed.node);
            }
            Kind::Mapping { own, merged, key, numbers } => match key.take() {
                None => {
                    let name = numbers.spelled(&composed.value, self.key(&composed)?);
                    *key = Some(PendingKey::Own(name, composed.node.span));
                }
                Some(PendingKey::Own(name, at)) => own.push(((name, at), (composed.value, composed.node))),
                Some(PendingKey::Merge) => merged.push(self.merge(composed)?),
            },
        }
        self.open.push(frame);
        Ok(None)
    }

    fn alias(&mut self, anchor: usize, at: Span) -> Result<Composed, SyntaxError> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(
                self.error(at, "the alias refers to an undefined anchor or to a value that contains it")
            );
        };
        if target.node.depth() + self.open.len() > MAX_DEPTH {
            return Err(self.error(at, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let mut composed = target.clone();
        composed.node.span = at;
        self.count(at, composed.size)?;
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
                let size = 1 + text.len() / WEIGHT;
                Ok(Composed { value, node: Node { span: at, ..Node::default() }, size })
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

    /// Returns the mappings merged by a `<<`; for equal keys the first mapping wins.
    fn merge(&self, from: Composed) -> Result<Vec<(Value, Node)>, SyntaxError> {
        let at = from.node.span;
        match from.value {
            Value::Map(_) => Ok(vec![(from.value, from.node)]),
            Value::List(items) if items.iter().all(|item| item.as_map().is_some()) => {
                Ok(items.into_iter().zip(from.node.children).collect())
            }
            _ => Err(self.error(at, "expected a mapping or list of mappings for merging")),
        }
    }

    /// Returns a key in the form of the journal: strings unchanged, other scalars as JSON.
    fn key(&self, key: &Composed) -> Result<String, SyntaxError> {
        match &key.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Time(iso) => Ok(iso.to_string()),
            Value::List(_) | Value::Map(_) => Err(self.error(key.node.span, "found unhashable key")),
            scalar => Ok(scalar.to_json()),
        }
    }
}

/// Returns the name of a standard tag, empty for the non-specific `!`.
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

/// Converts character offsets to byte offsets, starting from the previously requested offset.
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
