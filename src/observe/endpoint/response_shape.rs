//! The shape of an answer: equal for two answers of the same code path, whatever their values are.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{
    collections::{BTreeSet, hash_map::DefaultHasher},
    fmt,
    hash::{Hash, Hasher},
};

/// The maximum number of entries of a shape; the rest of a body is ignored.
const ENTRIES: usize = 512;

/// The shape of an answer, without its values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ResponseShape {
    pub(super) status: u16,
    /// Content type without parameters.
    pub(super) content_type: String,
    /// The kind of body: `JSON object`, `JSON string`, `text`, `empty`.
    pub(super) form: BodyKind,
    /// The content of the body, sorted: the keys of JSON with the kind of their values, or the one masked text.
    pub(super) entries: Vec<u64>,
    /// Whether the entries are keys of JSON objects.
    pub(super) keyed: bool,
    /// The length of the body in steps of factor four: 4 to 15 bytes are one class, 16 to 63 the next.
    pub(super) length_class: u32,
}

/// The kind of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum BodyKind {
    Empty,
    JsonString,
    JsonObject,
    JsonList,
    JsonOther,
    Text,
    Bytes,
    Endless,
}

impl BodyKind {
    pub(super) fn words(self) -> &'static str {
        match self {
            BodyKind::Empty => "empty",
            BodyKind::JsonString => "JSON string",
            BodyKind::JsonObject => "JSON object",
            BodyKind::JsonList => "JSON list",
            BodyKind::JsonOther => "JSON value",
            BodyKind::Text => "text",
            BodyKind::Bytes => "bytes",
            BodyKind::Endless => "a body that does not end",
        }
    }
}

impl ResponseShape {
    /// The shape of an answer; `body` may be the beginning of a longer body of `length` bytes.
    pub(super) fn of(status: u16, content_type: Option<&str>, body: &[u8], length: usize) -> Self {
        let BodyOutline { form, entries, keyed } = body_outline(body, length > body.len());
        Self {
            form,
            entries,
            keyed,
            length_class: length_class(length),
            ..Self::endless(status, content_type)
        }
    }

    /// The shape of an answer whose body does not end: only its head is known.
    pub(super) fn endless(status: u16, content_type: Option<&str>) -> Self {
        let content_type = content_type.unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Self {
            status,
            content_type,
            form: BodyKind::Endless,
            entries: Vec::new(),
            keyed: false,
            length_class: 0,
        }
    }

    /// A number shared by exactly those answers whose shapes are equal except for their length.
    pub(super) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.status, &self.content_type, self.form, &self.entries).hash(&mut hasher);
        hasher.finish()
    }
}

fn length_class(length: usize) -> u32 {
    (usize::BITS - length.leading_zeros()).div_ceil(2)
}

/// The content of a body.
struct BodyOutline {
    form: BodyKind,
    entries: Vec<u64>,
    keyed: bool,
}

fn body_outline(body: &[u8], cut: bool) -> BodyOutline {
    let plain = |form, entries: Vec<u64>| BodyOutline { form, entries, keyed: false };
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let form = match first {
        None => return plain(BodyKind::Empty, Vec::new()),
        Some(b'{') => BodyKind::JsonObject,
        Some(b'[') => BodyKind::JsonList,
        Some(b'"') => BodyKind::JsonString,
        Some(_) => BodyKind::JsonOther,
    };
    let mut outline = JsonOutline::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = JsonSeed { path: 0, outline: &mut outline, top: true }.deserialize(&mut json);
    let whole = read.is_ok() && json.end().is_ok();
    // Of a long body that was cut, the keys received so far are used.
    let beginning = cut && outline.keyed && read.as_ref().is_err_and(serde_json::Error::is_eof);
    if whole || beginning {
        return BodyOutline { form, entries: outline.entries.into_iter().collect(), keyed: outline.keyed };
    }
    match std::str::from_utf8(body) {
        Ok(text) => plain(BodyKind::Text, vec![masked(text)]),
        // The end of a long text may be cut within a character.
        Err(error) if error.error_len().is_none() => {
            let valid = body.get(..error.valid_up_to()).unwrap_or_default();
            plain(BodyKind::Text, vec![masked(std::str::from_utf8(valid).unwrap_or_default())])
        }
        Err(_) => plain(BodyKind::Bytes, Vec::new()),
    }
}

/// The hash of a text without the parts that differ from answer to answer: numbers, times, identities.
fn masked(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
        if is_value(word) { '#'.hash(&mut hasher) } else { word.hash(&mut hasher) }
    }
    hasher.finish()
}

