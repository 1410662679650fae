//! One rule of a role.

use super::Attributes;
use serde::{Deserialize, Serialize};

/// A rule, as roles declare it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Rule {
    pub(super) verbs: Vec<String>,
    pub(super) api_groups: Vec<String>,
    pub(super) resources: Vec<String>,
    /// If there are any, the rule holds for objects of these names only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) resource_names: Vec<String>,
}

impl Rule {
    pub(super) fn allows(&self, asked: &Attributes) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|word| word == "*" || word == wanted);
        let resource = |word: &String| {
            *word == "*"
                || *word == asked.resource_path()
                || (!asked.subresource.is_empty() && *word == format!("*/{}", asked.subresource))
        };
        has(&self.verbs, &asked.verb)
            && has(&self.api_groups, &asked.group)
            && self.resources.iter().any(resource)
            && (self.resource_names.is_empty() || self.resource_names.contains(&asked.name))
    }
}
