//! Reads `ServiceAccounts`, roles and bindings from a file, as `kubectl apply -f` takes them.

use super::{Grant, Policy, ServiceAccount, Subject, rule::Rule};
use serde_json::Value;
use std::{io, path::Path};

/// The namespace of objects that name none.
const NAMESPACE: &str = "default";

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The path.
        path: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The text cannot be parsed.
    #[error("the roles are no YAML: {0}")]
    Syntax(String),
    /// An object is not understood.
    #[error("{0}")]
    Object(String),
    /// No `ServiceAccount` is named.
    #[error(
        "no ServiceAccount is declared or bound, so nobody is given a token; `chaos-tui rbac FILE` prints all that is needed"
    )]
    NoAccount,
}

impl Policy {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or holds other objects than `ServiceAccounts`, roles and bindings.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let failed = |source| PolicyError::Read { path: path.display().to_string(), source };
        Self::parse(&std::fs::read_to_string(path).map_err(failed)?)
    }

    /// Parses YAML or JSON.
    pub(super) fn parse(text: &str) -> Result<Self, PolicyError> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(text).map_err(|error| PolicyError::Syntax(error.to_string()))?;
        let mut objects = Vec::new();
        for document in documents {
            match document {
                Value::Null => {}
                list if list["kind"] == "List" => {
                    objects.extend(list["items"].as_array().cloned().unwrap_or_default());
                }
                object => objects.push(object),
            }
        }
        let mut policy = Self::default();
        for object in objects.iter().filter(|object| object["kind"] == "ServiceAccount") {
            policy.add_account(namespace_of(object), text_of(&object["metadata"]["name"]));
        }
        for object in &objects {
            match text_of(&object["kind"]) {
                "ServiceAccount" => {}
                "Role" | "ClusterRole" => drop(rules(object)?),
                "RoleBinding" | "ClusterRoleBinding" => policy.bind(object, &objects)?,
                other => {
                    let message = format!(
                        "'{other}' is no kind of RBAC: only ServiceAccounts, Roles, ClusterRoles and their bindings are read"
                    );
                    return Err(PolicyError::Object(message));
                }
            }
        }
        if policy.accounts.is_empty() { Err(PolicyError::NoAccount) } else { Ok(policy) }
    }

    fn add_account(&mut self, namespace: &str, name: &str) {
        if name.is_empty() || self.accounts.iter().any(|it| it.namespace == namespace && it.name == name) {
            return;
        }
        let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        self.accounts.push(ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned(), token });
    }

    fn bind(&mut self, binding: &Value, objects: &[Value]) -> Result<(), PolicyError> {
        let (kind, name) = (text_of(&binding["kind"]), text_of(&binding["metadata"]["name"]));
        let in_namespace = kind == "RoleBinding";
        let namespace = namespace_of(binding);
        let (role_kind, role) = (text_of(&binding["roleRef"]["kind"]), text_of(&binding["roleRef"]["name"]));
        let is_meant = |object: &&Value| {
            text_of(&object["kind"]) == role_kind
                && text_of(&object["metadata"]["name"]) == role
                && (role_kind != "Role" || (in_namespace && namespace_of(object) == namespace))
        };
        let Some(found) = objects.iter().find(is_meant) else {
            let message = format!("{kind} {name} refers to {role_kind} {role}, which is not in the file");
            return Err(PolicyError::Object(message));
        };
        let mut subjects = Vec::new();
        for subject in binding["subjects"].as_array().into_iter().flatten() {
            let who = text_of(&subject["name"]);
            subjects.push(match text_of(&subject["kind"]) {
                "ServiceAccount" => {
                    let home = subject["namespace"].as_str().unwrap_or(namespace);
                    self.add_account(home, who);
                    Subject::User(format!("system:serviceaccount:{home}:{who}"))
                }
                "Group" => Subject::Group(who.to_owned()),
                _ => Subject::User(who.to_owned()),
            });
        }
        let namespace = in_namespace.then(|| namespace.to_owned());
        self.grants.push(Grant { namespace, subjects, rules: rules(found)? });
        Ok(())
    }
}

fn rules(role: &Value) -> Result<Vec<Rule>, PolicyError> {
    if role["rules"].is_null() {
        return Ok(Vec::new());
    }
    let (kind, name) = (text_of(&role["kind"]), text_of(&role["metadata"]["name"]));
    serde_json::from_value(role["rules"].clone())
        .map_err(|error| PolicyError::Object(format!("{kind} {name}: its rules are not understood: {error}")))
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn namespace_of(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or(NAMESPACE)
}
