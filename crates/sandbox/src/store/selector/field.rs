//! Field selectors: they support a few fields of a few kinds (kubernetes-wire 15.3).

use crate::store::{Object, Resource, Status};
use serde_json::Value;

/// Comparisons that must all hold; the default matches every object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSelector(Vec<Comparison>);

#[derive(Clone, Debug, PartialEq)]
struct Comparison {
    key: String,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// Parses `spec.nodeName=a,status.phase!=Running`; `rename` maps the field names of another view of the kind to the
    /// stored ones. Errors: 400 for an unknown key or a term without a comparison.
    pub fn parse(
        text: &str,
        resource: Resource,
        rename: impl Fn(&str) -> String,
    ) -> Result<FieldSelector, Status> {
        let mut comparisons = Vec::new();
        for term in terms(text) {
            let Some((key, value, equal)) = comparison(&term) else {
                let message = format!("invalid selector: '{text}'; can't understand '{term}'");
                return Err(Status::bad_request(message));
            };
            let stored = rename(key);
            check_key(resource, key, &stored)?;
            comparisons.push(Comparison { key: stored, value: unescape(value), equal });
        }
        Ok(FieldSelector(comparisons))
    }

    /// Returns a selector for the object with this name.
    pub fn named(name: &str) -> FieldSelector {
        FieldSelector::equal("metadata.name", name)
    }

    /// Returns a selector for objects whose field `key` (one of [`selectable`]) equals `value`.
    pub fn equal(key: &str, value: &str) -> FieldSelector {
        FieldSelector(vec![Comparison { key: key.into(), value: value.into(), equal: true }])
    }

    /// Returns whether the selector matches every object.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the selector matches `object`.
    pub fn matches(&self, object: &Object) -> bool {
        self.0.iter().all(|c| (object.field(&c.key) == c.value) == c.equal)
    }
}

/// Returns the selectable fields of a kind, besides name and namespace.
pub fn selectable(resource: Resource) -> &'static [&'static str] {
    match resource {
        Resource::Pods => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Resource::Nodes => &["spec.unschedulable"],
        Resource::Namespaces => &["status.phase"],
        Resource::Services => &["spec.clusterIP", "spec.type"],
        Resource::Secrets => &["type"],
        Resource::Events => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        _ => &[],
    }
}

/// Returns the value of the selectable field `key` in an object's JSON, as text.
pub(in super::super) fn fact(object: &Value, key: &str) -> String {
    let at = |path: &str| path.split('.').fold(object, |value, part| &value[part]);
    let value = match key {
        "status.podIPs" => &object["status"]["podIPs"][0]["ip"],
        "source" if at("source.component").is_null() => at("reportingComponent"),
        "source" => at("source.component"),
        path => at(path),
    };
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        _ if matches!(key, "spec.unschedulable" | "spec.hostNetwork") => "false".into(),
        _ => String::new(),
    }
}

fn check_key(resource: Resource, asked: &str, stored: &str) -> Result<(), Status> {
    let keys = selectable(resource);
    let general =
        stored == "metadata.name" || (stored == "metadata.namespace" && resource != Resource::Namespaces);
    if general || keys.contains(&stored) {
        Ok(())
    } else if keys.is_empty() {
        Err(Status::bad_request(format!(
            "\"{asked}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        )))
    } else {
        Err(Status::bad_request(format!("field label not supported: {asked}")))
    }
}

/// Splits the text at unescaped commas; empty terms are dropped.
fn terms(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            terms.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(term) = terms.last_mut() {
            term.push(c);
        }
    }
    terms.retain(|term| !term.is_empty());
    terms
}

fn comparison(term: &str) -> Option<(&str, &str, bool)> {
    let at = term.find(['=', '!'])?;
    let (key, rest) = term.split_at(at);
    for (sign, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some(value) = rest.strip_prefix(sign) {
            return Some((key.trim(), value, equal));
        }
    }
    None
}

fn unescape(value: &str) -> String {
    let mut plain = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}
