//! JSON paths of single nodes: `$.method[2].provider.func`, `$.configuration["a-b"]`.

use std::fmt;

/// Returns the path of the entry `key` of `parent`.
pub fn key(parent: &str, key: &str) -> String {
    Place::at(parent).key(key).to_string()
}

/// Returns the path of the item `index` of `parent`.
pub fn item(parent: &str, index: usize) -> String {
    Place::at(parent).item(index).to_string()
}

/// A path that is formatted only on demand: a validation visits every node of a file and reports only a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// A formatted path.
    At(&'a str),
    /// An entry of a mapping.
    Key(&'a Place<'a>, &'a str),
    /// An item of a list.
    Item(&'a Place<'a>, usize),
}

/// The whole document.
pub static ROOT: Place<'static> = Place::at("$");

impl<'a> Place<'a> {
    /// Creates a place from a formatted path.
    pub const fn at(path: &'a str) -> Self {
        Self::At(path)
    }

    /// Returns the entry `key` of this place.
    pub const fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    /// Returns the item `index` of this place.
    pub const fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(path) => f.write_str(path),
            Self::Key(parent, key) => {
                let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                if plain {
                    write!(f, "{parent}.{key}")
                } else {
                    write!(f, "{parent}[{}]", serde_json::Value::from(*key))
                }
            }
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl From<Place<'_>> for String {
    fn from(place: Place<'_>) -> Self {
        place.to_string()
    }
}

impl From<&Place<'_>> for String {
    fn from(place: &Place<'_>) -> Self {
        place.to_string()
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// An entry of a mapping.
    Key(String),
    /// An item of a list.
    Index(usize),
}

/// Parses a path created by [`key`] and [`item`]; stops at other syntax.
pub(crate) fn segments(path: &str) -> Vec<Segment> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut segments = Vec::new();
    while let Some((segment, after)) = next(rest) {
        segments.push(segment);
        rest = after;
    }
    segments
}

fn next(rest: &str) -> Option<(Segment, &str)> {
    if let Some(name) = rest.strip_prefix('.') {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        return Some((Segment::Key(name[..end].to_owned()), &name[end..]));
    }
    let bracketed = rest.strip_prefix('[')?;
    if bracketed.starts_with('"') {
        let mut texts = serde_json::Deserializer::from_str(bracketed).into_iter::<String>();
        let name = texts.next()?.ok()?;
        let after = bracketed.get(texts.byte_offset()..)?.strip_prefix(']')?;
        return Some((Segment::Key(name), after));
    }
    let (index, after) = bracketed.split_once(']')?;
    Some((Segment::Index(index.parse().ok()?), after))
}

#[cfg(test)]
mod tests {
    use super::{Segment, item, key, segments};

    #[test]
    fn paths_are_read_back() {
        let path = key(&item(&key("$", "method"), 2), "a \"b].c");
        assert_eq!(path, r#"$.method[2]["a \"b].c"]"#);
        let steps = [Segment::Key("method".into()), Segment::Index(2), Segment::Key("a \"b].c".into())];
        assert_eq!(segments(&path), steps);
        assert_eq!(
            segments(&key("$", "steady-state-hypothesis")),
            [Segment::Key("steady-state-hypothesis".into())]
        );
    }
}