/// Whether a word is a value rather than part of a sentence: it contains a digit.
fn is_value(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// The kinds of values, in the low bits of an entry. An empty or null value counts like a missing key.
mod kind {
    pub(super) const BOOL: u64 = 1;
    pub(super) const NUMBER: u64 = 2;
    pub(super) const LIST: u64 = 3;
    pub(super) const TEXT: u64 = 4;
    /// One word with a digit in it, such as an identity or a time.
    pub(super) const VALUE: u64 = 5;
    pub(super) const OBJECT: u64 = 6;
    pub(super) const MASK: u64 = 7;
}

/// The entry for a value in place of an entry for a text: a key that may hold any text may hold one with a digit.
pub(super) fn also(entry: u64) -> Option<u64> {
    (entry & kind::MASK == kind::TEXT).then_some(entry & !kind::MASK | kind::VALUE)
}

/// The outline of a JSON value: the paths of its keys with the kinds of their values. Only a single text is examined
/// itself, masked, because it *is* the answer.
#[derive(Default)]
struct JsonOutline {
    entries: BTreeSet<u64>,
    keyed: bool,
}

/// A position in a JSON value that is parsed without building the value.
struct JsonSeed<'b> {
    path: u64,
    outline: &'b mut JsonOutline,
    top: bool,
}

impl JsonSeed<'_> {
    fn note(&mut self, kind: u64) {
        let entry = self.path & !kind::MASK | kind;
        if self.outline.entries.len() < ENTRIES {
            self.outline.entries.insert(entry);
        }
    }
}

impl<'de> DeserializeSeed<'de> for JsonSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        self.note(kind::BOOL);
        Ok(())
    }

    fn visit_i64<E>(mut self, _: i64) -> Result<(), E> {
        self.note(kind::NUMBER);
        Ok(())
    }

    fn visit_u64<E>(mut self, _: u64) -> Result<(), E> {
        self.note(kind::NUMBER);
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.note(kind::NUMBER);
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        if self.top {
            self.path = masked(text);
        }
        let one_word = !text.contains(char::is_whitespace);
        self.note(if one_word && is_value(text) { kind::VALUE } else { kind::TEXT });
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let inner = combined(kind::LIST, &[self.path]);
        let mut any = false;
        while list.next_element_seed(JsonSeed { path: inner, outline: self.outline, top: false })?.is_some() {
            any = true;
        }
        if any && !self.top {
            self.note(kind::LIST);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut any = false;
        while let Some(key) = map.next_key_seed(KeyHash)? {
            any = true;
            self.outline.keyed = true;
            let path = combined(kind::OBJECT, &[self.path, key]);
            map.next_value_seed(JsonSeed { path, outline: self.outline, top: false })?;
        }
        if any && !self.top {
            self.note(kind::OBJECT);
        }
        Ok(())
    }
}

/// Hashes a key. Keys that are values themselves, such as identities, are masked.
struct KeyHash;

impl<'de> DeserializeSeed<'de> for KeyHash {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyHash {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<u64, E> {
        Ok(masked(text))
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

    fn look(content_type: &str, body: &str) -> ResponseShape {
        ResponseShape::of(200, Some(content_type), body.as_bytes(), body.len())
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
        assert_ne!(
            ResponseShape::of(200, None, b"x", 1).hash(),
            ResponseShape::of(203, None, b"x", 1).hash()
        );
    }

    #[test]
    fn lengths_are_told_apart_in_steps_of_four() {
        assert_eq!([0, 1, 3, 4, 15, 16, 63, 64, 1000].map(length_class), [0, 1, 1, 2, 2, 3, 3, 4, 5]);
    }

    #[test]
    fn odd_bodies_have_a_look_too() {
        assert_eq!(ResponseShape::of(200, None, &[0xff, 0xfe, 0x00], 3).form, BodyKind::Bytes);
        assert_eq!(
            ResponseShape::of(200, None, "caf\u{e9}".as_bytes().get(..4).unwrap(), 5).form,
            BodyKind::Text
        );
        // Of a long body that was cut, the received keys; of a complete one, the text.
        let whole = r#"{"items": [{"id": 1}], "total": 2}"#;
        let cut = ResponseShape::of(200, None, &whole.as_bytes()[..20], whole.len());
        assert_eq!((cut.form, cut.keyed), (BodyKind::JsonObject, true));
        assert!(cut.entries.iter().all(|entry| look("", whole).entries.contains(entry)));
        assert_eq!(ResponseShape::of(200, None, &whole.as_bytes()[..20], 20).form, BodyKind::Text);
        let deep = "[".repeat(10_000);
        assert_eq!(
            look("application/json", &deep).form,
            BodyKind::Text,
            "too deep for the parser, bounded all the same"
        );
    }
}
