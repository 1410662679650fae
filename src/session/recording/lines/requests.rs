//! Consecutive requests and answers in one line.

use crate::session::event::{AnswerKind, EndpointId};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
    ser::SerializeTuple,
};
use std::fmt;

/// Requests and answers in the order in which they happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Requests {
    /// Each endpoint with the number of the first request sent to it in this line; without one, that of the first answered.
    pub(super) endpoints: Vec<(EndpointId, u64)>,
    /// The different kinds of answers: index of the endpoint, kind, HTTP status, shape.
    pub(super) kinds: Vec<(usize, AnswerKind, Option<u16>, u64)>,
    pub(super) items: Vec<Item>,
}

/// A request or an answer; its moment is given in microseconds since the item before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item {
    /// The next request to an endpoint was sent: `20000` for the first endpoint, else `[20000,1]`.
    Sent { after_us: i64, endpoint: usize },
    /// A request was answered: `[3155,0,3.155,0]`. Its number is counted from that of the endpoint; the last item is the
    /// index of the kind.
    Answered { after_us: i64, request: i64, waited_ms: f64, kind: usize },
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Sent { after_us, endpoint: 0 } => serializer.serialize_i64(*after_us),
            Self::Sent { after_us, endpoint } => (after_us, endpoint).serialize(serializer),
            Self::Answered { after_us, request, waited_ms, kind } => {
                let mut parts = serializer.serialize_tuple(4)?;
                parts.serialize_element(after_us)?;
                parts.serialize_element(request)?;
                parts.serialize_element(waited_ms)?;
                parts.serialize_element(kind)?;
                parts.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("microseconds, or an array of 2 or 4 numbers")
    }

    fn visit_u64<E: Error>(self, after: u64) -> Result<Item, E> {
        let after_us = i64::try_from(after).map_err(E::custom)?;
        Ok(Item::Sent { after_us, endpoint: 0 })
    }

    fn visit_i64<E: Error>(self, after_us: i64) -> Result<Item, E> {
        Ok(Item::Sent { after_us, endpoint: 0 })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Item, A::Error> {
        let missing = |length| A::Error::invalid_length(length, &self);
        let after_us = parts.next_element()?.ok_or_else(|| missing(0))?;
        let second: i64 = parts.next_element()?.ok_or_else(|| missing(1))?;
        let Some(waited_ms) = parts.next_element()? else {
            return Ok(Item::Sent { after_us, endpoint: usize::try_from(second).map_err(A::Error::custom)? });
        };
        let kind = parts.next_element()?.ok_or_else(|| missing(3))?;
        Ok(Item::Answered { after_us, request: second, waited_ms, kind })
    }
}
