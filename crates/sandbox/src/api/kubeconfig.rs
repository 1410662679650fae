//! The kubeconfig of the server.

use super::serve::Settings;
use crate::authorization::ServiceAccount;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::net::SocketAddr;

/// Returns a kubeconfig in YAML, with a context for the administrator, which is the current one, and one for each
/// `ServiceAccount`. It contains their tokens and must not be readable by other users.
pub(super) fn text(settings: &Settings, address: SocketAddr, certificate: &str, token: &str) -> String {
    let Settings { context, namespace, .. } = settings;
    let authority = BASE64_STANDARD.encode(certificate);
    let mut text = format!(
        "apiVersion: v1
kind: Config
current-context: {context}
clusters:
- name: {context}
  cluster:
    server: https://{address}
    certificate-authority-data: {authority}
preferences: {{}}
"
    );
    let own = (context.clone(), namespace.as_str(), token);
    let accounts = settings.policy.accounts().iter();
    let accounts = accounts.map(|it| (settings.context_of(it), it.namespace.as_str(), it.token.as_str()));
    let all: Vec<_> = std::iter::once(own).chain(accounts).collect();
    text += "users:\n";
    for (name, _, token) in &all {
        text += &format!("- name: {name}\n  user:\n    token: {token}\n");
    }
    text += "contexts:\n";
    for (name, namespace, _) in &all {
        text += &format!(
            "- name: {name}\n  context:\n    cluster: {context}\n    user: {name}\n    namespace: {namespace}\n"
        );
    }
    text
}

impl Settings {
    /// Returns the context of a `ServiceAccount`: its name, after that of its namespace if the name is taken.
    pub fn context_of(&self, account: &ServiceAccount) -> String {
        let ServiceAccount { namespace, name, .. } = account;
        let taken = self.policy.accounts().iter().any(|it| it.name == *name && it.namespace != *namespace);
        if taken || *name == self.context { format!("{namespace}-{name}") } else { name.clone() }
    }
}
