//! YAML collections under construction.

use super::{
    compose::Composed,
    scalar::{self, Scalar},
};
use crate::{
    document::{
        json::insert,
        position::{Node, Span},
    },
    value::{Map, Value},
};
use std::collections::{HashMap, HashSet};

/// A collection that is not closed yet.
pub(super) struct OpenCollection {
    pub start: Span,
    pub anchor: usize,
    pub size: usize,
    pub kind: Kind,
}

pub(super) enum Kind {
    /// Every item of an `!!omap` or `!!pairs` is a pair.
    Sequence { items: Vec<Value>, children: Vec<Node>, pairs: bool },
    /// A mapping with one entry, which is represented as a list of the key and the value.
    Pair { items: Vec<Value>, children: Vec<Node> },
    Mapping {
        own: Vec<OwnEntry>,
        /// The mappings merged by each `<<`.
        merged: Vec<Vec<(Value, Node)>>,
        key: Option<PendingKey>,
        numbers: NumberKeys,
    },
}

impl Kind {
    pub(super) fn sequence() -> Self {
        Self::Sequence { items: Vec::new(), children: Vec::new(), pairs: false }
    }

    pub(super) fn pairs() -> Self {
        Self::Sequence { items: Vec::new(), children: Vec::new(), pairs: true }
    }

    pub(super) fn pair() -> Self {
        Self::Pair { items: Vec::new(), children: Vec::new() }
    }

    pub(super) fn mapping() -> Self {
        Self::Mapping { own: Vec::new(), merged: Vec::new(), key: None, numbers: NumberKeys::default() }
    }
}

pub(super) type OwnEntry = ((String, Span), (Value, Node));

/// The key of the next value.
pub(super) enum PendingKey {
    Own(String, Span),
    /// The merge key `<<`.
    Merge,
}

/// The numeric keys of a mapping: equal keys (such as `1`, `true` and `1.0`) get the spelling of the first.
#[derive(Default)]
pub(super) struct NumberKeys(HashMap<Number, String>);

#[derive(PartialEq, Eq, Hash)]
enum Number {
    Whole(i64),
    Float(u64),
}

impl NumberKeys {
    pub(super) fn spelled(&mut self, key: &Value, own: String) -> String {
        let number = match key {
            Value::Bool(flag) => Number::Whole((*flag).into()),
            Value::Int(whole) => Number::Whole(*whole),
            Value::Float(float) => of_float(*float),
            _ => return own,
        };
        self.0.entry(number).or_insert(own).clone()
    }

    /// Returns the spelling of a key at a position of the text, whose own spelling is `own`.
    fn spelled_at(&mut self, text: &str, at: Span, own: String) -> String {
        match text.get(at.start as usize..at.end as usize).map(scalar::resolve) {
            Some(Ok(Scalar::Value(key))) => self.spelled(&key, own),
            _ => own,
        }
    }
}

/// Converts a float to the equal integer, if there is one.
fn of_float(float: f64) -> Number {
    let whole = float as i64;
    if whole as f64 == float && whole != i64::MAX {
        Number::Whole(whole)
    } else {
        Number::Float(float.to_bits())
    }
}

/// Converts a completed collection to a value, with its anchor.
///
/// # Errors
/// Returns a message about the collection as a whole.
pub(super) fn close(frame: OpenCollection, end: Span, text: &str) -> Result<(Composed, usize), String> {
    let OpenCollection { start, anchor, size, kind } = frame;
    let (value, children, keys) = match kind {
        Kind::Pair { items, .. } if items.len() != 2 => {
            return Err(format!("expected a single mapping item, but found {} items", items.len() / 2));
        }
        Kind::Sequence { items, children, .. } | Kind::Pair { items, children } => {
            (Value::List(items), children, Vec::new())
        }
        Kind::Mapping { own, merged, .. } => {
            let mut map = Map::default();
            let (mut children, mut keys) = (Vec::new(), Vec::new());
            // Keys of merged mappings must be compared with the mapping's own keys.
            let (mut numbers, merges) = (NumberKeys::default(), !merged.is_empty());
            for mappings in merged {
                let mut first = HashSet::new();
                for (key, (value, node)) in mappings.into_iter().flat_map(entries) {
                    let (key, at) = (numbers.spelled_at(text, key.1, key.0), key.1);
                    if first.insert(key.clone()) {
                        insert(&mut map, &mut children, &mut keys, (key, at), (value, node));
                    }
                }
            }
            for ((key, at), value) in own {
                let key = if merges { numbers.spelled_at(text, at, key) } else { key };
                insert(&mut map, &mut children, &mut keys, (key, at), value);
            }
            (Value::Map(map), children, keys)
        }
    };
    let node = Node { span: around(start, &children, &keys, end), children, keys };
    Ok((Composed { value, node, size }, anchor))
}

fn entries((mapping, node): (Value, Node)) -> impl Iterator<Item = OwnEntry> {
    let entries = if let Value::Map(entries) = mapping { entries } else { Map::default() };
    let placed = entries.into_iter().zip(node.children).zip(node.keys);
    placed.map(|(((key, value), child), at)| ((key, at), (value, child)))
}

/// Returns the span from the first to the last child of a collection: the scanner reports the next token as the end of
/// a block collection.
fn around(start: Span, children: &[Node], keys: &[Span], end: Span) -> Span {
    let last = children.last().map(|node| node.span.end).max(keys.last().map(|key| key.end));
    let end = if end.start == end.end { last.unwrap_or(start.end) } else { end.end };
    Span { start: start.start, end: end.max(start.end) }
}
