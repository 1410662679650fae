//! Label selectors: `a=b,c in (d,e),!f`.

use std::collections::BTreeMap;

/// A parsed selector; the empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

impl Selector {
    /// Parses the selector syntax of Kubernetes; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = parts(text).into_iter().map(str::trim).filter(|part| !part.is_empty());
        parts.map(requirement).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Creates a selector from label pairs, as in a Service.
    pub fn of_pairs<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        Self(
            pairs.into_iter().map(|(key, value)| Requirement::In(key.clone(), vec![value.clone()])).collect(),
        )
    }

    /// Returns the label values that are selected: `x` and `y` of `app=x,tier in (y)`.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let wanted = self.0.iter().filter_map(|requirement| match requirement {
            Requirement::In(_, values) => Some(values),
            _ => None,
        });
        wanted.flatten().map(String::as_str)
    }

    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => !labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Missing(key) => !labels.contains_key(key),
        })
    }
}

/// Splits at the commas outside parentheses.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn requirement(part: &str) -> Option<Requirement> {
    let one = |key: &str, value: &str| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    if let Some((head, rest)) = part.split_once('(') {
        let values = rest.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = head.split_whitespace();
        return match (words.next()?, words.next()?, words.next()) {
            (key, "in", None) => Some(Requirement::In(key.to_owned(), values)),
            (key, "notin", None) => Some(Requirement::NotIn(key.to_owned(), values)),
            _ => None,
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        let (key, values) = one(key, value);
        return Some(Requirement::NotIn(key, values));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        let (key, values) = one(key, value);
        return Some(Requirement::In(key, values));
    }
    let word =
        |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty() && !text.contains(' '));
    match part.strip_prefix('!') {
        Some(key) => word(key).map(Requirement::Missing),
        None => word(part).map(Requirement::Exists),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects() {
        let labels: BTreeMap<String, String> =
            [("app", "x"), ("tier", "back")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let table = [
            ("", Some(true)),
            ("app=x", Some(true)),
            ("app==x", Some(true)),
            ("app=y", Some(false)),
            ("app!=y", Some(true)),
            ("other!=y", Some(true)),
            ("app in (x, y),tier in (back)", Some(true)),
            ("app notin (x)", Some(false)),
            ("tier", Some(true)),
            ("!tier", Some(false)),
            ("!other, app = x", Some(true)),
            ("app in x", None),
            ("app in (x", None),
            ("app of (x)", None),
        ];
        for (text, wanted) in table {
            assert_eq!(Selector::parse(text).map(|selector| selector.matches(&labels)), wanted, "{text}");
        }
    }
}
