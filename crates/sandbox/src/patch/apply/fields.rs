//! Sets of fields, and their encoding as `fieldsV1`.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The path to a field: `f:spec`, `f:containers`, `k:{"name":"web"}`, `f:image`. The steps are those of `fieldsV1`.
pub(super) type Path = Vec<String>;

/// A set of fields. An element of a keyed list is a member itself, in addition to its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeSet<Path>);

impl FromIterator<Path> for Fields {
    fn from_iter<I: IntoIterator<Item = Path>>(paths: I) -> Fields {
        Fields(paths.into_iter().collect())
    }
}

impl Fields {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates in order: an element comes before its fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter()
    }

    pub(super) fn union(&self, other: &Fields) -> Fields {
        Fields(&self.0 | &other.0)
    }

    pub(super) fn difference(&self, other: &Fields) -> Fields {
        Fields(&self.0 - &other.0)
    }

    pub(super) fn intersection(&self, other: &Fields) -> Fields {
        Fields(&self.0 & &other.0)
    }

    /// Returns whether the set contains `path` or a path below it.
    pub(super) fn reaches(&self, path: &Path) -> bool {
        self.0.range(path.clone()..).next().is_some_and(|next| next.starts_with(path))
    }

    /// Encodes the set as `fieldsV1`.
    pub(super) fn encode(&self) -> Value {
        let mut root = Map::default();
        for path in &self.0 {
            let has_fields = self.0.range(path.clone()..).nth(1).is_some_and(|next| next.starts_with(path));
            put(&mut root, path, has_fields);
        }
        Value::Object(root)
    }

    /// Decodes `fieldsV1`.
    pub(super) fn decode(fields: &Value) -> Fields {
        let mut paths = BTreeSet::new();
        collect(fields, &mut Vec::new(), &mut paths);
        Fields(paths)
    }
}

/// Adds one path; a member that has fields in the set is marked by a dot.
fn put(node: &mut Map<String, Value>, path: &[String], has_fields: bool) {
    let Some((step, rest)) = path.split_first() else {
        if has_fields {
            node.insert(".".into(), Value::Object(Map::default()));
        }
        return;
    };
    let child = node.entry(step.clone()).or_insert_with(|| Value::Object(Map::default()));
    if let Some(child) = child.as_object_mut() {
        put(child, rest, has_fields);
    }
}

fn collect(node: &Value, path: &mut Path, paths: &mut BTreeSet<Path>) {
    let children = node.as_object().into_iter().flatten();
    let mut leaf = true;
    for (step, child) in children {
        if step == "." {
            paths.insert(path.clone());
        } else {
            path.push(step.clone());
            collect(child, path, paths);
            path.pop();
        }
        leaf = false;
    }
    if leaf && !path.is_empty() {
        paths.insert(path.clone());
    }
}

/// Returns a path in readable form: `.spec.containers[name="web"].image`.
pub(super) fn readable(path: &Path) -> String {
    let mut text = String::new();
    for step in path {
        match step.split_once(':') {
            Some(("f", name)) => {
                text.push('.');
                text.push_str(name);
            }
            Some(("k", keys)) => {
                let keys = serde_json::from_str::<Map<String, Value>>(keys).unwrap_or_default();
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                text.push_str(&format!("[{}]", keys.join(",")));
            }
            Some(("v", value)) => text.push_str(&format!("[={value}]")),
            _ => text.push_str(step),
        }
    }
    text
}
