//! The objects as text: a `ServiceAccount`, and a Role and its binding for each namespace and for the cluster.

use super::rules::{Roles, Rule};
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// Who may do what the rules say.
pub(super) struct Subject<'a> {
    /// The name of the `ServiceAccount`.
    pub account: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The name of the Roles and bindings.
    pub name: &'a str,
}

const GROUP: &str = "rbac.authorization.k8s.io";

impl Subject<'_> {
    /// The name of the objects in a namespace, or in the cluster, where others may use the same name.
    fn name_in(&self, place: Option<&str>) -> String {
        match place {
            Some(_) => self.name.to_owned(),
            None => format!("{}-{}", self.name, self.namespace),
        }
    }
}

/// The kinds of a role and its binding.
fn kinds(place: Option<&str>) -> (&'static str, &'static str) {
    if place.is_some() { ("Role", "RoleBinding") } else { ("ClusterRole", "ClusterRoleBinding") }
}

/// Returns the objects as a `List`.
pub(super) fn json(subject: &Subject<'_>, roles: &Roles) -> Json {
    let metadata = |place: Option<&str>| match place {
        Some(namespace) => json!({"name": subject.name_in(place), "namespace": namespace}),
        None => json!({"name": subject.name_in(place)}),
    };
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": subject.account, "namespace": subject.namespace}});
    let api_version = format!("{GROUP}/v1");
    let pairs = roles.iter().flat_map(|(place, rules)| {
        let place = place.as_deref();
        let (role, binding) = kinds(place);
        let rules: Vec<Json> = rules
            .iter()
            .map(|rule| json!({"apiGroups": [rule.group], "resources": rule.resources, "verbs": rule.verbs}))
            .collect();
        [
            json!({"apiVersion": api_version, "kind": role, "metadata": metadata(place), "rules": rules}),
            json!({"apiVersion": api_version, "kind": binding, "metadata": metadata(place),
                "roleRef": {"apiGroup": GROUP, "kind": role, "name": subject.name_in(place)},
                "subjects": [{"kind": "ServiceAccount", "name": subject.account, "namespace": subject.namespace}]}),
        ]
    });
    json!({"apiVersion": "v1", "kind": "List", "items": std::iter::once(account).chain(pairs).collect::<Vec<_>>()})
}

/// Returns the objects as YAML, with comments that say what needs each rule.
pub(super) fn yaml(subject: &Subject<'_>, roles: &Roles, sources: &[String], unknown: &[String]) -> String {
    let Subject { account, namespace, .. } = subject;
    let files: Vec<String> = sources.iter().map(|source| comment(source)).collect();
    let mut text = format!(
        "# What chaos-tui needs for {}, and nothing more: printed by `chaos-tui rbac`.\n\
         #   kubectl create token -n {namespace} {account}      # for a kubeconfig of its own\n",
        files.join(", ")
    );
    if !unknown.is_empty() {
        text += "# Not included, because what they do in the cluster by themselves is not known:\n";
        for what in unknown {
            text += &format!("#   {}\n", comment(what));
        }
    }
    let account_metadata = metadata(account, Some(namespace));
    text += &format!("apiVersion: v1\nkind: ServiceAccount\n{account_metadata}");
    for (place, rules) in roles {
        let place = place.as_deref();
        let (role, binding) = kinds(place);
        let name = subject.name_in(place);
        let head =
            |kind: &str| format!("---\napiVersion: {GROUP}/v1\nkind: {kind}\n{}", metadata(&name, place));
        text += &head(role);
        text += "rules:\n";
        for it in rules {
            rule(&mut text, it);
        }
        text += &head(binding);
        text += &format!(
            "roleRef:\n  apiGroup: {GROUP}\n  kind: {role}\n  name: {}\nsubjects:\n  - kind: ServiceAccount\n    \
             name: {}\n    namespace: {}\n",
            scalar(&name),
            scalar(account),
            scalar(namespace)
        );
    }
    text
}

fn metadata(name: &str, namespace: Option<&str>) -> String {
    let namespace = namespace.map(|namespace| format!("  namespace: {}\n", scalar(namespace)));
    format!("metadata:\n  name: {}\n{}", scalar(name), namespace.unwrap_or_default())
}

fn rule(text: &mut String, rule: &Rule) {
    let uses: Vec<String> = rule.uses.iter().map(ToString::to_string).collect();
    let list =
        |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let verbs: Vec<String> = rule.verbs.iter().map(ToString::to_string).collect();
    let _ = write!(
        text,
        "  # {}\n  - apiGroups: [\"{}\"]\n    resources: [{}]\n    verbs: [{}]\n",
        comment(&uses.join(", ")),
        rule.group,
        list(&rule.resources),
        list(&verbs)
    );
}

/// A name as YAML reads it: quoted if it could be anything but a text.
fn scalar(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&name);
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// A text from a file on one line of a comment.
fn comment(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::PermissionUse;
    use std::collections::BTreeSet;

    #[test]
    fn yaml_and_json_hold_the_same_objects() {
        let rule = |resource: &str, verbs: &[&'static str]| Rule {
            group: String::new(),
            resources: vec![resource.to_owned()],
            verbs: verbs.to_vec(),
            uses: BTreeSet::from([PermissionUse::Undo, PermissionUse::Step("kill\npods".to_owned())]),
        };
        let roles: Roles = vec![
            (Some("on".to_owned()), vec![rule("pods", &["get", "list"])]),
            (None, vec![rule("nodes", &["list"])]),
        ];
        let subject = Subject { account: "a", namespace: "007", name: "n" };
        let text = yaml(&subject, &roles, &["x.json\nevil: 1".to_owned()], &["ext.f (p)\n---".to_owned()]);
        let objects: Vec<Json> = serde_saphyr::from_multiple(&text).unwrap();
        assert_eq!(json(&subject, &roles)["items"], Json::from(objects), "{text}");
        assert!(text.contains("  # kill pods, undo\n"), "{text}");
        assert!(text.contains("#   ext.f (p) ---\n"), "{text}");
    }
}
