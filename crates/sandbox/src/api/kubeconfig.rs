//! The kubeconfig of the server.

use base64::{Engine, prelude::BASE64_STANDARD};
use std::net::SocketAddr;

/// Returns a kubeconfig with one context, in YAML. It contains the token and must not be readable by other users.
pub(super) fn text(
    context: &str,
    namespace: &str,
    address: SocketAddr,
    certificate: &str,
    token: &str,
) -> String {
    let authority = BASE64_STANDARD.encode(certificate);
    format!(
        "apiVersion: v1
kind: Config
current-context: {context}
clusters:
- name: {context}
  cluster:
    server: https://{address}
    certificate-authority-data: {authority}
users:
- name: {context}
  user:
    token: {token}
contexts:
- name: {context}
  context:
    cluster: {context}
    user: {context}
    namespace: {namespace}
preferences: {{}}
"
    )
}
