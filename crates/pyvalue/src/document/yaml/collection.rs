//! Collections on their way to become values.

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
    /// Of an `!!omap` or `!!pairs` every item is a pair.
    Sequence { items: Vec<Value>, children: Vec<Node>, pairs: bool },
    /// A mapping of one entry, which is read as a list of the key and the value.
    Pair { items: Vec<Value>, children: Vec<Node> },
    Mapping {
        own: Vec<OwnEntry>,
        /// What each `<<` brings in.
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

/// The key whose value comes next.
pub(super) enum PendingKey {
    Own(String, Span),
    /// `<<`.
    Merge,
}

/// The keys of a mapping that are numbers: of equal ones, as `1`, `true` and `1.0`, the first tells how it is spelled.
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

    /// The spelling of a key that stands at a place of the text, and has this one where it stands.
    fn spelled_at(&mut self, text: &str, at: Span, own: String) -> String {
        match text.get(at.start as usize..at.end as usize).map(scalar::resolve) {
            Some(Ok(Scalar::Value(key))) => self.spelled(&key, own),
            _ => own,
        }
    }
}

/// The whole number that a float is exactly, if it is one.
fn of_float(float: f64) -> Number {
    let whole = float as i64;
    match whole as f64 == float && whole != i64::MAX {
        true => Number::Whole(whole),
        false => Number::Float(float.to_bits()),
    }
}

/// A collection of a text as a value, with its anchor.
///
/// The error says what is wrong with the collection as a whole.
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
            // Those of the mappings that were merged are equal to its own.
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

/// From the first thing of a collection to its last: the scanner's end of a block collection is the next token.
fn around(start: Span, children: &[Node], keys: &[Span], end: Span) -> Span {
    let last = children.last().map(|node| node.span.end).max(keys.last().map(|key| key.end));
    let end = if end.start == end.end { last.unwrap_or(start.end) } else { end.end };
    Span { start: start.start, end: end.max(start.end) }
}
