//! The undo kit: manifests of the objects that an activity would change, saved beforehand so that they can be restored.

use super::{
    gremlin,
    kubernetes::{kit, resolve},
};
use crate::cluster::Connection;
pub use kit::{Manifest, Restored, SavedKind, SavedManifests, check, difference, restore};
use pyvalue::{Map, Value};

/// Saves the objects that the activity with this provider would change; `None` if nothing can be saved. The error is
/// the reason why the objects cannot be determined. Sends only reads.
pub async fn save(provider: &Map, connection: &Connection) -> Result<Option<SavedManifests>, String> {
    let text = |key: &str| provider.get(key).and_then(Value::as_str).unwrap_or_default();
    let arguments = provider.get("arguments").and_then(Value::as_map).cloned().unwrap_or_default();
    if text("module") == gremlin::MODULE {
        let (namespace, names) = gremlin::containers(&arguments);
        return if names.is_empty() {
            Ok(None)
        } else {
            kit::save_containers(connection, &namespace, &names).await
        };
    }
    match resolve(text("module"), text("func")) {
        Some(native) => kit::save(connection, native, &arguments).await,
        None => Ok(None),
    }
}
