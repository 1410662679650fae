//! What an answer looks like: the same for two answers of the same code path, whatever their values are.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{
    collections::hash_map::DefaultHasher,
    fmt,
    hash::{Hash, Hasher},
};

/// Kinds of elements of a list that are told apart.
const ELEMENTS: usize = 8;

/// What an answer looks like, without its values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Look {
    /// HTTP status.
    pub(super) status: u16,
    /// Content type without parameters.
    pub(super) content_type: String,
    /// Hash of the JSON skeleton or of the masked text.
    pub(super) skeleton: u64,
    /// How long the body is, in steps of four: 1 to 15 bytes are one class, 16 to 63 the next.
    pub(super) length_class: u32,
    /// In a word: `JSON object`, `JSON string`, `text`, `empty`.
    pub(super) form: Form,
}

/// What kind of body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Empty,
    JsonString,
    JsonObject,
    JsonList,
    JsonOther,
    Text,
    Bytes,
}

impl Form {
    pub(super) fn words(self) -> &'static str {
        match self {
            Form::Empty => "empty",
            Form::JsonString => "JSON string",
            Form::JsonObject => "JSON object",
            Form::JsonList => "JSON list",
            Form::JsonOther => "JSON value",
            Form::Text => "text",
            Form::Bytes => "bytes",
        }
    }
}

impl Look {
    /// The look of an answer; `body` may be the beginning of a longer one of `length` bytes.
    pub(super) fn of(status: u16, content_type: Option<&str>, body: &[u8], length: usize) -> Self {
        let content_type = content_type.unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (form, skeleton) = skeleton(body);
        Self { status, content_type, skeleton, length_class: length_class(length), form }
    }

    /// A number that two answers share exactly if they look alike in all but their length.
    pub(super) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.status, &self.content_type, self.skeleton).hash(&mut hasher);
        hasher.finish()
    }
}

fn length_class(length: usize) -> u32 {
    (usize::BITS - length.leading_zeros()).div_ceil(2)
}

fn skeleton(body: &[u8]) -> (Form, u64) {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let form = match first {
        None => return (Form::Empty, 0),
        Some(b'{') => Form::JsonObject,
        Some(b'[') => Form::JsonList,
        Some(b'"') => Form::JsonString,
        Some(_) => Form::JsonOther,
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    if let Ok(hash) = (Skeleton { top: true }).deserialize(&mut json)
        && json.end().is_ok()
    {
        return (form, hash);
    }
    match std::str::from_utf8(body) {
        Ok(text) => (Form::Text, masked(text)),
        // The end of a long text may be cut within a character.
        Err(error) if error.error_len().is_none() => {
            let valid = body.get(..error.valid_up_to()).unwrap_or_default();
            (Form::Text, masked(std::str::from_utf8(valid).unwrap_or_default()))
        }
        Err(_) => (Form::Bytes, 0),
    }
}

/// Hash of a text without what differs from answer to answer: numbers, times, identities.
fn masked(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
        if is_value(word) { '#'.hash(&mut hasher) } else { word.hash(&mut hasher) }
    }
    hasher.finish()
}

