//! The file that leads clients to the server.

use base64::{Engine, prelude::BASE64_STANDARD};
use std::net::SocketAddr;

/// A kubeconfig with one context, in YAML. It holds the token: keep it from other users.
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
