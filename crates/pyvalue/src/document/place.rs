//! JSON paths that name one node: `$.method[2].provider.func`, `$.configuration["a-b"]`.

use std::fmt;

/// The path of the entry `key` below `parent`.
pub fn key(parent: &str, key: &str) -> String {
    Place::at(parent).key(key).to_string()
}

/// The path of the item `index` below `parent`.
pub fn item(parent: &str, index: usize) -> String {
    Place::at(parent).item(index).to_string()
}

/// A path that is written out only where somebody wants to read it: a check goes by every node of a file, and has
/// something to say about few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Written out already.
    At(&'a str),
    /// An entry of a mapping.
    Key(&'a Place<'a>, &'a str),
    /// An item of a list.
    Item(&'a Place<'a>, usize),
}

/// The whole document.
pub static ROOT: Place<'static> = Place::at("$");

impl<'a> Place<'a> {
    /// The place with this path.
    pub const fn at(path: &'a str) -> Self {
        Self::At(path)
    }

    /// The entry `key` below it.
    pub const fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    /// The item `index` below it.
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
                match plain {
                    true => write!(f, "{parent}.{key}"),
                    false => write!(f, "{parent}[{}]", serde_json::Value::from(*key)),
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

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// The steps of a path that [`key`] and [`item`] made; stops at what they would not make.
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
