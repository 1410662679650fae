//! Groups permissions to the rules of Roles.

use crate::{
    cluster::{Permission, PermissionUse},
    observe::preflight::Needs,
};
use std::collections::{BTreeMap, BTreeSet};

/// A rule: resources of one API group that the same things need with the same verbs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub group: String,
    pub resources: Vec<String>,
    pub verbs: Vec<&'static str>,
    /// What needs it.
    pub uses: BTreeSet<PermissionUse>,
}

/// The rules of each namespace; `None` is the whole cluster, which comes last.
pub(super) type Roles = Vec<(Option<String>, Vec<Rule>)>;

/// The order of verbs in a rule, as people write them.
const VERBS: [&str; 6] = ["get", "list", "watch", "create", "patch", "delete"];

/// Groups permissions to rules with the fewest lines.
pub(super) fn roles(needs: Needs) -> Roles {
    let everywhere: BTreeSet<Permission> =
        needs.keys().filter(|permission| permission.namespace.is_none()).cloned().collect();
    // Verbs that different things need are in rules of their own, so that the comments say what needs each.
    let mut places: BTreeMap<Option<String>, BTreeMap<RuleKey, Vec<&'static str>>> = BTreeMap::new();
    for (permission, uses) in needs {
        // Several experiments: what one needs everywhere, another needs in a namespace.
        if permission.namespace.is_some() && everywhere.iter().any(|wider| wider.includes(&permission)) {
            continue;
        }
        let (group, resource) = (permission.group.into_owned(), permission.resource.into_owned());
        let rules = places.entry(permission.namespace).or_default();
        rules.entry((group, resource, uses)).or_default().push(permission.verb);
    }
    let mut roles: Roles = places.into_iter().map(|(place, rules)| (place, joined(rules))).collect();
    // `None` sorts first.
    roles.sort_by_key(|(place, _)| place.is_none());
    roles
}

/// API group, resource, and what needs it.
type RuleKey = (String, String, BTreeSet<PermissionUse>);

fn joined(rules: BTreeMap<RuleKey, Vec<&'static str>>) -> Vec<Rule> {
    let mut joined: Vec<Rule> = Vec::new();
    for ((group, resource, uses), mut verbs) in rules {
        verbs.sort_by_key(|verb| VERBS.iter().position(|known| known == verb));
        let alike = |other: &&mut Rule| other.group == group && other.verbs == verbs && other.uses == uses;
        match joined.iter_mut().find(alike) {
            Some(other) => other.resources.push(resource),
            None => joined.push(Rule { group, resources: vec![resource], verbs, uses }),
        }
    }
    joined
}

/// Whether a text can be the name of a namespace or of a Role.
pub(super) fn is_name(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    !text.is_empty() && text.len() <= 253 && text.chars().all(fine) && !text.starts_with(['-', '.'])
}

/// Whether a text can be an API group, or a resource with its subresource.
pub(super) fn is_resource(text: &str) -> bool {
    text.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(all: &[(&'static str, &'static str, &'static str, Option<&str>, PermissionUse)]) -> Needs {
        let mut needs = Needs::new();
        for (group, resource, verb, namespace, usage) in all {
            let permission = Permission::new(group, resource, verb, *namespace);
            needs.entry(permission).or_default().insert(usage.clone());
        }
        needs
    }

    #[test]
    fn rules_are_joined_and_what_is_wider_stands_alone() {
        use PermissionUse::{Address, Undo, View};
        let roles = roles(needs(&[
            ("", "pods", "watch", Some("shop"), View),
            ("", "pods", "list", Some("shop"), View),
            ("", "services", "list", Some("shop"), View),
            ("", "services", "watch", Some("shop"), View),
            ("", "events", "list", Some("shop"), View),
            ("apps", "deployments", "list", Some("shop"), Undo),
            ("", "nodes", "list", None, Address),
            ("", "nodes", "list", Some("db"), Address),
            ("", "pods", "list", Some("db"), View),
        ]));
        let words: Vec<String> = roles
            .iter()
            .flat_map(|(place, rules)| {
                rules.iter().map(move |rule| {
                    format!("{place:?} {} {} {}", rule.group, rule.resources.join("+"), rule.verbs.join("+"))
                })
            })
            .collect();
        assert_eq!(
            words,
            [
                "Some(\"db\")  pods list",
                "Some(\"shop\")  events list",
                "Some(\"shop\")  pods+services list+watch",
                "Some(\"shop\") apps deployments list",
                "None  nodes list",
            ]
        );
    }

    #[test]
    fn names() {
        for (text, fine) in
            [("shop", true), ("a.b-c", true), ("${ns}", false), ("", false), ("a\nb", false), ("A", false)]
        {
            assert_eq!(is_name(text), fine, "{text}");
        }
        assert!(is_resource("pods/log") && !is_resource("pods//log"));
    }
}