/// Whether a word is a value rather than part of a sentence: it has a digit.
fn is_value(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Hashes a JSON value's skeleton without building the value: keys and kinds, not values. Only a text that stands alone
/// is part of the skeleton, masked: it *is* the answer.
#[derive(Clone, Copy)]
struct Skeleton {
    top: bool,
}

impl<'de> DeserializeSeed<'de> for Skeleton {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skeleton {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_bool<E>(self, _: bool) -> Result<u64, E> {
        Ok(2)
    }

    fn visit_i64<E>(self, _: i64) -> Result<u64, E> {
        Ok(3)
    }

    fn visit_u64<E>(self, _: u64) -> Result<u64, E> {
        Ok(3)
    }

    fn visit_f64<E>(self, _: f64) -> Result<u64, E> {
        Ok(3)
    }

    fn visit_str<E>(self, text: &str) -> Result<u64, E> {
        match self.top {
            true => Ok(masked(text)),
            false => Ok(if is_value(text) { 5 } else { 4 }),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut kinds: Vec<u64> = Vec::new();
        while kinds.len() < ELEMENTS {
            match list.next_element_seed(Skeleton { top: false })? {
                Some(kind) if !kinds.contains(&kind) => kinds.push(kind),
                Some(_) => {}
                None => break,
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        kinds.sort_unstable();
        Ok(combined(6, &kinds))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        // A sum does not depend on the order of the keys.
        let mut sum = 7u64;
        while let Some(key) = map.next_key_seed(Key)? {
            let value = map.next_value_seed(Skeleton { top: false })?;
            sum = sum.wrapping_add(combined(key, &[value]));
        }
        Ok(sum)
    }
}

/// Hashes a key. Keys that are values themselves, such as identities, are masked.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_str(Skeleton { top: true })
    }
}

fn combined(tag: u64, parts: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (tag, parts).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(content_type: &str, body: &str) -> Look {
        Look::of(200, Some(content_type), body.as_bytes(), body.len())
    }

    #[test]
    fn the_same_code_path_looks_alike_whatever_the_values() {
        let json = "application/json";
        let cases = [
            (json, r#""5b0c5a9e-6a3f-4a57-9d3b-0a2d7d0e4c11""#, r#""0f4de7a1-93c8-4be1-b0f7-3f6f2a3b9e55""#),
            (json, r#"{"id": 7, "name": "Ann"}"#, r#"{"name": "Bert", "id": 12345}"#),
            (json, r#"[{"a": 1}, {"a": 2}]"#, r#"[{"a": 1}, {"a": 2}, {"a": 3}]"#),
            (
                json,
                r#"{"ok": true, "at": "2026-11-22T13:05:00Z"}"#,
                r#"{"ok": false, "at": "2027-01-01T00:00:00Z"}"#,
            ),
            ("text/plain; charset=utf-8", "served by pod x2k8p in 12 ms", "served by pod 9mq4d in 7 ms"),
        ];
        for (content_type, one, other) in cases {
            assert_eq!(look(content_type, one).hash(), look(content_type, other).hash(), "{one} / {other}");
        }
    }

    #[test]
    fn a_fallback_looks_different() {
        let json = "application/json";
        let real = r#""5b0c5a9e-6a3f-4a57-9d3b-0a2d7d0e4c11""#;
        let cases = [
            (json, real, "text/plain", "failed talking to the producer"),
            (json, real, json, r#""failed talking to the producer""#),
            (json, r#"{"message": "5b0c5a9e-6a3f-4a57"}"#, json, r#"{"message": "sorry, try later"}"#),
            (json, r#"{"items": [{"sku": "a1"}]}"#, json, r#"{"items": []}"#),
            (json, r#"{"id": 7}"#, json, r#"{"id": null}"#),
            ("text/html", "<h1>Welcome</h1>", "text/html", "<h1>We are sorry</h1>"),
            (json, real, json, ""),
        ];
        for (real_type, real, other_type, other) in cases {
            assert_ne!(look(real_type, real).hash(), look(other_type, other).hash(), "{real} / {other}");
        }
        assert_ne!(Look::of(200, None, b"x", 1).hash(), Look::of(203, None, b"x", 1).hash());
    }

    #[test]
    fn lengths_are_told_apart_in_steps_of_four() {
        assert_eq!([0, 1, 3, 4, 15, 16, 63, 64, 1000].map(length_class), [0, 1, 1, 2, 2, 3, 3, 4, 5]);
    }

    #[test]
    fn odd_bodies_have_a_look_too() {
        assert_eq!(Look::of(200, None, &[0xff, 0xfe, 0x00], 3).form, Form::Bytes);
        assert_eq!(Look::of(200, None, "caf\u{e9}".as_bytes().get(..4).unwrap(), 5).form, Form::Text);
        let deep = "[".repeat(10_000);
        assert_eq!(
            look("application/json", &deep).form,
            Form::Text,
            "too deep for the parser, bounded all the same"
        );
    }
}
