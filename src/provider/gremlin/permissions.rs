//! What an attack needs in the cluster, where its containers are looked up.

use super::{Gremlin, preview::containers};
use crate::{
    cluster::{Permission, PermissionUse},
    experiment::Secrets,
    provider::{
        flat_secrets,
        kubernetes::{Needed, container_permissions},
    },
};
use pyvalue::{Map, Value};

impl Gremlin {
    /// The permissions for the target card and the undo kit of an attack, and for the deletion of the pods that READY
    /// offers instead where credentials are missing.
    pub fn permissions(&self, provider: &Map, secrets: &Secrets) -> Vec<Needed> {
        let arguments = provider.get("arguments").and_then(Value::as_map).cloned().unwrap_or_default();
        let (namespace, names) = containers(&arguments);
        if names.is_empty() {
            return Vec::new();
        }
        let scopes = provider.get("secrets");
        let flat = scopes.and_then(|scopes| flat_secrets(scopes, secrets).ok());
        let mut needed = container_permissions(&namespace);
        if self.missing_credentials(flat.as_ref()).is_some() {
            let usage = PermissionUse::Step("deletion of the pods, without Gremlin".to_owned());
            needed.push((Permission::new("", "pods", "delete", Some(&namespace)), usage));
        }
        needed
    }
}
